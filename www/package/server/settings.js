// What a configuration file asks for: taken, taken without effect, or refused.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { nanoseconds } from "../duration.js";
import { digest } from "./digest.js";
import { Failure } from "./failure.js";
import { parseConfig } from "./grammar.js";

const typed = (type, what) => (node, key) => {
  if (typeof node.value !== type) throw new Failure(`${node.place}: ${key} needs ${what}`);
  return node.value;
};
const text = typed("string", "a text");
const bool = typed("boolean", "true or false");
const number = typed("number", "a number");

/** The `max_payload` where no message is too large. */
export const UNLIMITED = -1;
const MAX_INT32 = 2 ** 31 - 1;

/** Whatever is 0 or less keeps its default. */
const aboveZero = (read) => (node, key) => {
  const value = read(node, key);
  return value > 0 ? value : undefined;
};
/** Whatever is less than 0 is as 0. */
const notNegative = (read) => (node, key) => Math.max(read(node, key), 0);
/** @throws {Failure} in the server's words, if there is more than an `int32` holds */
const int32 = (node, key) => {
  if (integer(node, key) > MAX_INT32) throw new Failure(`${node.place}: ${key} value is too big`);
  return node.value;
};

function integer(node, key) {
  if (!Number.isInteger(number(node, key))) throw new Failure(`${node.place}: ${key} needs a whole number`);
  return node.value;
}

/** A number of bytes; as a text it ends in K, M, G or T. What is negative keeps its default. */
function storeSize(node, key) {
  if (typeof node.value === "number") return node.value >= 0 ? integer(node, key) : undefined;
  const match = /^(\d+)([KMGT])$/.exec(node.value);
  if (!match) throw new Failure(`${node.place}: ${key}: sizes defined as strings must end in K, M, G, T`);
  return Number(match[1]) * 1024 ** ("KMGT".indexOf(match[2]) + 1);
}

function payload(node, key) {
  const bytes = int32(node, key);
  return bytes < 0 ? UNLIMITED : bytes || undefined;
}

/** How many tokens a subject may have. */
function tokens(node, key) {
  const count = integer(node, key);
  if (count <= 0) throw new Failure(`${node.place}: ${key} value can not be negative`);
  if (count > 255) throw new Failure(`${node.place}: ${key} value is too big`);
  return count;
}

/** A text with a unit; a number counts as seconds. */
function duration(node, key) {
  const { value, place } = node;
  if (typeof value === "string" && value.includes("d")) throw new Failure(`${place}: error parsing ${key}: time: unknown unit "d" in duration ${JSON.stringify(value)}`);
  if (typeof value === "number") return value * 1e9;
  const [, sign, text] = /^(-?)(.*)$/s.exec(value);
  try {
    return Number(`${sign}${nanoseconds(text)}`);
  } catch {
    throw new Failure(`${place}: ${key} needs a duration such as 2m`);
  }
}

/** How long the clients of a lame duck may take to go. */
function lameDuckDuration(node, key) {
  const value = duration(node, key);
  if (value < 30e9) throw new Failure(`${node.place}: invalid ${key} of ${node.value}, minimum is 30 seconds`);
  return value;
}

function lameDuckGrace(node, key) {
  const value = duration(node, key);
  if (value < 0) throw new Failure(`${node.place}: invalid ${key}, needs to be positive`);
  return value;
}

/** JetStream's domain, which is a token of subjects. */
function domain(node, key) {
  const name = text(node, key);
  if (/[.*>]/.test(name)) throw new Failure("invalid domain name: may not contain ., * or >");
  if (/\s/.test(name)) throw new Failure(`invalid domain name: derived "$JS.${name}.API.>" is not a valid subject`);
  return name || undefined;
}

/** `host:port`, or a port alone. */
function address(node, key) {
  if (typeof node.value === "number") return { port: node.value };
  const match = /^(.*):(-?\d+)$/.exec(node.value);
  if (!match) throw new Failure(`${node.place}: ${key}: could not parse address string ${JSON.stringify(node.value)}`);
  const host = match[1].replace(/^\[(.*)\]$/, "$1");
  return { port: Number(match[2]), ...(host && { host }) };
}

function tags(node, key) {
  const list = Array.isArray(node.value) ? node.value : [node];
  return list.map((item) => text(item, key));
}

