// `jetstream-sim`: a stand-in for nats-server in test suites.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { Simulator } from "../node.js";
import { Failure, systemError } from "./failure.js";
import { USAGE, parseFlags } from "./flags.js";
import { Log } from "./log.js";
import { LAME_DUCK_DURATION, LAME_DUCK_GRACE, lameDuck } from "./lameduck.js";
import { httpServer } from "./monitor.js";
import { MAX_PENDING } from "./outflow.js";
import { Peers } from "./peers.js";
import { UNLIMITED, readSettingsFile } from "./settings.js";
import { sendSignal } from "./signal.js";
import { tcpServer } from "./tcp.js";
import { webSocketServer } from "./websocket.js";

const VERSION = "2.15.1";
const DEFAULT_PORT = 4222;
const DEFAULT_PAYLOAD = 1024 * 1024;
/** As many bytes as the nine digits of a size can say. */
const MAX_SIZE = 999_999_999;
const DEFAULT_HOST = "127.0.0.1";
/** In nanoseconds. On a manual clock nobody is asked unless the configuration says so: clients answer in wall time. */
const PING_INTERVAL = 120e9;
const NANOS = 1e9;
/** How long what is under way to a server that ends may take. */
const READ_MS = 20;
/** How long clients over TCP must be silent before a manual clock goes on. */
const QUIET_MS = 4;

export async function main(words) {
  let flags;
  try {
    flags = parseFlags(words);
  } catch (error) {
    return refuse(error);
  }
  if (flags.help) return process.stdout.write(USAGE);
  if (flags.version) return process.stdout.write(`nats-server: v${VERSION}\n`);
  try {
    if (flags.signal !== undefined) return sendSignal(flags.signal);
    if (flags.test && !flags.config) throw new Failure("must specify [-c, --config] option to check configuration file syntax");
    const settings = merge(flags, flags.config ? readSettingsFile(flags.config) : { noted: [] });
    if (flags.test) return process.stderr.write(`jetstream-sim: configuration file ${flags.config} is valid (${settings.config_digest})\n`);
    await start(settings);
  } catch (error) {
    refuse(error);
  }
}

/** One line, and the end. */
function refuse(error) {
  process.stderr.write(`jetstream-sim: ${error.message}\n`);
  process.exit(1);
}

/** The configuration with what the command line says instead. */
function merge(flags, settings) {
  const { http_port, jetstream, debug_and_trace, ...rest } = flags;
  const merged = { port: DEFAULT_PORT, ...settings, ...rest };
  if (http_port !== undefined) merged.http = { host: settings.http?.host, port: http_port };
  if (jetstream !== undefined) merged.has_jetstream = jetstream;
  if (debug_and_trace) merged.debug = merged.trace = true;
  merged.host ||= DEFAULT_HOST;
  // Nothing listens where the port is 0.
  if (!merged.http?.port) delete merged.http;
  if (!merged.websocket?.port) delete merged.websocket;
  const { websocket } = merged;
  if (websocket) {
    if (!websocket.no_tls) throw new Failure("websocket requires TLS configuration: not simulated; set no_tls: true");
    websocket.host ||= DEFAULT_HOST;
  }
  if (merged.server_name?.includes(" ")) throw new Failure("server name cannot contain spaces");
  const { max_payload = DEFAULT_PAYLOAD, max_pending = MAX_PENDING } = merged;
  if (max_payload > max_pending && max_payload !== UNLIMITED) {
    throw new Failure(`max_payload (${max_payload}) cannot be higher than max_pending (${max_pending})`);
  }
  const { lame_duck_grace_period: grace = LAME_DUCK_GRACE, lame_duck_duration: lasts = LAME_DUCK_DURATION } = merged;
  if (grace >= lasts) {
    throw new Failure(`lame duck grace period (${grace / NANOS}s) should be strictly lower than lame duck duration (${lasts / NANOS}s)`);
  }
  return merged;
}

/** JetStream's settings as the simulator takes them. */
function jetstreamOptions({ has_jetstream, jetstream = {} }) {
  if (!has_jetstream) return false;
  const { strict, domain, max_memory_store, max_file_store, limits = {} } = jetstream;
  const { max_request_batch, duplicate_window, max_ack_pending, batch: { noted, ...batch } = {} } = limits;
  const stores = { max_memory_store, max_file_store };
  return { strict, domain, ...stores, max_request_batch, duplicate_window, max_ack_pending, batch };
}

async function start(settings) {
  const started = performance.now();
  const log = new Log(settings);
  const now = new Date();
  // Ports are bound before the simulator is made, since INFO names them; who connects early waits for it.
  let resolve;
  const made = new Promise((done) => (resolve = done));
  const tcp = tcpServer(made, log);
  const ws = settings.websocket && webSocketServer(made, log);
  const http = settings.http && httpServer(made, log, settings);
  const { host } = settings;
  const addresses = { port: await listen(tcp, settings.port, host, "client") };
  if (ws) addresses.websocket = await listen(ws, settings.websocket.port, settings.websocket.host, "websocket");
  if (http) addresses.http = await listen(http, settings.http.port, settings.http.host ?? host, "monitoring");
  const simulator = await Simulator.create({
    seed: settings.seed ?? Math.floor(Math.random() * 2 ** 48),
    start: now,
    // Without a name it is the server's id.
    server_name: settings.server_name || "",
    host,
    port: addresses.port,
    max_payload: settings.max_payload === UNLIMITED ? MAX_SIZE : settings.max_payload,
    max_control_line: settings.max_control_line,
    max_subscriptions: settings.max_subscriptions,
    max_subscription_tokens: settings.max_subscription_tokens,
    ping_max: settings.ping_max,
    ping_interval: settings.ping_interval ?? (settings.clock === "manual" ? undefined : PING_INTERVAL),
    jetstream: jetstreamOptions(settings),
    journal_bytes: 0,
    quiet_ms: QUIET_MS,
  });
  const peers = new Peers();
  const world = { simulator, settings, addresses, started: now, peers, isLameDuck: false };
  resolve(world);
  // Since its start the machine's clock has gone on, and clients compare what they are told with it.
  if (settings.clock === "manual") await simulator.runUntil(new Date());
  else simulator.play(1, { since: Number(simulator.nowNanos()) / 1e6 - performance.timeOrigin });
  const { server } = simulator.inspect("$SYS.REQ.USER.INFO").json();
  announce(settings, server, log, addresses, performance.now() - started);
  // Who waits for the last line looks for the files then, and may end the server.
  const files = writeFiles(settings, addresses, log);
  onSignals(world, log, files, [tcp, ws]);
  log.info("Server is ready");
}

