// The package's types: they compile, what programs write with them does, and what the simulator answers is what they say.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const { JETSTREAM_SIM_PACKAGE } = process.env;
const { Simulator } = await import(pathToFileURL(join(JETSTREAM_SIM_PACKAGE, "node.js")));
const run = promisify(execFile);
const PACKAGES = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "node_modules"));

/** A project as npm would make it. */
const folder = mkdtempSync(join(tmpdir(), "jetstream-sim-types-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(JETSTREAM_SIM_PACKAGE, join(folder, "node_modules/jetstream-sim"));
symlinkSync(join(PACKAGES, "@nats-io"), join(folder, "node_modules/@nats-io"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of a program, line by line; the package's own declarations are checked with it. */
async function complaints(program) {
  writeFileSync(join(folder, "program.ts"), program);
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "esnext", "--lib", "esnext,dom", "--types", ""];
  const tsc = [join(PACKAGES, "typescript/bin/tsc"), ...options, "program.ts"];
  const { stdout } = await run(process.execPath, tsc, { cwd: folder }).catch((failure) => failure);
  // nats.js's own declarations want those of Node: that is theirs.
  return stdout.split("\n").filter((line) => line !== "" && !line.includes("@nats-io/") && !line.startsWith(" "));
}

test("a program with every member compiles", async () => {
  const program = `
    import { wsconnect } from "@nats-io/nats-core";
    import { JetStreamError, Simulator, type ConsumerInfo, type PubAck, type ServerEvent, type StreamInfo } from "jetstream-sim";
    using simulator: Simulator = await Simulator.create({ seed: 7n, start: new Date(), jetstream: { limits: { max_streams: 3 } } });
    const stream: StreamInfo = simulator.addStream({ name: "ORDERS", subjects: ["orders.>"], retention: "workqueue", max_age: 1e9 });
    simulator.updateStream({ name: "ORDERS", sources: [{ name: "A", filter_subject: "a.*", consumer: { name: "c", deliver_subject: "d" } }] });
    const ack: PubAck = simulator.publish("orders.new", { tea: 1 }, { headers: { "Nats-Msg-Id": 1, more: ["a", 2] } });
    const consumer: ConsumerInfo = simulator.addConsumer("ORDERS", { durable_name: "w", ack_policy: "explicit", backoff: [1e9] });
    const pending: number = consumer.num_pending + stream.state.messages + ack.seq;
    await simulator.advance("24h");
    await simulator.runUntil(() => simulator.consumerInfo("ORDERS", "w").num_pending === 0, { limit: 5 });
    await simulator.runUntil(simulator.nextEvent()?.at ?? "2027-01-01");
    const client = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() });
    await client.close();
    const connection = simulator.connect((bytes: Uint8Array) => connection.write(bytes), (ended) => ended?.reason.length);
    for await (const event of simulator.events) { const one: ServerEvent = event; if (one.err_code) break; }
    using before = simulator.snapshot();
    simulator.restore(before);
    const copy = await Simulator.replay(simulator.exportJournal(), { quiet_ms: 1 });
    const reply = copy.request("$JS.API.INFO", new Uint8Array(), { headers: [["a", "b"]] });
    const numbers: [number | undefined, bigint, boolean] = [reply.status, copy.nowNanos(), copy.isPlaying];
    copy.play(copy.speed * 2, { since: performance.now() });
    copy.pause();
    try { copy.getMessage("ORDERS", { last_by_subj: "a" }); } catch (error) { if (error instanceof JetStreamError) error.err_code.toFixed(); }
    copy.purgeStream("ORDERS", { keep: 1 }).purged.toFixed();
    copy.pauseConsumer("ORDERS", "w", "2030-01-01").pause_until.length;
    copy.dispose();
    export { pending, numbers };
  `;
  assert.deepEqual(await complaints(program), []);
});

test("what is wrong is refused by the compiler", async () => {
  const wrong = [
    'simulator.addStream({ subjects: ["a"] })',
    'simulator.addStream({ name: "A", retention: "forever" })',
    'simulator.addConsumer("A", { ack_policy: "maybe" })',
    "simulator.advance(new Date())",
    "new Simulator()",
    'simulator.streamInfo("A").state.msgs',
  ];
  const program = `import { Simulator } from "jetstream-sim";\ndeclare const simulator: Simulator;\n${wrong.join(";\n")};`;
  const lines = (await complaints(program)).map((line) => Number(/^program\.ts\((\d+),/.exec(line)?.[1]) - 3);
  assert.deepEqual([...new Set(lines)], wrong.map((_, index) => index));
});

/** Answers of all kinds, each with the type that the declarations give it. */
async function answers() {
  const simulator = await Simulator.create({ seed: 1, jetstream: { domain: "hub" } });
  const events = simulator.events;
  const found = [];
  const take = (type, value) => found.push([type, value]);
  const transform = { src: "orders.*", dest: "shop.{{wildcard(1)}}" };
  take("StreamInfo", simulator.addStream({
    name: "ORDERS", description: "d", subjects: ["orders.*", "timer.*"], max_msgs: 100, max_bytes: 1e6, max_age: 3600e9, max_msgs_per_subject: 50,
    storage: "memory", duplicate_window: 60e9, placement: { cluster: "c", tags: ["t"] }, subject_transform: transform, republish: { src: ">", dest: "again.>", headers_only: true },
    allow_direct: true, allow_rollup_hdrs: true, consumer_limits: { inactive_threshold: 60e9, max_ack_pending: 9 },
    allow_msg_ttl: true, allow_atomic: true, allow_msg_schedules: true, allow_batched: true, metadata: { team: "shop" }, first_seq: 5, compression: "s2",
  }));
  take("StreamInfo", simulator.addStream({ name: "COUNTS", subjects: ["count.*"], allow_msg_counter: true, persist_mode: "async", storage: "file" }));
  take("StreamInfo", simulator.addStream({ name: "FULL", discard: "new", discard_new_per_subject: true, max_msgs_per_subject: 9, max_msgs: 9, sealed: false, deny_delete: true, deny_purge: true, no_ack: true }));
  take("PubAck", simulator.publish("count.a", "", { headers: { "Nats-Incr": "5" } }));
  take("PubAck", simulator.publish("orders.a", "tea", { headers: { "Nats-Msg-Id": "1" } }));
  take("PubAck", simulator.publish("orders.a", "tea", { headers: { "Nats-Msg-Id": "1" } }));
  for (const text of ["b", "c"]) simulator.publish(`orders.${text}`, text);
  simulator.deleteMessage("ORDERS", 6);
  take("PubAck", simulator.publish("orders.z", "", { headers: { "Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1" } }));
  take("StreamInfo", simulator.addStream({ name: "MIRROR", mirror: { name: "ORDERS", opt_start_seq: 5, subject_transforms: [{ src: ">", dest: "m.>" }] }, mirror_direct: true }));
  take("StreamInfo", simulator.addStream({ name: "SOURCE", sources: [{ name: "ORDERS", filter_subject: "shop.a", opt_start_time: "2025-01-01T00:00:00Z" }, { name: "FAR", external: { api: "$JS.far.API", deliver: "far" } }] }));
  await simulator.advance("11s");
  take("StreamInfo", simulator.streamInfo("MIRROR"));
  take("StreamInfo", simulator.streamInfo("SOURCE"));
  take("StreamInfo", simulator.streamInfo("ORDERS", { subjects_filter: ">", deleted_details: true }));
  take("ConsumerInfo", simulator.addConsumer("ORDERS", {
    durable_name: "pull", description: "d", deliver_policy: "by_start_sequence", opt_start_seq: 5, ack_policy: "explicit", ack_wait: 1e9, max_deliver: 4, backoff: [1e9, 2e9],
    filter_subjects: ["shop.a", "shop.b"], sample_freq: "50%", max_waiting: 3, max_ack_pending: 5, headers_only: true, max_batch: 7, max_expires: 60e9, max_bytes: 1000,
    inactive_threshold: 5e9, mem_storage: true, metadata: { a: "b" }, pause_until: "2030-01-01T00:00:00Z",
  }));
  take("ConsumerInfo", simulator.addConsumer("ORDERS", { durable_name: "push", deliver_subject: "d", deliver_group: "g", flow_control: true, idle_heartbeat: 1e9, rate_limit_bps: 1024, replay_policy: "original", ack_policy: "all", opt_start_time: "2025-01-01T00:00:00Z", deliver_policy: "by_start_time", filter_subject: "shop.a" }));
  simulator.addConsumer("ORDERS", { durable_name: "pins", ack_policy: "explicit", priority_groups: ["g"], priority_policy: "pinned_client", priority_timeout: 60e9 });
  const connection = simulator.connect(() => {});
  const pull = JSON.stringify({ batch: 1, expires: 60e9, group: "g" });
  connection.write('CONNECT {"name":"n","lang":"l","version":"v"}\r\nSUB in 1\r\nSUB d g 2\r\n');
  connection.write(`PUB $JS.API.CONSUMER.MSG.NEXT.ORDERS.pins in ${pull.length}\r\n${pull}\r\n`);
  await simulator.advance("3s");
  for (const name of ["pull", "push", "pins"]) take("ConsumerInfo", simulator.consumerInfo("ORDERS", name));
  take("StoredMessage", simulator.getMessage("ORDERS", 5));
  take("AccountInfo", simulator.accountInfo());
  take("EndedConnection", connection.close());
  simulator.publish("orders.c", "");
  try { simulator.addStream({ name: "X", subjects: ["orders.a"] }); } catch { /* It overlaps. */ }
  for (const kind of ["pull", "push"]) simulator.deleteConsumer("ORDERS", kind);
  simulator.dispose();
  for await (const event of events) take("ServerEvent", event);
  return found;
}

test("what is answered has these types, and not a field that they do not tell of", async () => {
  const found = await answers();
  const types = [...new Set(found.map(([type]) => type))];
  assert.deepEqual(types.sort(), ["AccountInfo", "ConsumerInfo", "EndedConnection", "PubAck", "ServerEvent", "StoredMessage", "StreamInfo"]);
  const lines = found.map(([type, value], index) => `export const answer${index}: ${type} = ${JSON.stringify(value)};`);
  assert.deepEqual(await complaints(`import type { ${types.join(", ")} } from "jetstream-sim";\n${lines.join("\n")}\n`), []);
});
