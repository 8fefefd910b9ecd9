// Packs a WebAssembly module so that it compresses better: see `www/package/unpack.js`, which undoes it.
//
// Run by itself it packs a file: `node pack.mjs MODULE PACKED`.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { STREAMS, unpack, walk } from "../package/unpack.js";

const CODE = 10;

/**
 * @param {Uint8Array} module
 * @returns {Uint8Array}
 */
export function pack(module) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  let before = 0;
  let size = 0;
  for (let id; id !== CODE; at += id === CODE ? 0 : size) {
    if (at >= module.length) throw new Error("the module has no code");
    before = at;
    id = module[at++];
    size = number();
  }
  const after = at + size;

  const streams = STREAMS.map(() => []);
  const take = (stream, from) => streams[stream].push(...module.subarray(from, at));
  const leb = (stream) => {
    const from = at;
    const value = number();
    take(stream, from);
    return value;
  };
  const bytes = (stream, count) => {
    const from = at;
    at += count;
    take(stream, from);
    return module[from];
  };
  walk(leb(STREAMS.indexOf("declared")), { leb, bytes, begin: number, end: () => {} });
  if (at !== after) throw new Error(`the code ends at ${after}, and was read to ${at}`);

  const header = [];
  for (let value of [module.length, before, ...streams.map((stream) => stream.length)]) {
    for (; value >= 0x80; value >>>= 7) header.push((value & 0x7f) | 0x80);
    header.push(value);
  }
  const packed = Buffer.concat([header, module.subarray(0, before), ...streams, module.subarray(after)].map((part) => Buffer.from(part)));
  if (Buffer.compare(unpack(packed), module) !== 0) {
    throw new Error("what is unpacked is not what was packed");
  }
  return packed;
}

/** The script that unpacks, to stand in a page: a file of its own would be one more request before the module can start. */
export function unpacking() {
  const source = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "../package/unpack.js"), "utf8");
  return source.replaceAll(/^\s*(\/\/|\/\*\*|\*).*\n/gm, "").replaceAll(/^export /gm, "");
}

/** Packs the module of the page in `dist`, and lets the page load it packed. */
export function withPacked(html, dist) {
  const name = /page-\w+_bg\.wasm/.exec(html)?.[0];
  if (!name) throw new Error("the page names no module");
  const packed = name.replace("_bg.wasm", ".packed.wasm");
  writeFileSync(join(dist, packed), pack(readFileSync(join(dist, name))));
  rmSync(join(dist, name));
  const start = /const wasm = await init\({ module_or_path: ('[^']*') }\);/;
  if (!start.test(html)) throw new Error("the page starts otherwise than it did");
  return html.replace(start, (_, address) => `${unpacking()}const wasm = await init({ module_or_path: load(${address}) });`).replaceAll(name, packed);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , from, to] = process.argv;
  writeFileSync(to, pack(readFileSync(from)));
}
