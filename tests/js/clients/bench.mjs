// A million messages published through one TCP connection and read back with acks, by nats.js: on the package's server and
// on the real one. Nothing may be lost or come twice. `cargo xtask bench clients [N]`
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AckPolicy, StorageType, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { createInbox } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { startServer } from "../process.mjs";

const COUNT = Number(process.argv[2] ?? 1_000_000);
/** Publishes that wait for their PubAck, and deliveries asked for at once. */
const WINDOW = 5_000;
const PAYLOAD = new Uint8Array(128);

/** Megabytes that a process holds. */
const held = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1000;

/** Publishes with a reply subject for each PubAck, at most `WINDOW` of them missing; the sequences that came back. */
async function publish(nc) {
  const inbox = createInbox();
  const sequences = new Uint8Array(COUNT + 1);
  let [acked, wake] = [0, () => {}];
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (_, message) => {
      const { seq } = message.json();
      sequences[seq] += 1;
      acked += 1;
      wake();
    },
  });
  for (let sent = 0; sent < COUNT; sent += 1) {
    nc.publish(`s.${sent % 100}`, PAYLOAD, { reply: `${inbox}.${sent}` });
    while (sent - acked >= WINDOW) await new Promise((resolve) => (wake = resolve));
  }
  while (acked < COUNT) await new Promise((resolve) => (wake = resolve));
  subscription.unsubscribe();
  return sequences;
}

async function measure(real) {
  const server = await startServer({ config: "jetstream: {}", real });
  const nc = await connect({ servers: server.url });
  const jsm = await jetstreamManager(nc, { timeout: 60_000 });
  await jsm.streams.add({ name: "S", subjects: ["s.>"], storage: StorageType.Memory });
  await jsm.consumers.add("S", { durable_name: "C", ack_policy: AckPolicy.Explicit, max_ack_pending: 2 * WINDOW, ack_wait: 300e9 });

  let started = performance.now();
  const published = await publish(nc);
  const publishing = (performance.now() - started) / 1000;
  assert.ok(published.subarray(1).every((count) => count === 1), "every message has a sequence of its own");

  let next = 0;
  started = performance.now();
  const consumer = await jetstream(nc).consumers.get("S", "C");
  for await (const message of await consumer.consume({ max_messages: WINDOW })) {
    assert.equal(message.seq, (next += 1), "in order, once");
    message.ack();
    if (next === COUNT) break;
  }
  await nc.flush();
  for (let tries = 0; (await jsm.consumers.info("S", "C")).ack_floor.stream_seq < COUNT; tries += 1) assert.ok(tries < 1000, "acks are missing");
  const reading = (performance.now() - started) / 1000;
  const megabytes = held(server.pid);
  const { bytes } = (await jsm.streams.info("S")).state;
  await nc.close();
  await server.stop();
  return { publishing: COUNT / publishing, reading: COUNT / reading, megabytes, stored: bytes / 1e6 };
}

const line = (name, { publishing, reading, megabytes, stored }) =>
  console.log(`${name}: ${Math.round(publishing)} messages/s published, ${Math.round(reading)} messages/s read and acknowledged; ` +
    `${Math.round(megabytes)} MB held for ${Math.round(stored)} MB stored`);

console.log(`${COUNT} messages of ${PAYLOAD.length} bytes through one TCP connection, by nats.js`);
line("jetstream-sim", await measure(false));
if (process.env.NATS_SERVER_BIN) line("nats-server  ", await measure(true));
