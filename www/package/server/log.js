// Log lines in nats-server's format, to standard error or a file.

import { openSync, writeSync } from "node:fs";
import { Failure, systemError } from "./failure.js";

const STDERR = 2;

/** `2026/11/25 16:02:32.202632`; the last three digits are always 0, since the clock here has milliseconds. */
function stamp(now, isUtc) {
  const local = isUtc ? now : new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  const [date, time] = local.toISOString().slice(0, -1).split("T");
  return `${date.replaceAll("-", "/")} ${time}000`;
}

export class Log {
  #descriptor = STDERR;
  #isTimed;
  #isUtc;
  #isDebug;
  /** Whether the protocol is written as well. */
  isTracing;

  /** @throws {Failure} if the file cannot be opened */
  constructor({ log_file, logtime = true, logtime_utc = false, debug = false, trace = false }) {
    try {
      if (log_file) this.#descriptor = openSync(log_file, "a");
    } catch (error) {
      throw new Failure(`error opening file: ${systemError(error, log_file)}`);
    }
    this.#isTimed = logtime;
    this.#isUtc = logtime_utc;
    this.#isDebug = debug;
    this.isTracing = trace;
  }

  info(text) {
    this.#write("INF", text);
  }

  warn(text) {
    this.#write("WRN", text);
  }

  error(text) {
    this.#write("ERR", text);
  }

  fatal(text) {
    this.#write("FTL", text);
  }

  trace(text) {
    this.#write("TRC", text);
  }

  debug(text) {
    if (this.#isDebug) this.#write("DBG", text);
  }

  #write(level, text) {
    const time = this.#isTimed ? `${stamp(new Date(), this.#isUtc)} ` : "";
    const line = `[${process.pid}] ${time}[${level}] ${text}\n`;
    try {
      writeSync(this.#descriptor, line);
    } catch {
      // Nobody reads standard error any more, or the disk is full; the server goes on.
    }
  }
}
