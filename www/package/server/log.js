// Log lines in nats-server's format, to standard error or a file.

import { appendFileSync, writeSync } from "node:fs";

/** `2026/11/25 16:02:32.202632`; the last three digits are always 0, since the clock here has milliseconds. */
function stamp(now, isUtc) {
  const local = isUtc ? now : new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  const [date, time] = local.toISOString().slice(0, -1).split("T");
  return `${date.replaceAll("-", "/")} ${time}000`;
}

export class Log {
  #file;
  #isTimed;
  #isUtc;
  #isDebug;

  constructor({ log_file, logtime = true, logtime_utc = false, debug = false }) {
    this.#file = log_file;
    this.#isTimed = logtime;
    this.#isUtc = logtime_utc;
    this.#isDebug = debug;
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

  debug(text) {
    if (this.#isDebug) this.#write("DBG", text);
  }

  #write(level, text) {
    const time = this.#isTimed ? `${stamp(new Date(), this.#isUtc)} ` : "";
    const line = `[${process.pid}] ${time}[${level}] ${text}\n`;
    if (this.#file) return appendFileSync(this.#file, line);
    try {
      writeSync(2, line);
    } catch {
      // Nobody reads standard error any more; the server goes on.
    }
  }
}
