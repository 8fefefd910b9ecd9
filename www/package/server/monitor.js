// The monitoring endpoints of nats-server, and the clock, over HTTP.
//
// All that they tell is asked for without a trace: no counter counts a look at it.

import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import { JetStreamError } from "../error.js";
import { connections } from "./connz.js";

const VERSION = "2.15.1";
const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";
const NANOS = 1e9;

/**
 * A server that answers of the simulator. It does not listen yet.
 *
 * `made` promises `{ simulator, settings, addresses, peers }`: `peers` knows the address of each client.
 */
export function httpServer(made, log) {
  return createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const answer = PATHS[`${request.method} ${url.pathname}`] ?? PATHS[url.pathname];
    const send = (status, type, body) => response.writeHead(status, { "content-type": type, "access-control-allow-origin": "*" }).end(body);
    if (!answer) return send(404, TEXT, "404 page not found\n");
    try {
      const { status = 200, type = JSON_TYPE, body } = await answer(await made, url.searchParams);
      send(status, type, body);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof JetStreamError)) log.error(error.stack);
      send(400, TEXT, error.description ?? error.message);
    }
  });
}

const pretty = (value) => ({ body: JSON.stringify(value, null, 2) });
const compact = (value) => ({ body: JSON.stringify(value) });
const isSet = (query, name) => ["1", "t", "true"].includes((query.get(name) ?? "").toLowerCase());

/** Asks the system, or the API. */
function inspect(simulator, subject, request) {
  const { error, ...reply } = simulator.inspect(subject, request).json();
  if (error) throw new JetStreamError(error.description, error.code, error.err_code);
  return reply;
}

function jetStreamConfig({ jetstream = {}, store_dir }) {
  return {
    max_memory: jetstream.max_memory_store ?? 0,
    max_storage: jetstream.max_file_store ?? 0,
    store_dir: jetstream.store_dir ?? store_dir ?? "",
    sync_interval: 120 * NANOS,
    strict: jetstream.strict ?? true,
    ...(jetstream.domain && { domain: jetstream.domain }),
  };
}

/** What all streams use, as several endpoints say it. */
function usage(simulator) {
  const { memory, storage, api } = inspect(simulator, "$JS.API.INFO");
  return { memory, storage, reserved_memory: 0, reserved_storage: 0, accounts: 1, ha_assets: 0, api };
}

function jetStream({ simulator, settings }, query) {
  const { data } = inspect(simulator, "$SYS.REQ.SERVER.PING.CONNZ", { limit: 1 });
  const head = { server_id: data.server_id, now: data.now };
  if (!settings.has_jetstream) {
    return pretty({ memory: 0, storage: 0, accounts: 0, ha_assets: 0, api: { level: 0, total: 0, errors: 0 }, ...head, disabled: true, limits: {}, total: 0 });
  }
  const streams = list(simulator, "$JS.API.STREAM.LIST", "streams");
  const sum = (value) => streams.reduce((total, stream) => total + value(stream.state), 0);
  const hasConsumers = isSet(query, "consumers");
  const hasStreams = hasConsumers || isSet(query, "streams");
  const hasAccount = query.has("acc") ? query.get("acc") === "$G" : hasStreams || isSet(query, "accounts");
  const used = usage(simulator);
  const details = { name: "$G", id: "$G", ...used, accounts: 0, api: { ...used.api, level: 0 } };
  if (hasStreams) {
    const detail = (stream) => streamDetail(simulator, stream, hasConsumers, isSet(query, "config"));
    details.stream_detail = streams.map(detail);
  }
  return pretty({
    ...used,
    ...head,
    config: jetStreamConfig(settings),
    limits: { default_max_consumers: 1000 },
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
    detail.consumer_detail = consumers.map(({ config: consumer, ...rest }) => (hasConfig ? { ...rest, config: consumer } : rest));
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

function general({ simulator, settings, addresses, started }) {
  const { server, data } = inspect(simulator, "$SYS.REQ.ACCOUNT.PING.STATZ");
  const [{ conns, total_conns, num_subscriptions, sent, received, slow_consumers }] = data.account_statz;
  const { websocket, host, http } = settings;
  const js = settings.has_jetstream && {
    config: jetStreamConfig(settings),
    stats: usage(simulator),
    limits: { default_max_consumers: 1000 },
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
    max_connections: 65536,
    ping_interval: settings.ping_interval ?? 120 * NANOS,
    ping_max: 2,
    http_host: http.host ?? host,
    http_port: addresses.http,
    http_base_path: "",
    https_port: 0,
    auth_timeout: 2,
    max_control_line: 4096,
    max_payload: settings.max_payload ?? 1024 * 1024,
    max_pending: 64 * 1024 * 1024,
    cluster: {},
    gateway: {},
    leaf: {},
    mqtt: {},
    websocket: websocket ? { host: websocket.host, port: addresses.websocket, no_tls: true } : {},
    jetstream: js || {},
    tls_timeout: 2,
    write_deadline: 10 * NANOS,
    start: started.toISOString(),
    now: data.now,
    uptime: `${Math.floor((simulator.now() - started) / 1000)}s`,
    mem: process.memoryUsage.rss(),
    cores: availableParallelism(),
    gomaxprocs: 1,
    cpu: 0,
    // The one that asks is not a client.
    connections: conns - 1,
    total_connections: total_conns - 1,
    routes: 0,
    remotes: 0,
    leafnodes: 0,
    in_msgs: received.msgs - 1,
    in_bytes: received.bytes,
    in_client_msgs: received.msgs - 1,
    in_client_bytes: received.bytes,
    out_msgs: sent.msgs,
    out_bytes: sent.bytes,
    out_client_msgs: sent.msgs,
    out_client_bytes: sent.bytes,
    slow_consumers,
    stale_connections: 0,
    stalled_clients: 0,
    subscriptions: num_subscriptions - 1,
    http_req_stats: {},
    config_load_time: started.toISOString(),
    ...(settings.server_tags && { tags: settings.server_tags }),
    system_account: "$SYS",
    slow_consumer_stats: { clients: slow_consumers, routes: 0, gateways: 0, leafs: 0 },
  });
}

function health({ settings }, query) {
  const needsJetStream = isSet(query, "js-enabled-only") || isSet(query, "js-enabled");
  if (!needsJetStream || settings.has_jetstream) return compact({ status: "ok" });
  return { ...compact({ status: "unavailable", status_code: 503, error: "JetStream has not been enabled" }), status: 503 };
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

const PATHS = {
  "/": () => ({ type: "text/html; charset=utf-8", body: ["varz", "jsz", "connz", "healthz", "clock"].map((name) => `<a href="/${name}">${name}</a>\n`).join("") }),
  "/varz": general,
  "/jsz": jetStream,
  "/connz": ({ simulator, peers }, query) => {
    const ask = (request) => inspect(simulator, "$SYS.REQ.SERVER.PING.CONNZ", request).data;
    return pretty(connections(peers, query, ask));
  },
  "/healthz": health,
  "GET /clock": ({ simulator }) => clock(simulator),
  "POST /clock/advance": async ({ simulator }, query) => {
    await simulator.advance(query.get("by") ?? "");
    return clock(simulator);
  },
  "POST /clock/play": ({ simulator }, query) => {
    simulator.play(Number(query.get("speed") ?? 1));
    return clock(simulator);
  },
  "POST /clock/pause": ({ simulator }) => {
    simulator.pause();
    return clock(simulator);
  },
};
