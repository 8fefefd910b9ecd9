// The grammar of configuration files, compared with what the real server makes of the same text.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { JETSTREAM_SIM_PACKAGE } = process.env;
const part = (name) => import(pathToFileURL(join(JETSTREAM_SIM_PACKAGE, "server", name)));
const { parseConfig } = await part("grammar.js");
const { digest } = await part("digest.js");

const plain = (value) => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, node]) => [key, plain(node.value)]));
  return Array.isArray(value) ? value.map((node) => plain(node.value)) : value;
};
const read = (text, options) => plain(parseConfig(text, "f", options));

test("keys and values stand apart by a colon, an equals sign, or nothing", () => {
  const expected = { port: 4222, host: "0.0.0.0" };
  for (const text of ["port: 4222\nhost: 0.0.0.0", "port = 4222\nhost = '0.0.0.0'", "port 4222; host \"0.0.0.0\"", "port=4222,host=0.0.0.0", '{"port": 4222, "host": "0.0.0.0"}']) {
    assert.deepEqual(read(text), expected, text);
  }
});

test("blocks, lists, comments", () => {
  assert.deepEqual(read("a\n{\n}\nl [1,\n 2\n # and\n 3,]"), { a: {}, l: [1, 2, 3] });
  assert.deepEqual(read("a { b: 1, c { d: x } } # end\n// more\nl [1, two, 'th ree', {n: 4}]\ne = []\nm: [\n 1\n 2\n]"),
    { a: { b: 1, c: { d: "x" } }, l: [1, "two", "th ree", { n: 4 }], e: [], m: [1, 2] });
});

test("sizes, numbers, truth", () => {
  assert.deepEqual(read("a 1k; b 1KB; c 64MiB; d 2g; e -1; f 1.5; g true; h off; i YES; j 10s; k 1Ki"),
    { a: 1000, b: 1024, c: 64 * 1024 * 1024, d: 2e9, e: -1, f: 1.5, g: true, h: false, i: true, j: "10s", k: 1024 });
});

test("texts: quotes, escapes, blocks of text", () => {
  assert.deepEqual(read(String.raw`a "x\ty\"\x41"; b 'x\ty'; c nats://x:1/y?z=1`), { a: 'x\ty"A', b: "x\\ty", c: "nats://x:1/y?z=1" });
  assert.deepEqual(read("a (\nx y\nz\n)\nb 1"), { a: "\nx y\nz\n", b: 1 });
  assert.deepEqual(read("a x#y # comment\nb $2a$11$abc"), { a: "x#y", b: "$2a$11$abc" });
});

test("variables come from the block, the blocks around it, and the environment", () => {
  assert.deepEqual(read("P: 7\na { b: $P, Q: 8, c { d: $Q } }\ne: $HOMEPORT", { env: { HOMEPORT: "9" } }),
    { P: 7, a: { b: 7, Q: 8, c: { d: 8 } }, e: 9 });
  assert.throws(() => read("a: $NONE"), /variable "NONE" is set nowhere/);
});

test("files include others", () => {
  const files = { x: "b: 2\ninclude y", y: "c: 3" };
  const include = (name) => ({ text: files[name], file: name });
  assert.deepEqual(read("a: 1\ninclude 'x'\nd: 4", { include }), { a: 1, b: 2, c: 3, d: 4 });
  assert.throws(() => read("include z", { include: () => ({ text: "include z", file: "z" }) }), /include each other/);
});

test("what is no configuration is told with its place", () => {
  for (const [text, message] of [
    ["a: b c: 1", 'f:1:5: a line ends behind a value, or a comma follows, but not "c"'],
    ["a { b { c: 1 } d: 2 }", 'f:1:15: a line ends behind a value, or a comma follows, but not "d"'],
    ["a {", "f:1:3: a block is not closed: } is missing"],
    ["a [1", "f:1:4: a list is not closed: ] is missing"],
    ["a: 'x", "f:1:3: a text is not closed"],
    ["\n}", "f:2:1: unexpected }"],
    ["a:", "f:1:2: a value is missing"],
    ["a:\n1", "f:1:2: a value is expected in the line of its key"],
    ["a [1,,2]", "f:1:5: a value is expected, not a comma"],
    ["a [1 2]", 'f:1:5: a comma follows an item of a list, or ], but not "2"'],
  ]) {
    assert.throws(() => read(text), { message }, text);
  }
});

test("what it says has the server's digest", () => {
  for (const [text, expected] of [
    ["max_connections: 0", "f3881ae6c392caf66ba646edbb67aba2a54c9ccf7f04e71793e541246bff019c"],
    ['server_tags: ["a<b>","c&d","\u00e9","x\\ty"]', "f19e0df126eef276f3c68ef0bb9624d6a0f6e46fb5be6716a00550051cdeffe8"],
    ['port: 4222\nmax_payload: 64KB # small\njetstream { store_dir: "store", max_mem: 1G }', "2fd36da2e657f6d3486a2b67298a8c6bc50bd6414dc94e38ed071ffbee3a3133"],
    ["A: 5\nping_max: $A\ndebug: yes\nhttp: localhost:8222\nwrite_deadline: '2s'", "041f57f1c2757a4d586f84ba9513cb65b0d1ac1b3219d852be279dc420cb65e0"],
    ['{"leafnodes": {"remotes": [{"url": "nats://127.0.0.1:1"}]}}', "94492a1d8d0b78937e2cddccf2301d8db4fffc1bc65dbc8b0f4c1e7518ba9ef7"],
  ]) {
    assert.equal(digest(parseConfig(text, "f")), `sha256:${expected}`, text);
  }
});

test("no text makes it fail otherwise", () => {
  const pieces = ["a", ":", "=", "{", "}", "[", "]", '"', "'", "(", ")", "\n", " ", "$", "#", "//", "include ", "1k", "-1", ",", ";", "\\x4", "\u00e9"];
  let state = 7;
  const random = (below) => (state = (state * 48271) % 2147483647) % below;
  for (let run = 0; run < 5000; run += 1) {
    const text = Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join("");
    try {
      read(text, { include: () => ({ text: "", file: "g" }) });
    } catch (error) {
      assert.equal(error.constructor.name, "Failure", `${JSON.stringify(text)}: ${error.stack}`);
    }
  }
});
