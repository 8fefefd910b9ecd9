// The protocol in the log, for `-V`: what clients say (`<<-`) and what they are told (`->>`).

/** A longer line is none, and its connection ends. */
const MAX_LINE = 1024 * 1024;
const PAYLOAD_VERBS = ["PUB", "HPUB", "MSG", "HMSG"];
const LF = 10;
/** Bytes that end a payload. */
const CRLF = 2;

/** Takes operations off the bytes of one direction, however they are cut. `tell(text)` is given each. */
class Reader {
  /** What has arrived of the next line, or of the payload. */
  #parts = [];
  #bytes = 0;
  /** Of the payload that is awaited, with the end of its line. */
  #payloadBytes;
  #tell;

  constructor(tell) {
    this.#tell = tell;
  }

  read(bytes) {
    for (let rest = bytes; rest.length > 0; ) {
      // Up to where the payload ends, or the line if it does here.
      const missing = this.#payloadBytes - this.#bytes || rest.indexOf(LF) + 1;
      const part = missing > 0 ? rest.subarray(0, missing) : rest;
      this.#parts.push(Buffer.from(part));
      this.#bytes += part.length;
      rest = rest.subarray(part.length);
      if (part.length === missing || this.#isTooLong()) this.#take();
    }
  }

  #isTooLong() {
    return this.#payloadBytes === undefined && this.#bytes > MAX_LINE;
  }

  /** The line, or the payload, is whole. */
  #take() {
    const whole = Buffer.concat(this.#parts);
    const isPayload = this.#payloadBytes !== undefined;
    [this.#parts, this.#bytes, this.#payloadBytes] = [[], 0, undefined];
    if (isPayload) this.#tell(`MSG_PAYLOAD: [${quoted(whole.subarray(0, -CRLF).toString())}]`);
    else this.#line(whole.toString().trim());
  }

  #line(line) {
    const [verb] = line.split(/\s/, 1);
    if (verb === "INFO") return;
    this.#tell(verb === "+OK" ? "[OK]" : `[${line.replace(/^-ERR '(.*)'$/, "-ERR $1")}]`);
    const size = /\d+$/.exec(line);
    if (size && PAYLOAD_VERBS.includes(verb.toUpperCase())) this.#payloadBytes = Number(size[0]) + CRLF;
  }
}

/** As Go's `%q` writes a text. */
function quoted(text) {
  return JSON.stringify(text).replace(/\\u00([\da-f]{2})/g, "\\x$1");
}

/** `{ heard(bytes), told(bytes) }`, each of which writes the log by `note`. */
export function tracer(note) {
  const [heard, told] = [new Reader((text) => note(`<<- ${text}`)), new Reader((text) => note(`->> ${text}`))];
  return { heard: (bytes) => heard.read(bytes), told: (bytes) => told.read(bytes) };
}
