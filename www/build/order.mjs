// Puts the functions of a WebAssembly module into the order in which they are first called: so a call of one that was not
// called before needs no number where the module is packed. Those that are called most come first.
import { INSTRUCTIONS, POPULAR, Reader, codeOf, leb128, walk } from "../package/unpack.js";

/** What sections are: their ids, and the bytes behind their sizes. */
function sectionsOf(module) {
  const reader = new Reader(module, 8);
  const sections = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    sections.push([id, reader.bytes(reader.number())]);
  }
  return sections;
}

/** How many functions stand before those of the module itself. */
export function importsOf(module) {
  const section = sectionsOf(module).find(([id]) => id === 2)?.[1];
  if (!section) return 0;
  const reader = new Reader(section);
  const skipLimits = () => {
    const hasMost = reader.byte() & 1;
    reader.number();
    if (hasMost) reader.number();
  };
  let functions = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.bytes(reader.number());
    reader.bytes(reader.number());
    const kind = reader.byte();
    if (kind === 0) {
      functions += 1;
      reader.number();
    } else if (kind === 1) {
      reader.byte();
      skipLimits();
    } else if (kind === 2) skipLimits();
    else if (kind === 3) reader.bytes(2);
    else throw new Error(`an import of kind ${kind}`);
  }
  return functions;
}

/** The bodies of functions: where each begins behind its size and ends, and where it names a function, and which. */
function bodiesOf(section) {
  const reader = new Reader(section);
  const bodies = [];
  let body;
  const number = () => reader.number();
  const begin = () => {
    number();
    body = { start: reader.at, end: 0, named: [] };
    bodies.push(body);
    for (let groups = number(); groups > 0; groups -= 1) {
      number();
      reader.byte();
    }
  };
  const code = () => {
    const opcode = reader.byte();
    if (opcode === 0xd2) throw new Error("a function is referred to in code");
    return INSTRUCTIONS[codeOf(opcode, 1)];
  };
  const call = () => {
    const at = reader.at;
    const index = number();
    body.named.push({ at, to: reader.at, index });
  };
  const bytes = (_, count) => reader.bytes(count);
  const end = () => (body.end = reader.at);
  walk(number(), { begin, code, leb: number, constant: number, call, local: number, offset: number, bytes, end });
  return bodies;
}

/** The new order, as the old places. */
function orderOf(bodies, imports) {
  const calls = new Map();
  for (const { named } of bodies) for (const { index } of named) calls.set(index - imports, (calls.get(index - imports) ?? 0) + 1);
  const own = [...calls].filter(([place]) => place >= 0);
  const order = new Set(own.sort(([left, one], [right, other]) => other - one || left - right).slice(0, POPULAR).map(([place]) => place));
  // Nobody calls these; who is called by itself alone comes last.
  const rest = [...bodies.keys()].sort((left, right) => calls.has(left) - calls.has(right) || left - right);
  // A set is walked in the order of adding, with what is added meanwhile.
  const follow = () => {
    for (const place of order) for (const { index } of bodies[place].named) if (index >= imports) order.add(index - imports);
  };
  follow();
  for (const place of rest) {
    if (order.has(place)) continue;
    order.add(place);
    follow();
  }
  return [...order];
}

/**
 * The same module with its functions in that order.
 *
 * @param {Uint8Array} module
 */
export function ordered(module) {
  const sections = sectionsOf(module);
  const section = (id) => sections.find(([of]) => of === id)?.[1];
  const code = section(10);
  if (!code) throw new Error("the module has no code");
  if (section(8)) throw new Error("a function is called at the start");
  const imports = importsOf(module);
  const bodies = bodiesOf(code);
  const order = orderOf(bodies, imports);
  const places = new Map(order.map((place, index) => [place, index]));
  const renamed = (index) => (index < imports ? index : imports + places.get(index - imports));

  const withNewNames = ({ start, end, named }) => {
    const parts = [];
    let from = start;
    for (const { at, to, index } of named) {
      parts.push(code.subarray(from, at), Uint8Array.from(leb128(renamed(index))));
      from = to;
    }
    const body = Buffer.concat([...parts, code.subarray(from, end)]);
    return Buffer.concat([Uint8Array.from(leb128(body.length)), body]);
  };
  const rewrite = {
    3: (reader) => {
      const types = Array.from({ length: reader.number() }, () => reader.number());
      return [leb128(types.length), ...order.map((place) => leb128(types[place]))].flat();
    },
    7: (reader) => {
      const count = reader.number();
      const out = leb128(count);
      for (let left = count; left > 0; left -= 1) {
        const name = reader.bytes(reader.number());
        const kind = reader.byte();
        const index = reader.number();
        out.push(...leb128(name.length), ...name, kind, ...leb128(kind === 0 ? renamed(index) : index));
      }
      return out;
    },
    9: (reader) => {
      const count = reader.number();
      const out = leb128(count);
      for (let left = count; left > 0; left -= 1) {
        // At a constant place of the first table, as compilers write them.
        if (reader.number() !== 0 || reader.byte() !== 0x41) throw new Error("elements of another kind");
        out.push(0, 0x41, ...leb128(reader.number()), reader.byte());
        const functions = Array.from({ length: reader.number() }, () => renamed(reader.number()));
        out.push(...leb128(functions.length), ...functions.flatMap((index) => leb128(index)));
      }
      return out;
    },
    10: () => Buffer.concat([Uint8Array.from(leb128(bodies.length)), ...order.map((place) => withNewNames(bodies[place]))]),
  };
  const parts = sections.flatMap(([id, bytes]) => {
    const content = Uint8Array.from(rewrite[id]?.(new Reader(bytes)) ?? bytes);
    return [Uint8Array.from([id, ...leb128(content.length)]), content];
  });
  return new Uint8Array(Buffer.concat([module.subarray(0, 8), ...parts]));
}
