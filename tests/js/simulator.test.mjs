// The JavaScript face: simulator, clock, events, snapshots, journal, errors, freed memory.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { headers as natsHeaders, wsconnect } from "@nats-io/nats-core";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";

const { JETSTREAM_SIM_PACKAGE } = process.env;
const ENTRY = pathToFileURL(join(JETSTREAM_SIM_PACKAGE, "node.js"));
const { JetStreamError, Simulator } = await import(ENTRY);
const run = promisify(execFile);

const ORDERS = { name: "ORDERS", subjects: ["orders.>"] };

async function withOrders(options) {
  const simulator = await Simulator.create(options);
  simulator.addStream(ORDERS);
  return simulator;
}

test("requests and replies have NATS's own shapes", async () => {
  const simulator = await withOrders({ seed: 3, start: "2026-05-06T07:08:09Z", server_name: "s" });
  assert.deepEqual(simulator.publish("orders.new", "tea"), { stream: "ORDERS", seq: 1 });
  assert.deepEqual(simulator.publish("orders.new", { a: 1 }, { headers: { "Nats-Msg-Id": "x" } }), { stream: "ORDERS", seq: 2 });
  assert.equal(simulator.publish("orders.new", "", { headers: [["Nats-Msg-Id", "x"]] }).duplicate, true);
  const info = simulator.streamInfo("ORDERS", { subjects_filter: ">" });
  assert.deepEqual([info.state.messages, info.state.subjects, info.created], [2, { "orders.new": 2 }, "2026-05-06T07:08:09Z"]);
  const message = simulator.getMessage("ORDERS", 2);
  assert.deepEqual([message.seq, atob(message.data), atob(message.hdrs)], [2, '{"a":1}', "NATS/1.0\r\nNats-Msg-Id: x\r\n\r\n"]);
  assert.equal(simulator.addConsumer("ORDERS", { durable_name: "w", ack_policy: "explicit" }).config.ack_wait, 30e9);
  assert.deepEqual([simulator.streamNames(), simulator.consumerNames("ORDERS")], [["ORDERS"], ["w"]]);
  assert.equal(simulator.consumers("ORDERS")[0].num_pending, 2);
  assert.equal(simulator.pauseConsumer("ORDERS", "w", new Date("2026-05-07")).paused, true);
  assert.equal(simulator.accountInfo().streams, 1);
  assert.equal(simulator.purgeStream("ORDERS", { keep: 1 }).purged, 1);
  assert.equal(simulator.deleteMessage("ORDERS", 2), true);
  assert.equal(simulator.updateStream({ ...ORDERS, max_msgs: 3 }).config.max_msgs, 3);
  assert.equal(simulator.inspect("$JS.API.STREAM.DELETE.ORDERS").json().success, true);
  assert.equal(simulator.deleteConsumer("ORDERS", "w") && simulator.deleteStream("ORDERS"), true);
  const reply = simulator.request("$JS.API.INFO");
  assert.equal(reply.json().type, "io.nats.jetstream.api.v1.account_info_response");
  simulator.dispose();
});

test("a request takes a message, and is told by what subject to acknowledge it", async () => {
  const simulator = await withOrders();
  simulator.addConsumer("ORDERS", { durable_name: "w", ack_policy: "explicit" });
  simulator.publish("orders.new", "tea", { headers: { kind: "green" } });
  const next = (body) => simulator.request("$JS.API.CONSUMER.MSG.NEXT.ORDERS.w", body);
  const seen = simulator.inspect("$JS.API.CONSUMER.MSG.NEXT.ORDERS.w", { batch: 1, no_wait: true });
  assert.deepEqual([seen.subject, seen.headers, simulator.consumerInfo("ORDERS", "w").num_pending], ["orders.new", [["kind", "green"]], 1]);
  const message = next({ batch: 1, no_wait: true });
  assert.deepEqual([message.subject, message.string(), message.headers, message.status], ["orders.new", "tea", [["kind", "green"]], undefined]);
  assert.match(message.reply, /^\$JS\.ACK\.ORDERS\.w\.1\.1\.1\.\d+\.0$/);
  assert.equal(simulator.consumerInfo("ORDERS", "w").num_ack_pending, 1);
  const none = next({ batch: 1, no_wait: true });
  assert.deepEqual([none.status, none.description, none.headers, none.data.length], [404, "No Messages", [], 0]);
  // Who waits and does not look any more is given nothing.
  assert.throws(() => next({ batch: 1, expires: 60e9 }), { code: 408 });
  simulator.publish("orders.new", "coffee");
  const { num_pending, num_waiting, delivered } = simulator.consumerInfo("ORDERS", "w");
  assert.deepEqual([num_pending, num_waiting, delivered.consumer_seq], [1, 0, 1]);
  assert.equal(next({ batch: 1, no_wait: true }).string(), "coffee");
  simulator.dispose();
});

