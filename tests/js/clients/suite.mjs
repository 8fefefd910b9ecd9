// What nats.js, unmodified, does with a server: streams, consumers of every kind, key-value, object store, services.
//
// Runs in Node and in a browser, against the simulator and against a real nats-server; it asks nothing of either but a
// connection. Every case makes streams of its own.
import { headers, nanos, nuid } from "@nats-io/nats-core";
import { AckPolicy, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { Svcm } from "@nats-io/services";

const SECOND = 1000;
const OBJECT_BYTES = 5 * 1024 * 1024;

function equal(actual, expected, what = "") {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${what}: ${left} is not ${right}`);
}

async function fails(promise, code, what) {
  const error = await promise.then(() => undefined, (thrown) => thrown);
  if (!error) throw new Error(`${what}: nothing failed`);
  equal(error.code ?? error.api_error?.err_code, code, `${what}: ${error}`);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `goal()` is true. */
async function until(goal, what) {
  for (const end = Date.now() + 10 * SECOND; !(await goal()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${what}`);
  }
}

/** A stream with a name of its own, and `count` messages on `<name>.0`, `<name>.1`, `<name>.0`, … */
async function makeStream(nc, count = 0, config = {}) {
  const name = nuid.next();
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name, subjects: [`${name}.>`], storage: StorageType.Memory, ...config });
  const js = jetstream(nc);
  for (let index = 0; index < count; index += 1) await js.publish(`${name}.${index % 2}`, String(index + 1));
  return { name, jsm, js };
}

async function take(messages, count, each = () => {}) {
  const taken = [];
  for await (const message of messages) {
    taken.push(message);
    each(message);
    if (taken.length === count) break;
  }
  return taken;
}

const texts = (messages) => messages.map((message) => message.string());

