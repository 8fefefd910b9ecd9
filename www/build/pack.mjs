// Packs a WebAssembly module so that it compresses better: see `www/package/unpack.js`, which undoes it.
//
// Run by itself it packs a file: `node pack.mjs MODULE PACKED`.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withShortNames } from "./names.mjs";
import { CODE, COMMON, COMMON_CODES, INSTRUCTIONS, KINDS, Locals, Offsets, POPULAR, Reader, STREAMS, codeOf, leb128, parameters, unpack, walk } from "../package/unpack.js";

const CODE_SECTION = 10;

/**
 * What is unpacked again is this module, but for the indices of locals, which are numbered as they are used.
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

/** Where the section with the code begins, what is in it, and what stands behind it. */
function sectionOf(module) {
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const before = reader.at;
    const id = reader.byte();
    const size = reader.number();
    if (id === CODE_SECTION) return { before, start: reader.at, after: reader.at + size };
    reader.at += size;
  }
  throw new Error("the module has no code");
}

/** Reads what stands before the instructions of a body: the types of its locals. */
function localsOf(reader) {
  reader.number();
  const types = [];
  for (let groups = reader.number(); groups > 0; groups -= 1) {
    const count = reader.number();
    types.push(...new Array(count).fill(reader.number()));
  }
  return types;
}

/** The functions that are called most. */
function mostCalled(reader) {
  const calls = new Map();
  const number = () => reader.number();
  const call = () => {
    const index = reader.number();
    calls.set(index, (calls.get(index) ?? 0) + 1);
  };
  const code = () => INSTRUCTIONS[codeOf(reader.byte(), 1)];
  const bytes = (_, count) => reader.bytes(count);
  walk(number(), { begin: () => localsOf(reader), code, leb: number, constant: number, call, local: number, offset: number, bytes, end: () => {} });
  const most = [...calls].sort(([left, one], [right, other]) => other - one || left - right);
  return most.slice(0, POPULAR).map(([index]) => index);
}

function packedOnce(module) {
  const { before, start, after } = sectionOf(module);
  const popular = mostCalled(new Reader(module, start));
  const reader = new Reader(module, start);
  const streams = Array.from({ length: STREAMS }, () => []);
  const bytes = (stream, count) => streams[stream].push(...reader.bytes(count));
  const peek = (at = reader.at) => {
    const ahead = new Reader(module, at);
    return { value: ahead.number(), length: ahead.at - at };
  };
  const leb = (stream) => {
    const { value, length } = peek();
    bytes(stream, length);
    return value;
  };
  const call = (stream, common) => {
    const index = reader.number();
    const place = popular.indexOf(index);
    if (common === undefined) streams[stream].push(...(place < 0 ? [index >> 8, index & 0xff] : [place]));
  };

  // The locals by their old indices: kind, and new index once they are used.
  let old = [];
  const locals = new Locals();
  const types = parameters(module.subarray(0, before));
  let [body, grown, written] = [0, 0, leb128(types.length).length];
  const begin = (index) => {
    const all = [...types[index], ...localsOf(reader)];
    [body, grown] = [reader.at, 0];
    locals.begin(types[index]);
    offsets.begin();
    old = all.map((type, place) => ({ kind: KINDS.indexOf(type), index: place < types[index].length ? place : undefined }));
  };
  const placeOf = ({ kind, index }) => index === undefined ? 0 : locals.placeOf(kind, index);
  const local = (stream, common, kind) => {
    const { value, length } = peek();
    reader.at += length;
    const one = old[value];
    const place = placeOf(one);
    one.index = locals.take(kind, place);
    if (common === undefined) streams[stream].push(...leb128(place));
    grown += leb128(one.index).length - length;
  };

  const offsets = new Offsets();
  const offset = (stream, common, opcode) => {
    const { value, length } = peek();
    offsets.take(opcode, value);
    if (common === undefined) bytes(stream, length);
    else reader.at += length;
  };

  const codeAt = (opcode) => {
    const isMemory = opcode >= 0x28 && opcode <= 0x3e;
    const { value, length } = peek(isMemory ? reader.at + peek().length : reader.at);
    let [variant, written] = [length, value];
    if (isMemory) {
      written = [Offsets.UP, Offsets.DOWN].find((way) => offsets.beside(opcode, way) === value);
      if (written !== undefined) variant = 1;
    } else if (opcode === 0x10) {
      written = popular.indexOf(value);
      variant = written < 0 ? 2 : 1;
    } else if (opcode >= 0x20 && opcode <= 0x22) {
      written = placeOf(old[value]);
      variant = old[value].kind + 1;
    }
    const place = variant === 1 ? COMMON.findIndex(([of, common]) => of === opcode && common === written) : -1;
    return place < 0 ? codeOf(opcode, isMemory ? length : variant) : COMMON_CODES[place];
  };
  // A constant is sorted by the opcode behind it.
  let waiting;
  const constant = (stream, common) => {
    const from = reader.at;
    reader.number();
    if (common === undefined) waiting = { stream, number: module.subarray(from, reader.at) };
  };
  const code = () => {
    const opcode = reader.byte();
    const code = codeAt(opcode);
    streams[CODE].push(code);
    if (waiting) streams[waiting.stream + (opcode >> 4)].push(...waiting.number);
    waiting = undefined;
    return INSTRUCTIONS[code];
  };
  const end = () => {
    const declared = leb128(locals.declared.length / 2);
    for (const number of locals.declared) leb128(number, declared);
    const length = declared.length + reader.at - body + grown;
    written += leb128(length).length + length;
  };
  walk(reader.number(), { begin, code, leb, constant, call, local, offset, bytes, end });
  if (reader.at !== after) throw new Error(`the code ends at ${after}, and was read to ${reader.at}`);

  const length = before + 1 + leb128(written).length + written + module.length - after;
  const called = Array.from({ length: POPULAR }, (_, place) => popular[place] ?? 0);
  const header = [length, before, ...streams.map((stream) => stream.length), ...called].flatMap((number) => leb128(number));
  return Buffer.concat([header, module.subarray(0, before), ...streams, module.subarray(after)].map((part) => Buffer.from(part)));
}

/** The script that unpacks, to stand in a page: a file of its own would be one more request before the module can start. */
export function unpacking() {
  const source = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "../package/unpack.js"), "utf8");
  return source.replaceAll(/^\s*(\/\/|\/\*\*|\*).*\n/gm, "").replaceAll(/^export /gm, "");
}

/** Packs the module of the page in `dist`, and lets the page load it packed. Its script then knows it by shorter names. */
export function withPacked(html, dist) {
  const name = /page-\w+_bg\.wasm/.exec(html)?.[0];
  if (!name) throw new Error("the page names no module");
  const packed = name.replace("_bg.wasm", ".packed.wasm");
  const path = join(dist, name.replace("_bg.wasm", ".js"));
  const { module, script } = withShortNames(readFileSync(join(dist, name)), readFileSync(path, "utf8"));
  writeFileSync(path, script);
  writeFileSync(join(dist, packed), pack(module));
  rmSync(join(dist, name));
  const start = /const wasm = await init\({ module_or_path: ('[^']*') }\);/;
  if (!start.test(html)) throw new Error("the page starts otherwise than it did");
  return html.replace(start, (_, address) => `${unpacking()}const wasm = await init({ module_or_path: load(${address}) });`).replaceAll(name, packed);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , from, to] = process.argv;
  writeFileSync(to, pack(readFileSync(from)));
}
