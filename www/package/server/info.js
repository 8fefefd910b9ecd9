// What INFO tells a client of the server: it comes first of all, and again behind the client's first PONG.

import { UNLIMITED } from "./settings.js";

const [M, H] = Buffer.from("MH");
/** What may come before INFO, none of which has a payload, and INFO. */
const BEGINNING = /^((?:(?:\+OK|PING|PONG|-ERR [^\r]*)\r\n)*)(?:INFO (\{[^\r]*\}) \r\n)?/;

/** Reads the INFO lines of one client on their way, and says them with what the simulator does not know. */
export class Info {
  #hasLimit;
  /** The second one; only clients get it that understand news of the server. */
  #second;
  #wasPonged = false;
  #isOver = false;

  constructor({ max_payload }) {
    this.#hasLimit = max_payload !== UNLIMITED;
  }

  /** Takes bytes from the simulator; gives those that go to the client. */
  pass(bytes) {
    // Messages may come before the first PONG, whatever they hold.
    if (this.#isOver || bytes[0] === M || bytes[0] === H) return bytes;
    const text = Buffer.from(bytes).toString("latin1");
    const [whole, before, json] = BEGINNING.exec(text);
    this.#isOver = json === undefined && this.#wasPonged;
    this.#wasPonged ||= before.includes("PONG");
    if (json === undefined) return bytes;
    const told = this.#hasLimit ? json : json.replace(/"max_payload":\d+/, `"max_payload":${UNLIMITED}`);
    if (told.includes('"connect_info":true')) {
      this.#second = Buffer.from(told, "latin1").toString();
      this.#isOver = true;
    }
    return told === json ? bytes : Buffer.from(`${before}INFO ${told} \r\n${text.slice(whole.length)}`, "latin1");
  }

  /** The bytes that tell the client of a lame duck; nothing where it would not understand them. */
  get lameDuck() {
    if (!this.#second) return undefined;
    const { connect_info, remote_account, api_lvl, xkey, ...info } = JSON.parse(this.#second);
    return Buffer.from(`INFO ${JSON.stringify({ ...info, ldm: true, api_lvl, xkey })} \r\n`);
  }
}
