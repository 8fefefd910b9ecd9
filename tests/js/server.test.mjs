// The stand-in for nats-server: flags, configuration, log lines, files, signals, monitoring, the clock over HTTP.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { command, runServer, serversOf, startServer } from "./process.mjs";
import { rawClient } from "./raw.mjs";

const LINE = /^\[\d+\] \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6} \[(INF|WRN|ERR|FTL|DBG|TRC)\] .*$/;
const start = serversOf(after);

const get = (server, path, options) => fetch(server.ports.monitoring[0] + path, options);
const json = async (server, path, options) => (await get(server, path, options)).json();

/** Sends an API request; the reply's JSON. */
async function request(client, subject, body = "") {
  client.write(`SUB _I 9\r\nPUB ${subject} _I ${Buffer.byteLength(body)}\r\n${body}\r\nUNSUB 9\r\n`);
  const [, size] = /^(?:MSG|HMSG) .* (\d+)\r\n$/s.exec(await client.read("\r\n"));
  const payload = await client.read("\r\n");
  assert.equal(payload.length, Number(size) + 2);
  return JSON.parse(payload);
}

test("it is ready soon, says so in the server's words, and ends at once", async () => {
  const server = await start({ words: ["-js"] });
  console.log(`figure: the stand-in is ready after: ${Math.round(server.readyMs)} ms`);
  const lines = server.log().trimEnd().split("\n");
  for (const line of lines) assert.match(line, LINE);
  const { port } = new URL(server.url);
  assert.ok(lines.some((line) => line.endsWith(`[INF] Listening for client connections on 127.0.0.1:${port}`)), server.log());
  assert.match(lines.at(-1), /\[INF\] Server is ready$/);
  assert.match(server.log(), /streams that ask for file storage are taken and kept in memory/);
  const client = await rawClient(server.url);
  const started = performance.now();
  assert.deepEqual(await server.stop("SIGTERM"), { code: 0, signal: null });
  assert.ok(performance.now() - started < 1000, "the end took long");
  await client.closed;
});

test("it ends on SIGINT and SIGKILL as well, and takes its ports file along", async () => {
  for (const [signal, how] of [["SIGINT", { code: 0, signal: null }], ["SIGKILL", { code: null, signal: "SIGKILL" }]]) {
    const server = await start();
    const file = join(server.folder, `nats-server_${server.pid}.ports`);
    assert.ok(existsSync(file));
    process.kill(server.pid, signal);
    const { code, signal: by } = await server.ended;
    assert.deepEqual({ code, signal: by }, how);
    assert.equal(existsSync(file), signal === "SIGKILL");
    await server.stop();
  }
});

