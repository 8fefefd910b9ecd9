// Starts a server in a process of its own: the package's, or the real nats-server.
//
// `cargo xtask test` sets JETSTREAM_SIM_PACKAGE, the package as it is built; NATS_SERVER_BIN is the real server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { JETSTREAM_SIM_PACKAGE, NATS_SERVER_BIN } = process.env;
const START_MS = 20_000;

/** The command that starts a server, as words. */
export function command({ real = false } = {}) {
  const wanted = real ? NATS_SERVER_BIN : JETSTREAM_SIM_PACKAGE;
  assert.ok(wanted, "run these tests by `cargo xtask test`");
  return real ? [wanted] : [process.execPath, join(wanted, "bin/jetstream-sim.js")];
}

/** Runs a server until it ends by itself; gives its exit code and what it wrote. */
export async function runServer(words, options) {
  const [program, ...first] = command(options);
  const child = spawn(program, [...first, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (chunk) => (written[name] += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, ...written };
}

/**
 * A server that is ready, on free ports of this machine.
 *
 * `config` is the text of its configuration, `words` are further flags; without `hasPorts` no ports file is read. What is
 * given: `ports` (the ports file), `url`, `pid`, `folder` (its own, removed at the end), `log()`, `stop(signal)`, `readyMs`.
 */
export async function startServer({ config = "", words = [], real = false, hasPorts = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "jetstream-sim-"));
  const file = join(folder, "server.conf");
  writeFileSync(file, config);
  const [program, ...first] = command({ real });
  const own = ["-a", "127.0.0.1", "-p", "-1", "-c", file, "--ports_file_dir", folder];
  const started = performance.now();
  const child = spawn(program, [...first, ...own, "-sd", join(folder, "store"), ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms:\n${log}`)), START_MS);
    child.stderr.on("data", (chunk) => {
      log += chunk;
      if (log.includes("Server is ready")) resolve(clearTimeout(timer));
    });
    child.on("close", () => reject(new Error(`the server ended:\n${log}`)));
  });
  const readyMs = performance.now() - started;
  const ports = hasPorts && (await portsFile(join(folder, `nats-server_${child.pid}.ports`), real && program));
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    const how = await ended;
    rmSync(folder, { recursive: true, force: true });
    return how;
  };
  return { ports, url: ports && ports.nats[0], pid: child.pid, folder, log: () => log, stop, ended, readyMs };
}

/** Starts servers that end with the tests of a file; `after` is that of `node:test`. */
export function serversOf(after) {
  const started = [];
  after(() => Promise.all(started.map((server) => server.stop("SIGKILL"))));
  return async (options) => {
    const server = await startServer(options);
    started.push(server);
    return server;
  };
}

/** The real server writes it just after it says that it is ready, and names it after its own file. */
async function portsFile(file, program) {
  const path = program ? file.replace("nats-server_", `${program.split("/").at(-1)}_`) : file;
  for (let tries = 0; ; tries += 1) {
    try {
      return JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
