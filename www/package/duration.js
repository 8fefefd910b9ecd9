// Durations: numbers are milliseconds, bigints nanoseconds, texts are Go's, as in NATS's configuration: "1h30m", "250ms".

import { rangeError } from "./error.js";

/** The last moment that the core can tell, in the year 2554. */
export const MAX_NANOS = 2n ** 64n - 1n;

const UNITS = { ns: 1, us: 1e3, "µs": 1e3, "μs": 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12, d: 8.64e13 };

/** Nanoseconds, as a bigint, that are not negative. */
export function nanoseconds(duration) {
  const nanos = convert(duration);
  if (nanos === undefined || nanos < 0n || nanos > MAX_NANOS) throw rangeError(`not a duration: ${String(duration)}`);
  return nanos;
}

function convert(duration) {
  if (typeof duration === "bigint") return duration;
  if (typeof duration === "number" && Number.isFinite(duration)) return BigInt(Math.round(duration * 1e6));
  if (typeof duration !== "string") return undefined;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)/gy)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join("") === duration;
  if (!isWhole) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + BigInt(Math.round(Number(number) * UNITS[unit])), 0n);
}

/** A moment, given as `Date`, RFC 3339 text or nanoseconds since 1970, in nanoseconds since 1970. */
export function moment(time) {
  const nanos = typeof time === "bigint" ? time : parse(time);
  if (nanos === undefined) throw rangeError(`not a time: ${String(time)}`);
  if (nanos < 0n || nanos > MAX_NANOS) throw rangeError(`a time before 1970 or after 2554: ${String(time)}`);
  return nanos;
}

function parse(time) {
  const millis = time instanceof Date ? time.getTime() : typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (!Number.isFinite(millis)) return undefined;
  // `Date` knows the first three digits behind the second.
  const [, beyond = ""] = (typeof time === "string" && /:\d\d\.\d{3}(\d{1,6})/.exec(time)) || [];
  return BigInt(millis) * 1_000_000n + BigInt(beyond.padEnd(6, "0"));
}

/** The moment as RFC 3339 text, to the nanosecond. */
export function rfc3339(nanos) {
  const fraction = String(nanos % 1_000_000_000n).padStart(9, "0");
  return `${dateOf(nanos).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The moment as `Date`, cut to milliseconds. */
export function dateOf(nanos) {
  return new Date(Number(nanos / 1_000_000n));
}
