// Who is connected, and who was.

/** As many connections that ended are told of as nats-server keeps; then the oldest go. */
const MAX_ENDED = 10_000;

export class Peers {
  #open = new Map();
  /** @type {object[]} what monitoring tells of connections that ended, in that order */
  ended = [];

  /** A client, by the server's number for it: `{ type, ip, port }`. */
  add(cid, address) {
    this.#open.set(cid, address);
  }

  get(cid) {
    return this.#open.get(cid);
  }

  /** The client is gone; `ended` is what the simulator tells of it, which may be nothing, and `reason` knows it better. */
  remove(cid, ended, reason) {
    const address = this.#open.get(cid);
    if (!this.#open.delete(cid) || !ended) return;
    this.ended.push({ ...ended, ...address, ...(reason && { reason }) });
    if (this.ended.length > MAX_ENDED) this.ended.shift();
  }
}
