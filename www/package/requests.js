// JetStream's requests and replies in their own shapes, on top of `request`.

import { JetStreamError } from "./error.js";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The answer to a request. */
export class Reply {
  constructor(core, data) {
    const { status, description, headers } = parseHeaders(core.answerHeaders());
    /** @type {string} that of a stored message is its own */
    this.subject = core.answerSubject();
    /** @type {string | undefined} acknowledges a message of a consumer */
    this.reply = core.answerReply() || undefined;
    /** @type {number | undefined} of an answer that is nothing but a status, such as 404 */
    this.status = status;
    /** @type {string | undefined} what the status means, in words */
    this.description = description;
    /** @type {[string, string][]} names and values, in order */
    this.headers = headers;
    /** @type {Uint8Array} */
    this.data = data;
  }

  string() {
    return decoder.decode(this.data);
  }

  json() {
    return JSON.parse(this.string());
  }
}

/** Text or bytes, in whatever form, as bytes; `undefined` for anything else. */
export function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** Text, bytes or what becomes JSON, as bytes. */
export function toBytes(payload) {
  return payload === undefined ? new Uint8Array() : (bytesOf(payload) ?? encoder.encode(JSON.stringify(payload)));
}

/** A subject to send to: it stands in a line of the protocol. @throws {JetStreamError} */
export function checkSubject(subject) {
  if (typeof subject !== "string" || !/^[^ \t\r\n\f]+$/.test(subject)) {
    throw new JetStreamError(`a subject is a text without blanks: ${JSON.stringify(subject)}`, 400);
  }
  return subject;
}

/** Names and values in turn, from an object or from pairs; a name may have several values. */
export function headerList(headers = {}) {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return pairs.flatMap(([name, values]) => [values].flat().flatMap((value) => [name, String(value)]));
}

/** The status and the lines of a header block, which may be empty. */
function parseHeaders(block) {
  const [first, ...lines] = decoder.decode(block).split("\r\n");
  const [, status, description] = /^NATS\/1\.0 +(\d{3}) *(.*)$/.exec(first) ?? [];
  const headers = lines.filter((line) => line.includes(":")).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
  });
  return { status: status && Number(status), description, headers };
}

/** A reply's JSON without its `type`. @throws {JetStreamError} what the server refused, or an answer that is no JSON */
function unwrap(reply) {
  if (reply.status) throw new JetStreamError(reply.description, reply.status);
  let json;
  try {
    json = reply.json();
  } catch {
    throw new JetStreamError("the answer is no JSON: it is not JetStream that answers there", 400);
  }
  const { type, error, ...rest } = json;
  if (error) throw new JetStreamError(error.description, error.code, error.err_code);
  return rest;
}

/** The methods of a simulator that ask its server. `request(subject, payload, options)` is the one that asks. */
export const requests = (Base) => class extends Base {
  #ask(endpoint, body) {
    return unwrap(this.request(`$JS.API.${endpoint}`, body));
  }

  /** All pages of a list. */
  #list(endpoint, field, options = {}) {
    const items = [];
    for (;;) {
      const page = this.#ask(endpoint, { ...options, offset: items.length });
      items.push(...(page[field] ?? []));
      if (items.length >= page.total || !page[field]?.length) return items;
    }
  }

  accountInfo() {
    return this.#ask("INFO");
  }

  addStream(config) {
    return this.#ask(`STREAM.CREATE.${config.name}`, config);
  }

  updateStream(config) {
    return this.#ask(`STREAM.UPDATE.${config.name}`, config);
  }

  streamInfo(stream, options) {
    return this.#ask(`STREAM.INFO.${stream}`, options);
  }

  streamNames(subject) {
    return this.#list("STREAM.NAMES", "streams", subject === undefined ? {} : { subject });
  }

  streams(subject) {
    return this.#list("STREAM.LIST", "streams", subject === undefined ? {} : { subject });
  }

  deleteStream(stream) {
    return this.#ask(`STREAM.DELETE.${stream}`).success;
  }

  purgeStream(stream, options) {
    return this.#ask(`STREAM.PURGE.${stream}`, options);
  }

  getMessage(stream, query) {
    return this.#ask(`STREAM.MSG.GET.${stream}`, typeof query === "number" ? { seq: query } : query).message;
  }

  deleteMessage(stream, seq) {
    return this.#ask(`STREAM.MSG.DELETE.${stream}`, { seq }).success;
  }

  addConsumer(stream, config) {
    const name = config.durable_name ?? config.name;
    const filter = name && config.filter_subject ? `.${config.filter_subject}` : "";
    const body = { stream_name: stream, config };
    return this.#ask(`CONSUMER.CREATE.${stream}${name ? `.${name}` : ""}${filter}`, body);
  }

  consumerInfo(stream, consumer) {
    return this.#ask(`CONSUMER.INFO.${stream}.${consumer}`);
  }

  consumerNames(stream) {
    return this.#list(`CONSUMER.NAMES.${stream}`, "consumers");
  }

  consumers(stream) {
    return this.#list(`CONSUMER.LIST.${stream}`, "consumers");
  }

  deleteConsumer(stream, consumer) {
    return this.#ask(`CONSUMER.DELETE.${stream}.${consumer}`).success;
  }

  pauseConsumer(stream, consumer, until) {
    const pause_until = until instanceof Date ? until.toISOString() : until;
    return this.#ask(`CONSUMER.PAUSE.${stream}.${consumer}`, { pause_until });
  }

  publish(subject, payload, options) {
    return unwrap(this.request(subject, payload, options));
  }
};
