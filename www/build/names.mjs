// Shortens the names by which a module and its script know each other. wasm-bindgen ends them with hashes, which do not
// compress.
import { Reader, leb128 } from "../package/unpack.js";

const [IMPORTS, EXPORTS] = [2, 7];
const LONG = /\b(?:__wb|__externref_|wasm_bindgen_)\w+/g;

/** A module and its script with shorter names for what only they call. */
export function withShortNames(module, script) {
  const names = new Map();
  const shorten = (name) => name.replace(LONG, () => {
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`);
    return names.get(name);
  });
  const sections = [module.subarray(0, 8)];
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const id = reader.byte();
    const size = reader.number();
    const section = [IMPORTS, EXPORTS].includes(id) ? renamed(reader, id, shorten) : reader.bytes(size);
    sections.push([id, ...leb128(section.length)], section);
  }
  return { module: Buffer.concat(sections.map((part) => Buffer.from(part))), script: script.replace(LONG, (name) => names.get(name) ?? name) };
}

/** The section of imports or exports that begins here, with shorter names. */
function renamed(reader, id, shorten) {
  const count = reader.number();
  const section = [...leb128(count)];
  const text = () => Buffer.from(reader.bytes(reader.number())).toString();
  const write = (name) => section.push(...leb128(Buffer.byteLength(name)), ...Buffer.from(name));
  for (let left = count; left > 0; left -= 1) {
    if (id === IMPORTS) write(text());
    write(shorten(text()));
    const kind = reader.byte();
    if (id === IMPORTS && kind !== 0) throw new Error("the module imports more than functions");
    section.push(kind, ...leb128(reader.number()));
  }
  return section;
}