test("a status is told from an empty message", async () => {
  const simulator = await withOrders();
  simulator.addStream({ name: "DIRECT", subjects: ["d"], allow_direct: true });
  simulator.publish("d", "");
  const get = (seq) => simulator.request("$JS.API.DIRECT.GET.DIRECT", { seq });
  const [empty, none] = [get(1), get(2)];
  assert.deepEqual([empty.status, empty.data.length, empty.headers.length > 0], [undefined, 0, true]);
  assert.deepEqual([none.status, none.description], [404, "Message Not Found"]);
  simulator.dispose();
});

test("what cannot be sent is refused, and payloads are bytes in any form", async () => {
  const simulator = await withOrders();
  for (const subject of ["", "orders.a b", "orders.a\r\nPUB b", 5, undefined]) {
    assert.throws(() => simulator.publish(subject, "x"), { name: "JetStreamError", code: 400, err_code: 0, message: /^a subject is a text without blanks/ });
    assert.throws(() => simulator.inspect(subject, "x"), JetStreamError);
  }
  assert.throws(() => simulator.publish("orders.large", "x".repeat(1024 * 1024 + 1)), { code: 400, description: "Maximum Payload Violation" });
  const bytes = new TextEncoder().encode("xteax");
  for (const payload of ["tea", bytes.subarray(1, 4), bytes.slice(1, 4).buffer, new DataView(bytes.buffer, 1, 3)]) {
    const { seq } = simulator.publish("orders.new", payload);
    assert.equal(atob(simulator.getMessage("ORDERS", seq).data), "tea");
  }
  let told = "";
  const connection = simulator.connect((frame) => (told += new TextDecoder().decode(frame)));
  for (const frame of ["CONNECT {}\r\n", new TextEncoder().encode("PI").buffer, new DataView(new TextEncoder().encode("NG\r\n").buffer)]) connection.write(frame);
  await new Promise((resolve) => setTimeout(resolve));
  assert.match(told, /\+OK\r\nPONG\r\n$/);
  assert.throws(() => connection.write({}), { code: 400, err_code: 0 });
  simulator.dispose();
});

