// The monitoring endpoints of nats-server, and the clock, over HTTP.
//
// All that they tell is asked for without a trace: no counter counts a look at it.

import { createServer } from "node:http";
import { availableParallelism, tmpdir } from "node:os";
import { posix } from "node:path";
import { JetStreamError } from "../error.js";
import { MAX_STORED_BYTES } from "../simulator.js";
import { accountDetail, accountStatz, subscriptions } from "./accounts.js";
import { MAX_CONNECTIONS } from "./client.js";
import { connections } from "./connz.js";
import { health } from "./health.js";
import { MAX_PENDING, WRITE_DEADLINE } from "./outflow.js";
import { Query } from "./query.js";

const VERSION = "2.15.1";
const TEXT = "text/plain; charset=utf-8";
const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";
const NANOS = 1e9;
/** Paths that nats-server keeps no number of requests of. */
const UNCOUNTED = ["/", "/ipqueuesz", "/raftz"];

/**
 * A server that answers of the simulator. It does not listen yet.
 *
 * `made` promises `{ simulator, settings, addresses, peers }`: `peers` knows the address of each client.
 */
export function httpServer(made, log, { http_base_path = "" }) {
  const base = posix.join("/", http_base_path, "/");
  const counts = {};
  return createServer(async (request, response) => {
    const send = (status, type, body, headers = {}) => response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), ...headers }).end(body);
    const url = target(request.url);
    if (!url) return send(400, TEXT, "400 Bad Request");
    const path = posix.normalize(url.pathname);
    if (path !== url.pathname) return send(307, HTML, `<a href="${escape(path)}">Temporary Redirect</a>.\n\n`, { location: path + url.search });
    const name = path.startsWith(base) ? path.slice(base.length - 1) : path === base.slice(0, -1) ? "/" : "";
    const answer = PATHS.get(`${request.method} ${name}`) ?? PATHS.get(name);
    if (!answer) return send(404, TEXT, "404 page not found\n");
    const counted = name === "/subscriptionsz" ? "/subsz" : name;
    if (!UNCOUNTED.includes(name)) counts[counted] = (counts[counted] ?? 0) + 1;
    try {
      const { status = 200, type = JSON_TYPE, body } = await answer({ ...(await made), counts }, new Query(url.searchParams));
      send(status, type, body, type === JSON_TYPE ? { "access-control-allow-origin": "*" } : {});
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof JetStreamError)) log.error(error.stack);
      send(400, TEXT, error.description ?? error.message);
    }
  });
}

/** A request's target as `URL`; `undefined` for what is none, whatever a client may have sent. */
function target(text) {
  try {
    const url = new URL(text.startsWith("/") ? `http://localhost${text}` : text);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    return undefined;
  }
}

const escape = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const pretty = (value) => ({ body: JSON.stringify(value, null, 2) });
const compact = (value) => ({ body: JSON.stringify(value) });

