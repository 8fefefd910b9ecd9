// Messages into WebAssembly and out of it, without a client's own work, in nanoseconds a message: frames of 400 publishes
// in and PubAcks out, deliveries out and acks in, the same one at a time, and frames to a worker and back. What of that is
// the way and not the server is shown by PINGs, which cost the server next to nothing. `cargo xtask bench frames [N]`
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const { Simulator } = await import(pathToFileURL(join(process.env.JETSTREAM_SIM_PACKAGE, "node.js")));

const COUNT = Number(process.argv[2] ?? 400_000);
const FRAME = 400;
const FRAMES = Math.max(20, Math.floor(COUNT / FRAME));
/** What a message may take: in a frame, alone, and through a worker. */
const [LIMIT_NS, ALONE_NS, WORKER_NS] = [250, 600, 400];

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

say('CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\nSUB i.> 1\r\n');
say(pub("$JS.API.STREAM.CREATE.S", "i.0", '{"name":"S","subjects":["s.>"],"storage":"memory"}'));
const consumer = `{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit","max_ack_pending":${10 * FRAME}}}`;
say(pub("$JS.API.CONSUMER.CREATE.S.C", "i.0", consumer));

const payload = "x".repeat(128);
const frame = (at) => Array.from({ length: FRAME }, (_, i) => pub(`s.${i % 100}`, `i.${at * FRAME + i}`, payload)).join("");
const publishes = Array.from({ length: FRAMES }, (_, at) => text.encode(frame(at)));
const frames = received.frames;
const publishing = measure(publishes);
assert.equal(received.frames - frames, FRAMES, "one frame of PubAcks for each of publishes");
assert.ok(new TextDecoder().decode(received.last).includes(`"seq":${FRAMES * FRAME}}`), "every message was stored");

const started = received.bytes;
const acks = (first) => {
  const one = (seq) => `PUB $JS.ACK.S.C.1.${seq}.${seq}.0.0 4\r\n+ACK\r\n`;
  return Array.from({ length: FRAME }, (_, i) => one(first + i)).join("");
};
const next = pub("$JS.API.CONSUMER.MSG.NEXT.S.C", "i.n", String(FRAME));
const requests = publishes.map((_, at) => text.encode((at ? acks((at - 1) * FRAME + 1) : "") + next));
const delivering = measure(requests);
assert.ok(received.bytes - started > FRAMES * FRAME * payload.length, "every message was delivered");

const alone = measureAlone(Array.from({ length: 100 }, (_, i) => text.encode(pub(`s.${i}`, `i.${i}`, payload))));
const ping = text.encode("PING\r\n");
const pings = measure(Array.from({ length: FRAMES }, () => text.encode("PING\r\n".repeat(FRAME))));
const pingsAlone = measureAlone(Array.from({ length: 100 }, () => ping));
const throughWorker = await measureWorker(publishes[0]);
const rows = [
  ["publishes in, PubAcks out", publishing, LIMIT_NS],
  ["acks in, deliveries out", delivering, LIMIT_NS],
  ["PINGs in, PONGs out", pings],
  ["one publish in, its PubAck out", alone, ALONE_NS],
  ["one PING in, its PONG out", pingsAlone],
  ["to a worker and back", throughWorker, WORKER_NS],
];
for (const [name, ns, limit] of rows) {
  console.log(`${name.padEnd(32)}${ns.toFixed(0).padStart(6)} ns a message${limit ? ` (at most ${limit})` : ""}`);
}
simulator[Symbol.dispose]();
process.exitCode = rows.some(([, ns, limit]) => ns > limit) ? 1 : 0;