test("what the types declare is there, and nothing else", async () => {
  const text = readFileSync(join(JETSTREAM_SIM_PACKAGE, "index.d.ts"), "utf8");
  const body = text.slice(text.indexOf("export class Simulator"));
  const declared = new Set([...body.matchAll(/^  (?:static |readonly )?(\w+)(?=\(|: )/gm)].map(([, name]) => name));
  for (const parameter of ["constructor", "stream", "query", "consumer", "until", "options"]) declared.delete(parameter);
  const found = new Set(["create", "replay"]);
  for (let at = Simulator.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) Object.getOwnPropertyNames(at).forEach((name) => found.add(name));
  found.delete("constructor");
  assert.deepEqual([...declared].sort(), [...found].sort());
});

test("time is from 1970 to 2554, and never wraps", async () => {
  const simulator = await Simulator.create();
  const before = simulator.nowNanos();
  for (const duration of [2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + 1n, "10000000h", 1e30]) {
    await assert.rejects(simulator.advance(duration), { name: "RangeError", code: 400, err_code: 0 });
  }
  for (const moment of [-1n, 2n ** 64n, new Date("1960-01-01"), "2600-01-01", Number.NaN, "soon"]) {
    await assert.rejects(simulator.runUntil(moment), RangeError);
    await assert.rejects(Simulator.create({ start: moment }), RangeError);
  }
  assert.equal(simulator.nowNanos(), before);
  await simulator.runUntil("2026-02-03T04:05:06.123456789Z");
  assert.equal(simulator.nowNanos() % 10n ** 9n, 123456789n);
  await simulator.advance(2n ** 64n - 1n - simulator.nowNanos());
  assert.equal(simulator.nowNanos(), 2n ** 64n - 1n);
  simulator.dispose();
  for (const [start, text] of [[5n, "1970-01-01T00:00:00.000Z"], ["2026-01-01", "2026-01-01T00:00:00.000Z"], [new Date("2030-01-01"), "2030-01-01T00:00:00.000Z"]]) {
    const one = await Simulator.create({ start, seed: 2n ** 63n });
    assert.equal(one.now().toISOString(), text);
    one.dispose();
  }
});

test("every error has its numbers, and speaks of what was called", async () => {
  for (const [options, text] of [
    [{ port: "x" }, "server.port cannot be string"],
    [{ nosuch: 1 }, "there is no option nosuch"],
    [{ seed: 1.5 }, "not a seed: 1.5"],
    [{ seed: -1 }, "not a seed: -1"],
  ]) {
    await assert.rejects(Simulator.create(options), { code: 400, err_code: 0, message: text });
  }
  for (const journal of [5, {}, undefined, "{}"]) await assert.rejects(Simulator.replay(journal), { code: 400, err_code: 0, message: /not a journal/ });
  const simulator = await withOrders({ journal_bytes: 0, max_payload: 0, ping_interval: 0, max_control_line: 0, ping_max: 0 });
  assert.equal(simulator.publish("orders.new", "tea").seq, 1);
  assert.throws(() => simulator.exportJournal(), { code: 400, err_code: 0 });
  await assert.rejects(simulator.runUntil(() => false, { limit: 1 }), { code: 408, err_code: 0 });
  simulator.dispose();
  assert.throws(() => simulator.publish("orders.new"), { code: 503, err_code: 0, message: /disposed/ });
});

test("errors are errors with the server's numbers", async () => {
  const simulator = await withOrders();
  const error = (call) => {
    try {
      call();
    } catch (thrown) {
      assert.ok(thrown instanceof JetStreamError && thrown instanceof Error);
      return [thrown.code, thrown.err_code, thrown.message];
    }
    return assert.fail("nothing was thrown");
  };
  assert.deepEqual(error(() => simulator.streamInfo("NONE")), [404, 10059, "stream not found (10059)"]);
  assert.deepEqual(error(() => simulator.publish("nobody", "x")), [503, 0, "no responders available for request"]);
  simulator.connect(() => {}).write(new TextEncoder().encode('CONNECT {"verbose":false}\r\nSUB slow 1\r\n'));
  assert.equal(error(() => simulator.request("slow"))[0], 408);
  await assert.rejects(Simulator.create({ port: 70000 }), /70000/);
  assert.throws(() => new Simulator(), TypeError);
  for (const bad of ["soon", -1, Number.NaN, "5"]) await assert.rejects(simulator.advance(bad), RangeError);
  simulator.dispose();
  simulator.dispose();
  assert.throws(() => simulator.now(), /disposed/);
});

test("time stands still, is advanced, runs until something, and plays", async () => {
  const simulator = await Simulator.create({ start: new Date("2026-01-01") });
  simulator.addStream({ ...ORDERS, max_age: 60e9 });
  assert.equal(simulator.nextEvent(), undefined);
  simulator.publish("orders.new");
  const { at, atNanos, reason } = simulator.nextEvent();
  assert.deepEqual([at.toISOString(), atNanos, typeof reason], ["2026-01-01T00:01:00.000Z", 1767225660000000000n, "string"]);
  await simulator.advance(59_999);
  assert.equal(simulator.streamInfo("ORDERS").state.messages, 1);
  await simulator.advance(1_000_000n);
  assert.equal(simulator.streamInfo("ORDERS").state.messages, 0);
  simulator.publish("orders.new");
  await simulator.runUntil(() => simulator.streamInfo("ORDERS").state.messages === 0);
  assert.equal(simulator.now().toISOString(), "2026-01-01T00:02:00.000Z");
  await simulator.runUntil("2026-01-02T00:00:00Z");
  assert.equal(simulator.nowNanos(), 1767312000000000000n);
  await assert.rejects(simulator.runUntil(() => false, { limit: "1h" }), /not within 1h/);
  const before = simulator.now();
  simulator.play(1000);
  assert.deepEqual([simulator.isPlaying, simulator.speed], [true, 1000]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  simulator.pause();
  const passed = simulator.now() - before;
  assert.ok(passed > 40_000 && passed < 2_000_000, `${passed} ms passed`);
  simulator.play(1000, { since: performance.now() - 3600 });
  assert.ok(simulator.now() - before >= passed + 3_600_000, "an hour has passed already");
  simulator.dispose();
});

test("a day with a client attached takes milliseconds, and nothing is missed", async () => {
  const simulator = await withOrders();
  simulator.addConsumer("ORDERS", { durable_name: "w", ack_policy: "explicit", ack_wait: 3600e9 });
  const nc = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() });
  const consumer = await jetstream(nc).consumers.get("ORDERS", "w");
  simulator.publish("orders.new", "x");
  const counts = [];
  const messages = await consumer.consume({ callback: (message) => counts.push(message.info.deliveryCount) });
  const started = performance.now();
  await simulator.advance("24h");
  const took = performance.now() - started;
  console.log(`figure: a day with a client that consumes: ${Math.round(took)} ms`);
  assert.equal(counts.length, 25);
  assert.equal(counts.at(-1), 25);
  await messages.close();
  await nc.close();
  simulator.dispose();
});

