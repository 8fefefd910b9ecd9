// Puts a packed WebAssembly module together again. Packing (`www/build/pack.mjs`) sorts what instructions are made of by
// kind, since like beside like compresses a seventh better: first all opcodes, then all indices of locals, and so on. Short
// numbers are kept apart from long ones: in place of its opcode an instruction has a code, which tells that too.
//
// A packed module is, in this order: the number of bytes of the module, of what stands before the code, and of each
// stream, all as LEB128; what stands before the code; the streams; what stands after the code.

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
const LOCAL = streams(3);
// Short constants, by what is done with them: the upper half of the next code.
const I32 = streams(32);
const LONG_I32 = streams(3);
const OFFSET = streams(4);
const CALL = streams(2);
export const DECLARED = streams(1);
const BRANCH = streams(3);
const TYPE = streams(1);
const I64 = streams(5);
const ALIGN = streams(1);
const REST = streams(1);
export const STREAMS = count;

/** By code: the opcode, and the streams of its operands that are LEB128; no streams where it has none or others. */
const INSTRUCTIONS = [];
/** Those of a range of opcodes, whose codes are so much more. */
const instructions = (from, to, more, first, second) => {
  for (let opcode = from; opcode <= to; opcode += 1) INSTRUCTIONS[opcode + more] = { opcode, first, second };
};
instructions(0x00, 0xff, 0);
instructions(0x02, 0x04, 0, TYPE);
instructions(0x0c, 0x0c, 0, BRANCH);
instructions(0x0d, 0x0d, 0, BRANCH + 1);
instructions(0x11, 0x11, 0, TYPE, REST);
instructions(0x23, 0x26, 0, REST);
instructions(0x3f, 0x40, 0, REST);
instructions(0xd0, 0xd0, 0, REST);
instructions(0xd2, 0xd2, 0, REST);
for (let length = 1; length <= 5; length += 1) {
  const more = (opcode) => codeOf(opcode, length) - opcode;
  const isLong = length > 1 ? 1 : 0;
  instructions(0x10, 0x10, more(0x10), CALL + isLong);
  instructions(0x28, 0x35, more(0x28), ALIGN, OFFSET + isLong);
  instructions(0x36, 0x3e, more(0x36), ALIGN, OFFSET + 2 + isLong);
  instructions(0x41, 0x41, more(0x41), length < 3 ? I32 + 16 * isLong : LONG_I32 + length - 3);
  instructions(0x42, 0x42, more(0x42), I64 + length - 1);
}

/** The code of an instruction behind which a number of that many bytes stands. */
export function codeOf(opcode, length) {
  if (length === 1) return opcode;
  if (opcode === 0x10) return 0xef;
  if (opcode >= 0x28 && opcode <= 0x3e) return opcode + 0xb0;
  if (opcode === 0x41) return 0xc5 + length;
  return opcode === 0x42 ? 0xca + Math.min(length, 5) : opcode;
}

/** How many operands the instructions behind 0xfc have. */
const LONG_OPERANDS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/**
 * Walks the bodies of functions.
 *
 * `code()` takes an instruction on, `leb(stream)` an integer and gives its value, `constant(stream)` one that is sorted by
 * the code behind it, `local(stream)` the index of a local, and `bytes(stream, count)` bytes. `begin`, `declare` and `end`
 * are told of each body and the locals that it has. Packing and unpacking are the same walk, with other hands.
 */
export function walk(functions, { begin, declare, code, leb, constant, local, bytes, end }) {
  for (let index = 0; index < functions; index += 1) {
    begin(index);
    for (let groups = leb(DECLARED); groups > 0; groups -= 1) {
      declare(leb(DECLARED));
      bytes(DECLARED, 1);
    }
    for (let depth = 1; depth > 0; ) {
      const { opcode, first, second } = INSTRUCTIONS[code()];
      if (opcode >= 0x02 && opcode <= 0x04) depth += 1;
      else if (opcode === 0x0b) depth -= 1;
      if (first >= I32 && first < LONG_I32) constant(first);
      else if (first !== undefined) leb(first);
      else if (opcode >= 0x20 && opcode <= 0x22) local(LOCAL + opcode - 0x20);
      else if (opcode === 0x0e) for (let targets = leb(BRANCH + 2); targets >= 0; targets -= 1) leb(BRANCH + 2);
      else if (opcode === 0x1c) for (let types = leb(TYPE); types > 0; types -= 1) bytes(TYPE, 1);
      else if (opcode === 0x43) bytes(REST, 4);
      else if (opcode === 0x44) bytes(REST, 8);
      else if (opcode === 0xfc) for (let left = LONG_OPERANDS[leb(REST)]; left > 0; left -= 1) leb(REST);
      if (second !== undefined) leb(second);
    }
    end();
  }
}