const set = (name, read) => (settings, node, key) => {
  settings[name] = read(node, key);
};
/** Known to nats-server, without effect here. */
const noted = (settings, node, key) => settings.noted.push(`${node.place}: ${key}`);
/** `harmless` are the keys of a block that ask for nothing of it. */
const refused = (what, harmless = []) => (settings, node, key) => {
  const { value } = node;
  if (value instanceof Map && [...value.keys()].every((one) => harmless.includes(one.toLowerCase()))) return noted(settings, node, key);
  throw new Failure(`${node.place}: ${key}: ${what}: not simulated`);
};
const within = (fields, name) => (settings, node, key) => {
  if (!(node.value instanceof Map)) throw new Failure(`${node.place}: ${key} needs a block`);
  settings[name] ??= { noted: settings.noted };
  readBlock(fields, settings[name], node.value);
};

const BATCH = {
  max_inflight_per_stream: set("max_inflight_per_stream", number),
  max_inflight_total: set("max_inflight_total", number),
  max_msgs: set("max_msgs", number),
  timeout: set("timeout", duration),
};

const LIMITS = {
  max_request_batch: set("max_request_batch", number),
  max_ack_pending: set("max_ack_pending", number),
  duplicate_window: set("duplicate_window", (node, key) => text(node, key) && duration(node, key)),
  max_ha_assets: noted,
  batch: within(BATCH, "batch"),
};

const JETSTREAM = {
  enable: set("enabled", bool),
  enabled: set("enabled", bool),
  strict: set("strict", bool),
  domain: set("domain", domain),
  store: set("store_dir", text),
  store_dir: set("store_dir", text),
  storedir: set("store_dir", text),
  max_memory_store: set("max_memory_store", storeSize),
  max_mem_store: set("max_memory_store", storeSize),
  max_mem: set("max_memory_store", storeSize),
  max_file_store: set("max_file_store", storeSize),
  max_file: set("max_file_store", storeSize),
  limits: within(LIMITS, "limits"),
};
const JETSTREAM_NOTED = [
  "sync", "sync_interval", "key", "ek", "encryption_key", "prev_key", "prev_ek", "prev_encryption_key", "cipher",
  "extension_hint", "tpm", "unique_tag", "max_outstanding_catchup", "max_buffered_size", "max_buffered_msgs",
  "request_queue_limit", "info_queue_limit", "meta_compact", "meta_compact_size", "meta_compact_sync", "max_concurrent_io",
];
for (const key of JETSTREAM_NOTED) JETSTREAM[key] = noted;

const WEBSOCKET = {
  listen: (settings, node, key) => Object.assign(settings, address(node, key)),
  host: set("host", text),
  net: set("host", text),
  port: set("port", number),
  no_tls: set("no_tls", bool),
  tls: refused("TLS"),
  authorization: refused("authorization"),
  username: refused("authorization"),
  user: refused("authorization"),
  password: refused("authorization"),
  token: refused("authorization"),
};
const WEBSOCKET_NOTED = [
  "advertise", "same_origin", "allowed_origins", "allowed_origin", "handshake_timeout", "compression", "no_auth_user",
  "jwt_cookie", "ping_interval", "headers",
];
for (const key of WEBSOCKET_NOTED) WEBSOCKET[key] = noted;

