// What the server does not take from its clients: too many, too much, too long, too slow.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { after, test } from "node:test";
import { serversOf } from "./process.mjs";
import { rawClient } from "./raw.mjs";

const start = serversOf(after);
const CONNECT = 'CONNECT {"verbose":false}\r\n';

const monitored = { words: ["-m", "-1"] };
const json = async (server, path) => (await fetch(server.ports.monitoring[0] + path)).json();

/** A client that has read its INFO, and says `bytes`. */
async function client(server, bytes = `${CONNECT}PING\r\n`) {
  const made = await rawClient(server.url, "");
  await made.read("\r\n");
  made.write(bytes);
  return made;
}

test("limits of the configuration have the server's words, and close or do not", async () => {
  const server = await start({
    ...monitored,
    config: "max_connections: 3\nmax_subscriptions: 2\nmax_subscription_tokens: 3\nmax_control_line: 100",
  });
  assert.doesNotMatch(server.log(), /without effect/);
  const [first, second, third] = [await client(server), await client(server), await client(server)];
  for (const one of [first, second, third]) await one.read("PONG\r\n");

  const fourth = await rawClient(server.url, "");
  assert.match(await fourth.read("exceeded'\r\n"), /^INFO \{.*\} \r\n-ERR 'maximum connections exceeded'\r\n$/);
  await fourth.closed;

  first.write("SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nUNSUB 1\r\nSUB d 4\r\nPUB d 2\r\nhi\r\nPING\r\n");
  assert.equal(await first.read("PONG\r\n"), "-ERR 'maximum subscriptions exceeded'\r\nMSG d 4 2\r\nhi\r\nPONG\r\n");

  second.write("SUB a.b.c.d 1\r\nSUB a.b.c 2\r\nPING\r\n");
  assert.equal(await second.read("PONG\r\n"), `-ERR 'Permissions Violation for Subscription to "a.b.c.d", too many tokens'\r\nPONG\r\n`);
  second.write(`SUB ${"a".repeat(100)} 3\r\n`);
  assert.equal(await second.read("\r\n"), "-ERR 'maximum control line exceeded'\r\n");
  await second.closed;

  // There is room again.
  const fifth = await client(server);
  await fifth.read("PONG\r\n");
  const closed = await json(server, "/connz?state=closed");
  assert.deepEqual(closed.connections.map(({ reason }) => reason), ["Maximum Control Line Exceeded", "Maximum Connections Exceeded"]);
  const varz = await json(server, "/varz");
  assert.deepEqual([varz.max_connections, varz.max_subscriptions, varz.max_control_line], [3, 2, 100]);
  for (const one of [first, third, fifth]) one.end();
});

test("who leaves PINGs unanswered is let go, also without a CONNECT", async () => {
  const server = await start({ config: 'ping_interval: "200ms"\nping_max: 1' });
  for (const bytes of [CONNECT, ""]) {
    const silent = await client(server, bytes);
    assert.equal(await silent.read("'\r\n"), "PING\r\n-ERR 'Stale Connection'\r\n");
    await silent.closed;
  }
});

test("numbers of 0 and less are as if they were not there", async () => {
  for (const config of [
    'max_payload: 0\nping_interval: 0\nmax_control_line: 0\nmax_subscriptions: 0\nping_max: 0\nwrite_deadline: "0s"\nmax_pending: 0',
    "max_payload: -1\nping_interval: -1\nmax_control_line: -1\nmax_subscriptions: -1\nping_max: -1\nwrite_deadline: -1\njetstream { max_mem: -1, max_file: -1 }",
  ]) {
    const server = await start({ ...monitored, config });
    const payload = config.startsWith("max_payload: 0") ? 1024 * 1024 : -1;
    const one = await rawClient(server.url, "");
    const told = new RegExp(`"max_payload":${payload},`);
    assert.match(await one.read("\r\n"), told);
    one.write(`CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n`);
    await one.read("PONG\r\n");
    assert.match(await one.read("\r\n"), told);
    one.write(`SUB a 1\r\nPUB a 2000\r\n${"x".repeat(2000)}\r\nPING\r\n`);
    assert.equal(await one.read("PONG\r\n"), `MSG a 1 2000\r\n${"x".repeat(2000)}\r\nPONG\r\n`);
    const { max_payload, ping_interval, ping_max, max_control_line, write_deadline, max_pending } = await json(server, "/varz");
    assert.deepEqual([max_payload, ping_interval, ping_max, max_control_line, write_deadline, max_pending], [payload, 120e9, 2, 4096, 10e9, 64 * 1024 * 1024]);
    one.end();
    await server.stop();
  }
});

