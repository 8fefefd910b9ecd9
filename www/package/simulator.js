// The simulator: a server in WebAssembly, its clock, and the byte pipes of its clients.

import { Core } from "./core.js";
import { Clock } from "./clock.js";
import { dateOf, moment, rfc3339 } from "./duration.js";
import { JetStreamError, coreError, rangeError } from "./error.js";
import { EventHub } from "./events.js";
import { Reply, bytesOf, checkSubject, headerList, requests, toBytes } from "./requests.js";
import { webSocketFactory } from "./socket.js";

export { JetStreamError };

/** WebAssembly has 4 GiB; short of that the server answers "insufficient resources". */
export const MAX_STORED_BYTES = 3_800_000_000;
const MADE_BY_US = Symbol("made by Simulator");

let loader;
let loading;

/** Sets how the WebAssembly is loaded, when it is needed. */
export function setLoader(load) {
  loader = load;
}

function load() {
  // What failed may succeed later.
  loading ??= loader().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** The options as the core reads them. */
function setupJson({ seed, start, journal_bytes, quiet_ms: _, jetstream, max_control_line, max_subscriptions, max_subscription_tokens, ping_max, ...server }) {
  const config = jetstream === false ? null : { max_total_store: MAX_STORED_BYTES, ...jetstream };
  const clients = { max_control_line, max_subscriptions, max_subscription_tokens, ping_max };
  const from = start === undefined ? undefined : rfc3339(moment(start));
  const json = JSON.stringify({ server: { ...server, jetstream: config }, clients, start: from, journal_bytes });
  // 64 bits are more than a number of JavaScript has.
  return seed === undefined ? json : json.replace('{"server":{', `{"server":{"seed":${checkSeed(seed)},`);
}

function checkSeed(seed) {
  const isSeed = typeof seed === "bigint" || Number.isSafeInteger(seed);
  if (!isSeed || seed < 0 || seed >= 2n ** 64n) throw rangeError(`not a seed: ${String(seed)}`);
  return seed;
}

/** Calls the core, and gives its errors the shape of the package's. */
function inCore(call) {
  try {
    return call();
  } catch (error) {
    throw error instanceof WebAssembly.RuntimeError ? error : coreError(error);
  }
}

class Base {
  #core;
  #clock;
  #pipes = new Map();
  #isFlushing = false;
  #events;

  constructor(mark, core, { quiet_ms = 0 } = {}) {
    if (mark !== MADE_BY_US) throw new TypeError("make a simulator with Simulator.create() or Simulator.replay()");
    this.#core = core;
    this.#clock = new Clock(core, () => this.#flush(), quiet_ms);
  }

  static async create(options = {}) {
    await load();
    const json = setupJson(options);
    return new this(MADE_BY_US, inCore(() => new Core(json)), options);
  }

  static async replay(journal, options = {}) {
    if (typeof journal !== "string") throw new JetStreamError("not a journal: it is no text", 400);
    await load();
    return new this(MADE_BY_US, inCore(() => Core.replay(journal)), options);
  }

  /** The core, brought up to date. */
  #use() {
    if (!this.#core) throw new JetStreamError("this simulator is disposed of", 503);
    this.#clock.bringUpToDate();
    return this.#core;
  }

  /** Hands out what the core has for connections, from `handle` on; whether there was anything. */
  #flush(handle = this.#core?.peek()) {
    // A client that writes while it is handed a frame: the loop below goes on with what that causes.
    if (this.#isFlushing || !this.#core) return false;
    this.#isFlushing = true;
    let count = 0;
    for (; handle > 0; handle = this.#core?.peek(), count += 1) {
      const frame = this.#core.take();
      const pipe = this.#pipes.get(handle);
      if (frame === undefined) this.#pipes.delete(handle);
      guard(() => (frame === undefined ? pipe?.onClosed?.(this.#ended()) : pipe?.onBytes(frame)));
    }
    this.#isFlushing = false;
    if (this.#core && this.#events) this.#events.publish(JSON.parse(this.#core.takeEvents()));
    if (this.#core) this.#clock.schedule();
    return count > 0;
  }

  /** What is told of the connection that ended last. */
  #ended() {
    const json = this.#core.ended();
    return json ? JSON.parse(json) : undefined;
  }

  connect(onBytes, onClosed) {
    const handle = this.#use().connect();
    this.#pipes.set(handle, { onBytes, onClosed });
    // The first frame comes when the caller holds the connection.
    queueMicrotask(() => this.#flush());
    return {
      clientId: this.#core.clientId(handle),
      write: (frame) => {
        if (!this.#pipes.has(handle)) return;
        const bytes = bytesOf(frame);
        if (!bytes) throw rangeError(`neither bytes nor a text: ${String(frame)}`);
        this.#clock.noteInput();
        this.#flush(this.#use().write(handle, bytes));
      },
      close: () => {
        if (!this.#pipes.delete(handle)) return undefined;
        this.#clock.noteInput();
        this.#use().close(handle);
        const ended = this.#ended();
        this.#flush();
        return ended;
      },
    };
  }

  webSocketFactory() {
    return webSocketFactory(this);
  }

  request(subject, payload, { headers } = {}) {
    const core = this.#use();
    const [to, list, bytes] = [checkSubject(subject), headerList(headers), toBytes(payload)];
    try {
      return new Reply(core, inCore(() => core.request(to, list, bytes)));
    } finally {
      this.#flush();
    }
  }

  inspect(subject, payload) {
    const core = this.#use();
    const [to, bytes] = [checkSubject(subject), toBytes(payload)];
    return new Reply(core, inCore(() => core.inspect(to, bytes)));
  }

  now() {
    return dateOf(this.nowNanos());
  }

  nowNanos() {
    const core = this.#use();
    const now = core.now();
    this.#flush();
    return now;
  }

  nextEvent() {
    const core = this.#use();
    const atNanos = core.nextAt();
    return atNanos === undefined ? undefined : { at: dateOf(atNanos), atNanos, reason: core.nextReason() };
  }

  async advance(duration) {
    this.#use();
    await this.#clock.advance(duration);
  }

  async runUntil(goal, { limit = "24h" } = {}) {
    this.#use();
    const isThere = await this.#clock.runUntil(goal, limit);
    if (!isThere) throw new JetStreamError(`not within ${limit} of simulated time`, 408);
  }

  get isPlaying() {
    return this.#clock.isPlaying;
  }

  get speed() {
    return this.#clock.speed;
  }

  set speed(speed) {
    this.#use();
    this.#clock.speed = speed;
    this.#flush();
  }

  play(speed = this.speed, { since } = {}) {
    this.speed = speed;
    this.#clock.play(since);
    this.#flush();
  }

  pause() {
    this.#use();
    this.#clock.pause();
    this.#flush();
  }

  get events() {
    this.#use().watch();
    this.#events ??= new EventHub();
    return this.#events.open();
  }

  snapshot() {
    return this.#use().snapshot();
  }

  restore(snapshot) {
    this.#use().restore(snapshot);
    this.#clock.rebase();
    this.#flush();
  }

  exportJournal() {
    const core = this.#use();
    return inCore(() => core.exportJournal());
  }

  dispose() {
    if (!this.#core) return;
    this.#clock.stop();
    this.#core.free();
    this.#core = undefined;
    this.#events?.end();
    const pipes = [...this.#pipes.values()];
    this.#pipes.clear();
    for (const pipe of pipes) guard(() => pipe.onClosed?.());
  }
}

/** What a client's handler throws is its own affair: it is reported, and the others are served. */
function guard(call) {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class Simulator extends requests(Base) {}

// Older browsers do not know `using`.
if (Symbol.dispose) Simulator.prototype[Symbol.dispose] = Simulator.prototype.dispose;
