// Frames of WebSocket (RFC 6455), without extensions: read from what arrives, and written.

export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
export const PROTOCOL_ERROR = 1002;
const TEXT = 1;
const CONTINUATION = 0;
const MAX_CONTROL_BYTES = 125;
/** Opcode, size as a long one, mask. */
const MAX_HEADER_BYTES = 14;

/**
 * Takes frames off the bytes that arrive. Data is handed on as it comes, without regard to where messages end, since
 * NATS's operations may be cut anywhere; nothing of it is kept.
 *
 * `isMasked` is false for a client that asked not to mask. `onData(bytes)`, `onControl(opcode, payload)`, and once
 * `onError(text)`, with which the reading ends; the texts are nats-server's.
 */
export class FrameReader {
  #handlers;
  #maskBytes;
  #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** What is still to come of the frame's payload. */
  #left = 0;
  #mask = [0, 0, 0, 0];
  /** Of a control frame. */
  #control;
  /** Whether the last message has come to its end. */
  #isFinal = true;
  #isOver = false;

  constructor(handlers, isMasked = true) {
    this.#handlers = handlers;
    this.#maskBytes = isMasked ? 4 : 0;
  }

  read(bytes) {
    for (let at = 0; at < bytes.length && !this.#isOver; ) {
      const rest = bytes.subarray(at);
      at += this.#left > 0 ? this.#readPayload(rest) : this.#readHeader(rest);
    }
  }

  /** Whatever follows is no frame. */
  stop() {
    this.#isOver = true;
  }

  #fail(text) {
    this.stop();
    this.#handlers.onError(text);
  }

  /** Adds to the header; how many bytes are taken. */
  #readHeader(bytes) {
    const missing = this.#headerSize() - this.#headerBytes;
    const taken = bytes.copy(this.#header, this.#headerBytes, 0, missing);
    this.#headerBytes += taken;
    if (taken < missing) return taken;
    if (this.#headerBytes === 2) this.#check();
    if (this.#headerBytes === this.#headerSize() && !this.#isOver) this.#begin();
    return taken;
  }

  #headerSize() {
    if (this.#headerBytes < 2) return 2;
    const short = this.#header[1] & 0x7f;
    return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + this.#maskBytes;
  }

  /** The first two bytes are there. */
  #check() {
    const [first, second] = this.#header;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x30) !== 0) return this.#fail("RSV2 and RSV3 must be clear");
    if ((first & 0x40) !== 0) return this.#fail("compressed frame received without negotiated permessage-deflate");
    if (this.#maskBytes > 0 && (second & 0x80) === 0) return this.#fail("mask bit missing");
    if ([CLOSE, PING, PONG].includes(opcode)) {
      if ((second & 0x7f) > MAX_CONTROL_BYTES) {
        return this.#fail(`control frame length bigger than maximum allowed of ${MAX_CONTROL_BYTES} bytes`);
      }
      return isFinal ? undefined : this.#fail("control frame does not have final bit set");
    }
    if (opcode === TEXT || opcode === BINARY) {
      if (!this.#isFinal) return this.#fail("new message started before final frame for previous message was received");
    } else if (opcode !== CONTINUATION) return this.#fail(`unknown opcode ${opcode}`);
    else if (this.#isFinal) return this.#fail("invalid continuation frame");
    this.#isFinal = isFinal;
  }

  /** The header is whole. */
  #begin() {
    const short = this.#header[1] & 0x7f;
    const size = short === 126 ? this.#header.readUInt16BE(2) : short === 127 ? Number(this.#header.readBigUInt64BE(2)) : short;
    if (size >= 2 ** 63) return this.#fail("invalid 64-bit payload length");
    if (this.#maskBytes > 0) this.#mask = [...this.#header.subarray(this.#headerBytes - 4, this.#headerBytes)];
    this.#headerBytes = 0;
    this.#left = size;
    const opcode = this.#header[0] & 0x0f;
    this.#control = opcode >= CLOSE ? { opcode, parts: [] } : undefined;
    if (size === 0) this.#endControl();
  }

  /** Hands on what has come of the payload; how many bytes that is. */
  #readPayload(bytes) {
    const payload = bytes.subarray(0, this.#left);
    this.#unmask(payload);
    this.#left -= payload.length;
    if (!this.#control) this.#handlers.onData(payload);
    else this.#control.parts.push(payload);
    if (this.#left === 0) this.#endControl();
    return payload.length;
  }

  #endControl() {
    if (this.#control) this.#handlers.onControl(this.#control.opcode, Buffer.concat(this.#control.parts));
  }

  /** In place: what arrives is ours. */
  #unmask(payload) {
    const [a, b, c, d] = this.#mask;
    const whole = payload.length & ~3;
    for (let at = 0; at < whole; at += 4) {
      payload[at] ^= a;
      payload[at + 1] ^= b;
      payload[at + 2] ^= c;
      payload[at + 3] ^= d;
    }
    for (let at = whole; at < payload.length; at += 1) payload[at] ^= this.#mask[at & 3];
    const turned = payload.length & 3;
    this.#mask = [...this.#mask.slice(turned), ...this.#mask.slice(0, turned)];
  }
}

/** A frame, as header and payload. */
export function frame(opcode, payload) {
  const size = payload.length;
  const header = size < 126 ? Buffer.alloc(2) : size < 65536 ? Buffer.alloc(4) : Buffer.alloc(10);
  header[0] = 0x80 | opcode;
  if (size < 126) header[1] = size;
  else if (size < 65536) {
    header[1] = 126;
    header.writeUInt16BE(size, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(size), 2);
  }
  return [header, payload];
}

/** The payload of a frame that closes. */
export function closing(status, text) {
  const payload = Buffer.from(`..${text}`).subarray(0, MAX_CONTROL_BYTES);
  payload.writeUInt16BE(status);
  return payload;
}

/** What answers a frame that closes: the payload of another, empty where nothing was said, or `{ error }`. */
export function closingAnswer(payload) {
  if (payload.length === 0) return { payload };
  if (payload.length === 1) return { error: "close frame payload cannot be 1 byte" };
  const status = payload.readUInt16BE();
  const isKnown = status >= 1000 && status < 5000 && !(status >= 1016 && status < 3000) && ![1004, 1005, 1006, 1015].includes(status);
  if (!isKnown) return { error: `invalid close status code ${status}` };
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
    return { payload };
  } catch {
    return { payload: closing(1007, "invalid utf8 body in close frame") };
  }
}
