// Messages into WebAssembly and out of it, without a client's own work, in nanoseconds a message: frames of 400 publishes
// in and PubAcks out, deliveries out, acks in, publishes one at a time, and frames to a worker and back. What of that is
// the way and not the server is shown by PINGs, which cost the server next to nothing. A stream is filled and read three
// times; what counts is the median without the first, in which memory grows. `cargo xtask bench frames [N [PEER]]`, where
// PEER is a module that connects to another server in this process, such as nats-server compiled to WebAssembly by Go.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const { Simulator } = await import(pathToFileURL(join(process.env.JETSTREAM_SIM_PACKAGE, "node.js")));

const COUNT = Number(process.argv[2] ?? 400_000);
const FRAME = 400;
const FRAMES = Math.max(20, Math.floor(COUNT / FRAME));
/** What a message may take: in a frame, alone, and through a worker. */
const [LIMIT_NS, ALONE_NS, WORKER_NS] = [250, 600, 400];
/** How many times as long a publish takes in the peer. */
const PEER_TIMES = 60;
const ROUNDS = 3;
/** What the peer gets in a round: it takes longer. */
const PEER_FRAMES = 100;
const HELLO = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\nSUB i.> 1\r\n';

const text = new TextEncoder();
const simulator = await Simulator.create();
const received = { bytes: 0, frames: 0, last: undefined };
const connection = simulator.connect((bytes) => {
  received.bytes += bytes.length;
  received.frames += 1;
  received.last = bytes;
});
const pub = (subject, reply, body) => `PUB ${subject} ${reply} ${body.length}\r\n${body}\r\n`;
const say = (words) => connection.write(text.encode(words));

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** Writes each of `frames` of so many messages and measures it: the median, in nanoseconds a message. */
function measure(frames, messages = FRAME) {
  const times = frames.map((frame) => {
    const started = performance.now();
    connection.write(frame);
    return performance.now() - started;
  });
  return (median(times) / messages) * 1e6;
}

/** As [`measure`], with messages that go one at a time, a hundred for each look at the clock. */
function measureAlone(messages) {
  const times = Array.from({ length: FRAMES }, () => {
    const started = performance.now();
    for (const message of messages) connection.write(message);
    return performance.now() - started;
  });
  return (median(times) / messages.length) * 1e6;
}

/** Sends a frame to a worker, which sends it back, and waits for it: once for each frame of messages both ways. */
async function measureWorker(frame) {
  const worker = new Worker('const { parentPort } = require("node:worker_threads"); parentPort.on("message", (frame) => parentPort.postMessage(frame, [frame.buffer]));', { eval: true });
  const times = [];
  for (let turn = 0; turn < 300; turn += 1) {
    const sent = frame.slice();
    const started = performance.now();
    const back = new Promise((resolve) => worker.once("message", resolve));
    worker.postMessage(sent, [sent.buffer]);
    await back;
    times.push(performance.now() - started);
  }
  await worker.terminate();
  return (median(times) / FRAME) * 1e6;
}

const stream = pub("$JS.API.STREAM.CREATE.S", "i.0", '{"name":"S","subjects":["s.>"],"storage":"memory"}');
const consumer = `{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit","max_ack_pending":-1}}`;
const payload = "x".repeat(128);
const frame = (at) => Array.from({ length: FRAME }, (_, i) => pub(`s.${i % 100}`, `i.${at * FRAME + i}`, payload)).join("");
const publishes = Array.from({ length: FRAMES }, (_, at) => text.encode(frame(at)));
const ack = (seq) => `PUB $JS.ACK.S.C.1.${seq}.${seq}.1767225600000000000.${FRAMES * FRAME - seq} 4\r\n+ACK\r\n`;
const acks = publishes.map((_, at) => text.encode(Array.from({ length: FRAME }, (_, i) => ack(at * FRAME + i + 1)).join("")));
const next = text.encode(pub("$JS.API.CONSUMER.MSG.NEXT.S.C", "i.n", String(FRAME)));
const requests = publishes.map(() => next);

