// Writes the page as one file, `jetstream-sim.html`, that works wherever it is opened from, also without a server.
//
// Its WebAssembly is deflated text in a data block; its scripts stand in it, and its policy names their hashes alone.
// "Attach a client" is no part of it: that runs code of the reader's, which such a policy does not let run.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { unpacking } from "./pack.mjs";
import { withPolicy } from "./policy.mjs";

export const SINGLE = "jetstream-sim.html";

/** Replaces what is there exactly once. */
function replace(html, what, by) {
  if (html.split(what).length !== 2) throw new Error(`the page has not one ${what}`);
  return html.replace(what, () => by);
}

/** A module as the inside of a function, and the object of what it exports. */
function inside(module) {
  if (/^import /m.test(module) || module.includes("</script")) throw new Error("this module cannot stand in the page");
  const names = [...module.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);
  return { code: module.replace(/^export \{.*\};$/gm, "").replace(/^export /gm, ""), exports: `{ ${names.join(", ")} }` };
}

const START = `
const text = document.getElementById("wasm").textContent;
const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
const module = new Uint8Array(await new Response(stream).arrayBuffer());
await __wbg_init({ module_or_path: MODULE });
window.wasmBindings = EXPORTS;
dispatchEvent(new CustomEvent("TrunkApplicationStarted"));
`;

/** `html` is the page before its policy is filled in. */
export function writeSingle(dist, html) {
  const read = (name) => readFileSync(join(dist, name));
  const [start, module, isPacked, wasm] = html.match(/<script type="module">\s*import init.*?from '\.\/(.*?)';.*?module_or_path: (load\()?'\.\/(.*?)'.*?<\/script>/s);
  const bindings = inside(read(module).toString());
  const data = `<script type="text/plain" id="wasm">${deflateRawSync(read(wasm), { level: 9 }).toString("base64")}</script>`;
  const [unpack, source] = isPacked ? [unpacking(), "unpack(module)"] : ["", "module"];
  const code = [bindings.code, unpack, START.replace("EXPORTS", bindings.exports).replace("MODULE", source)].join("\n");
  let single = replace(html, start, `${data}\n<script type="module">${code}</script>`);
  for (const link of single.match(/<link rel="(?:modulepreload|preload)"[^>]*>/g)) single = replace(single, link, "");
  const [load, name] = single.match(/import\("\.\/(work-.*?)"\)/);
  const work = inside(read(name).toString());
  single = replace(single, load, `(async () => {${work.code}return ${work.exports};})()`);
  single = replace(single, "</style>", "[data-attach], [data-single] { display: none; }</style>");
  single = single.replace(/script-src [^;]*/, "script-src 'wasm-unsafe-eval' SCRIPTS").replace(/style-src [^;]*/, "style-src STYLES")
    .replace(/(connect|worker)-src [^;]*; /g, "");
  writeFileSync(join(dist, SINGLE), withPolicy(single));
}
