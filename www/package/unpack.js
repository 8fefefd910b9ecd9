// Puts a packed WebAssembly module together again. Packing (`www/build/pack.mjs`) sorts what instructions are made of by
// kind, since like beside like compresses a fifth better: first all opcodes, then all indices of locals, and so on. In place
// of its opcode an instruction has a code, which tells more: how long the number behind it is, of which type the local, or
// that it is one of the most frequent, such as an offset behind the last.
//
// Pointers in the data are written as how far they are from where they are expected: behind the text that the one before
// points to, whose length mostly stands beside it.
//
// Functions are numbered in the order of their first call, behind those that are called most.
//
// A packed module is, in this order: the number of bytes of the module, of what stands before the code, and of each
// stream, how many functions are imported, and of the data where it begins behind the code, its address and the number of
// its pointers, all as LEB128; what stands before the code; the streams; what stands after the code, without pointers.

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
// Short constants, by what is done with them: the upper half of the next opcode.
const I32 = streams(32);
const LONG_I32 = streams(3);
const OFFSET = streams(4);
const BRANCH = streams(3);
const TYPE = streams(1);
const I64 = streams(5);
const ALIGN = streams(1);
const REST = streams(1);
/** Words from one pointer to the next, and the pointers. */
export const GAPS = streams(1);
export const POINTERS = streams(1);
export const STREAMS = count;

/** How many functions are called most: the first of the module, written as one byte where they are called. */
export const POPULAR = 64;

/** The types of locals: i32, i64, f64, f32, and references to objects of JavaScript. */
export const KINDS = [0x7f, 0x7e, 0x7c, 0x7d, 0x6f];

/** What a function loads lies side by side, mostly, and what it stores: so an offset is told by the one before. */
export class Offsets {
  static UP = 0;
  static DOWN = 1;
  #last = [-1, -1];
  #next = [-1, -1];

  /** Goes to another function. */
  begin() {
    this.#last.fill(-1);
    this.#next.fill(-1);
  }

  /** The offset directly behind the one before, or directly before it. */
  beside(opcode, way) {
    const side = opcode < 0x36 ? 0 : 1;
    return way === Offsets.UP ? this.#next[side] : this.#last[side] - Offsets.width(opcode);
  }

  take(opcode, offset) {
    const side = opcode < 0x36 ? 0 : 1;
    this.#last[side] = offset;
    this.#next[side] = offset + Offsets.width(opcode);
    return offset;
  }

  /** The bytes of a number. Parts of numbers count as one. */
  static width(opcode) {
    if (opcode === 0x29 || opcode === 0x2b || opcode === 0x37 || opcode === 0x39) return 8;
    return opcode <= 0x2a || (opcode >= 0x36 && opcode <= 0x38) ? 4 : 1;
  }
}

/** Where a pointer is expected: behind what the one before points to, unless no length stands beside that. */
export const expected = (pointer, length) => pointer + (length < 4096 ? length : 0);

/** What is so frequent that it has a code of its own: an opcode, and what would be in its stream. */
export const COMMON = [[0x20, 1], [0x20, 2], [0x20, 3], [0x21, 0], [0x22, 0], [0x41, 0], [0x41, 1]];
for (let place = 0; place < 10; place += 1) COMMON.push([0x10, place]);
for (const opcode of [0x28, 0x29, 0x36, 0x37]) COMMON.push([opcode, Offsets.UP], [opcode, Offsets.DOWN]);
/** These codes, which are no opcodes that a compiler for today's browsers writes. */
export const COMMON_CODES = [
  0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x1d, 0x1e, 0x1f, 0x27,
  0xc5, 0xc6, 0xcb, 0xd1, 0xd3, 0xd4, 0xd5, 0xd6,
];

/**
 * By code: the opcode, the streams of its operands that are LEB128 (none where it has none or others), and by how many the
 * blocks around it grow.
 */
