// Packs a WebAssembly module so that it compresses better: see `www/package/unpack.js`, which undoes it.
//
// Run by itself it packs a file: `node pack.mjs MODULE PACKED`.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withShortNames } from "./names.mjs";
import { importsOf, ordered } from "./order.mjs";
import { CODE, COMMON, COMMON_CODES, Calls, INSTRUCTIONS, GAPS, KINDS, Locals, Offsets, POINTERS, POPULAR, Reader, STREAMS, codeOf, expected, leb128, parameters, unpack, walk } from "../package/unpack.js";

const CODE_SECTION = 10;
const DATA_SECTION = 11;

/**
 * What is unpacked again is this module, but for the indices of locals and functions, which are numbered as they are used.
 *
 * @param {Uint8Array} module
 */
export function pack(module) {
  const packed = packedOnce(ordered(module));
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

/** Where the first segment of the data begins and ends in a module, and its address. */
function dataOf(module, at) {
  const reader = new Reader(module, at);
  while (reader.at < module.length) {
    const id = reader.byte();
    const size = reader.number();
    // One segment or more, of which the first is active, at an address that is a constant.
    if (id === DATA_SECTION && reader.number() > 0 && reader.number() === 0 && reader.byte() === 0x41) {
      const base = reader.number();
      reader.byte();
      const length = reader.number();
      return { base, from: reader.at, to: reader.at + length };
    }
    reader.at += size;
  }
  return { base: 0, from: at, to: at };
}

/** Takes the pointers into the data out of it: what is left, and how they are found again. */
function withoutPointers(module, after, streams) {
  const { base, from, to } = dataOf(module, after);
  const words = new DataView(module.buffer, module.byteOffset);
  const isPointer = (word) => word >= base && word < base + to - from;
  const rest = [module.subarray(after, from)];
  let [kept, pointer, length, count] = [from, base, 0, 0];
  for (let at = from; at + 4 <= to; at += 4) {
    const word = words.getUint32(at, true);
    if (!isPointer(word)) continue;
    rest.push(module.subarray(kept, at));
    const gap = (at - kept) / 4;
    if (gap > 0 && count > 0) length = words.getUint32(kept, true);
    const far = word - expected(pointer, length);
    streams[GAPS].push(...leb128(gap));
    streams[POINTERS].push(...leb128(((far << 1) ^ (far >> 31)) >>> 0));
    [kept, pointer, length, count] = [at + 4, word, 0, count + 1];
  }
  rest.push(module.subarray(kept));
  return { rest, header: [from - after, base, count] };
}

function packedOnce(module) {
  const { before, start, after } = sectionOf(module);
  const imports = importsOf(module.subarray(0, before));
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
    const place = index - imports;
    if (isPopular(place)) {
      if (common === undefined) streams[stream].push(place);
      return;
    }
    const written = calls.placeOf(index);
    calls.take(written);
    streams[stream].push(...leb128(written));
  };

  const calls = new Calls(imports);
  const isPopular = (place) => place >= 0 && place < POPULAR;

  // The locals by their old indices: kind, and new index once they are used.
  let old = [];
  const locals = new Locals();
  const types = parameters(module.subarray(0, before));
  let [body, grown, written] = [0, 0, leb128(types.length).length];
  const begin = (index) => {
    const all = [...types[index], ...localsOf(reader)];
    [body, grown] = [reader.at, 0];
    calls.begin(index);
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
      written = value - imports;
      variant = isPopular(written) ? 1 : 2;
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
  const data = withoutPointers(module, after, streams);
  const numbers = [length, before, ...streams.map((stream) => stream.length), imports, ...data.header];
  const header = numbers.flatMap((number) => leb128(number));
  return Buffer.concat([header, module.subarray(0, before), ...streams, ...data.rest].map((part) => Buffer.from(part)));
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
