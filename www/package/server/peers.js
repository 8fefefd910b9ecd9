// Who is connected, and who was.

/** As many connections that ended are told of as nats-server keeps; then the oldest go. */
const MAX_ENDED = 10_000;

export class Peers {
  #open = new Map();
  /** @type {object[]} what monitoring tells of connections that ended, in that order */
  ended = [];
  /** Those that were dropped since they did not take what they were sent. */
  slowConsumers = 0;

  get count() {
    return this.#open.size;
  }

  /** A client, by the server's number for it: `address` (`type`, `ip`, `port`), `socket`, `end(reason)`, `sendLdm()`. */
  add(cid, peer) {
    this.#open.set(cid, peer);
  }

  /** Those that are connected now. */
  all() {
    return [...this.#open.values()];
  }

  endAll(reason) {
    for (const { end } of this.all()) end(reason);
  }

  /** What monitoring tells of a client's side. */
  get(cid) {
    const peer = this.#open.get(cid);
    return peer && { ...peer.address, pending_bytes: peer.socket.writableLength };
  }

  /**
   * The client is gone; `ended` is what the simulator tells of it, which may be nothing, and `reason` knows it better.
   * Whether it was there.
   */
  remove(cid, ended, reason) {
    const peer = this.get(cid);
    if (!peer) return false;
    this.#open.delete(cid);
    if (!ended) return true;
    this.ended.push({ ...ended, ...peer, ...(reason && { reason }) });
    if (this.ended.length > MAX_ENDED) this.ended.shift();
    return true;
  }
}
