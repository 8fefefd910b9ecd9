// Puts a packed WebAssembly module together again. Packing (`www/build/pack.mjs`) sorts what instructions are made of by
// kind, since like beside like compresses a tenth better: first all opcodes, then all indices of locals, and so on.
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

/** The streams, in the order in which they are written. */
export const STREAMS = ["opcode", "local", "i32", "offset", "call", "declared", "branch", "type", "i64", "align", "rest"];
const [OPCODE, LOCAL, I32, OFFSET, CALL, DECLARED, BRANCH, TYPE, I64, ALIGN, REST] = STREAMS.keys();

/** By opcode, the streams of its operands that are LEB128; none where it has none or others. */
export const OPERANDS = [];
const operands = (from, to, ...streams) => {
  for (let opcode = from; opcode <= to; opcode += 1) OPERANDS[opcode] = streams;
};
operands(0x02, 0x04, TYPE);
operands(0x0c, 0x0d, BRANCH);
operands(0x10, 0x10, CALL);
operands(0x11, 0x11, TYPE, REST);
operands(0x20, 0x22, LOCAL);
operands(0x23, 0x26, REST);
operands(0x28, 0x3e, ALIGN, OFFSET);
operands(0x3f, 0x40, REST);
operands(0x41, 0x41, I32);
operands(0x42, 0x42, I64);
operands(0xd0, 0xd0, REST);
operands(0xd2, 0xd2, REST);

/** How many operands the instructions behind 0xfc have. */
export const LONG_OPERANDS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/**
 * Walks the bodies of functions.
 *
 * `leb(stream)` takes an integer of that kind on and gives its value, `bytes(stream, count)` takes bytes on, and `begin` and
 * `end` are called around each body. Packing and unpacking are the same walk, with other hands.
 */
export function walk(functions, { leb, bytes, begin, end }) {
  for (; functions > 0; functions -= 1) {
    begin();
    for (let groups = leb(DECLARED); groups > 0; groups -= 1) {
      leb(DECLARED);
      bytes(DECLARED, 1);
    }
    for (let depth = 1; depth > 0; ) {
      const opcode = bytes(OPCODE, 1);
      if (opcode >= 0x02 && opcode <= 0x04) depth += 1;
      else if (opcode === 0x0b) depth -= 1;
      const streams = OPERANDS[opcode];
      if (streams) for (const stream of streams) leb(stream);
      else if (opcode === 0x0e) for (let targets = leb(BRANCH); targets >= 0; targets -= 1) leb(BRANCH);
      else if (opcode === 0x1c) for (let types = leb(TYPE); types > 0; types -= 1) bytes(TYPE, 1);
      else if (opcode === 0x43) bytes(REST, 4);
      else if (opcode === 0x44) bytes(REST, 8);
      else if (opcode === 0xfc) for (let left = LONG_OPERANDS[leb(REST)]; left > 0; left -= 1) leb(REST);
    }
    end();
  }
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
  const lengths = STREAMS.map(number);
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
    const from = places[stream];
    for (let byte = 0; byte < count; byte += 1) module[to++] = packed[from + byte];
    places[stream] += count;
    return packed[from];
  };
  let body = 0;
  const begin = () => { body = to += 1; };
  // The size stands before the body; most take one byte, which is kept free.
  const end = () => {
    const length = to - body;
    const more = length < 2 ** 7 ? 0 : length < 2 ** 14 ? 1 : length < 2 ** 21 ? 2 : 3;
    if (more) module.copyWithin(body + more, body, to);
    to = body - 1;
    write(length);
    to += length;
  };
  walk(leb(DECLARED), { leb, bytes, begin, end });
  return module;
}