test("events are told to every reader, by name", async () => {
  const simulator = await Simulator.create();
  const [first, second] = [simulator.events, simulator.events];
  simulator.addStream(ORDERS);
  simulator.publish("orders.new", "tea");
  const types = [];
  for await (const event of first) {
    types.push(event.type);
    if (event.type === "stored") {
      const { stream, stream_seq, subject } = event;
      assert.deepEqual({ stream, stream_seq, subject }, { stream: "ORDERS", stream_seq: 1, subject: "orders.new" });
      break;
    }
  }
  assert.ok(types.includes("stream_created"), types.join());
  const waiting = (async () => { for await (const event of second) if (event.type === "removed") return event; })();
  simulator.purgeStream("ORDERS");
  assert.equal((await waiting).stream_seq ?? 1, 1);
  const third = simulator.events;
  simulator.dispose();
  assert.equal((await third.next()).done, true);
});

test("a state is gone back to, and a journal repeats the run", async () => {
  const simulator = await withOrders({ seed: 11 });
  simulator.publish("orders.new", "tea");
  const before = simulator.snapshot();
  let closed = 0;
  simulator.connect(() => {}, () => (closed += 1));
  simulator.purgeStream("ORDERS");
  simulator.restore(before);
  before.free();
  assert.deepEqual([simulator.streamInfo("ORDERS").state.messages, closed], [1, 1]);
  await simulator.advance("1h");
  const again = await Simulator.replay(simulator.exportJournal());
  assert.deepEqual(again.streamInfo("ORDERS"), simulator.streamInfo("ORDERS"));
  assert.equal(again.nowNanos(), simulator.nowNanos());
  await assert.rejects(Simulator.replay("{}"), /not a journal/);
  for (const one of [simulator, again]) one.dispose();
});

