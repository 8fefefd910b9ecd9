// Puts a packed WebAssembly module together again. Packing (`www/build/pack.mjs`) sorts what instructions are made of by
// kind, since like beside like compresses a sixth better: first all opcodes, then all indices of locals, and so on. Short
// numbers are kept apart from long ones: in place of its opcode an instruction has a code, which tells that too.
//
// A packed module is, in this order: the number of bytes of the module, of what stands before the code, and of each
// stream, and the functions that are called most, all as LEB128; what stands before the code; the streams; what stands after
// the code.

/**
 * The module that is packed at an address.
 *
 * @param {URL | string} address
 */
export async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} is answered with ${response.status}`);
  return unpack(new Uint8Array(await response.arrayBuffer()));
}

let count = 0;
const streams = (number) => (count += number) - number;
export const CODE = streams(1);
const LOCAL = streams(15);
const CALL = streams(2);
// Short constants, by what is done with them: the upper half of the next code.
const I32 = streams(32);
const LONG_I32 = streams(3);
const OFFSET = streams(4);
const BRANCH = streams(3);
const TYPE = streams(1);
const I64 = streams(5);
const ALIGN = streams(1);
const REST = streams(1);
export const STREAMS = count;

/** How many functions are written as one byte where they are called, as their places among those that are called most. */
export const POPULAR = 64;

/** The types of locals: i32, i64, f64, f32, and references to objects of JavaScript. */
export const KINDS = [0x7f, 0x7e, 0x7c, 0x7d, 0x6f];

/** By code: the opcode, and the streams of its operands that are LEB128; no streams where it has none or others. */
const INSTRUCTIONS = [];
const instructions = (from, to, variant, first, second) => {
  for (let opcode = from; opcode <= to; opcode += 1) INSTRUCTIONS[codeOf(opcode, variant)] = { opcode, first, second };
};
instructions(0x00, 0xff, 1);
instructions(0x02, 0x04, 1, TYPE);
instructions(0x0c, 0x0c, 1, BRANCH);
instructions(0x0d, 0x0d, 1, BRANCH + 1);
instructions(0x11, 0x11, 1, TYPE, REST);
instructions(0x23, 0x26, 1, REST);
instructions(0x3f, 0x40, 1, REST);
instructions(0xd0, 0xd0, 1, REST);
instructions(0xd2, 0xd2, 1, REST);
for (let kind = 0; kind < KINDS.length; kind += 1) {
  for (let opcode = 0x20; opcode <= 0x22; opcode += 1) {
    instructions(opcode, opcode, kind + 1, LOCAL + 3 * kind + opcode - 0x20);
  }
}
for (let length = 1; length <= 5; length += 1) {
  const isLong = length > 1 ? 1 : 0;
  instructions(0x10, 0x10, length, CALL + isLong);
  instructions(0x28, 0x35, length, ALIGN, OFFSET + isLong);
  instructions(0x36, 0x3e, length, ALIGN, OFFSET + 2 + isLong);
  instructions(0x41, 0x41, length, length < 3 ? I32 + 16 * isLong : LONG_I32 + length - 3);
  instructions(0x42, 0x42, length, I64 + length - 1);
}

/**
 * The code of a variant of an instruction: of the number behind it the length in bytes, of a local its kind, counted from
 * one, and of a call whether the function is one of those that are called most, or is not, which is two.
 */
export function codeOf(opcode, variant) {
  if (variant === 1) return opcode;
  if (opcode === 0x10) return 0xef;
  if (opcode >= 0x20 && opcode <= 0x22) return opcode + 0xca + 3 * variant;
  if (opcode >= 0x28 && opcode <= 0x3e) return opcode + 0xb0;
  if (opcode === 0x41) return 0xc5 + variant;
  return opcode === 0x42 ? 0xca + Math.min(variant, 5) : opcode;
}

/** How many operands the instructions behind 0xfc have. */
const LONG_OPERANDS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/**
 * Walks the bodies of functions.
 *
 * `code()` takes an instruction on, `leb(stream)` an integer and gives its value, `constant(stream)` one that is sorted by
 * the code behind it, `call(stream)` the index of a function, `local(stream, kind)` that of a local, and
 * `bytes(stream, count)` bytes. `begin` and `end` are called around the instructions of each body. Packing and unpacking are
 * the same walk, with other hands.
 */
export function walk(functions, { begin, code, leb, constant, call, local, bytes, end }) {
  for (let index = 0; index < functions; index += 1) {
    begin(index);
    for (let depth = 1; depth > 0; ) {
      const { opcode, first, second } = INSTRUCTIONS[code()];
      if (opcode >= 0x02 && opcode <= 0x04) depth += 1;
      else if (opcode === 0x0b) depth -= 1;
      if (first < CALL) local(first, Math.floor((first - LOCAL) / 3));
      else if (first < I32) call(first);
      else if (first < LONG_I32) constant(first);
      else if (first) leb(first);
      else if (opcode === 0x0e) for (let targets = leb(BRANCH + 2); targets >= 0; targets -= 1) leb(BRANCH + 2);
      else if (opcode === 0x1c) for (let types = leb(TYPE); types > 0; types -= 1) bytes(TYPE, 1);
      else if (opcode === 0x43) bytes(REST, 4);
      else if (opcode === 0x44) bytes(REST, 8);
      else if (opcode === 0xfc) for (let left = LONG_OPERANDS[leb(REST)]; left > 0; left -= 1) leb(REST);
      if (second) leb(second);
    }
    end();
  }
}

/**
 * The locals of one function by kind, and of each kind by how long ago they were used. Code uses the same few again, whatever
 * their indices are: so a local is written as its place in that list, behind zero, which is one that was not used yet. Locals
 * have their indices in the order of their first use.
 */
export class Locals {
  #recent = KINDS.map(() => new Uint32Array(50_000));
  #used = [];
  #all = 0;
  /** How they are declared behind the parameters: by turns a number, and their type. */
  declared = [];

  /** Goes to a function with parameters of these types. */
  begin(types) {
    this.#used = KINDS.map(() => 0);
    this.#all = 0;
    for (const type of types) this.take(KINDS.indexOf(type), 0);
    this.declared = [];
  }

  /** The local that is written so. */
  take(kind, written) {
    const recent = this.#recent[kind];
    let place = written - 1;
    let local = recent[place];
    if (place < 0) {
      place = this.#used[kind]++;
      local = this.#all++;
      const { declared } = this;
      if (declared.at(-1) !== KINDS[kind]) declared.push(0, KINDS[kind]);
      declared[declared.length - 2] += 1;
    }
    for (; place > 0; place -= 1) recent[place] = recent[place - 1];
    recent[0] = local;
    return local;
  }

  /** How a local is written that was used before. */
  placeOf(kind, local) {
    return this.#recent[kind].indexOf(local) + 1;
  }
}

/** Reads bytes and integers one after the other. */
export class Reader {
  constructor(all, at = 0) {
    this.all = all;
    this.at = at;
  }

  byte() {
    return this.all[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.all[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  bytes(count) {
    return this.all.subarray(this.at, (this.at += count));
  }
}

/** Puts an integer behind `bytes`, as LEB128. */
export function leb128(value, bytes = []) {
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return bytes;
}

/** The types of the parameters of each function, from what stands before the code. */
export function parameters(before) {
  const reader = new Reader(before, 8);
  const types = [];
  const functions = [];
  while (reader.at < before.length) {
    const id = reader.byte();
    const size = reader.number();
    const next = reader.at + size;
    if (id === 1) {
      for (let left = reader.number(); left > 0; left -= 1) {
        reader.byte();
        types.push(reader.bytes(reader.number()));
        reader.bytes(reader.number());
      }
    }
    if (id === 3) for (let left = reader.number(); left > 0; left -= 1) functions.push(types[reader.number()]);
    reader.at = next;
  }
  return functions;
}

/**
 * The module that was packed.
 *
 * @param {Uint8Array} packed
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function unpack(packed) {
  const reader = new Reader(packed);
  const number = () => reader.number();
  const module = new Uint8Array(number());
  const [before, ...lengths] = Array.from({ length: 1 + STREAMS }, number);
  const popular = Array.from({ length: POPULAR }, number);
  const types = parameters(reader.bytes(before));
  module.set(packed.subarray(reader.at - before, reader.at));
  const streams = lengths.map((length) => {
    reader.at += length;
    return new Reader(packed, reader.at - length);
  });
  // What follows the code stands at the end; the code has the rest, behind its number and its size.
  const after = packed.subarray(reader.at);
  module.set(after, module.length - after.length);
  let to = before;
  const write = (value) => {
    for (; value >= 0x80; value >>>= 7) module[to++] = (value & 0x7f) | 0x80;
    module[to++] = value;
  };
  module[to++] = 10;
  let size = module.length - after.length - to;
  for (let length = 1; length < 5; length += 1) if (size - length < 2 ** (7 * length)) { size -= length; break; }
  write(size);

  const bytes = (stream, count) => {
    for (; count > 0; count -= 1) module[to++] = streams[stream].byte();
  };
  const leb = (stream) => {
    const reader = streams[stream];
    let { at } = reader;
    const value = reader.number();
    while (at < reader.at) module[to++] = packed[at++];
    return value;
  };
  const codes = streams[CODE];
  const code = () => {
    const code = codes.byte();
    module[to++] = INSTRUCTIONS[code].opcode;
    return code;
  };
  const constant = (stream) => leb(stream + (packed[codes.at] >> 4));
  const call = (stream) => {
    const byte = streams[stream].byte();
    write(stream === CALL ? popular[byte] : (byte << 8) + streams[stream].byte());
  };
  const locals = new Locals();
  const local = (stream, kind) => write(locals.take(kind, streams[stream].number()));
  let body = 0;
  const begin = (index) => {
    body = to;
    locals.begin(types[index]);
  };
  // Before the instructions stand the size of the body, and the locals that they turned out to use.
  const end = () => {
    const declared = leb128(locals.declared.length / 2);
    for (const number of locals.declared) leb128(number, declared);
    const before = [...leb128(declared.length + to - body), ...declared];
    module.copyWithin(body + before.length, body, to);
    module.set(before, body);
    to += before.length;
  };
  write(types.length);
  walk(types.length, { begin, code, leb, constant, call, local, bytes, end });
  return module;
}
