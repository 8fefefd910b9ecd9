// Runs a reader's code with nats.js, whose connections go to the page's simulator, byte for byte.
import * as core from "@nats-io/nats-core";
import * as jetstream from "@nats-io/jetstream";
import * as kv from "@nats-io/kv";
import * as obj from "@nats-io/obj";
import * as services from "@nats-io/services";

/** Lines that may wait until the page has shown them: an endless loop fills no memory. */
const MAX_WAITING = 500;
const MAX_LINE = 10_000;

const sockets = new Map();
let lastSocket = 0;
let waiting = 0;
let dropped = 0;

/** What nats.js takes for a WebSocket; its other end is in the page. */
class PageSocket {
  binaryType = "arraybuffer";
  bufferedAmount = 0;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #id = (lastSocket += 1);

  constructor() {
    sockets.set(this.#id, this);
    postMessage({ open: this.#id });
  }

  send(frame) {
    postMessage({ socket: this.#id, frame: new Uint8Array(frame) });
  }

  close() {
    if (!sockets.delete(this.#id)) return;
    postMessage({ close: this.#id });
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: "", wasClean: true }));
  }

  receive(frame) {
    if (frame) return this.onmessage?.({ data: frame.buffer });
    sockets.delete(this.#id);
    return this.onclose?.({ code: 1006, reason: "", wasClean: false });
  }
}

// The factory answers in a later turn, so that no frame comes before its reader is set.
const wsFactory = async () => ({ socket: new PageSocket(), encrypted: false });
const wsconnect = (options) => core.wsconnect({ ...options, wsFactory });
const MODULES = {
  "@nats-io/nats-core": { ...core, wsconnect },
  "@nats-io/jetstream": jetstream,
  "@nats-io/kv": kv,
  "@nats-io/obj": obj,
  "@nats-io/services": services,
};

function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? String(value);
  if (value instanceof Uint8Array) return `Uint8Array(${value.length})`;
  const plain = (_, it) => (typeof it === "bigint" ? `${it}n` : it);
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return String(value);
  }
}

function print(level, values) {
  if (waiting >= MAX_WAITING) return void (dropped += 1);
  waiting += 1;
  postMessage({ print: level, text: values.map(shown).join(" ").slice(0, MAX_LINE) });
}

for (const level of ["log", "info", "debug", "warn", "error"]) console[level] = (...values) => print(level, values);

/** The code as the body of a function: imports become what they name. */
function body(code) {
  return code.replace(/^[ \t]*import\s+(?:\*\s+as\s+(\w+)|\{([^}]*)\})\s+from\s+["']([^"']+)["'];?/gm, (all, whole, names, from) => {
    if (!Object.hasOwn(MODULES, from)) throw new Error(textOf("no-module").replace("{0}", () => from).replace("{1}", Object.keys(MODULES).join(", ")));
    // As many lines as before, so that errors name the right one.
    const lines = "\n".repeat(all.split("\n").length - 1);
    const left = whole ?? `{ ${names.replaceAll(/\s+as\s+/g, ": ").replaceAll("\n", " ")} }`;
    return `const ${left} = modules[${JSON.stringify(from)}];${lines}`;
  });
}

async function run(code) {
  try {
    const AsyncFunction = (async () => {}).constructor;
    await new AsyncFunction("modules", body(code))(MODULES);
    postMessage({ ended: "done" });
  } catch (error) {
    print("error", [error]);
    postMessage({ ended: "failed" });
  }
}

addEventListener("unhandledrejection", (event) => print("error", [event.reason]));

onmessage = ({ data }) => {
  if (data.code !== undefined) run(data.code);
  if (data.socket) sockets.get(data.socket)?.receive(data.frame);
  if (data.shown) {
    waiting -= data.shown;
    if (dropped > 0) print("warn", [textOf("lines-dropped").replace("{0}", dropped)]);
    dropped = 0;
  }
};
