// `--signal ldm=PID`: tells a server that runs.

import { readFileSync } from "node:fs";
import { Failure } from "./failure.js";

const SIGNALS = { stop: "SIGKILL", quit: "SIGINT", term: "SIGTERM", reopen: "SIGUSR1", reload: "SIGHUP", ldm: "SIGUSR2" };
const WORDS = { ESRCH: "no such process", EPERM: "operation not permitted" };

/** `words` name a signal and, behind `=`, a process: its number, or the file that has it. @throws {Failure} */
export function sendSignal(words) {
  const [command, whom, ...more] = words.split("=");
  if (more.length > 0) throw new Failure(`invalid signal parameters: [${more.join(" ")}]`);
  // The real server looks for others of its name.
  if (!whom) throw new Failure(`-signal ${command}: which process is not said; ${command}=PID, or the path of a pid file`);
  const pid = read(whom).trim();
  if (!/^[1-9]\d*$/.test(pid)) throw new Failure(`invalid pid: ${pid}`);
  if (!Object.hasOwn(SIGNALS, command)) throw new Failure(`unknown signal ${JSON.stringify(command)}`);
  try {
    process.kill(Number(pid), SIGNALS[command]);
  } catch (error) {
    throw new Failure(`signal ${JSON.stringify(command)} ${pid}: ${WORDS[error.code] ?? error.message}`);
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return path;
  }
}