/** Binds a port; -1 and 0 are any free one. Gives the port. */
function listen(server, port, host, what) {
  return new Promise((resolve, reject) => {
    const isFree = port === -1 || port === 0;
    if (!isFree && !(Number.isInteger(port) && port > 0 && port < 65536)) {
      return reject(new Failure(`${what} port ${port} is not valid`));
    }
    server.once("error", (error) => reject(new Failure(`Error listening on ${what} port: ${host}:${port}, ${error.code ?? error.message}`)));
    server.listen({ port: isFree ? 0 : port, host }, () => resolve(server.address().port));
  });
}

const shown = (host, port) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

function announce(settings, server, log, addresses, took) {
  log.info("Starting nats-server");
  log.info(`  Version:  ${VERSION}`);
  log.info(`  Git:      [jetstream-sim ${packageVersion()}]`);
  log.info(`  Name:     ${server.name}`);
  log.info(`  ID:       ${server.id}`);
  if (settings.config) log.info(`Using configuration file: ${settings.config} (${settings.config_digest})`);
  for (const note of settings.noted) log.warn(`${note}: taken, without effect in a simulation`);
  if (addresses.http) log.info(`Starting http monitor on ${shown(settings.http.host ?? settings.host, addresses.http)}`);
  if (settings.has_jetstream) {
    log.info("Starting JetStream");
    log.info("---------------- JETSTREAM ----------------");
    log.info(`  Strict:          ${settings.jetstream?.strict ?? true}`);
    if (settings.jetstream?.domain) log.info(`  Domain:          ${settings.jetstream.domain}`);
    log.info("  API Level:       5");
    log.info("-------------------------------------------");
    log.warn("Simulated: streams that ask for file storage are taken and kept in memory");
    log.info(`Took ${took.toFixed(6)}ms to start JetStream`);
  }
  if (settings.clock === "manual" && addresses.http) log.info("Time stands still until POST /clock/advance?by=DURATION or ?until=TIME");
  else if (settings.clock === "manual") log.warn("Time stands still for good: it is moved over http, which needs a port (-m)");
  if (addresses.websocket) log.info(`Listening for websocket clients on ws://${shown(settings.websocket.host, addresses.websocket)}`);
  log.info(`Listening for client connections on ${shown(settings.host, addresses.port)}`);
}

function packageVersion() {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** Every address that reaches a host. */
function reachable(host) {
  if (host === "localhost") return ["127.0.0.1"];
  if (host !== "0.0.0.0" && host !== "::") return [host];
  return Object.values(networkInterfaces()).flat().map(({ address }) => address);
}

/** Writes the pid and ports files; gives those that go at the end. */
function writeFiles({ pid_file, ports_file_dir, host, websocket, http }, addresses, log) {
  if (pid_file) write(pid_file, String(process.pid), (error) => {
    log.fatal(`Could not write pidfile: ${error}`);
    process.exit(1);
  });
  if (!ports_file_dir) return [];
  const urls = (scheme, at, port) => reachable(at).map((address) => `${scheme}://${shown(address, port)}`);
  const ports = { nats: urls("nats", host, addresses.port) };
  if (addresses.http) ports.monitoring = urls("http", http.host ?? host, addresses.http);
  if (addresses.websocket) ports.websocket = urls("ws", websocket.host, addresses.websocket);
  const file = join(ports_file_dir, `nats-server_${process.pid}.ports`);
  write(file, JSON.stringify(ports), (error) => log.error(`Error writing ports file (${file}): ${error}`));
  return [file];
}

function write(file, text, onError) {
  try {
    writeFileSync(file, text);
  } catch (error) {
    onError(systemError(error, file));
  }
}

function onSignals(world, log, files, listeners) {
  const { settings, peers } = world;
  const end = () => {
    log.info("Initiating Shutdown...");
    for (const file of files) rmSync(file, { force: true });
    peers.endAll("Server Shutdown");
    log.info("Server Exiting..");
    process.exit(0);
  };
  const onSignal = (signal, name, act) => process.on(signal, () => {
    log.info(`Trapped "${name}" signal`);
    act?.();
  });
  // What clients have sent until now is still read.
  const endSoon = () => setTimeout(end, READ_MS);
  onSignal("SIGINT", "interrupt", endSoon);
  onSignal("SIGTERM", "terminated", endSoon);
  onSignal("SIGUSR2", "user defined signal 2", () => {
    if (world.isLameDuck) return;
    world.isLameDuck = true;
    log.info("Entering lame duck mode, stop accepting new clients");
    for (const listener of listeners) listener?.close();
    lameDuck(settings, peers, log, end);
  });
  // Reload, reopen the log: nothing here has to.
  onSignal("SIGHUP", "hangup");
  onSignal("SIGUSR1", "user defined signal 1");
}
