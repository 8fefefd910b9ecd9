// What nats.js takes for a WebSocket, with a simulator at its other end.
//
// nats.js uses of a socket: binaryType, bufferedAmount, send, close, and the four handlers, which it sets after the
// factory answered. Frames that come before wait; none is delivered from inside send.

/** Bytes that may wait for a client that sets no handler. */
const MAX_WAITING = 64 * 1024 * 1024;

class SimulatedSocket {
  binaryType = "arraybuffer";
  onopen = null;
  onclose = null;
  onerror = null;
  #connection;
  #handler = null;
  #waiting = [];
  #waitingBytes = 0;
  #isClosed = false;

  constructor(simulator) {
    this.#connection = simulator.connect((bytes) => this.#receive(bytes), () => this.#end(1006, false));
  }

  get bufferedAmount() {
    return 0;
  }

  get onmessage() {
    return this.#handler;
  }

  set onmessage(handler) {
    this.#handler = handler;
    if (this.#waiting.length > 0) queueMicrotask(() => this.#deliver());
  }

  send(frame) {
    const bytes = ArrayBuffer.isView(frame) ? new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength) : new Uint8Array(frame);
    this.#connection.write(bytes);
  }

  close() {
    if (this.#isClosed) return;
    this.#connection.close();
    this.#end(1000, true);
  }

  #receive(bytes) {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MAX_WAITING) return this.close();
    if (this.#waiting.length === 1) queueMicrotask(() => this.#deliver());
  }

  #deliver() {
    while (this.#handler && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift();
      this.#waitingBytes -= bytes.length;
      this.#handler({ data: bytes.buffer });
    }
  }

  #end(code, wasClean) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    queueMicrotask(() => {
      this.#deliver();
      this.onclose?.({ code, reason: "", wasClean });
    });
  }
}

/** A `wsFactory` for nats.js: every connection attempt is a new connection to the simulator. */
export function webSocketFactory(simulator) {
  return async () => ({ socket: new SimulatedSocket(simulator), encrypted: false });
}
