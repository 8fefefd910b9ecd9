// The WebSocket listener, byte for byte: handshake, frames, and how connections end.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { startServer } from "./process.mjs";
import { rawClient } from "./raw.mjs";

const HEADERS = { Host: "x", Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13" };
const CONNECT = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}\r\n';
const [BINARY, CLOSE, PING, PONG] = [2, 8, 9, 10];
let server;

before(async () => {
  server = await startServer({ config: "websocket { port: -1, no_tls: true }" });
});

after(() => server.stop());

/** Sends a request; gives `{ socket, next() }`, where `next` is what came since, once it is quiet. */
async function open(headers = {}, method = "GET") {
  const all = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(server.ports.websocket[0]).port), noDelay: true });
  let held = Buffer.alloc(0);
  socket.on("data", (bytes) => (held = Buffer.concat([held, bytes]))).on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const take = (isEnough) => new Promise((resolve) => {
    const look = () => isEnough(held) && resolve(held);
    socket.on("data", look).on("close", () => resolve(held));
    look();
  });
  socket.write(`${method} / HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  const head = await take((bytes) => bytes.includes("\r\n\r\n"));
  const end = head.indexOf("\r\n\r\n") + 4;
  held = held.subarray(end);
  return { socket, closed, status: head.subarray(9, 12).toString(), head: head.toString(), take, frames: () => frames(held) };
}

function frame(opcode, data, { fin = true, isMasked = true, rsv = 0 } = {}) {
  const payload = Buffer.from(data, "latin1");
  const size = payload.length;
  const header = size < 126 ? Buffer.alloc(2) : size < 65536 ? Buffer.alloc(4) : Buffer.alloc(10);
  header[0] = (fin ? 0x80 : 0) | rsv | opcode;
  header[1] = size < 126 ? size : size < 65536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(size, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(size), 2);
  if (!isMasked) return Buffer.concat([header, payload]);
  header[1] |= 0x80;
  const mask = [1, 2, 3, 4];
  return Buffer.concat([header, Buffer.from(mask), payload.map((byte, at) => byte ^ mask[at & 3])]);
}

function frames(bytes) {
  const found = [];
  for (let at = 0; bytes.length - at >= 2; ) {
    const short = bytes[at + 1];
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const payload = bytes.subarray(at + start, at + start + size);
    const opcode = bytes[at] & 15;
    found.push([opcode, opcode === CLOSE && size >= 2 ? `${payload.readUInt16BE()} ${payload.subarray(2)}` : payload.toString("latin1")]);
    at += start + size;
  }
  return found;
}

/** What the server says behind INFO, with the end of the connection. */
async function answers(...sent) {
  const one = await open();
  assert.equal(one.status, "101", one.head);
  for (const bytes of sent) one.socket.write(bytes);
  await one.closed;
  return one.frames().slice(1);
}

test("requests that are no handshake are refused as the server does", async () => {
  const without = (name) => [{ [name]: undefined }, "GET", "400"];
  for (const [headers, method, status] of [
    [{}, "POST", "405"],
    without("Sec-WebSocket-Key"),
    without("Sec-WebSocket-Version"),
    without("Upgrade"),
    without("Connection"),
    without("Host"),
    [{ Upgrade: "foo" }, "GET", "400"],
    [{ "Sec-WebSocket-Version": "8" }, "GET", "400"],
    [{ "Sec-WebSocket-Key": "abc" }, "GET", "400"],
    [{ Connection: "keep-alive, Upgrade", Origin: "http://elsewhere", "Sec-WebSocket-Protocol": "nats" }, "GET", "101"],
  ]) {
    const { status: found, socket } = await open(headers, method);
    assert.equal(found, status, JSON.stringify(headers));
    socket.destroy();
  }
});

test("data comes in frames of any kind and cut", async () => {
  const one = await open();
  const bytes = Buffer.concat([frame(1, CONNECT.slice(0, 20), { fin: false }), frame(PING, "?"), frame(0, CONNECT.slice(20)), frame(BINARY, ""), frame(BINARY, "PING\r\n")]);
  // Byte by byte, also within headers.
  for (const byte of bytes) {
    one.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await one.take((held) => held.includes("PONG\r\n"));
  const [info, pong, answer] = one.frames();
  assert.match(info[1], /^INFO /);
  assert.deepEqual([pong, answer[0]], [[PONG, "?"], BINARY]);
  one.socket.destroy();
});

test("who asks not to mask is read as it is", async () => {
  const one = await open({ "Nats-No-Masking": "true" });
  assert.match(one.head, /\r\nNats-No-Masking: true\r\n/);
  const plain = (opcode, data) => frame(opcode, data, { isMasked: false });
  const large = "x".repeat(70_000);
  one.socket.write(Buffer.concat([plain(BINARY, CONNECT), plain(BINARY, `SUB a 1\r\nPUB a 300\r\n${"y".repeat(300)}\r\n`), plain(PING, ""), plain(BINARY, `PUB a 70000\r\n${large}\r\nPING\r\n`)]));
  const bytes = await one.take((held) => held.includes("PONG\r\n"));
  assert.ok(bytes.length > 70_000);
  const told = one.frames();
  assert.deepEqual(told.filter(([opcode]) => opcode === PONG), [[PONG, ""]]);
  const text = told.filter(([opcode]) => opcode === BINARY).map(([, data]) => data).join("");
  assert.equal(text.replace(/INFO .*\r\n/g, ""), `MSG a 1 300\r\n${"y".repeat(300)}\r\nMSG a 1 70000\r\n${large}\r\nPONG\r\n`);
  one.socket.destroy();
});

test("what breaks the rules of frames is closed, with the server's words", async () => {
  for (const [sent, text] of [
    [[frame(BINARY, CONNECT, { isMasked: false })], "1002 mask bit missing"],
    [[frame(BINARY, CONNECT, { rsv: 0x40 })], "1002 compressed frame received without negotiated permessage-deflate"],
    [[frame(BINARY, CONNECT, { rsv: 0x10 })], "1002 RSV2 and RSV3 must be clear"],
    [[frame(3, "x")], "1002 unknown opcode 3"],
    [[frame(0, CONNECT)], "1002 invalid continuation frame"],
    [[frame(BINARY, CONNECT, { fin: false }), frame(BINARY, "PING\r\n")], "1002 new message started before final frame for previous message was received"],
    [[frame(PING, "x".repeat(126))], "1002 control frame length bigger than maximum allowed of 125 bytes"],
    [[frame(PING, "x", { fin: false })], "1002 control frame does not have final bit set"],
    [[frame(CLOSE, "x")], "1002 close frame payload cannot be 1 byte"],
    [[frame(CLOSE, "\x03\xec")], "1002 invalid close status code 1004"],
    [[frame(CLOSE, "\x03\xe8\xff")], "1007 invalid utf8 body in close frame"],
    [[frame(CLOSE, "\x03\xe8bye")], "1000 bye"],
    [[frame(CLOSE, "\x0f\xa0")], "4000 "],
  ]) {
    assert.deepEqual(await answers(...sent), [[CLOSE, text]], text);
  }
  assert.deepEqual(await answers(frame(CLOSE, "")), [[CLOSE, ""]]);
});

test("the close frame says why the server ended the connection", async () => {
  for (const [line, error, text] of [
    ["PUB a 9999999\r\n", "-ERR 'Maximum Payload Violation'\r\n", "1009 Maximum Message Payload Exceeded"],
    ['CONNECT {"account":"x"}\r\n', "-ERR 'Authorization Violation'\r\n", "1008 Authentication Failure"],
    [`SUB ${"a".repeat(5000)}`, "-ERR 'maximum control line exceeded'\r\n", "1008 Maximum Control Line Exceeded"],
    ['CONNECT {"protocol":3}\r\n', "-ERR 'invalid client protocol'\r\n", "1002 Bad Client Protocol Version"],
    ["FOO\r\n", "-ERR 'Unknown Protocol Operation'\r\n", "1002 Protocol Violation"],
  ]) {
    assert.deepEqual(await answers(frame(BINARY, CONNECT + line)), [[BINARY, error], [CLOSE, text]]);
  }
  const other = await startServer({ config: "websocket { port: -1, no_tls: true }" });
  const socket = new WebSocket(other.ports.websocket[0]);
  await new Promise((resolve) => (socket.onopen = resolve));
  const ended = new Promise((resolve) => (socket.onclose = ({ code, reason }) => resolve([code, reason])));
  await other.stop();
  assert.deepEqual(await ended, [1001, "Server Shutdown"]);
});

test("a frame of 32 MiB is taken as it comes, and nobody waits for it", async () => {
  const one = await open();
  const whole = Buffer.from(frame(BINARY, CONNECT + `PUB a 1000000\r\n${"x".repeat(1e6)}\r\n`.repeat(33) + "PING\r\n"));
  const other = await rawClient(server.url);
  const started = performance.now();
  one.socket.write(whole);
  const answered = one.take((held) => held.includes("PONG\r\n"));
  let longest = 0;
  for (let isThere = false; !isThere; ) {
    const asked = performance.now();
    other.write("PING\r\n");
    await other.read("PONG\r\n");
    longest = Math.max(longest, performance.now() - asked);
    isThere = await Promise.race([answered.then(() => true), new Promise((resolve) => setTimeout(resolve, 5, false))]);
  }
  const took = performance.now() - started;
  assert.ok(took < 4000 && longest < 1000, `${Math.round(took)} ms, and others waited up to ${Math.round(longest)} ms`);
  for (const socket of [one.socket, other.socket]) socket.destroy();
});
