// Monitoring over HTTP: targets that are none, health, and what the endpoints say beyond `server.test.mjs`.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, test } from "node:test";
import { serversOf } from "./process.mjs";
import { rawClient } from "./raw.mjs";

const start = serversOf(after);

const get = (server, path, options) => fetch(server.ports.monitoring[0] + path, options);
const json = async (server, path, options) => (await get(server, path, options)).json();

/** The status and the body that answer a request target, as it stands. */
async function ask(server, target) {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(server.ports.monitoring[0]).port) });
  let answer = "";
  socket.on("data", (data) => (answer += data)).on("error", () => {});
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.on("close", resolve));
  return [answer.slice(9, 12), answer.slice(answer.indexOf("\r\n\r\n") + 4), answer];
}

/** Sends requests to the API, and waits for their answers. */
async function request(server, ...requests) {
  const client = await rawClient(server.url);
  client.write("SUB r 1\r\n");
  for (const [subject, body] of requests) {
    client.write(`PUB ${subject} r ${body.length}\r\n${body}\r\n`);
    await client.read("MSG r 1 ");
  }
  return client;
}

const STREAM = ["$JS.API.STREAM.CREATE.S", '{"name":"S","subjects":["s"],"max_bytes":10000}'];
const MEMORY = ["$JS.API.STREAM.CREATE.M", '{"name":"M","subjects":["m"],"storage":"memory","max_bytes":500}'];
const CONSUMER = ["$JS.API.CONSUMER.CREATE.S.C", '{"stream_name":"S","config":{"name":"C","ack_policy":"explicit"}}'];

test("a request's target may be anything", async () => {
  const server = await start({ words: ["-m", "-1"] });
  for (const [target, status, body] of [
    ["//", "307", '<a href="/">Temporary Redirect</a>.\n\n'],
    ["//:", "307", '<a href="/:">Temporary Redirect</a>.\n\n'],
    ["//x:99999/", "307", '<a href="/x:99999/">Temporary Redirect</a>.\n\n'],
    ["/a/../varz", "200", undefined],
    ["http://[", "400", "400 Bad Request"],
    ["/%", "400", "400 Bad Request"],
    ["/varz?%", "200", undefined],
    ["/__proto__", "404", "404 page not found\n"],
    ["/constructor", "404", "404 page not found\n"],
  ]) {
    const [foundStatus, foundBody, whole] = await ask(server, target);
    assert.equal(foundStatus, status, whole);
    if (body !== undefined) assert.equal(foundBody, body);
    assert.equal(status === "307" && !/\r\nlocation: \/.*\r\n/.test(whole), false, whole);
  }
  assert.equal((await json(server, "/varz")).http_req_stats["/varz"], 3);
});

test("health of accounts, streams and consumers", async () => {
  const server = await start({ words: ["-m", "-1", "-js"] });
  const client = await request(server, STREAM, MEMORY, CONSUMER);
  for (const [query, status, body] of [
    ["", 200, { status: "ok" }],
    ["?account=X", 404, { status: "unavailable", error: 'JetStream account "X" not found' }],
    ["?stream=S", 400, { status: "error", error: '"account" must not be empty when checking stream health' }],
    ["?account=$G&consumer=C", 400, { status: "error", error: '"stream" must not be empty when checking consumer health' }],
    ["?account=$G&stream=S", 200, { status: "ok" }],
    ["?account=$G&stream=N", 404, { status: "unavailable", error: 'JetStream stream "N" not found on account "$G"' }],
    ["?account=$G&stream=M", 404, { status: "unavailable", error: 'JetStream stream "M" not found on account "$G"' }],
    ["?account=$G&stream=S&consumer=C", 200, { status: "ok" }],
    ["?account=$G&stream=S&consumer=N", 404, { status: "unavailable", error: 'JetStream consumer "N" not found for stream "S" on account "$G"' }],
    ["?js-server-only=true&account=X", 200, { status: "ok" }],
    ["?details=1&stream=S", 400, { status: "error", errors: [{ type: "BAD_REQUEST", error: '"account" must not be empty when checking stream health' }] }],
  ]) {
    const answer = await get(server, `/healthz${query}`);
    assert.deepEqual([answer.status, await answer.json()], [status, body], query);
  }
  const bad = await get(server, "/healthz?js-enabled-only=maybe");
  const text = `Error decoding boolean for 'js-enabled-only': strconv.ParseBool: parsing "maybe": invalid syntax`;
  assert.deepEqual([bad.status, await bad.text(), bad.headers.get("access-control-allow-origin")], [400, text, null]);
  client.end();
});

