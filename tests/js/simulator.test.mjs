// The JavaScript face: simulator, clock, events, snapshots, journal, errors, freed memory.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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
