// Lets simulated time pass: at a speed of wall time, or as far as it is told.
//
// Playing, time is brought up to date before every input, and one timer waits for the next event: nothing runs while
// nothing is due. Told how far, it goes from event to event and lets attached clients answer in between.

import { MAX_NANOS, moment, nanoseconds } from "./duration.js";
import { JetStreamError, rangeError } from "./error.js";

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Everything else has its turn so often, also where no client has anything to say. */
const MAX_BLOCKED_MS = 50;
/** How many times in a row all clients must have nothing to say. */
const QUIET_TURNS = 2;

export class Clock {
  #core;
  #flush;
  #quietMs;
  #isPlaying = false;
  #speed = 1;
  /** Where playing began, or last changed: wall milliseconds and simulated nanoseconds. */
  #anchor = { wall: 0, simulated: 0n };
  #timer;
  /** The last call that runs or waits to run. */
  #running = Promise.resolve();
  #inputs = 0;
  #isStopped = false;

  /** `flush` hands out what the core has for connections; whether there was anything. */
  constructor(core, flush, quietMs) {
    this.#core = core;
    this.#flush = flush;
    this.#quietMs = quietMs;
  }

  get isPlaying() {
    return this.#isPlaying;
  }

  get speed() {
    return this.#speed;
  }

  set speed(speed) {
    if (!(speed > 0 && Number.isFinite(speed))) throw rangeError(`not a speed: ${speed}`);
    this.bringUpToDate();
    this.#speed = speed;
    this.#drop();
  }

  /** From now on, or as if it had been so since a moment of `performance.now()`. */
  play(since) {
    this.#isPlaying = true;
    this.#drop(since);
    this.bringUpToDate();
  }

  pause() {
    this.bringUpToDate();
    this.#isPlaying = false;
    clearTimeout(this.#timer);
  }

  /** Time was set from outside. */
  rebase() {
    this.#drop();
  }

  #drop(wall = performance.now()) {
    this.#anchor = { wall, simulated: this.#core.now() };
    this.schedule();
  }

  /** Before an input: what is due by now has happened. */
  bringUpToDate() {
    if (!this.#isPlaying) return;
    const passed = BigInt(Math.round((performance.now() - this.#anchor.wall) * this.#speed * 1e6));
    const target = this.#anchor.simulated + passed;
    // Where more is due than one call does, time falls behind.
    if (!this.#core.advanceTo(target < MAX_NANOS ? target : MAX_NANOS)) this.#anchor = { wall: performance.now(), simulated: this.#core.now() };
  }

  /** A client said something. */
  noteInput() {
    this.#inputs += 1;
  }

  /** After a change: waits for what is due next. */
  schedule() {
    clearTimeout(this.#timer);
    if (!this.#isPlaying) return;
    const next = this.#core.nextAt();
    if (next === undefined) return;
    const wait = Number(next - this.#core.now()) / 1e6 / this.#speed;
    this.#timer = setTimeout(() => {
      this.bringUpToDate();
      this.#flush();
    }, Math.min(Math.max(wait, 0), MAX_TIMEOUT_MS));
  }

  /** For good. Whoever runs time finds out. */
  stop() {
    this.#isStopped = true;
    this.#isPlaying = false;
    clearTimeout(this.#timer);
  }

  advance(duration) {
    const nanos = nanoseconds(duration);
    return this.#oneByOne(async () => this.#runTo(moment(this.#core.now() + nanos)));
  }

  /** Runs to a moment, or until `goal()` is true and not longer than `limit`. Whether it got there. */
  runUntil(goal, limit) {
    if (typeof goal !== "function") {
      const target = moment(goal);
      return this.#oneByOne(() => this.#runTo(target));
    }
    const nanos = nanoseconds(limit);
    return this.#oneByOne(async () => this.#runWhile(async () => !(await goal()), moment(this.#core.now() + nanos)));
  }

  #oneByOne(run) {
    const result = this.#running.then(run);
    this.#running = result.catch(() => {});
    return result;
  }

  async #runTo(target) {
    await this.#runWhile(async () => true, target);
    return true;
  }

  /** Goes from event to event up to `target` while `goOn()` is true. Whether that ended it. */
  async #runWhile(goOn, target) {
    await this.#settle();
    let since = performance.now();
    while (await goOn()) {
      if (this.#isStopped) throw new JetStreamError("this simulator is disposed of", 503);
      const isThere = this.#core.advanceOnce(target);
      this.rebase();
      if (this.#flush()) await this.#settle();
      else if (performance.now() - since > MAX_BLOCKED_MS) {
        await turn(0);
        since = performance.now();
      }
      if (isThere) return !(await goOn());
    }
    return true;
  }

  /** Waits until the clients have said all that they say without time passing. */
  async #settle() {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      const before = this.#inputs;
      await turn(this.#quietMs);
      if (this.#inputs !== before) quiet = -1;
    }
  }
}

/** Lets everything else in the event loop have its turn. */
function turn(ms) {
  if (ms > 0) return new Promise((resolve) => setTimeout(resolve, ms));
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
