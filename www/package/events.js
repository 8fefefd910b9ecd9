// What happened, as async iterators that each see everything from their making on.

/** Events that may wait in one iterator; then the oldest go, and the next event says how many. */
const MAX_WAITING = 10_000;

class EventQueue {
  #waiting = [];
  #dropped = 0;
  #wanting = [];
  #isEnded = false;
  #forget;

  constructor(forget) {
    this.#forget = forget;
  }

  push(event) {
    const wanting = this.#wanting.shift();
    if (wanting) return wanting({ value: event, done: false });
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
  }

  end() {
    this.#isEnded = true;
    for (const wanting of this.#wanting.splice(0)) wanting({ value: undefined, done: true });
  }

  async next() {
    if (this.#dropped > 0) {
      const value = { type: "events_dropped", at: this.#waiting[0].at, count: this.#dropped };
      this.#dropped = 0;
      return { value, done: false };
    }
    if (this.#waiting.length > 0) return { value: this.#waiting.shift(), done: false };
    if (this.#isEnded) return { value: undefined, done: true };
    return new Promise((resolve) => this.#wanting.push(resolve));
  }

  async return() {
    this.#forget(this);
    this.#waiting.length = 0;
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** Hands events on to all iterators that are open. */
export class EventHub {
  #queues = new Set();

  open() {
    const queue = new EventQueue((ended) => this.#queues.delete(ended));
    this.#queues.add(queue);
    return queue;
  }

  publish(events) {
    for (const event of events) for (const queue of this.#queues) queue.push(event);
  }

  end() {
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
  }
}