test("what is reserved, limited and up is told", async () => {
  const config = 'jetstream { store_dir: "/tmp/none", limits { max_request_batch: 10, duplicate_window: "1m", batch { max_msgs: 5, timeout: 5s } } }';
  const server = await start({ words: ["-m", "-1", "--clock", "manual", "-n", "one"], config });
  const client = await request(server, STREAM, MEMORY);
  await get(server, "/clock/advance?by=2h1m30s", { method: "POST" });
  const { uptime, jetstream } = await json(server, "/varz");
  assert.equal(uptime, "2h1m30s");
  assert.deepEqual([jetstream.stats.reserved_memory, jetstream.stats.reserved_storage, jetstream.config.store_dir], [500, 10000, "/tmp/none/jetstream"]);
  assert.deepEqual(jetstream.limits, {
    max_request_batch: 10, max_duplicate_window: 60e9, max_batch_size: 5, max_batch_timeout: 5e9, default_max_consumers: 1000,
  });
  const jsz = await json(server, "/jsz?streams=1");
  assert.deepEqual([jsz.reserved_memory, jsz.account_details[0].stream_detail[0].cluster], [500, { leader: "one" }]);
  assert.equal((await get(server, "/jsz?streams=maybe")).status, 400);
  const shown = { "accounts=1&offset=1": 0, "accounts=1&offset=1&limit=-1": 1, "acc=x&accounts=1": 1, "acc=x&streams=1": 0, "acc=&streams=1": 1, "acc=$G&offset=5": 1 };
  for (const [query, count] of Object.entries(shown)) {
    assert.equal((await json(server, `/jsz?${query}`)).account_details?.length ?? 0, count, query);
  }
  assert.equal((await get(server, "/jsz?offset=x")).status, 400);
  const until = await json(server, "/clock/advance?until=2040-01-02T03:04:05.000Z", { method: "POST" });
  assert.equal(until.now, "2040-01-02T03:04:05.000Z");
  assert.equal((await get(server, "/clock/advance?by=10000000h", { method: "POST" })).status, 400, "beyond what a clock can tell");
  assert.equal((await json(server, "/clock")).now, until.now);
  client.end();
});