const SERVER = {
  listen: (settings, node, key) => Object.assign(settings, address(node, key)),
  port: set("port", number),
  host: set("host", text),
  net: set("host", text),
  server_name: set("server_name", text),
  server_tags: set("server_tags", tags),
  debug: set("debug", bool),
  trace: set("trace", bool),
  logtime: set("logtime", bool),
  logtime_utc: set("logtime_utc", bool),
  logfile: set("log_file", text),
  log_file: set("log_file", text),
  pidfile: set("pid_file", text),
  pid_file: set("pid_file", text),
  ports_file_dir: set("ports_file_dir", text),
  http: set("http", address),
  http_port: (settings, node, key) => (settings.http = { port: number(node, key) }),
  monitor_port: (settings, node, key) => (settings.http = { port: number(node, key) }),
  http_base_path: set("http_base_path", text),
  max_payload: set("max_payload", payload),
  max_control_line: set("max_control_line", aboveZero(int32)),
  max_pending: set("max_pending", (node, key) => integer(node, key) || undefined),
  // 0 lets nobody in.
  max_connections: set("max_connections", notNegative(integer)),
  max_conn: set("max_connections", notNegative(integer)),
  max_subscriptions: set("max_subscriptions", aboveZero(integer)),
  max_subs: set("max_subscriptions", aboveZero(integer)),
  max_subscription_tokens: set("max_subscription_tokens", tokens),
  max_sub_tokens: set("max_subscription_tokens", tokens),
  ping_interval: set("ping_interval", aboveZero(duration)),
  ping_max: set("ping_max", aboveZero(integer)),
  write_deadline: set("write_deadline", aboveZero(duration)),
  lame_duck_duration: set("lame_duck_duration", lameDuckDuration),
  lame_duck_grace_period: set("lame_duck_grace_period", lameDuckGrace),
  store_dir: set("store_dir", text),
  storedir: set("store_dir", text),
  jetstream: (settings, node, key) => {
    if (node.value instanceof Map) {
      within(JETSTREAM, "jetstream")(settings, node, key);
      settings.has_jetstream = settings.jetstream.enabled ?? true;
    } else if (typeof node.value === "boolean") {
      settings.has_jetstream = node.value;
    } else {
      const match = /^(en|dis)abled?$/i.exec(text(node, key));
      if (!match) throw new Failure(`${node.place}: Expected 'enabled' or 'disabled' for string value, got '${node.value}'`);
      settings.has_jetstream = match[1].toLowerCase() === "en";
    }
  },
  websocket: within(WEBSOCKET, "websocket"),
  ws: within(WEBSOCKET, "websocket"),
};
const SERVER_NOTED = [
  "client_advertise", "leaf", "leafnodes", "logfile_size_limit", "log_size_limit", "logfile_max_num",
  "log_max_num", "syslog", "remote_syslog", "prof_port", "prof_block_rate", "trace_verbose", "trace_headers",
  "max_traced_msg_len", "write_timeout", "disable_sublist_cache", "no_sublist_cache", "no_header_support",
  "connect_error_reports", "reconnect_error_reports", "server_metadata", "feature_flags", "no_fast_producer_stall",
  "max_closed_clients", "system_account", "system", "no_system_account", "no_system", "no_sys_acc", "proxy_protocol",
];
for (const key of SERVER_NOTED) SERVER[key] = noted;
const SERVER_REFUSED = {
  TLS: ["tls", "https", "https_port", "allow_non_tls", "ocsp", "ocsp_cache"],
  accounts: ["accounts", "operator", "operators", "resolver", "account_resolver", "resolver_tls", "resolver_preload",
    "resolver_pinned_accounts", "trusted", "trusted_keys", "default_js_domain", "mappings", "maps"],
  authorization: ["authorization", "no_auth_user", "default_sentinel", "proxies"],
  clusters: ["cluster", "gateway"],
  MQTT: ["mqtt"],
};
const HARMLESS = ["timeout"];
for (const [what, keys] of Object.entries(SERVER_REFUSED)) for (const key of keys) SERVER[key] = refused(what, HARMLESS);

/** Keys that other keys use as variables; the server has no use for them itself. */
function isVariable(key, source) {
  return source.includes(`$${key}`);
}

function readBlock(fields, settings, map, source = "") {
  for (const [key, node] of map) {
    const read = fields[key.toLowerCase()];
    if (read) read(settings, node, key);
    else if (!isVariable(key, source)) throw new Failure(`${node.place}: unknown field ${JSON.stringify(key)}`);
  }
}

/** The settings of a configuration given as text; `noted` lists what is without effect. */
export function readSettings(source, file, options) {
  const settings = { noted: [] };
  const map = parseConfig(source, file, options);
  readBlock(SERVER, settings, map, source);
  return { ...settings, config_digest: digest(map) };
}

/** The settings of a configuration file. */
export function readSettingsFile(file, env = process.env) {
  const read = (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      const why = error.code === "ENOENT" ? "no such file or directory" : error.message;
      throw new Failure(`open ${path}: ${why}`);
    }
  };
  const include = (name, from) => {
    const path = resolve(dirname(from), name);
    return { text: read(path), file: path };
  };
  return readSettings(read(file), file, { include, env });
}