/** Whole seconds, as nats-server writes them: `1d2h0m5s`. */
function uptime(seconds) {
  const days = Math.floor(seconds / 86_400);
  const parts = [[Math.floor(days / 365), "y"], [days % 365, "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]];
  const first = parts.findIndex(([count], index) => count > 0 || index === parts.length - 1);
  return parts.slice(first).map(([count, unit]) => `${count}${unit}`).join("");
}

/** Asks the system, or the API. */
function inspect(simulator, subject, request) {
  const { error, ...reply } = simulator.inspect(subject, request).json();
  if (error) throw new JetStreamError(error.description, error.code, error.err_code);
  return reply;
}

function jetStreamConfig({ jetstream = {}, store_dir }) {
  return {
    max_memory: jetstream.max_memory_store ?? MAX_STORED_BYTES,
    max_storage: jetstream.max_file_store ?? MAX_STORED_BYTES,
    store_dir: posix.join(jetstream.store_dir ?? store_dir ?? posix.join(tmpdir(), "nats"), "jetstream"),
    sync_interval: 120 * NANOS,
    strict: jetstream.strict ?? true,
    ...(jetstream.domain && { domain: jetstream.domain }),
  };
}

/** JetStream's limits, by the names that monitoring has for them. */
function jetStreamLimits({ jetstream: { limits: { batch = {}, ...limits } = {} } = {} }) {
  const named = {
    max_request_batch: limits.max_request_batch,
    max_ack_pending: limits.max_ack_pending,
    max_duplicate_window: limits.duplicate_window,
    max_batch_inflight_per_stream: batch.max_inflight_per_stream,
    max_batch_inflight_total: batch.max_inflight_total,
    max_batch_size: batch.max_msgs,
    max_batch_timeout: batch.timeout,
  };
  return { ...Object.fromEntries(Object.entries(named).filter(([, value]) => value)), default_max_consumers: 1000 };
}

/** What all streams use, as several endpoints say it. */
function usage(simulator) {
  const { memory, storage, reserved_memory, reserved_storage, api } = inspect(simulator, "$JS.API.INFO");
  return { memory, storage, reserved_memory, reserved_storage, accounts: 1, ha_assets: 0, api };
}

function jetStream({ simulator, settings }, query) {
  const [hasAccounts, hasStreamList, hasConsumers, hasConfig] = ["accounts", "streams", "consumers", "config"].map((name) => query.flag(name));
  const [offset, limit] = ["offset", "limit"].map((name) => query.number(name));
  const { data, server } = inspect(simulator, "$SYS.REQ.SERVER.PING.CONNZ", { limit: 1 });
  const head = { server_id: data.server_id, now: data.now };
  if (!settings.has_jetstream) {
    const nothing = { memory: 0, storage: 0, reserved_memory: 0, reserved_storage: 0, accounts: 0, ha_assets: 0, api: { level: 0, total: 0, errors: 0 } };
    const none = { config: { max_memory: 0, max_storage: 0 }, streams: 0, consumers: 0, messages: 0, bytes: 0, total: 0 };
    return pretty({ ...nothing, ...head, disabled: true, ...none });
  }
  const streams = list(simulator, "$JS.API.STREAM.LIST", "streams");
  const sum = (value) => streams.reduce((total, stream) => total + value(stream.state), 0);
  const hasStreams = hasConsumers || hasStreamList;
  const account = query.text("acc");
  // There is one account, which an offset passes over, but not where no page is asked for.
  const isOnPage = offset <= 0 || limit < 0;
  const hasAccount = account === "$G" || ((hasAccounts || (hasStreams && account === "")) && isOnPage);
  const used = usage(simulator);
  const details = { name: "$G", id: "$G", ...used, accounts: 0, api: { ...used.api, level: 0 } };
  if (hasStreams) {
    const detail = (stream) => streamDetail(simulator, { ...stream, cluster: { leader: server.name } }, hasConsumers, hasConfig);
    details.stream_detail = streams.map(detail);
  }
  return pretty({
    ...used,
    ...head,
    config: jetStreamConfig(settings),
    limits: jetStreamLimits(settings),
    streams: streams.length,
    consumers: sum((state) => state.consumer_count),
    messages: sum((state) => state.messages),
    bytes: sum((state) => state.bytes),
    ...(hasAccount && { account_details: [details] }),
    total: 1,
  });
}

function streamDetail(simulator, { config, created, cluster, state }, hasConsumers, hasConfig) {
  const detail = { name: config.name, created, cluster, ...(hasConfig && { config }), state };
  if (hasConsumers) {
    const consumers = list(simulator, `$JS.API.CONSUMER.LIST.${config.name}`, "consumers");
    const shown = consumers.map(({ config: consumer, ...rest }) => (hasConfig ? { ...rest, config: consumer } : rest));
    if (shown.length > 0) detail.consumer_detail = shown;
  }
  return detail;
}

/** All pages of a list. */
function list(simulator, subject, field) {
  const items = [];
  for (;;) {
    const page = inspect(simulator, subject, { offset: items.length });
    items.push(...(page[field] ?? []));
    if (items.length >= page.total || !page[field]?.length) return items;
  }
}

/** What the account's clients have done, but for the one that asks; and who says so. */
function account(simulator, peers) {
  const { server, data } = inspect(simulator, "$SYS.REQ.ACCOUNT.PING.STATZ");
  const [{ conns, total_conns, num_subscriptions, received, slow_consumers, ...statz }] = data.account_statz;
  const mine = {
    ...statz,
    conns: conns - 1,
    total_conns: total_conns - 1,
    num_subscriptions: num_subscriptions - 1,
    received: { ...received, msgs: received.msgs - 1 },
    // Those that the engine dropped, and those whose sockets took too little.
    slow_consumers: slow_consumers + peers.slowConsumers,
  };
  return { server, server_id: server.id, now: data.now, statz: mine };
}

/** What there is on a server that has no others beside it. */
const alone = (read, tell) => ({ simulator }, query) => {
  read(query);
  const { server, data } = inspect(simulator, "$SYS.REQ.ACCOUNT.PING.STATZ");
  return pretty(tell({ server_id: server.id, now: data.now }, server.name));
};
const subsFlag = (query) => query.text("subs").toLowerCase() === "detail" || query.flag("subs");

function general({ simulator, settings, addresses, peers, started, counts }) {
  const { server, now, statz } = account(simulator, peers);
  const { conns, total_conns, num_subscriptions, sent, received, slow_consumers } = statz;
  const { websocket, host, http } = settings;
  const byKind = (clients) => ({ clients, routes: 0, gateways: 0, leafs: 0 });
  const js = settings.has_jetstream && {
    config: jetStreamConfig(settings),
    stats: usage(simulator),
    limits: jetStreamLimits(settings),
  };
  return pretty({
    server_id: server.id,
    server_name: server.name,
    version: VERSION,
    proto: 1,
    git_commit: "jetstream-sim",
    go: "none",
    host,
    port: addresses.port,
    max_connections: settings.max_connections === 0 ? -1 : (settings.max_connections ?? MAX_CONNECTIONS),
    ...(settings.max_subscriptions && { max_subscriptions: settings.max_subscriptions }),
    ping_interval: settings.ping_interval ?? 120 * NANOS,
    ping_max: settings.ping_max ?? 2,
    http_host: http.host ?? host,
    http_port: addresses.http,
    http_base_path: settings.http_base_path ?? "",
    https_port: 0,
    auth_timeout: 2,
    max_control_line: settings.max_control_line ?? 4096,
    max_payload: settings.max_payload ?? 1024 * 1024,
    max_pending: settings.max_pending ?? MAX_PENDING,
    cluster: {},
    gateway: {},
    leaf: {},
    mqtt: {},
    websocket: websocket ? { host: websocket.host, port: addresses.websocket, no_tls: true } : {},
    jetstream: js || {},
    tls_timeout: 2,
    write_deadline: settings.write_deadline ?? WRITE_DEADLINE,
    start: started.toISOString(),
    now,
    uptime: uptime(Math.floor((simulator.now() - started) / 1000)),
    mem: process.memoryUsage.rss(),
    cores: availableParallelism(),
    gomaxprocs: 1,
    cpu: 0,
    connections: conns,
    total_connections: total_conns,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: received.msgs,
    in_bytes: received.bytes,
    in_client_msgs: received.msgs,
    in_client_bytes: received.bytes,
    out_msgs: sent.msgs,
    out_bytes: sent.bytes,
    out_client_msgs: sent.msgs,
    out_client_bytes: sent.bytes,
    slow_consumers,
    stale_connections: 0,
    stalled_clients: 0,
    subscriptions: num_subscriptions,
    http_req_stats: counts,
    config_load_time: started.toISOString(),
    config_digest: settings.config_digest ?? "",
    feature_flags: server.feature_flags,
    ...(settings.server_tags && { tags: settings.server_tags }),
    system_account: "$SYS",
    slow_consumer_stats: byKind(slow_consumers),
    stale_connection_stats: byKind(0),
    disk_io_wait_stats: { waiters: 0, waits: 0, wait_time: 0, max_wait_time: 0 },
  });
}

/** What the API answers, or nothing if that is an error. */
function find(simulator, endpoint) {
  try {
    return inspect(simulator, `$JS.API.${endpoint}`);
  } catch {
    return undefined;
  }
}

/** Where the clock is, and what comes next. */
function clock(simulator) {
  const next = simulator.nextEvent();
  return compact({
    now: simulator.now().toISOString(),
    playing: simulator.isPlaying,
    speed: simulator.speed,
    next: next && { at: next.at.toISOString(), reason: next.reason },
  });
}

const LINKS = ["varz", "jsz", "connz", "accountz", "accstatz", "subsz", "routez", "leafz", "gatewayz", "healthz", "clock"];

const subsz = ({ simulator, peers }, query) => {
  const { data } = inspect(simulator, "$SYS.REQ.SERVER.PING.CONNZ", { limit: 2 ** 31, subscriptions_detail: true });
  const clients = data.connections.filter(({ cid }) => peers.get(cid));
  return pretty(subscriptions(query, { server_id: data.server_id, now: data.now, connections: clients }));
};

const PATHS = new Map(Object.entries({
  "/": () => ({ type: HTML, body: LINKS.map((name) => `<a href="./${name}">${name}</a>\n`).join("") }),
  "/varz": general,
  "/jsz": jetStream,
  "/connz": ({ simulator, peers }, query) => {
    const ask = (request) => inspect(simulator, "$SYS.REQ.SERVER.PING.CONNZ", request).data;
    return pretty(connections(peers, query, ask));
  },
  "/healthz": ({ simulator, settings, isLameDuck }, query) => {
    const closed = isLameDuck ? ["server", ...(settings.websocket ? ["websocket"] : [])] : [];
    return health(query, settings.has_jetstream, (endpoint) => find(simulator, endpoint), closed);
  },
  "/accountz": ({ simulator, settings, peers, started }, query) => {
    const known = account(simulator, peers);
    return pretty(accountDetail(query, { ...known, hasJetStream: Boolean(settings.has_jetstream), started: started.toISOString() }));
  },
  "/accstatz": ({ simulator, peers }, query) => pretty(accountStatz(query, account(simulator, peers))),
  "/subsz": subsz,
  "/subscriptionsz": subsz,
  "/routez": alone(subsFlag, ({ server_id, now }, server_name) => ({ server_id, server_name, now, num_routes: 0, routes: [] })),
  "/leafz": alone((query) => query.flag("subs"), (head) => ({ ...head, leafnodes: 0, leafs: [] })),
  "/gatewayz": alone((query) => [subsFlag(query), query.flag("accs")], (head) => ({ ...head, outbound_gateways: {}, inbound_gateways: {} })),
  "/ipqueuesz": () => pretty({}),
  "/raftz": () => ({ status: 404, type: TEXT, body: "No Raft nodes registered" }),
  "GET /clock": ({ simulator }) => clock(simulator),
  "POST /clock/advance": async ({ simulator }, query) => {
    if (query.has("until")) await simulator.runUntil(query.text("until"));
    else await simulator.advance(query.text("by"));
    return clock(simulator);
  },
  "POST /clock/play": ({ simulator }, query) => {
    simulator.play(query.has("speed") ? Number(query.text("speed")) : 1);
    return clock(simulator);
  },
  "POST /clock/pause": ({ simulator }) => {
    simulator.pause();
    return clock(simulator);
  },
}));