export const cases = {
  async "publish, subscribe, queue groups, request, no responders"(nc) {
    const subject = nuid.next();
    const seen = { all: [], group: [] };
    nc.subscribe(`${subject}.>`, { callback: (_, message) => seen.all.push(message.subject) });
    for (let member = 0; member < 3; member += 1) {
      nc.subscribe(`${subject}.*`, { queue: "q", callback: (_, message) => seen.group.push(message.subject) });
    }
    for (let index = 0; index < 10; index += 1) nc.publish(`${subject}.${index}`, "x");
    await nc.flush();
    equal([seen.all.length, seen.group.length], [10, 10], "messages");
    const hdrs = headers();
    hdrs.append("a", "1");
    hdrs.append("a", "2");
    nc.subscribe(`echo.${subject}`, { callback: (_, message) => message.respond(message.data, { headers: message.headers }) });
    const reply = await nc.request(`echo.${subject}`, "hello", { headers: hdrs });
    equal([reply.string(), reply.headers.values("a")], ["hello", ["1", "2"]], "reply");
    const error = await nc.request(`none.${subject}`).catch((thrown) => thrown);
    equal([error.name, error.isNoResponders?.() ?? true], ["RequestError", true], "no responders");
  },

  async "streams: make, look, change, purge, delete"(nc) {
    const { name, jsm, js } = await makeStream(nc, 6);
    const info = await jsm.streams.info(name, { subjects_filter: ">" });
    equal([info.state.messages, info.state.subjects], [6, { [`${name}.0`]: 3, [`${name}.1`]: 3 }], "state");
    equal((await jsm.streams.update(name, { max_msgs: 4 })).state.messages, 4, "after the limit");
    equal((await jsm.streams.getMessage(name, { last_by_subj: `${name}.1` })).string(), "6", "last");
    await jsm.streams.deleteMessage(name, 4);
    await fails(jsm.streams.getMessage(name, { seq: 4 }).then((message) => { if (!message) throw { code: 10037 }; }), 10037, "deleted");
    const first = await js.publish(`${name}.0`, "x", { msgID: "one" });
    const second = await js.publish(`${name}.0`, "x", { msgID: "one" });
    equal([second.duplicate, second.seq === first.seq], [true, true], "duplicate");
    await fails(js.publish(`${name}.0`, "x", { expect: { lastSequence: 1 } }), 10071, "expectation");
    equal((await jsm.streams.purge(name, { filter: `${name}.1` })).purged, 1, "purged");
    const names = await jsm.streams.names(`${name}.0`).next();
    equal(names, [name], "found by subject");
    await fails(jsm.streams.add({ name: `${name}X`, subjects: [`${name}.0`] }), 10065, "overlap");
    equal(await jsm.streams.delete(name), true, "deleted");
    await fails(jsm.streams.info(name), 10059, "gone");
  },

  async "streams: discard new, interest, work queue, direct get"(nc) {
    const full = await makeStream(nc, 2, { max_msgs: 2, discard: DiscardPolicy.New });
    await fails(full.js.publish(`${full.name}.0`, "x"), 10077, "full");
    const queue = await makeStream(nc, 2, { retention: RetentionPolicy.Workqueue, allow_direct: true });
    equal((await queue.jsm.direct.getMessage(queue.name, { seq: 2 })).string(), "2", "direct");
    await queue.jsm.consumers.add(queue.name, { durable_name: "w", ack_policy: AckPolicy.Explicit });
    const consumer = await queue.js.consumers.get(queue.name, "w");
    for (const message of await take(await consumer.fetch({ max_messages: 2, expires: 2 * SECOND }), 2)) await message.ackAck();
    equal((await queue.jsm.streams.info(queue.name)).state.messages, 0, "work is done");
    const interest = await makeStream(nc, 2, { retention: RetentionPolicy.Interest });
    equal((await interest.jsm.streams.info(interest.name)).state.messages, 0, "nobody is interested");
  },

  async "pull: next, fetch, consume; every acknowledgement"(nc) {
    const { name, jsm, js } = await makeStream(nc, 10);
    await jsm.consumers.add(name, { durable_name: "w", ack_policy: AckPolicy.Explicit, ack_wait: nanos(SECOND), max_deliver: 4 });
    const consumer = await js.consumers.get(name, "w");
    const first = await consumer.next({ expires: 2 * SECOND });
    equal([first.string(), first.info.deliveryCount, first.seq, first.info.pending], ["1", 1, 1, 9], "next");
    first.nak();
    // A server puts it back in its own time.
    await sleep(100);
    const again = await consumer.next({ expires: 2 * SECOND });
    equal([again.seq, again.info.deliveryCount, again.redelivered], [1, 2, true], "nak");
    again.working();
    equal(await again.ackAck(), true, "double ack");
    const batch = await take(await consumer.fetch({ max_messages: 4, expires: 2 * SECOND }), 4);
    equal(texts(batch), ["2", "3", "4", "5"], "fetch");
    batch[0].term("enough");
    batch.slice(1, 3).forEach((message) => message.ack());
    const rest = [];
    const messages = await consumer.consume({ max_messages: 3, callback: (message) => { rest.push(message); message.ack(); } });
    await until(() => rest.length === 6, "the rest, and 5 again after its ack wait");
    await messages.close();
    equal(rest.map((message) => message.seq).sort((a, b) => a - b), [5, 6, 7, 8, 9, 10], "consumed");
    equal(rest.find((message) => message.seq === 5).info.deliveryCount, 2, "after the ack wait");
    await until(async () => (await jsm.consumers.info(name, "w")).num_ack_pending === 0, "all is acknowledged");
    equal((await jsm.consumers.info(name, "w")).ack_floor.stream_seq, 10, "ack floor");
    equal(await consumer.next({ expires: SECOND }), null, "nothing more");
  },

  async "consumers: starts, filters, limits, pause, ephemeral"(nc) {
    const { name, jsm, js } = await makeStream(nc, 10);
    const read = async (config, count) => {
      const { name: consumer } = await jsm.consumers.add(name, { ack_policy: AckPolicy.None, inactive_threshold: nanos(5 * SECOND), ...config });
      return texts(await take(await (await js.consumers.get(name, consumer)).fetch({ max_messages: count, expires: 2 * SECOND }), count));
    };
    equal(await read({ deliver_policy: DeliverPolicy.Last }, 1), ["10"], "last");
    equal(await read({ deliver_policy: DeliverPolicy.LastPerSubject, filter_subject: `${name}.>` }, 2), ["9", "10"], "last of each");
    equal(await read({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: 8 }, 3), ["8", "9", "10"], "sequence");
    equal(await read({ filter_subject: `${name}.1` }, 5), ["2", "4", "6", "8", "10"], "filter");
    equal(await read({ filter_subjects: [`${name}.0`, `${name}.none`] }, 5), ["1", "3", "5", "7", "9"], "filters");
    await sleep(20);
    await js.publish(`${name}.2`, "11");
    const { time } = await jsm.streams.getMessage(name, { seq: 11 });
    equal(await read({ deliver_policy: DeliverPolicy.StartTime, opt_start_time: time.toISOString() }, 1), ["11"], "time");
    await jsm.consumers.add(name, { durable_name: "one", ack_policy: AckPolicy.Explicit, max_ack_pending: 1 });
    const one = await js.consumers.get(name, "one");
    equal((await take(await one.fetch({ max_messages: 2, expires: SECOND }), 2)).length, 1, "max ack pending");
    const until = new Date(Date.now() + 60 * SECOND);
    equal((await jsm.consumers.pause(name, "one", until)).paused, true, "paused");
    equal((await jsm.consumers.resume(name, "one")).paused, false, "resumed");
    equal((await jsm.consumers.list(name).next()).length >= 7, true, "list");
    await fails(jsm.consumers.info(name, "none"), 10014, "no consumer");
    equal(await jsm.consumers.delete(name, "one"), true, "deleted");
  },

  async "push: acks, queue group, heartbeats and flow control"(nc) {
    const { name, jsm, js } = await makeStream(nc, 20);
    await jsm.consumers.add(name, { durable_name: "p", deliver_subject: `d.${name}`, deliver_group: "g", ack_policy: AckPolicy.Explicit });
    const seen = [];
    for (let member = 0; member < 2; member += 1) {
      nc.subscribe(`d.${name}`, { queue: "g", callback: (_, message) => { seen.push(message.string()); message.respond(); } });
    }
    await until(() => seen.length === 20, "all are pushed");
    await until(async () => (await jsm.consumers.info(name, "p")).num_ack_pending === 0, "all are acknowledged");
    await jsm.consumers.add(name, { durable_name: "f", deliver_subject: `f.${name}`, ack_policy: AckPolicy.None, flow_control: true, idle_heartbeat: nanos(SECOND) });
    const push = await js.consumers.getPushConsumer(name, "f");
    const messages = await push.consume();
    equal((await take(messages, 20)).length, 20, "with flow control");
  },

  async "ordered consumers, pull and push, go on after their consumer is gone"(nc) {
    const { name, jsm, js } = await makeStream(nc, 5);
    const names = async () => (await jsm.consumers.list(name).next()).map((info) => info.name);
    const ordered = await js.consumers.get(name, { filter_subjects: [`${name}.>`] });
    const seen = [];
    const messages = await ordered.consume({ idle_heartbeat: 500, expires: 1000, callback: (message) => seen.push(message.seq) });
    await until(() => seen.length === 5, "the first five");
    for (const consumer of await names()) await jsm.consumers.delete(name, consumer);
    for (let index = 0; index < 3; index += 1) await js.publish(`${name}.0`, "more");
    await until(() => seen.length === 8, "and three after the consumer was deleted");
    equal(seen, [1, 2, 3, 4, 5, 6, 7, 8], "in order");
    await messages.close();
    const push = await js.consumers.getPushConsumer(name, { opt_start_seq: 3, deliver_policy: DeliverPolicy.StartSequence });
    equal((await take(await push.consume(), 6)).map((message) => message.seq), [3, 4, 5, 6, 7, 8], "ordered push");
  },

  async "key-value: put, get, create, update, watch, history, keys, purge"(nc) {
    const kv = await new Kvm(nc).create(nuid.next(), { history: 5, storage: StorageType.Memory });
    const watched = [];
    const watch = await kv.watch({ key: "a.>" });
    const watching = (async () => { for await (const { key, operation, revision } of watch) watched.push([key, operation, revision]); })();
    equal([await kv.put("a.x", "1"), await kv.put("a.x", "2"), await kv.create("b", "3")], [1, 2, 3], "revisions");
    equal((await kv.get("a.x")).string(), "2", "get");
    equal((await kv.get("a.x", { revision: 1 })).string(), "1", "an older revision");
    await fails(kv.create("b", "4"), 10071, "create twice");
    equal(await kv.update("b", "5", 3), 4, "update");
    await fails(kv.update("b", "6", 3), 10071, "update of what has changed");
    await kv.delete("a.x");
    equal((await kv.get("a.x")).operation, "DEL", "deleted");
    const history = [];
    for await (const { operation, revision } of await kv.history({ key: "a.x" })) history.push([operation, revision]);
    equal(history, [["PUT", 1], ["PUT", 2], ["DEL", 5]], "history");
    const keys = [];
    for await (const key of await kv.keys()) keys.push(key);
    equal(keys, ["b"], "keys");
    await kv.purge("b");
    await until(() => watched.length === 3, "the watch saw all");
    equal(watched, [["a.x", "PUT", 1], ["a.x", "PUT", 2], ["a.x", "DEL", 5]], "watched");
    watch.stop();
    await watching;
    const { values, history: kept } = await kv.status();
    equal([values, kept], [4, 5], "status");
    equal(await kv.destroy(), true, "destroyed");
  },

  async "key-value: entries end after the bucket's time, and after their own"(nc) {
    const kvm = new Kvm(nc);
    const bucket = await kvm.create(nuid.next(), { ttl: SECOND, storage: StorageType.Memory });
    await bucket.put("k", "v");
    equal((await bucket.get("k")).string(), "v", "before");
    const marked = await kvm.create(nuid.next(), { markerTTL: 2 * SECOND, storage: StorageType.Memory });
    await marked.create("k", "v", "1s");
    await until(async () => (await bucket.get("k")) === null, "the bucket's time");
    await until(async () => (await marked.get("k"))?.string() !== "v", "the entry's own time");
    await until(async () => (await marked.get("k")) === null, "and the marker's");
  },

  async "object store: 5 MB in chunks, digest, list, watch, delete"(nc) {
    const objects = await new Objm(nc).create(nuid.next(), { storage: StorageType.Memory });
    const bytes = new Uint8Array(OBJECT_BYTES);
    for (let index = 0, state = 1; index < bytes.length; index += 1) bytes[index] = state = (state * 75 + 74) % 65537;
    const info = await objects.putBlob({ name: "big", description: "five megabytes" }, bytes);
    equal([info.size, info.chunks], [OBJECT_BYTES, 40], "put");
    const back = await objects.getBlob("big");
    equal([back.length, back.every((byte, index) => byte === bytes[index])], [OBJECT_BYTES, true], "got");
    await objects.putBlob({ name: "small" }, new TextEncoder().encode("hi"));
    equal((await objects.list()).map((object) => object.name).sort(), ["big", "small"], "list");
    equal((await objects.info("big")).digest, info.digest, "digest");
    await objects.delete("big");
    equal((await objects.info("big")).deleted, true, "deleted");
    equal((await objects.status()).size < 4096, true, "its chunks are gone");
    equal(await objects.destroy(), true, "destroyed");
  },

  async "a service: discovery, requests, errors, statistics"(nc) {
    const name = nuid.next();
    const svc = new Svcm(nc);
    const service = await svc.add({ name, version: "1.2.3", description: "adds" });
    service.addGroup(name).addEndpoint("add", (error, message) => {
      const numbers = message?.json();
      if (error || !Array.isArray(numbers)) return message.respondError(400, "no numbers");
      return message.respond(JSON.stringify(numbers.reduce((sum, number) => sum + number, 0)));
    });
    equal((await nc.request(`${name}.add`, "[1,2,3]")).json(), 6, "answer");
    equal((await nc.request(`${name}.add`, "{}")).headers.get("Nats-Service-Error-Code"), "400", "error");
    const client = svc.client();
    for (const found of [await take(await client.ping(name), 1), await take(await client.info(name), 1)]) equal(found[0].name, name, "found");
    const [stats] = await take(await client.stats(name), 1);
    equal(stats.endpoints[0].num_requests, 2, "statistics");
    await service.stop();
  },

  async "10,000 messages at once are stored and read back in order"(nc) {
    const { name, jsm, js } = await makeStream(nc);
    const acks = await Promise.all(Array.from({ length: 10_000 }, (_, index) => js.publish(`${name}.x`, String(index))));
    equal(new Set(acks.map((ack) => ack.seq)).size, 10_000, "sequences");
    await jsm.consumers.add(name, { durable_name: "w", ack_policy: AckPolicy.Explicit, max_ack_pending: 20_000 });
    const consumer = await js.consumers.get(name, "w");
    let next = 0;
    await take(await consumer.consume({ max_messages: 1000 }), 10_000, (message) => {
      equal(message.seq, (next += 1), "in order");
      message.ack();
    });
    await until(async () => (await jsm.consumers.info(name, "w")).ack_floor.stream_seq === 10_000, "all are acknowledged");
  },
};