/**
 * The locals of one function, by how long ago they were used. Code uses the same few again, whatever their indices are:
 * so a local is written as its place in that list, and one that was not used yet as its group, which is one of few.
 */
export class Locals {
  static GROUPS = 4;
  #recent = new Uint32Array(50_000);
  #used = 0;
  #all = 0;
  /** For each group, the index of its next local. */
  fresh = [];

  begin(parameters) {
    for (let index = 0; index < parameters; index += 1) this.#recent[index] = index;
    this.#used = this.#all = parameters;
    this.fresh.length = 0;
  }

  declare(number) {
    this.fresh.push(this.#all);
    this.#all += number;
  }

  /** The local that is written so. */
  take(written) {
    const recent = this.#recent;
    let place = written - Locals.GROUPS;
    let local = recent[place];
    if (place < 0) {
      place = this.#used++;
      local = this.fresh[written]++;
    }
    for (; place > 0; place -= 1) recent[place] = recent[place - 1];
    recent[0] = local;
    return local;
  }

  /** How a local is written that was used before. */
  placeOf(local) {
    return this.#recent.indexOf(local) + Locals.GROUPS;
  }
}

/** How many parameters each function has, from what stands before the code. */
export function parameters(module, end) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const types = [];
  const functions = [];
  while (at < end) {
    const id = module[at++];
    const next = number() + at;
    if (id === 1) {
      for (let left = number(); left > 0; left -= 1) {
        at += 1;
        const taken = number();
        types.push(taken);
        at += taken;
        const given = number();
        at += given;
      }
    }
    if (id === 3) for (let left = number(); left > 0; left -= 1) functions.push(types[number()]);
    at = next;
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
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = packed[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const module = new Uint8Array(number());
  const before = number();
  const lengths = Array.from({ length: STREAMS }, number);
  module.set(packed.subarray(at, at + before));
  at += before;
  const places = lengths.map((length) => {
    const place = at;
    at += length;
    return place;
  });
  // What follows the code stands at the end; the code has the rest, behind its number and its size.
  const after = packed.length - at;
  module.set(packed.subarray(at), module.length - after);
  let to = before;
  const write = (value) => {
    for (; value >= 0x80; value >>>= 7) module[to++] = (value & 0x7f) | 0x80;
    module[to++] = value;
  };
  module[to++] = 10;
  let size = module.length - after - to;
  for (let length = 1; length < 5; length += 1) if (size - length < 2 ** (7 * length)) { size -= length; break; }
  write(size);

  const leb = (stream) => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = packed[places[stream]++];
      module[to++] = byte;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (stream, count) => {
    for (let byte = 0; byte < count; byte += 1) module[to++] = packed[places[stream]++];
  };
  const code = () => {
    const code = packed[places[CODE]++];
    module[to++] = INSTRUCTIONS[code].opcode;
    return code;
  };
  const constant = (stream) => leb(stream + (packed[places[CODE]] >> 4));
  const locals = new Locals();
  const local = (stream) => {
    at = places[stream];
    const written = number();
    places[stream] = at;
    write(locals.take(written));
  };
  const counts = parameters(module, before);
  let body = 0;
  const begin = (index) => {
    body = to += 1;
    locals.begin(counts[index]);
  };
  const declare = (count) => locals.declare(count);
  // The size stands before the body; most take one byte, which is kept free.
  const end = () => {
    const length = to - body;
    const more = length < 2 ** 7 ? 0 : length < 2 ** 14 ? 1 : length < 2 ** 21 ? 2 : 3;
    if (more) module.copyWithin(body + more, body, to);
    to = body - 1;
    write(length);
    to += length;
  };
  walk(leb(DECLARED), { begin, declare, code, leb, constant, local, bytes, end });
  return module;
}
