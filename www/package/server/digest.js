// The digest by which nats-server names what a configuration says: of its JSON as Go writes it.

import { createHash } from "node:crypto";

/** `sha256:…` of a configuration as `parseConfig` gives it; comments, order and units make no difference. */
export function digest(map) {
  return `sha256:${createHash("sha256").update(`${json(map)}\n`).digest("hex")}`;
}

function json(value) {
  if (Array.isArray(value)) return `[${value.map((node) => json(node.value))}]`;
  if (!(value instanceof Map)) return escape(JSON.stringify(value));
  const keys = [...value.keys()].sort();
  return `{${keys.map((key) => `${escape(JSON.stringify(key))}:${json(value.get(key).value)}`)}}`;
}

/** What Go's encoder escapes beyond JSON, so that HTML may hold it. */
function escape(text) {
  return text.replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