test("the account, its subscriptions, and other servers, of which there are none", async () => {
  const server = await start({ words: ["-m", "-1", "-n", "one"] });
  const plain = async (path) => {
    const { server_id, now, ...rest } = await json(server, path);
    assert.match(`${server_id} ${now}`, /^N\w{55} \d{4}-.*Z$/);
    return rest;
  };
  assert.deepEqual(await plain("/routez"), { server_name: "one", num_routes: 0, routes: [] });
  assert.deepEqual(await plain("/leafz?subs=1&acc=X"), { leafnodes: 0, leafs: [] });
  assert.deepEqual(await plain("/gatewayz?accs=1"), { outbound_gateways: {}, inbound_gateways: {} });
  assert.deepEqual(await plain("/accountz"), { system_account: "$SYS", accounts: ["$G", "$SYS"] });
  assert.deepEqual(await plain("/accstatz"), { account_statz: [] });
  assert.deepEqual(await json(server, "/ipqueuesz?all=1"), {});

  const client = await rawClient(server.url);
  client.write("SUB foo.* 1\r\nSUB bar q 2\r\nUNSUB 2 5\r\nSUB foo.> 3\r\nPUB foo.a 1\r\nx\r\nPING\r\n");
  await client.read("PONG\r\n");
  const { account_detail } = await plain("/accountz?acc=$G");
  assert.deepEqual([account_detail.client_connections, account_detail.jetstream_enabled, account_detail.imports.length], [1, false, 4]);
  assert.equal((await plain("/accountz?acc=$SYS")).account_detail.is_system, true);
  const { account_statz: [{ acc, conns, sent, received }] } = await plain("/accstatz");
  assert.deepEqual([acc, conns, sent.msgs, sent.bytes, received.msgs, received.bytes], ["$G", 1, 2, 2, 1, 1]);
  assert.deepEqual((await plain("/accstatz?unused=1")).account_statz.map(({ name }) => name), ["$G", "$SYS"]);
  const subsz = async (query) => {
    const { total, limit, offset, num_subscriptions, subscriptions_list = [] } = await plain(`/subsz?${query}`);
    return [num_subscriptions, total, offset, limit, subscriptions_list.map(({ subject }) => subject)];
  };
  assert.deepEqual(await subsz(""), [3, 0, 0, 1024, []]);
  assert.deepEqual(await subsz("subs=1&limit=2&offset=1"), [3, 3, 1, 2, ["bar", "foo.>"]]);
  assert.deepEqual(await subsz("subs=1&test=foo.a"), [3, 2, 0, 1024, ["foo.*", "foo.>"]]);
  assert.deepEqual(await subsz("subs=1&test=foo.a.b"), [3, 1, 0, 1024, ["foo.>"]]);
  assert.deepEqual(await subsz("subs=1&test=foo"), [3, 0, 0, 1024, []]);
  assert.deepEqual(await subsz("subs=1&acc=X"), [0, 0, 0, 1024, []]);
  const [, queue] = (await json(server, "/subscriptionsz?subs=1")).subscriptions_list;
  assert.deepEqual(queue, { account: "$G", account_tag: "$G", subject: "bar", qgroup: "q", sid: "2", msgs: 0, max: 5, cid: 1 });

  for (const [path, status, text] of [
    ["/accountz?acc=X", 400, "Account X does not exist"],
    ["/subsz?test=foo.*", 400, "invalid test subject, must be valid publish subject: foo.*"],
    ["/routez?subs=x", 400, `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax`],
    ["/leafz?subs=detail", 400, `Error decoding boolean for 'subs': strconv.ParseBool: parsing "detail": invalid syntax`],
    ["/raftz", 404, "No Raft nodes registered"],
  ]) {
    const answer = await get(server, path);
    assert.deepEqual([answer.status, await answer.text()], [status, text], path);
  }
  const { http_req_stats } = await json(server, "/varz");
  assert.deepEqual([http_req_stats["/subsz"], http_req_stats["/raftz"], http_req_stats["/subscriptionsz"]], [8, undefined, undefined]);
  client.end();
});

test("a base path stands before every endpoint", async () => {
  const server = await start({ words: ["-m", "-1"], config: "http_base_path: /nats" });
  assert.equal((await json(server, "/nats/varz")).http_base_path, "/nats");
  assert.deepEqual([(await get(server, "/varz")).status, (await get(server, "/nats/")).status], [404, 200]);
});

test("a query of /connz is read as the server reads it", async () => {
  const server = await start({ words: ["-m", "-1"] });
  const client = await rawClient(server.url);
  for (const [query, text] of [
    ["cid=-1", `Error decoding uint64 for 'cid': strconv.ParseUint: parsing "-1": invalid syntax`],
    ["limit=99999999999999999999", `Error decoding int for 'limit': strconv.Atoi: parsing "99999999999999999999": value out of range`],
    ["state=__proto__", "Error decoding state for __proto__"],
    ["subs=constructor", `Error decoding boolean for 'subs': strconv.ParseBool: parsing "constructor": invalid syntax`],
  ]) {
    const answer = await get(server, `/connz?${query}`);
    assert.deepEqual([answer.status, await answer.text()], [400, text]);
  }
  for (const query of ["mqtt_client=a", "user=a"]) assert.equal((await json(server, `/connz?${query}`)).num_connections, 0);
  client.end();
});
