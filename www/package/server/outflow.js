// What is on its way to one client: how much of it may wait, and for how long.

/** In bytes, unless the configuration says otherwise. */
export const MAX_PENDING = 64 * 1024 * 1024;
/** In nanoseconds. */
export const WRITE_DEADLINE = 10e9;

/** nats-server's words for why such a client is gone. */
const TOO_MUCH = "Slow Consumer (Pending Bytes)";
const TOO_LONG = "Slow Consumer (Write Deadline)";

/**
 * Writes to a socket, and gives up on one that does not take it. The deadline is one of wall time: the network knows no
 * other, also where simulated time stands still.
 */
export class Outflow {
  #socket;
  #maxPending;
  #deadlineMs;
  #onSlow;
  #timer;
  /** When the socket took anything last, or had nothing to take. */
  #since = 0;

  /** `onSlow(reason, details)` is told that the client takes too little; its socket goes after that. */
  constructor(socket, { max_pending = MAX_PENDING, write_deadline = WRITE_DEADLINE }, onSlow) {
    this.#socket = socket;
    this.#maxPending = max_pending;
    this.#deadlineMs = write_deadline / 1e6;
    this.#onSlow = onSlow;
    socket.once("close", () => clearTimeout(this.#timer));
  }

  /** Writes all parts, as one. */
  write(...parts) {
    const socket = this.#socket;
    if (socket.writableLength === 0) this.#since = performance.now();
    if (parts.length > 1) socket.cork();
    for (const part of parts) socket.write(part, this.#noteProgress);
    if (parts.length > 1) socket.uncork();
    if (socket.writableLength === 0 || socket.destroyed) return;
    if (socket.writableLength > this.#maxPending) this.#giveUp(TOO_MUCH, `MaxPending of ${this.#maxPending} Exceeded`);
    else this.#timer ??= setTimeout(this.#look, this.#deadlineMs);
  }

  #noteProgress = () => {
    this.#since = performance.now();
  };

  #look = () => {
    this.#timer = undefined;
    const pending = this.#socket.writableLength;
    if (pending === 0) return;
    const left = this.#deadlineMs - (performance.now() - this.#since);
    if (left > 0) this.#timer = setTimeout(this.#look, left);
    else this.#giveUp(TOO_LONG, `WriteDeadline of ${this.#deadlineMs / 1000}s exceeded with ${pending} total bytes`);
  };

  #giveUp(reason, details) {
    this.#onSlow(reason, details);
    this.#socket.destroy();
  }
}