/** Fills the stream and reads it, both measured. */
function round() {
  say(stream);
  say(pub("$JS.API.CONSUMER.CREATE.S.C", "i.0", consumer));
  const frames = received.frames;
  const publishing = measure(publishes);
  assert.equal(received.frames - frames, FRAMES, "one frame of PubAcks for each of publishes");
  assert.ok(new TextDecoder().decode(received.last).includes(`"seq":${FRAMES * FRAME}}`), "every message was stored");
  const started = received.bytes;
  const delivering = measure(requests);
  assert.ok(received.bytes - started > FRAMES * FRAME * payload.length, "every message was delivered");
  const acking = measure(acks);
  say(pub("$JS.API.CONSUMER.INFO.S.C", "i.0", ""));
  assert.ok(new TextDecoder().decode(received.last).includes('"num_ack_pending":0,'), "every message was acked");
  return { publishing, delivering, acking };
}

/** Another server to send the frames of publishes to: `connect(onBytes)` of the module gives what bytes are written with. */
async function peerAt(path) {
  const { connect } = await import(pathToFileURL(resolve(path)));
  let lines = 0;
  let wake = () => {};
  const write = connect((bytes) => {
    for (const byte of bytes) lines += byte === 10 ? 1 : 0;
    wake();
  });
  const until = async (count) => {
    while (lines < count) await new Promise((resolve) => (wake = resolve));
  };
  const send = async (bytes, answer) => {
    const wanted = lines + answer;
    write(bytes);
    await until(wanted);
  };
  await until(1);
  write(text.encode(HELLO + "PING\r\n"));
  await until(2);
  return async () => {
    await send(text.encode(stream), 2);
    const times = [];
    for (const frame of publishes.slice(0, PEER_FRAMES)) {
      const started = performance.now();
      await send(frame, 2 * FRAME);
      times.push(performance.now() - started);
    }
    await send(text.encode(pub("$JS.API.STREAM.DELETE.S", "i.0", "")), 2);
    return (median(times) / FRAME) * 1e6;
  };
}

const peer = process.argv[3] && (await peerAt(process.argv[3]));
say(HELLO);
const rounds = [];
for (let at = 0; at < ROUNDS; at += 1) {
  if (at) say(pub("$JS.API.STREAM.DELETE.S", "i.0", ""));
  rounds.push({ ...round(), peer: peer && (await peer()) });
}
const [cold, ...warm] = rounds;
const of = (name) => median(warm.map((round) => round[name]));
const alone = measureAlone(Array.from({ length: 100 }, (_, i) => text.encode(pub(`s.${i}`, `i.${i}`, payload))));
const ping = text.encode("PING\r\n");
const pings = measure(Array.from({ length: FRAMES }, () => text.encode("PING\r\n".repeat(FRAME))));
const pingsAlone = measureAlone(Array.from({ length: 100 }, () => ping));
const throughWorker = await measureWorker(publishes[0]);
const rows = [
  ["publishes in, PubAcks out", of("publishing"), LIMIT_NS],
  ["  the first time", cold.publishing],
  ["deliveries out", of("delivering"), LIMIT_NS],
  ["  the first time", cold.delivering],
  ["acks in", of("acking")],
  ["PINGs in, PONGs out", pings],
  ["one publish in, its PubAck out", alone, ALONE_NS],
  ["one PING in, its PONG out", pingsAlone],
  ["to a worker and back", throughWorker, WORKER_NS],
];
for (const [name, ns, limit] of rows) {
  console.log(`${name.padEnd(32)}${ns.toFixed(0).padStart(6)} ns a message${limit ? ` (at most ${limit})` : ""}`);
}
if (peer) {
  console.log(`${"publishes in, by the peer".padEnd(32)}${of("peer").toFixed(0).padStart(6)} ns a message, ${(of("peer") / of("publishing")).toFixed(0)} times as long (at least ${PEER_TIMES})`);
}
simulator[Symbol.dispose]();
const isSlow = rows.some(([, ns, limit]) => ns > limit) || (peer && of("peer") < PEER_TIMES * of("publishing"));
// A peer that still runs would keep this process alive.
process.exit(isSlow ? 1 : 0);