test("a client's mistake is its own: it is reported, and others are served", async () => {
  // In a process of its own, since node's test runner takes what is uncaught for a failure.
  const script = `
    import { Simulator } from ${JSON.stringify(ENTRY.href)};
    process.on("uncaughtException", (error) => console.log("reported", error.message));
    const simulator = await Simulator.create();
    simulator.connect(() => { throw new Error("mine"); });
    simulator.connect((bytes) => console.log("served", bytes.length > 0));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
  assert.deepEqual(stdout.trim().split("\n").sort(), ["reported mine", "served true"]);
});

test("however much happens, no call keeps everything else waiting", async () => {
  const simulator = await withOrders();
  // A mirror hears of its origin every second.
  simulator.addStream({ name: "MIRROR", mirror: { name: "ORDERS" } });
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);
  const before = simulator.nowNanos();
  await simulator.advance("100000s");
  assert.equal(simulator.nowNanos() - before, 100_000n * 1_000_000_000n);
  assert.ok(turns > 1, `${turns} turns`);
  const endless = simulator.advance("1000000h");
  await new Promise((resolve) => setTimeout(resolve, 100));
  simulator.dispose();
  await assert.rejects(endless, /disposed/);

  // A thousand years a second: time falls behind.
  const hasty = await withOrders();
  hasty.addStream({ name: "MIRROR", mirror: { name: "ORDERS" } });
  hasty.play(3e10);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = performance.now();
  const [first, second] = [hasty.nowNanos(), hasty.nowNanos()];
  assert.ok(performance.now() - started < 5000 && second > first);
  hasty.dispose();
  clearInterval(timer);
});

test("memory grows in few large steps, of which each makes JavaScript collect its garbage", async () => {
  const { initSync } = await import(pathToFileURL(join(JETSTREAM_SIM_PACKAGE, "core.js")));
  const simulator = await withOrders();
  const connection = simulator.connect(() => {});
  connection.write(new TextEncoder().encode('CONNECT {"verbose":false}\r\n'));
  const frame = new TextEncoder().encode(`PUB orders.new 1000\r\n${"x".repeat(1000)}\r\n`.repeat(64));
  const { memory } = initSync();
  const before = memory.buffer.byteLength;
  let [steps, buffer] = [0, memory.buffer];
  for (let index = 0; index < 1000; index += 1) {
    connection.write(frame);
    if (memory.buffer !== buffer) [steps, buffer] = [steps + 1, memory.buffer];
  }
  const grown = (memory.buffer.byteLength - before) / 1e6;
  assert.ok(grown > 40 && steps < 40, `${grown} MB in ${steps} steps`);
  simulator.dispose();
});

test("memory comes back: 1,000 simulators and their clients", async () => {
  const round = async () => {
    const simulator = await withOrders({ journal_bytes: 0 });
    const nc = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() });
    nc.publish("orders.new", new Uint8Array(200_000), { headers: natsHeaders() });
    await nc.flush();
    await nc.close();
    simulator.dispose();
  };
  for (let index = 0; index < 150; index += 1) await round();
  const before = process.memoryUsage().rss;
  for (let index = 0; index < 850; index += 1) await round();
  const grown = (process.memoryUsage().rss - before) / 1e6;
  console.log(`figure: memory grown over 850 simulators of 200 kB: ${Math.round(grown)} MB`);
  assert.ok(grown < 100, `${grown} MB`);
});

test("nats.js goes on after a restart of its connection", async () => {
  const simulator = await withOrders();
  const nc = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory(), reconnectTimeWait: 10 });
  const jsm = await jetstreamManager(nc);
  const events = [];
  const watching = (async () => { for await (const { type } of nc.status()) { events.push(type); if (type === "reconnect") return; } })();
  await nc.reconnect();
  await watching;
  assert.equal((await jsm.streams.info("ORDERS")).config.name, "ORDERS");
  assert.equal(simulator.inspect("$SYS.REQ.ACCOUNT.PING.CONNZ").json().data.num_connections, 2, "nats.js, and the simulator itself");
  await nc.close();
  simulator.dispose();
});
