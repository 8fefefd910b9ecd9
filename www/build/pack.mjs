// Packs a WebAssembly module so that it compresses better: see `www/package/unpack.js`, which undoes it.
//
// Run by itself it packs a file: `node pack.mjs MODULE PACKED`.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CODE, DECLARED, Locals, STREAMS, codeOf, parameters, unpack, walk } from "../package/unpack.js";

const CODE_SECTION = 10;

/** An integer as LEB128. */
function leb128(value) {
  const bytes = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** Where the bytes of an integer end. */
function endOf(module, at) {
  while (module[at] >= 0x80) at += 1;
  return at + 1;
}

/**
 * What is unpacked again is this module, but for the indices of locals: those of one type are numbered as they are used.
 *
 * @param {Uint8Array} module
 */
export function pack(module) {
  const packed = packedOnce(module);
  if (Buffer.compare(packedOnce(unpack(packed)), packed) !== 0) {
    throw new Error("what is unpacked is not what was packed");
  }
  return packed;
}

function packedOnce(module) {
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
  for (let id; id !== CODE_SECTION; at += id === CODE_SECTION ? 0 : size) {
    if (at >= module.length) throw new Error("the module has no code");
    before = at;
    id = module[at++];
    size = number();
  }
  const after = at + size;

  const streams = Array.from({ length: STREAMS }, () => []);
  const take = (stream, from) => streams[stream].push(...module.subarray(from, at));
  const leb = (stream) => {
    const from = at;
    const value = number();
    take(stream, from);
    return value;
  };
  const bytes = (stream, count) => {
    at += count;
    take(stream, at - count);
  };
  // A constant is sorted by the code behind it.
  let waiting;
  const constant = (stream) => {
    waiting = [stream, at];
    at = endOf(module, at);
  };
  const code = () => {
    const opcode = module[at];
    const behind = opcode >= 0x28 && opcode <= 0x3e ? at + 2 : at + 1;
    const code = codeOf(opcode, endOf(module, behind) - behind);
    if (waiting) take(waiting[0] + (code >> 4), waiting[1]);
    waiting = undefined;
    at += 1;
    streams[CODE].push(code);
    return code;
  };

  const locals = new Locals();
  const counts = parameters(module, before);
  let indices = new Map();
  let firsts = [];
  let [body, grown, written] = [0, 0, 0];
  const begin = (index) => {
    number();
    [body, grown, firsts] = [at, 0, []];
    locals.begin(counts[index]);
    indices = new Map(Array.from({ length: counts[index] }, (_, parameter) => [parameter, parameter]));
  };
  const declare = (count) => {
    locals.declare(count);
    firsts.push(locals.fresh.at(-1));
    if (firsts.length > Locals.GROUPS) throw new Error("a function has locals of too many types");
  };
  const local = (stream) => {
    const from = at;
    const old = number();
    const place = indices.has(old) ? locals.placeOf(indices.get(old)) : firsts.findLastIndex((first) => first <= old);
    const now = locals.take(place);
    indices.set(old, now);
    streams[stream].push(...leb128(place));
    grown += leb128(now).length - (at - from);
  };
  const end = () => {
    const length = at - body + grown;
    written += leb128(length).length + length;
  };
  const functions = leb(DECLARED);
  written += leb128(functions).length;
  walk(functions, { begin, declare, code, leb, constant, local, bytes, end });
  if (at !== after) throw new Error(`the code ends at ${after}, and was read to ${at}`);

  const length = before + 1 + leb128(written).length + written + module.length - after;
  const header = [length, before, ...streams.map((stream) => stream.length)].flatMap(leb128);
  return Buffer.concat([header, module.subarray(0, before), ...streams, module.subarray(after)].map((part) => Buffer.from(part)));
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
