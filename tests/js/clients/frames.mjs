// Frames of 400 messages into WebAssembly and out of it, without a client's own work: publishes in and PubAcks out, then
// deliveries out and acks in. Prints nanoseconds a message. `cargo xtask bench frames [N]`
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { Simulator } = await import(pathToFileURL(join(process.env.JETSTREAM_SIM_PACKAGE, "node.js")));

const COUNT = Number(process.argv[2] ?? 400_000);
const FRAME = 400;
const FRAMES = Math.max(20, Math.floor(COUNT / FRAME));
/** What a message may take. */
const LIMIT_NS = 250;

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

/** Writes each of `frames` and measures it: the median, in nanoseconds a message. */
function measure(frames) {
  const times = frames.map((frame) => {
    const started = performance.now();
    connection.write(frame);
    return performance.now() - started;
  });
  return (times.sort((a, b) => a - b)[times.length >> 1] / FRAME) * 1e6;
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

for (const [name, ns] of [["publishes in, PubAcks out", publishing], ["acks in, deliveries out", delivering]]) {
  console.log(`${name.padEnd(28)}${ns.toFixed(0).padStart(6)} ns a message (at most ${LIMIT_NS})`);
}
simulator[Symbol.dispose]();
process.exitCode = Math.max(publishing, delivering) > LIMIT_NS ? 1 : 0;
