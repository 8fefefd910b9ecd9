// The listener for WebSocket clients (RFC 6455): frames in, binary frames out, no extensions, no subprotocols.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { MAX_PENDING, TOO_SLOW } from "./tcp.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** The largest frame that is taken. */
const MAX_FRAME = 64 * 1024 * 1024;
/** Browsers are given frames of at most this many bytes, as nats-server does it. */
const BROWSER_FRAME = 4096;
const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const PROTOCOL_ERROR = 1002;
const TOO_LARGE = 1009;

/** Takes frames off the bytes that arrive. `onFrame(opcode, payload)`; `onError(status)` ends the reading. */
class FrameReader {
  #held = Buffer.alloc(0);
  #onFrame;
  #onError;

  constructor(onFrame, onError) {
    this.#onFrame = onFrame;
    this.#onError = onError;
  }

  read(bytes) {
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    while (this.#held.length >= 2) {
      const frame = this.#next();
      if (!frame) return;
      this.#held = this.#held.subarray(frame.end);
      this.#onFrame(frame.opcode, frame.payload);
    }
  }

  /** The first frame, if it has arrived whole. */
  #next() {
    const [first, second] = this.#held;
    const short = second & 0x7f;
    const isMasked = (second & 0x80) !== 0;
    if (!isMasked || (first & 0x70) !== 0) return this.#onError(PROTOCOL_ERROR);
    const sizeBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + sizeBytes + 4;
    if (this.#held.length < start) return undefined;
    const size = sizeBytes === 0 ? short : sizeBytes === 2 ? this.#held.readUInt16BE(2) : Number(this.#held.readBigUInt64BE(2));
    if (size > MAX_FRAME) return this.#onError(TOO_LARGE);
    const end = start + size;
    if (this.#held.length < end) return undefined;
    const mask = this.#held.subarray(start - 4, start);
    const payload = Buffer.from(this.#held.subarray(start, end));
    for (let at = 0; at < payload.length; at += 1) payload[at] ^= mask[at & 3];
    return { opcode: first & 0x0f, payload, end };
  }
}

function frame(opcode, payload) {
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

function status(code) {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}

/** A server whose connections are those of `made`'s simulator, which is promised. It does not listen yet. */
export function webSocketServer(made, log) {
  const server = createServer((_, response) => response.writeHead(400).end("WebSocket handshake error\n"));
  server.on("upgrade", async (request, socket, head) => {
    // What follows is "close".
    socket.on("error", () => {});
    const { simulator, peers } = await made;
    if (socket.destroyed) return undefined;
    const { "sec-websocket-key": key, "sec-websocket-version": version, "user-agent": agent = "" } = request.headers;
    if (!key || version !== "13") return socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    const accept = createHash("sha1").update(key + GUID).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.setNoDelay(true);
    serve({ simulator, peers, log }, socket, agent.startsWith("Mozilla/") ? BROWSER_FRAME : MAX_FRAME, head);
  });
  return server;
}

function serve({ simulator, peers, log }, socket, maxFrame, head) {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  log.debug(`${peer} - WebSocket connection created`);
  const send = (opcode, payload) => {
    socket.cork();
    for (const part of frame(opcode, payload)) socket.write(part);
    socket.uncork();
  };
  const end = (code) => {
    if (!socket.writable) return undefined;
    send(CLOSE, status(code));
    socket.end();
  };
  let reason;
  const connection = simulator.connect(
    (bytes) => {
      for (let at = 0; at < bytes.length; at += maxFrame) send(BINARY, bytes.subarray(at, at + maxFrame));
      if (socket.writableLength > MAX_PENDING) {
        log.info(`${peer} - Slow Consumer Detected`);
        reason = TOO_SLOW;
        socket.destroy();
      }
    },
    (ended) => {
      peers.remove(connection.clientId, ended);
      end(PROTOCOL_ERROR);
    },
  );
  const { clientId } = connection;
  peers.add(clientId, { type: "websocket", ip: socket.remoteAddress, port: socket.remotePort });
  const reader = new FrameReader((opcode, payload) => {
    if ([TEXT, BINARY, CONTINUATION].includes(opcode)) connection.write(payload);
    else if (opcode === PING) send(PONG, payload);
    else if (opcode === CLOSE) {
      peers.remove(clientId, connection.close());
      if (socket.writable) send(CLOSE, payload);
      socket.end();
    } else if (opcode !== PONG) end(PROTOCOL_ERROR);
  }, end);
  socket.on("data", (bytes) => reader.read(bytes));
  socket.on("close", () => {
    log.debug(`${peer} - WebSocket connection closed`);
    peers.remove(clientId, connection.close(), reason);
  });
  if (head.length > 0) reader.read(head);
}
