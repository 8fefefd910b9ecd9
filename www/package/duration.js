// Durations: numbers are milliseconds, bigints nanoseconds, texts are Go's, as in NATS's configuration: "1h30m", "250ms".

const UNITS = { ns: 1, us: 1e3, "µs": 1e3, "μs": 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12, d: 8.64e13 };

/** Nanoseconds, as a bigint, that are not negative. */
export function nanoseconds(duration) {
  const nanos = convert(duration);
  if (nanos === undefined || nanos < 0n) throw new RangeError(`not a duration: ${String(duration)}`);
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
  if (typeof time === "bigint") return time;
  const millis = time instanceof Date ? time.getTime() : Date.parse(time);
  if (!Number.isFinite(millis)) throw new RangeError(`not a time: ${String(time)}`);
  return BigInt(millis) * 1_000_000n;
}

/** The moment as `Date`, cut to milliseconds. */
export function dateOf(nanos) {
  return new Date(Number(nanos / 1_000_000n));
}
