// The command line, as Go's flag package reads it: one dash or two, a value apart or after `=`.

import { Failure } from "./failure.js";
import { NO, YES } from "./query.js";

const text = { takes: "text" };
const number = { takes: "number" };
const toggle = { takes: "nothing" };
/** What nats-server can and this cannot; asking for it ends the start. */
const refused = (what, kind = text) => ({ ...kind, refused: what });

/** Names of a flag, and what it sets. */
const FLAGS = [
  [["a", "addr", "net"], "host", text],
  [["p", "port"], "port", number],
  [["n", "name", "server_name"], "server_name", text],
  [["P", "pid"], "pid_file", text],
  [["m", "http_port"], "http_port", number],
  [["c", "config"], "config", text],
  [["ports_file_dir"], "ports_file_dir", text],
  [["l", "log"], "log_file", text],
  [["T", "logtime"], "logtime", toggle],
  [["logtime_utc"], "logtime_utc", toggle],
  [["D", "debug"], "debug", toggle],
  [["V", "trace", "VV"], "trace", toggle],
  [["DV", "DVV"], "debug_and_trace", toggle],
  [["js", "jetstream"], "jetstream", toggle],
  [["sd", "store_dir"], "store_dir", text],
  [["t"], "test", toggle],
  [["h", "help", "help_tls"], "help", toggle],
  [["v", "version"], "version", toggle],
  [["clock"], "clock", text],
  [["seed"], "seed", number],
  [["client_advertise", "log_size_limit", "max_traced_msg_len", "profile"], "ignored", text],
  [["s", "syslog"], "ignored", toggle],
  [["r", "remote_syslog"], "ignored", text],
  [["ms", "https_port"], "tls", refused("TLS")],
  [["tls", "tlsverify"], "tls", refused("TLS", toggle)],
  [["tlscert", "tlskey", "tlscacert"], "tls", refused("TLS")],
  [["user", "pass", "auth"], "authorization", refused("authorization")],
  [["routes", "cluster", "cluster_name", "cluster_advertise", "cluster_listen"], "cluster", refused("clusters")],
  [["no_advertise"], "ignored", toggle],
  [["connect_retries"], "ignored", number],
  [["sl", "signal"], "signal", text],
];

export const USAGE = `
Usage: jetstream-sim [options]

A stand-in for nats-server 2.15.1 with JetStream: in memory, on this machine, for test suites.

Server Options:
    -a, --addr, --net <host>         Bind to host address (default: 127.0.0.1)
    -p, --port <port>                Use port for clients (default: 4222; -1: any free one)
    -n, --name
        --server_name <server_name>  Server name (default: auto)
    -P, --pid <file>                 File to store PID
    -m, --http_port <port>           Use port for http monitoring and the clock
    -c, --config <file>              Configuration file, in nats-server's grammar
    -sl, --signal <signal>=<pid>     Send a signal to a server (ldm, stop, quit, term, reopen, reload);
                                     <pid> is a number, or the path of a pid file
    -t                               Test configuration and exit
        --ports_file_dir <dir>       Creates a ports file in the specified directory (nats-server_<pid>.ports).

Logging Options:
    -l, --log <file>                 File to redirect log output
    -T, --logtime                    Timestamp log entries (default: true)
        --logtime_utc                Timestamps in UTC instead of local timezone (default: false)
    -D, --debug                      Enable debugging output
    -V, --trace                      Trace the protocol

JetStream Options:
    -js, --jetstream                 Enable JetStream functionality
    -sd, --store_dir <dir>           Taken; everything is kept in memory

Simulation Options:
        --clock <real|manual>        Let time pass by itself (default), or by http only:
                                     POST /clock/advance?by=24h or ?until=TIME
        --seed <number>              Seed of everything random (default: by the time)

Common Options:
    -h, --help                       Show this message
    -v, --version                    Show version
`;

const BY_NAME = new Map(FLAGS.flatMap(([names, key, kind]) => names.map((name) => [name, { key, ...kind }])));

/** What the words set, by name. Throws a {@link Failure} whose text is Go's. */
export function parseFlags(words) {
  const flags = {};
  const left = [...words];
  while (left.length > 0) {
    const word = left.shift();
    // Flags end here; a command may follow.
    if (word === "--") {
      if (left.length === 0) break;
      throw new Failure(`unrecognized command: ${JSON.stringify(left[0])}`);
    }
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
    if (!match) {
      // "version" and "help" are commands as well.
      if (left.length === 0 && ["version", "help"].includes(word)) return { ...flags, [word]: true };
      if (flags.version || flags.help) return flags;
      throw new Failure(`unrecognized command: ${JSON.stringify(word)}`);
    }
    const [, name, attached] = match;
    const flag = BY_NAME.get(name);
    if (!flag) throw new Failure(`flag provided but not defined: -${name}`);
    if (flag.refused) throw new Failure(`-${name}: ${flag.refused}: not simulated`);
    flags[flag.key] = value(name, flag.takes, attached, left);
  }
  if (flags.clock !== undefined && !["real", "manual"].includes(flags.clock)) {
    throw new Failure(`invalid value ${JSON.stringify(flags.clock)} for flag -clock: real or manual`);
  }
  return flags;
}

function value(name, takes, attached, left) {
  if (takes === "nothing") {
    if (attached === undefined) return true;
    if (YES.includes(attached)) return true;
    if (attached !== "" && NO.includes(attached)) return false;
    throw new Failure(`invalid boolean value ${JSON.stringify(attached)} for -${name}: parse error`);
  }
  if (attached === undefined && left.length === 0) throw new Failure(`flag needs an argument: -${name}`);
  const given = attached ?? left.shift();
  if (takes === "text") return given;
  const value = readInteger(given);
  if (value === undefined) throw new Failure(`invalid value ${JSON.stringify(given)} for flag -${name}: parse error`);
  return value;
}

/** A whole number as Go writes it in its sources: `-1`, `0x10`, `0b1`, `017`, `40_123`. */
function readInteger(text) {
  const [, sign, digits] = /^([+-]?)(0x(?:_?[\da-f]+)+|(?:0[bo]_?)?\d+(?:_\d+)*)$/i.exec(text) ?? [];
  if (!digits) return undefined;
  const plain = digits.replaceAll("_", "").replace(/^0(?=\d)/, "0o");
  const value = Number(plain);
  return Number.isNaN(value) ? undefined : value * (sign === "-" ? -1 : 1);
}