export const INSTRUCTIONS = [];
const instructions = (from, to, variant, first, second) => {
  for (let opcode = from; opcode <= to; opcode += 1) {
    const blocks = opcode === 0x0b ? -1 : first === TYPE && !second ? 1 : 0;
    INSTRUCTIONS[codeOf(opcode, variant)] = { opcode, first, second, blocks, common: undefined };
  }
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
COMMON.forEach(([opcode, common], place) => {
  INSTRUCTIONS[COMMON_CODES[place]] = { ...INSTRUCTIONS[opcode], common };
});

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
 * `code()` takes an instruction on and gives what is known of it, `leb(stream)` an integer and gives its value,
 * `constant(stream, common)` one that is sorted by the opcode behind it, `call(stream, common)` the index of a function,
 * `local(stream, common, kind)` that of a local, `offset(stream, common, opcode)` an offset in memory, and
 * `bytes(stream, count)` bytes. Where the code says it, `common` is what would be in the stream. `begin` and `end` are called
 * around the instructions of each body. Packing and unpacking are the same walk, with other hands.
 */
export function walk(functions, { begin, code, leb, constant, call, local, offset, bytes, end }) {
  for (let index = 0; index < functions; index += 1) {
    begin(index);
    for (let depth = 1; depth > 0; ) {
      const { opcode, first, second, blocks, common } = code();
      depth += blocks;
      if (first === undefined) {
        if (opcode > 0x44 && opcode < 0xfc) continue;
        if (opcode === 0x0e) for (let targets = leb(BRANCH + 2); targets >= 0; targets -= 1) leb(BRANCH + 2);
        else if (opcode === 0x1c) for (let types = leb(TYPE); types > 0; types -= 1) bytes(TYPE, 1);
        else if (opcode === 0x43) bytes(REST, 4);
        else if (opcode === 0x44) bytes(REST, 8);
        else if (opcode === 0xfc) for (let left = LONG_OPERANDS[leb(REST)]; left > 0; left -= 1) leb(REST);
      } else if (first < CALL) local(first, common, Math.floor((first - LOCAL) / 3));
      else if (first < I32) call(first, common);
      else if (first < LONG_I32) constant(first, common);
      else {
        leb(first);
        if (first === ALIGN) offset(second, common, opcode);
        else if (second !== undefined) leb(second);
      }
    }
    end();
  }
}

/**
 * The locals of one function by kind, and of each kind by how long ago they were used. Code uses the same few again, whatever
 * their indices are: so a local is written as its place in that list, behind zero, which is one that was not used yet, and
 * one, which is the first behind the parameters: mostly the address of the function's frame. Locals have their indices in
 * the order of their first use.
 */
export class Locals {
  #recent = KINDS.map(() => new Uint32Array(50_000));
  #used = [];
  #frame = 0;
  #all = 0;
  /** How they are declared behind the parameters: by turns a number, and their type. */
  declared = [];

  /** Goes to a function with parameters of these types. */
  begin(types) {
    this.#used = KINDS.map(() => 0);
    this.#all = 0;
    this.#frame = -1;
    for (const type of types) this.take(KINDS.indexOf(type), 0);
    this.#frame = types.length;
    this.declared = [];
  }

  /** The local that is written so. */
  take(kind, written) {
    if (written === 1) return this.#frame;
    const recent = this.#recent[kind];
    let place = written - 2;
    let local = recent[place];
    if (place < 0) {
      local = this.#all++;
      const { declared } = this;
      if (declared.at(-1) !== KINDS[kind]) declared.push(0, KINDS[kind]);
      declared[declared.length - 2] += 1;
      if (local === this.#frame) return local;
      place = this.#used[kind]++;
    }
    return toFront(recent, place, local);
  }

  /** How a local is written that was used before. */
  placeOf(kind, local) {
    return local === this.#frame ? 1 : this.#recent[kind].indexOf(local) + 2;
  }
}

/** Puts `value` before the first `place` of a list that was at that place, or is new behind them. */
function toFront(list, place, value) {
  list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}

/**
 * The functions that were called, by how long ago: code calls what it has called before. So a function is written as its
 * place in that list, behind zero, which is the first that was not called yet.
 */
export class Calls {
  #recent = new Uint32Array(100_000);
  #used = 0;
  #imports;
  #next = POPULAR;

  constructor(imports) {
    this.#imports = imports;
    for (let index = imports; index > 0; ) toFront(this.#recent, this.#used++, --index);
    this.#next += imports;
  }

  /** Goes to the body of a function, which may be one that nobody called. */
  begin(place) {
    const index = place + this.#imports;
    if (index < this.#next) return;
    this.#next = index + 1;
    this.#recent[this.#used++] = index;
  }

  /** The function that is written so. */
  take(written) {
    const index = written > 0 ? this.#recent[written - 1] : this.#next++;
    return toFront(this.#recent, written > 0 ? written - 1 : this.#used++, index);
  }

  /** How a function is written. */
  placeOf(index) {
    return index === this.#next ? 0 : this.#recent.indexOf(index) + 1;
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
  const imports = number();
  const [data, base, pointers] = [number(), number(), number()];
  const types = parameters(reader.bytes(before));
  module.set(packed.subarray(reader.at - before, reader.at));
  const streams = lengths.map((length) => {
    reader.at += length;
    return new Reader(packed, reader.at - length);
  });
  // What follows the code stands at the end; the code has the rest, behind its number and its size.
  const after = packed.length - reader.at + 4 * pointers;
  let to = module.length - after;
  const copy = (count) => {
    module.set(reader.bytes(count), to);
    to += count;
  };
  copy(data);
  const words = new DataView(module.buffer);
  for (let [left, pointer, length] = [pointers, base, 0]; left > 0; left -= 1) {
    const gap = streams[GAPS].number();
    copy(4 * gap);
    if (gap > 0 && left < pointers) length = words.getUint32(to - 4 * gap, true);
    const written = streams[POINTERS].number();
    pointer = expected(pointer, length) + ((written >>> 1) ^ -(written & 1));
    words.setUint32(to, pointer, true);
    length = 0;
    to += 4;
  }
  copy(packed.length - reader.at);
  to = before;
  const write = (value) => {
    for (; value >= 0x80; value >>>= 7) module[to++] = (value & 0x7f) | 0x80;
    module[to++] = value;
  };
  module[to++] = 10;
  let size = module.length - after - to;
  for (let length = 1; length < 5; length += 1) if (size - length < 2 ** (7 * length)) { size -= length; break; }
  write(size);

  const bytes = (stream, count) => {
    for (; count > 0; count -= 1) module[to++] = streams[stream].byte();
  };
  const leb = (stream) => {
    const reader = streams[stream];
    let { at } = reader;
    // Most take one byte.
    if (packed[at] < 0x80) return (module[to++] = packed[reader.at++]);
    const value = reader.number();
    while (at < reader.at) module[to++] = packed[at++];
    return value;
  };
  const codes = streams[CODE];
  const code = () => {
    const instruction = INSTRUCTIONS[packed[codes.at++]];
    module[to++] = instruction.opcode;
    return instruction;
  };
  const constant = (stream, common) => {
    if (common === undefined) leb(stream + (INSTRUCTIONS[packed[codes.at]].opcode >> 4));
    else write(common);
  };
  const call = (stream, common) => {
    const written = common ?? streams[stream].number();
    write(stream === CALL ? imports + written : calls.take(written));
  };
  const calls = new Calls(imports);
  const locals = new Locals();
  const local = (stream, common, kind) => write(locals.take(kind, common ?? streams[stream].number()));
  const offsets = new Offsets();
  const offset = (stream, common, opcode) => {
    const value = common === undefined ? streams[stream].number() : offsets.beside(opcode, common);
    write(offsets.take(opcode, value));
  };
  let body = 0;
  const begin = (index) => {
    body = to;
    calls.begin(index);
    locals.begin(types[index]);
    offsets.begin();
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
  walk(types.length, { begin, code, leb, constant, call, local, offset, bytes, end });
  return module;
}