test("on SIGUSR2 it takes no new clients, tells those it has, and ends when they are gone", async () => {
  const server = await start({ words: ["-m", "-1"], config: 'lame_duck_grace_period: "300ms"' });
  const info = (text) => JSON.parse(/INFO (\{.*\}) \r\n/.exec(text)[1]);
  const knowing = await rawClient(server.url, "");
  const { client_id } = info(await knowing.read("\r\n"));
  knowing.write('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
  assert.equal(info((await knowing.read("PONG\r\n")) && (await knowing.read("\r\n"))).connect_info, true);
  const simple = await rawClient(server.url);
  for (let times = 0; times < 2; times += 1) process.kill(server.pid, "SIGUSR2");
  const told = info(await knowing.read("\r\n"));
  assert.deepEqual([told.ldm, told.client_id, told.connect_info, told.remote_account], [true, client_id, undefined, undefined]);
  simple.write("PING\r\n");
  assert.equal(await simple.read("PONG\r\n"), "PONG\r\n", "nothing else before it");
  await assert.rejects(rawClient(server.url), /ECONNREFUSED/);
  const answer = await get(server, "/healthz");
  assert.deepEqual([answer.status, await answer.json()], [500, { status: "error", error: "failed to be ready for connections after 1ms: server" }]);
  await Promise.all([knowing.closed, simple.closed]);
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  assert.match(server.log(), /Entering lame duck mode, stop accepting new clients\n(?:.*\n)*.*Closing existing clients\n(?:.*\n)*.*Server Exiting\.\.\n/);
  assert.equal(server.log().match(/Entering lame duck mode/g).length, 1);
  // Nobody is there to wait for.
  const alone = await start();
  process.kill(alone.pid, "SIGUSR2");
  assert.deepEqual(await alone.ended, { code: 0, signal: null });
});

test("a lame duck says who it is in UTF-8, and messages that look like INFO are none", async () => {
  const server = await start({ config: 'server_name: "gr\u00fcn"\nlame_duck_grace_period: "300ms"' });
  const payload = 'x\r\nINFO {bad "connect_info":true} \r\n';
  const before = await rawClient(server.url, "");
  before.write(`CONNECT {"verbose":true,"protocol":1}\r\nSUB a 1\r\nPUB a ${payload.length}\r\n${payload}\r\n`);
  await before.read(payload);
  const knowing = await rawClient(server.url, "");
  await knowing.read("\r\n");
  knowing.write(`CONNECT {"verbose":true,"protocol":1}\r\nSUB a 1\r\nPUB a ${payload.length}\r\n${payload}\r\n`);
  await knowing.read(`${payload}\r\n`);
  knowing.write("PING\r\n");
  await knowing.read('"connect_info":true');
  await knowing.read("\r\n");
  process.kill(server.pid, "SIGUSR2");
  const [, info] = /^INFO (\{.*\}) \r\n$/.exec(await knowing.read("\r\n"));
  const { ldm, server_name } = JSON.parse(Buffer.from(info, "latin1").toString());
  assert.deepEqual([ldm, server_name], [true, "gr\u00fcn"]);
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  await assert.rejects(before.read("ldm"), /closed after/);
});

test("INFO behind the first PONG is heard however it comes, and what follows is passed on as it is", async () => {
  const { Info } = await import(pathToFileURL(join(process.env.JETSTREAM_SIM_PACKAGE, "server/info.js")));
  const second = 'INFO {"server_name":"x","max_payload":5,"connect_info":true} \r\n';
  const told = (info, text) => Buffer.from(info.pass(Buffer.from(text, "latin1"))).toString("latin1");
  for (const chunks of [["PONG\r\n", second], [`PONG\r\n${second}MSG a 1 1\r\n\xff\r\n`, "+OK\r\n"], ["MSG a 1 0\r\n\r\n", "+OK\r\nPING\r\n-ERR 'x'\r\n", `PONG\r\n${second}`]]) {
    const [limited, free] = [new Info({ max_payload: 5 }), new Info({ max_payload: -1 })];
    for (const text of ['INFO {"max_payload":5} \r\n', ...chunks]) {
      assert.equal(told(limited, text), text);
      assert.equal(told(free, text), text.replace('"max_payload":5', '"max_payload":-1'));
    }
    assert.equal(String(free.lameDuck), 'INFO {"server_name":"x","max_payload":-1,"ldm":true} \r\n');
  }
  // One that PINGs, but does not understand.
  const simple = new Info({ max_payload: -1 });
  for (const text of ["PONG\r\n", "PONG\r\n", second]) assert.equal(told(simple, text), text);
  assert.equal(simple.lameDuck, undefined);
});

test("--signal tells another server, by its number or its pid file", async () => {
  const first = await start();
  const file = join(first.folder, "pid");
  const second = await start({ words: ["-P", file] });
  assert.deepEqual(await runServer(["--signal", `ldm=${first.pid}`]), { code: 0, stdout: "", stderr: "" });
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  assert.match(first.log(), /Entering lame duck mode/);
  assert.equal((await runServer([`-sl=stop=${file}`])).code, 0);
  assert.deepEqual(await second.ended, { code: null, signal: "SIGKILL" });
  for (const [words, line] of [
    [`ldm=${first.pid}`, `signal "ldm" ${first.pid}: no such process`],
    ["nap=1", 'unknown signal "nap"'],
    ["ldm=x", "invalid pid: x"],
    ["quit=0", "invalid pid: 0"],
    ["stop=1=2", "invalid signal parameters: [2]"],
    ["ldm", "-signal ldm: which process is not said; ldm=PID, or the path of a pid file"],
  ]) {
    assert.deepEqual(await runServer(["--signal", words]), { code: 1, stdout: "", stderr: `jetstream-sim: ${line}\n` });
  }
});

test("flags: long and short, one dash and two, apart and after =", async () => {
  for (const words of [
    ["-n", "one", "-m", "-1", "-js", "-D"],
    ["--name=one", "--http_port=-1", "--jetstream", "-V"],
    ["-server_name", "one", "-http_port", "0x0", "-m", "-1", "-jetstream=true", "-T=false", "--no_advertise", "--"],
  ]) {
    const server = await start({ words });
    const info = await json(server, "/varz");
    assert.equal(info.server_name, "one");
    assert.equal(info.version, "2.15.1");
    assert.ok(info.jetstream.config);
    await server.stop();
  }
});

test("pid and ports files are there before the line that says that it is ready", async () => {
  for (let round = 0; round < 3; round += 1) {
    const folder = (await start()).folder;
    const [program, ...first] = command();
    const pid = join(folder, "pid");
    const child = spawn(program, [...first, "-a", "localhost", "-p", "-1", "-P", pid, "--ports_file_dir", folder], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    const files = await new Promise((resolve) => child.stderr.on("data", (text) => {
      log += text;
      if (log.includes("Server is ready")) resolve([pid, join(folder, `nats-server_${child.pid}.ports`)].map((file) => existsSync(file) && readFileSync(file, "utf8")));
    }));
    child.kill("SIGTERM");
    const [, port] = /client connections on localhost:(\d+)/.exec(log);
    assert.deepEqual(files, [String(child.pid), JSON.stringify({ nats: [`nats://127.0.0.1:${port}`] })]);
  }
});

test("files that cannot be written: the pid's ends the start, that of the ports does not", async () => {
  const pid = await runServer(["-p", "-1", "-P", "/nonexistent/pid"]);
  assert.equal(pid.code, 1);
  assert.match(pid.stderr, /\[FTL\] Could not write pidfile: open \/nonexistent\/pid: no such file or directory\n$/);
  assert.doesNotMatch(pid.stderr, /ready/);
  const server = await startServer({ words: ["--ports_file_dir", "/nonexistent"], hasPorts: false });
  assert.match(server.log(), /\[ERR\] Error writing ports file \(\/nonexistent\/nats-server_\d+\.ports\): open .*: no such file or directory\n/);
  await server.stop();
});

test("the log tells of clients, and of what they say, when it is asked to", async () => {
  const server = await start({ words: ["-DV"] });
  const client = await rawClient(server.url, "");
  await client.read("\r\n");
  const said = ['CONNECT {"verbose":true}\r\n', "SUB a 1\r\nPUB a r 4\r", '\nh"\r\n\r\nUNSUB 1\r\n', "FOO\r\n"];
  const peer = `127.0.0.1:${client.socket.localPort} - cid:1 - `;
  for (const bytes of said) {
    client.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.closed;
  const lines = () => server.log().split("\n").filter((line) => line.includes(peer)).map((line) => line.slice(line.indexOf("[", 1)).replace(peer, ""));
  for (let tries = 0; !lines().at(-1)?.includes("closed") && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(lines(), [
    "[DBG] Client connection created",
    '[TRC] <<- [CONNECT {"verbose":true}]', "[TRC] ->> [OK]",
    "[TRC] <<- [SUB a 1]", "[TRC] ->> [OK]",
    "[TRC] <<- [PUB a r 4]", '[TRC] <<- MSG_PAYLOAD: ["h\\"\\r\\n"]', "[TRC] <<- [UNSUB 1]",
    "[TRC] ->> [OK]", "[TRC] ->> [MSG a 1 r 4]", '[TRC] ->> MSG_PAYLOAD: ["h\\"\\r\\n"]', "[TRC] ->> [OK]",
    "[TRC] <<- [FOO]", "[TRC] ->> [-ERR Unknown Protocol Operation]",
    "[DBG] Client connection closed: Protocol Violation",
  ]);
});

test("without a name the server is called by its id", async () => {
  for (const words of [[], ["-n", ""]]) {
    const server = await start({ words: ["-m", "-1", ...words] });
    const { server_name, server_id } = await json(server, "/varz");
    assert.match(server_id, /^N[A-Z2-7]{55}$/);
    assert.equal(server_name, server_id);
    const client = await rawClient(server.url, "");
    assert.match(await client.read("\r\n"), new RegExp(`"server_name":"${server_id}"`));
    assert.match(server.log(), new RegExp(`\\[INF\\]   Name:     ${server_id}\n`));
    client.end();
  }
});

test("log, pid and ports files", async () => {
  const server = await start({ words: ["-m", "-1"] });
  const [log, pid] = ["log", "pid"].map((name) => join(server.folder, name));
  const second = await runServer(["-a", "127.0.0.1", "-p", new URL(server.url).port, "-l", log, "-P", pid]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^jetstream-sim: Error listening on client port: 127\.0\.0\.1:\d+, EADDRINUSE\n$/);
  assert.match(server.ports.nats[0], /^nats:\/\/127\.0\.0\.1:\d+$/);
  assert.match(server.ports.monitoring[0], /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(server.ports.websocket, undefined);
  const other = await start({ config: "websocket { port: -1, no_tls: true }" });
  assert.match(other.ports.websocket[0], /^ws:\/\/127\.0\.0\.1:\d+$/);
  process.kill(server.pid, 0);
});

test("what is asked for is answered without a server", async () => {
  for (const words of [["-v", "foo"], ["version"]]) assert.equal((await runServer(words)).stdout, "nats-server: v2.15.1\n");
  const version = await runServer(["-v"]);
  assert.deepEqual([version.code, version.stdout], [0, "nats-server: v2.15.1\n"]);
  const help = await runServer(["--help"]);
  assert.equal(help.code, 0);
  for (const flag of ["--port", "--addr", "--jetstream", "--store_dir", "--config", "--pid", "--http_port", "--clock"]) {
    assert.ok(help.stdout.includes(flag), flag);
  }
});

test("what cannot be served ends the start with one clear line", async () => {
  const folder = (await start()).folder;
  let files = 0;
  const config = (text) => {
    const file = join(folder, `${(files += 1)}.conf`);
    writeFileSync(file, text);
    return ["-c", file];
  };
  for (const [words, line] of [
    [["--tls"], "-tls: TLS: not simulated"],
    [["-routes", "nats://x"], "-routes: clusters: not simulated"],
    [["--user", "a"], "-user: authorization: not simulated"],
    [["-nosuch"], "flag provided but not defined: -nosuch"],
    [["-p", "abc"], 'invalid value "abc" for flag -p: parse error'],
    [["-p", "1e3"], 'invalid value "1e3" for flag -p: parse error'],
    [["-p"], "flag needs an argument: -p"],
    [["-D=maybe"], 'invalid boolean value "maybe" for -D: parse error'],
    [["-js=tRue"], 'invalid boolean value "tRue" for -js: parse error'],
    [["-t"], "must specify [-c, --config] option to check configuration file syntax"],
    [["-l", "/nonexistent/x.log"], "error opening file: open /nonexistent/x.log: no such file or directory"],
    [config("log_file: /nonexistent/x.log"), "error opening file: open /nonexistent/x.log: no such file or directory"],
    [config("max_payload: 1t"), "N.conf:1:0: max_payload value is too big"],
    [config("max_payload: 65mb"), "max_payload (68157440) cannot be higher than max_pending (67108864)"],
    [config("max_pending: -1"), "max_payload (1048576) cannot be higher than max_pending (-1)"],
    [config("max_payload: -1.5"), "N.conf:1:0: max_payload needs a whole number"],
    [config("max_subscription_tokens: 0"), "N.conf:1:0: max_subscription_tokens value can not be negative"],
    [config("max_subscription_tokens: 300"), "N.conf:1:0: max_subscription_tokens value is too big"],
    [config("ping_interval: 1d"), 'N.conf:1:0: error parsing ping_interval: time: unknown unit "d" in duration "1d"'],
    [config('lame_duck_duration: "10s"'), "N.conf:1:0: invalid lame_duck_duration of 10s, minimum is 30 seconds"],
    [config('lame_duck_grace_period: "-1s"'), "N.conf:1:0: invalid lame_duck_grace_period, needs to be positive"],
    [config('lame_duck_grace_period: "40s"\nlame_duck_duration: "30s"'), "lame duck grace period (40s) should be strictly lower than lame duck duration (30s)"],
    [config("jetstream { limits { duplicate_window: 1m } }"), "N.conf:1:21: duplicate_window needs a text"],
    [config('jetstream { limits { duplicate_window: soon } }'), "N.conf:1:21: duplicate_window needs a duration such as 2m"],
    [config('server_name: "a b"'), "server name cannot contain spaces"],
    [config("jetstream { domain: a.b }"), "invalid domain name: may not contain ., * or >"],
    [config('jetstream { domain: "a b" }'), 'invalid domain name: derived "$JS.a b.API.>" is not a valid subject'],
    [["-p", "70000"], "client port 70000 is not valid"],
    [["--clock", "slow"], 'invalid value "slow" for flag -clock: real or manual'],
    [["run"], 'unrecognized command: "run"'],
    [["-c", "/nowhere.conf"], "open /nowhere.conf: no such file or directory"],
    [config("port: 4222\ntls { cert_file: x }"), "N.conf:2:1: tls: TLS: not simulated"],
    [config("accounts { A {} }"), "N.conf:1:0: accounts: accounts: not simulated"],
    [config("authorization { token: x }"), "N.conf:1:0: authorization: authorization: not simulated"],
    [config("cluster { name: x }"), "N.conf:1:0: cluster: clusters: not simulated"],
    [config("foo: 1"), 'N.conf:1:0: unknown field "foo"'],
    [config("jetstream { max_mem: 5Q }"), "N.conf:1:12: max_mem: sizes defined as strings must end in K, M, G, T"],
    [config("websocket { port: -1 }"), "websocket requires TLS configuration: not simulated; set no_tls: true"],
  ]) {
    const { code, stderr, stdout } = await runServer(words);
    assert.equal(code, 1, line);
    assert.equal(stdout, "");
    assert.equal(stderr.replace(`${folder}/`, "").replace(/\d+\.conf/, "N.conf"), `jetstream-sim: ${line}\n`);
  }
});

test("a configuration as suites write it", async () => {
  const server = await start({
    config: `
      # As in the examples of the documentation.
      server_name = simulated
      server_tags: ["region:eu", "az:1"]
      http: 127.0.0.1:-1   // any
      max_payload 512KB
      websocket {
        port: -1
        no_tls: true
      }
      STORE: "/tmp/none"
      jetstream: {
        store_dir: $STORE
        max_mem_store: 1MB, max_file_store: 128MB
        strict: off
        domain: hub
        limits { max_request_batch: 10, duplicate_window: "1m" }
      }
      leafnodes { port: 7422 }
      # These ask for nothing.
      cluster {}
      authorization { timeout: 2 }
      mappings {}
      debug: false, logtime: true
    `,
  });
  assert.match(server.log(), /\[WRN\] .*server\.conf:\d+:\d+: leafnodes: taken, without effect in a simulation/);
  const varz = await json(server, "/varz");
  assert.deepEqual(varz.tags, ["region:eu", "az:1"]);
  const [, digest] = /Using configuration file: \S+ \((sha256:[\da-f]{64})\)\n/.exec(server.log());
  assert.equal(varz.config_digest, digest);
  const checked = await runServer(["-t", "-c", join(server.folder, "server.conf")]);
  assert.equal(checked.stderr, `jetstream-sim: configuration file ${join(server.folder, "server.conf")} is valid (${digest})\n`);
  assert.equal(varz.max_payload, 512 * 1024);
  assert.equal(varz.websocket.port, Number(new URL(server.ports.websocket[0]).port));
  assert.deepEqual(varz.jetstream.config.max_memory, 1024 * 1024);
  const client = await rawClient(server.url);
  const create = (name, storage, max_bytes) => request(client, `$JS.hub.API.STREAM.CREATE.${name}`, JSON.stringify({ name, subjects: [`${name}.>`], storage, max_bytes, unknown: 1 }));
  assert.equal((await create("A", "memory", 1024 * 512)).did_create, true, "lenient, in its domain, file or memory");
  assert.equal((await create("B", "memory", 1024 * 1024)).error.err_code, 10028, "more memory than there is");
  assert.equal((await create("B", "file", 1024 * 1024)).did_create, true);
  client.end();
});

test("monitoring tells of the server, its connections and streams", async () => {
  const server = await start({ words: ["-m", "-1", "-js"] });
  assert.deepEqual(await json(server, "/healthz"), { status: "ok" });
  assert.deepEqual(await json(server, "/healthz?js-enabled-only=true"), { status: "ok" });
  const client = await rawClient(server.url, 'CONNECT {"verbose":false,"name":"alice"}\r\nPING\r\n');
  client.write("SUB orders.* 1\r\n");
  await request(client, "$JS.API.STREAM.CREATE.S", '{"name":"S","subjects":["s"]}');
  await request(client, "$JS.API.CONSUMER.CREATE.S.C", '{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit"}}');
  await request(client, "s", "hi");
  const connz = await json(server, "/connz?subs=true");
  assert.deepEqual([connz.num_connections, connz.total, connz.offset, connz.limit], [1, 1, 0, 1024]);
  const [{ port, ip, name, in_msgs, out_msgs, subscriptions_list }] = connz.connections;
  assert.deepEqual({ port, ip, name, in_msgs, out_msgs, subscriptions_list },
    { port: client.socket.localPort, ip: "127.0.0.1", name: "alice", in_msgs: 3, out_msgs: 3, subscriptions_list: ["orders.*"] });
  assert.equal((await get(server, "/connz?sort=x")).status, 400);
  const varz = await json(server, "/varz");
  assert.deepEqual([varz.connections, varz.total_connections, varz.in_msgs, varz.out_msgs], [1, 1, 3, 3]);
  const jsz = await json(server, "/jsz?consumers=true&config=true");
  assert.deepEqual([jsz.streams, jsz.consumers, jsz.messages, jsz.bytes, jsz.api.total], [1, 1, 1, 33, 2]);
  const [stream] = jsz.account_details[0].stream_detail;
  assert.equal(stream.config.subjects[0], "s");
  assert.equal(stream.consumer_detail[0].config.durable_name, "C");
  await request(client, "$JS.API.CONSUMER.DELETE.S.C");
  assert.ok(!("consumer_detail" in (await json(server, "/jsz?consumers=true")).account_details[0].stream_detail[0]));
  assert.deepEqual([(await json(server, "/jsz")).account_details, (await get(server, "/x")).status], [undefined, 404]);
  client.end();
});

test("connections that ended are told of, with why, sorted and by pages", async () => {
  const server = await start({ words: ["-m", "-1"] });
  const connect = async (name, bytes) => {
    const client = await rawClient(server.url);
    client.write(`CONNECT {"verbose":false,"name":"${name}"}\r\n${bytes}PING\r\n`);
    await Promise.race([client.read("PONG\r\n").catch(() => {}), new Promise((resolve) => client.socket.once("close", resolve))]);
    return client;
  };
  const stays = await connect("stays", "SUB a 1\r\nSUB b 2\r\n");
  await connect("large", "PUB a 2000000\r\n");
  await connect("wrong", "WHAT\r\n");
  (await connect("leaves", "SUB b q 7\r\nPUB b 2\r\nhi\r\n")).end();
  let closed;
  for (let tries = 0; tries < 100; tries += 1) {
    closed = await json(server, "/connz?state=closed&subs=detail");
    if (closed.total === 3) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const told = ({ name, reason, in_msgs, subscriptions }) => [name, reason, in_msgs, subscriptions];
  assert.deepEqual(closed.connections.map(told), [
    ["large", "Maximum Message Payload Exceeded", 0, 0],
    ["wrong", "Protocol Violation", 0, 0],
    ["leaves", "Client Closed", 1, 1],
  ]);
  const [, , leaves] = closed.connections;
  assert.ok(leaves.start <= leaves.last_activity && leaves.last_activity <= leaves.stop && leaves.port > 0);
  assert.deepEqual(leaves.subscriptions_list_detail, [
    { account: "$G", account_tag: "$G", subject: "b", qgroup: "q", sid: "7", msgs: 1, cid: leaves.cid },
  ]);
  const names = async (query) => (await json(server, `/connz?${query}`)).connections.map(({ name }) => name);
  assert.deepEqual(await names("state=any"), ["stays", "large", "wrong", "leaves"]);
  assert.deepEqual(await names("state=all&limit=2&offset=1"), ["large", "wrong"]);
  assert.deepEqual(await names("state=closed&sort=stop&limit=1"), ["leaves"]);
  assert.deepEqual(await names("state=closed&sort=reason"), ["leaves", "large", "wrong"]);
  assert.deepEqual(await names("state=any&sort=subs&limit=2"), ["stays", "leaves"]);
  assert.deepEqual([await names(""), await names(`state=any&cid=${leaves.cid}`), await names("state=closed&acc=$G")], [["stays"], ["leaves"], []]);
  assert.equal((await json(server, "/connz?acc=X")).connections, null);
  const refusals = {
    "subs=2": `Error decoding boolean for 'subs': strconv.ParseBool: parsing "2": invalid syntax`,
    "state=x": "Error decoding state for x",
    "sort=x": "invalid sorting option: x",
    "sort=stop": "sort by stop only valid on closed connections",
    "limit=x": `Error decoding int for 'limit': strconv.Atoi: parsing "x": invalid syntax`,
  };
  for (const [query, text] of Object.entries(refusals)) {
    const answer = await get(server, `/connz?${query}`);
    assert.deepEqual([answer.status, await answer.text()], [400, text]);
  }
  stays.end();
});

test("without JetStream there is none", async () => {
  const server = await start({ words: ["-m", "-1"] });
  const client = await rawClient(server.url, 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"user":"ann","pass":"x"}\r\nPING\r\n');
  client.write("SUB r 1\r\nPUB $JS.API.INFO r 0\r\n\r\n");
  assert.match(await client.read("\r\n\r\n"), /NATS\/1\.0 503/);
  assert.equal((await json(server, "/jsz")).disabled, true);
  assert.deepEqual(await json(server, "/healthz?js-enabled-only=1"), { status: "ok" });
  client.write("PUB $SYS.REQ.USER.INFO r 0\r\n\r\n");
  assert.match(await client.read("}}"), /"jetstream":false,"flags":0,.*"data":\{"user":"ann",/);
  client.end();
});

test("a manual clock stands still until it is moved over HTTP", async () => {
  const server = await start({ words: ["-m", "-1", "-js", "--clock", "manual"] });
  assert.match(server.log(), /Time stands still until POST \/clock\/advance\?by=DURATION/);
  const before = await json(server, "/clock");
  assert.equal(before.playing, false);
  const client = await rawClient(server.url);
  await request(client, "$JS.API.STREAM.CREATE.S", '{"name":"S","subjects":["s"],"max_age":3600000000000}');
  await request(client, "s", "hi");
  const { next } = await json(server, "/clock");
  assert.equal(new Date(next.at) - new Date(before.now), 3600_000);
  const messages = async () => (await json(server, "/jsz")).messages;
  await json(server, "/clock/advance?by=59m", { method: "POST" });
  assert.equal(await messages(), 1);
  const { now } = await json(server, "/clock/advance?by=1m", { method: "POST" });
  assert.deepEqual([await messages(), new Date(now) - new Date(before.now)], [0, 3600_000]);
  assert.equal((await get(server, "/clock/advance?by=soon", { method: "POST" })).status, 400);
  assert.equal((await get(server, "/clock/advance?by=1s")).status, 404, "a look moves nothing");
  client.end();
});

test("a clock that nothing moves is warned of", async () => {
  const server = await start({ words: ["--clock", "manual"] });
  assert.match(server.log(), /\[WRN\] Time stands still for good/);
});

test("messages are stamped with the time that their publishers' clocks show", async () => {
  const server = await start({ words: ["-js"] });
  const client = await rawClient(server.url);
  await request(client, "$JS.API.STREAM.CREATE.S", '{"name":"S","subjects":["s"]}');
  for (let times = 0; times < 5; times += 1) {
    const before = Date.now();
    await request(client, "s", "hi");
    const { state } = await request(client, "$JS.API.STREAM.INFO.S");
    const stamped = Date.parse(state.last_ts);
    assert.ok(before <= stamped && stamped <= Date.now(), `${stamped - before} ms behind the clock`);
  }
  client.end();
});

test("time passes by itself otherwise", async () => {
  const server = await start({ words: ["-js"] });
  const client = await rawClient(server.url);
  await request(client, "$JS.API.STREAM.CREATE.S", '{"name":"S","subjects":["s"],"max_age":200000000,"duplicate_window":100000000}');
  await request(client, "s", "hi");
  const messages = async () => (await request(client, "$JS.API.STREAM.INFO.S")).state.messages;
  assert.equal(await messages(), 1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(await messages(), 0);
  client.end();
});

test("1,000 connections that come and go, half of them cut within a frame, leave nothing", async () => {
  const server = await start({ words: ["-m", "-1", "-js"] });
  const keeper = await rawClient(server.url);
  for (let round = 0; round < 20; round += 1) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => rawClient(server.url)));
    for (const [index, client] of clients.entries()) {
      client.write("SUB a.> 1\r\nPUB a.b 5\r\nhello\r\n");
      if (index % 2 === 0) client.write("PUB a.b 100\r\nhal");
    }
    await Promise.all(clients.map((client) => client.read("hello\r\n")));
    for (const client of clients) client.end();
    await Promise.all(clients.map((client) => client.closed));
  }
  let connz;
  for (let tries = 0; tries < 100; tries += 1) {
    connz = await json(server, "/connz");
    if (connz.total === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { connections, total_connections, subscriptions } = await json(server, "/varz");
  assert.deepEqual([connections, total_connections, subscriptions], [1, 1001, 5]);
  keeper.end();
});

test("a client that does not read is dropped, and costs no more than its due", async () => {
  const server = await start({ words: ["-m", "-1"] });
  const [lazy, busy] = [await rawClient(server.url), await rawClient(server.url)];
  lazy.write("SUB flood 1\r\nPING\r\n");
  await lazy.read("PONG\r\n");
  lazy.socket.pause();
  const chunk = `PUB flood ${1024 * 1024}\r\n${"x".repeat(1024 * 1024)}\r\n`;
  for (let sent = 0; sent < 128; sent += 1) {
    busy.write(chunk);
    busy.write("PING\r\n");
    await busy.read("PONG\r\n");
  }
  assert.equal((await json(server, "/connz")).total, 1);
  assert.match(server.log(), /cid:\d+ - Slow Consumer Detected: MaxPending of 67108864 Exceeded/);
  assert.ok(readFileSync(`/proc/${server.pid}/status`, "utf8"));
  for (const client of [lazy, busy]) client.end();
});
