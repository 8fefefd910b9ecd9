// What is packed is unpacked again, instruction by instruction.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pack } from "../../www/build/pack.mjs";
import { leb128 } from "../../www/package/unpack.js";

const { unpack } = await import(join(process.env.JETSTREAM_SIM_PACKAGE, "unpack.js"));

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id, ...bytes) => [id, bytes.length, ...bytes];
/** A module with one function, which takes an i32, has these groups of locals, and this body. */
const moduleWith = (groups, ...body) => Uint8Array.from([
  ...HEADER, ...section(1, 1, 0x60, 1, 0x7f, 0), ...section(3, 1, 0),
  ...section(10, 1, body.length + 1 + groups.flat().length, groups.length, ...groups.flat(), ...body), ...section(0, 1, 0x78),
]);
const moduleOf = (...body) => moduleWith([], ...body);

test("every kind of operand comes back in its place", () => {
  const bodies = {
    nothing: [0x0b],
    "blocks in blocks": [0x02, 0x40, 0x03, 0x40, 0x0c, 0x01, 0x0b, 0x0b, 0x0b],
    "a table of branches": [0x02, 0x40, 0x41, 0x00, 0x0e, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x0b],
    constants: [0x41, 0x80, 0x80, 0x01, 0x1a, 0x41, 0x80, 0x7f, 0x1a, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x1a, 0x42, 0x01, 0x1a, 0x43, 0, 0, 0, 0x3f, 0x1a, 0x44, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x1a, 0x0b],
    "an end in a constant": [0x44, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x1a, 0x0b],
    memory: [0x41, 0x00, 0x28, 0x02, 0x80, 0x01, 0x1a, 0x41, 0x00, 0x41, 0x00, 0x41, 0x00, 0xfc, 0x0a, 0x00, 0x00, 0x0b],
  };
  for (const [name, body] of Object.entries(bodies)) {
    const module = moduleOf(...body);
    assert.deepEqual(unpack(pack(module)), module, name);
  }
});

test("locals are numbered as they are used", () => {
  const body = (...locals) => [...locals.flatMap((local) => [0x20, local, 0x1a]), 0x0b];
  // Two i32 behind the parameter, then two i64, then one that is not used.
  const module = moduleWith([[2, 0x7f], [2, 0x7e], [1, 0x7c]], ...body(4, 2, 0, 2, 1, 4, 3));
  const unpacked = moduleWith([[1, 0x7e], [2, 0x7f], [1, 0x7e]], ...body(1, 2, 0, 2, 3, 1, 4));
  assert.deepEqual(unpack(pack(module)), unpacked);
});

test("functions are numbered as they are called, and call the same ones", async () => {
  // Of a hundred functions each gives its number and what the next one gives; the last is called by half of them as well.
  const count = 100;
  const bodies = Array.from({ length: count }, (_, place) => {
    const number = place < 64 ? [place] : [place | 0x80, 0];
    const calls = place < count - 1 ? [0x10, place + 1, 0x6a, ...(place % 2 ? [0x10, count - 1, 0x6a] : [])] : [];
    return [0, 0x41, ...number, ...calls, 0x0b];
  });
  const code = bodies.flatMap((body) => [body.length, ...body]);
  const module = Uint8Array.from([
    ...HEADER, ...section(1, 1, 0x60, 0, 1, 0x7f), ...section(3, count, ...new Array(count).fill(0)), ...section(5, 1, 0, 1),
    ...section(7, 1, 1, 0x66, 0, 0), 10, ...leb128(code.length + 1), count, ...code,
    // Two texts, and a table of them: address and length, each.
    11, 35, 1, 0, 0x41, ...leb128(4096), 0x0b, 28, ...new TextEncoder().encode("onethree____"), 0, 16, 0, 0, 3, 0, 0, 0, 3, 16, 0, 0, 5, 0, 0, 0,
  ]);
  const run = async (bytes) => (await WebAssembly.instantiate(bytes)).instance.exports.f();
  const expected = (count * (count - 1)) / 2 + (count / 2 - 1) * (count - 1);
  const unpacked = unpack(pack(module));
  assert.deepEqual([await run(module), await run(unpacked)], [expected, expected]);
  assert.notDeepEqual(unpacked, module);
  assert.deepEqual(unpacked.subarray(-36), module.subarray(-36), "the data are the same");
});

test("the package's own module compiles once it is unpacked", async () => {
  const packed = readFileSync(join(process.env.JETSTREAM_SIM_PACKAGE, "core.packed.wasm"));
  assert.ok(!WebAssembly.validate(packed));
  const module = unpack(packed);
  assert.ok(WebAssembly.validate(module));
  assert.deepEqual(Buffer.from(pack(module)), packed);
});

test("a module without code is refused", () => {
  assert.throws(() => pack(Uint8Array.from(HEADER)), /no code/);
});
