// What the page's Content-Security-Policy lets run: the scripts and styles that are written in the page itself, by hash.
import { createHash } from "node:crypto";

/** The hashes of what stands in the page between `<name …>` and `</name>`, as a policy names them; not of data, which has an id. */
function hashes(html, name) {
  const inline = html.matchAll(new RegExp(`<${name}(?![^>]*\\s(?:src|id)=)[^>]*>([^]*?)</${name}>`, "g"));
  return [...inline].map(([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");
}

/** Fills in the page's policy where it says SCRIPTS and STYLES. */
export function withPolicy(html) {
  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
  if (!policy.test(html)) throw new Error("the page has no policy to fill in");
  return html.replace(policy, (meta) => meta.replace("SCRIPTS", hashes(html, "script")).replace("STYLES", hashes(html, "style")));
}

/**
 * The page with trunk's script for `trunk serve` as that would write it with every request: what is changed after this
 * has another hash.
 */
export function withFixedReload(html) {
  return html.replace("'{{__TRUNK_ADDRESS__}}'", "location.host").replace("'{{__TRUNK_WS_BASE__}}'", 'new URL(".", location).pathname');
}
