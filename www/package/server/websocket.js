// The listener for WebSocket clients: frames in, binary frames out, no extensions, no subprotocols.

import { createHash } from "node:crypto";
import { STATUS_CODES, createServer } from "node:http";
import { serveClient, whenMade } from "./client.js";
import { BINARY, CLOSE, FrameReader, PING, PONG, PROTOCOL_ERROR, closing, closingAnswer, frame } from "./frames.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Browsers are given frames of at most this many bytes, as nats-server does it. */
const BROWSER_FRAME = 4096;
const KEY_BYTES = 16;
const REFUSED = { "content-type": "text/plain; charset=utf-8", "sec-websocket-version": "13", "x-content-type-options": "nosniff" };

/** The status that tells why the server closed a connection (nats-server `server/websocket.go`, `wsEnqueueCloseMessage`). */
const CLOSE_STATUS = {
  "Client Closed": 1000,
  "Stale Connection": 1001,
  "Server Shutdown": 1001,
  "Protocol Violation": PROTOCOL_ERROR,
  "Bad Client Protocol Version": PROTOCOL_ERROR,
  "Authentication Failure": 1008,
  "Maximum Connections Exceeded": 1008,
  "Maximum Control Line Exceeded": 1008,
  "Slow Consumer (Pending Bytes)": 1008,
  "Maximum Message Payload Exceeded": 1009,
};
const INTERNAL_ERROR = 1011;

/** A server whose connections are those of `made`'s simulator, which is promised. It does not listen yet. */
export function webSocketServer(made, log) {
  const server = createServer((request, response) => {
    const status = refusal(request) ?? 400;
    const text = `${STATUS_CODES[status]}\n`;
    response.writeHead(status, { ...REFUSED, "content-length": text.length }).end(text);
  });
  server.on("upgrade", (request, socket, head) => {
    const status = refusal(request);
    if (status !== undefined) return refuse(socket, status);
    // Nothing may follow the request before it is answered.
    if (head.length > 0) return socket.destroy();
    return whenMade(made, log, socket, (world) => {
      const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
      const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
      const isMasked = request.headers["nats-no-masking"] !== "true";
      if (!isMasked) lines.push("Nats-No-Masking: true");
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      socket.setNoDelay(true);
      const isBrowser = (request.headers["user-agent"] ?? "").startsWith("Mozilla/");
      serve(world, log, socket, { maxFrame: isBrowser ? BROWSER_FRAME : Infinity, isMasked });
    });
  });
  return server;
}

/** The HTTP status that refuses a request; `undefined` if it is a good one (RFC 6455, 4.2.1). */
function refusal({ method, headers }) {
  const has = (name, value) => (headers[name] ?? "").split(",").some((word) => word.trim().toLowerCase() === value);
  if (method !== "GET") return 405;
  const key = Buffer.from(headers["sec-websocket-key"] ?? "", "base64");
  const isGood = headers.host && has("upgrade", "websocket") && has("connection", "upgrade") && key.length === KEY_BYTES && has("sec-websocket-version", "13");
  return isGood ? undefined : 400;
}

function refuse(socket, status) {
  socket.on("error", () => {});
  const text = `${STATUS_CODES[status]}\n`;
  const headers = Object.entries({ ...REFUSED, "content-length": text.length, connection: "close" }).map(([name, value]) => `${name}: ${value}`);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${text}`);
  socket.destroySoon();
}

function serve(world, log, socket, { maxFrame, isMasked }) {
  let isClosing = false;
  const close = (outflow, payload) => {
    reader.stop();
    if (!isClosing && socket.writable) outflow.write(...frame(CLOSE, payload));
    isClosing = true;
  };
  const way = {
    type: "websocket",
    letter: "w",
    send: (outflow, bytes) => {
      for (let at = 0; at < bytes.length; at += maxFrame) outflow.write(...frame(BINARY, bytes.subarray(at, at + maxFrame)));
    },
    sayWhy: (outflow, reason = "Server Shutdown") => close(outflow, closing(CLOSE_STATUS[reason] ?? INTERNAL_ERROR, reason)),
  };
  const client = serveClient(world, log, socket, way);
  const fail = (text) => {
    close(client.outflow, closing(PROTOCOL_ERROR, text));
    client.end("Read Error");
  };
  const reader = new FrameReader({
    onData: client.write,
    onControl: (opcode, payload) => {
      if (opcode === PING) return client.outflow.write(...frame(PONG, payload));
      if (opcode === PONG) return undefined;
      const answer = closingAnswer(payload);
      if (answer.error) return fail(answer.error);
      close(client.outflow, answer.payload);
      return client.end("Client Closed");
    },
    onError: fail,
  }, isMasked);
  socket.on("data", (bytes) => reader.read(bytes));
}