test("a limit of as many bytes as can be said is one", async () => {
  const server = await start({ ...monitored, config: "max_payload: 999999999\nmax_pending: 1GB" });
  const one = await rawClient(server.url, "");
  assert.match(await one.read("\r\n"), /"max_payload":999999999,/);
  assert.equal((await json(server, "/varz")).max_payload, 999_999_999);
  one.end();
});

test("where nobody may connect, nobody does", async () => {
  for (const count of [0, -1]) {
    const server = await start({ ...monitored, config: `max_connections: ${count}` });
    const one = await rawClient(server.url, "");
    assert.match(await one.read("exceeded'\r\n"), /^INFO \{.*\} \r\n-ERR 'maximum connections exceeded'\r\n$/);
    await one.closed;
    assert.equal((await json(server, "/varz")).max_connections, -1);
    await server.stop();
  }
});

test("who is thrown out and does not close holds no descriptor", async () => {
  const server = await start();
  const descriptors = () => readdirSync(`/proc/${server.pid}/fd`).length;
  await (await client(server, "")).end();
  const before = descriptors();
  const sockets = Array.from({ length: 50 }, () => connect({ host: "127.0.0.1", port: Number(new URL(server.url).port), allowHalfOpen: true }));
  const errors = sockets.map((socket) => new Promise((resolve) => {
    let text = "";
    socket.on("error", resolve).on("data", (data) => (text += data)).on("end", () => resolve(text));
    socket.on("connect", () => socket.write("FOO\r\n"));
  }));
  for (const text of await Promise.all(errors)) assert.match(text, /-ERR 'Unknown Protocol Operation'\r\n$/);
  for (let tries = 0; descriptors() > before && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(descriptors() <= before, `${descriptors()} descriptors, where ${before} were`);
  for (const socket of sockets) socket.destroy();
});

/** Publishes 30 MB to `flood`. */
async function flood(server) {
  const busy = await client(server, CONNECT);
  const message = `PUB flood 1000000\r\n${"x".repeat(1e6)}\r\n`;
  for (let count = 0; count < 30; count += 1) busy.write(message);
  busy.write("PING\r\n");
  await busy.read("PONG\r\n");
  return busy;
}

for (const clock of ["real", "manual"]) {
  test(`a write that nobody takes ends after the deadline, of wall time: ${clock} clock`, async () => {
    const server = await start({ words: ["-m", "-1", "--clock", clock], config: 'write_deadline: "1s"' });
    const [lazy, slow] = [await client(server, `${CONNECT}SUB flood 1\r\nPING\r\n`), await client(server, `${CONNECT}SUB flood 1\r\nPING\r\n`)];
    for (const one of [lazy, slow]) await one.read("PONG\r\n");
    lazy.socket.pause();
    // This one takes all within the deadline.
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 400);
    const started = performance.now();
    const busy = await flood(server);
    const { connections } = await json(server, "/connz?sort=pending");
    assert.ok(connections[0].pending_bytes > 10e6, `${connections[0].pending_bytes} bytes wait`);
    await lazyEnd(server);
    const took = performance.now() - started;
    assert.ok(took > 500 && took < 5000, `${took} ms`);
    const [gone, ...others] = (await json(server, "/connz?state=closed")).connections;
    assert.deepEqual([gone.reason, gone.port, others.length], ["Slow Consumer (Write Deadline)", lazy.socket.localPort, 0]);
    assert.match(server.log(), /cid:\d+ - Slow Consumer Detected: WriteDeadline of 1s exceeded with \d+ total bytes/);
    assert.equal((await json(server, "/varz")).slow_consumers, 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal((await json(server, "/connz?state=closed")).total, 1);
    for (const one of [lazy, slow, busy]) one.end();
  });
}

/** Waits until a connection is closed. */
async function lazyEnd(server) {
  while ((await json(server, "/connz?state=closed")).total === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("as many bytes wait for a client as the configuration says", async () => {
  const server = await start({ ...monitored, config: "max_pending: 5MB" });
  const lazy = await client(server, `${CONNECT}SUB flood 1\r\nPING\r\n`);
  await lazy.read("PONG\r\n");
  lazy.socket.pause();
  const busy = await flood(server);
  await lazyEnd(server);
  assert.equal((await json(server, "/connz?state=closed")).connections[0].reason, "Slow Consumer (Pending Bytes)");
  for (const one of [lazy, busy]) one.end();
});
