// The grammar of nats-server's configuration files: `key: value`, `key = value`, `key value`; blocks, lists, comments,
// sizes, variables, includes. JSON is a part of it.

import { Failure } from "./failure.js";

const SIZES = {
  "": 1, k: 1e3, kb: 1024, ki: 1024, kib: 1024, m: 1e6, mb: 1024 ** 2, mi: 1024 ** 2, mib: 1024 ** 2, g: 1e9, gb: 1024 ** 3,
  gi: 1024 ** 3, gib: 1024 ** 3, t: 1e12, tb: 1024 ** 4, ti: 1024 ** 4, tib: 1024 ** 4, p: 1e15, pb: 1024 ** 5, pi: 1024 ** 5,
  pib: 1024 ** 5, e: 1e18, eb: 1024 ** 6, ei: 1024 ** 6, eib: 1024 ** 6,
};
const ESCAPES = { t: "\t", n: "\n", r: "\r", '"': '"', "\\": "\\" };
/** Files that include each other in turn. */
const MAX_DEPTH = 16;

/**
 * A value and where its key, or itself, stands: line from 1, column from 0 in the first line and from 1 in all others, as
 * the server counts.
 */
class Node {
  constructor(value, file, line, column) {
    Object.assign(this, { value, file, line, column });
  }

  get place() {
    return `${this.file}:${this.line}:${this.column}`;
  }
}

class Parser {
  #text;
  #at = 0;
  #file;
  #options;
  #depth;
  /** Blocks that enclose what is read, the innermost last, to look variables up. */
  #scopes;

  constructor(text, file, options, depth, scopes) {
    this.#text = text;
    this.#file = file;
    this.#options = options;
    this.#depth = depth;
    this.#scopes = scopes;
  }

  /** Reads a whole file into `map`. */
  file(map) {
    this.#scopes.push(map);
    this.#skip();
    const isJson = this.#text[this.#at] === "{";
    if (isJson) this.#at += 1;
    this.#entries(map, isJson ? "}" : undefined);
    if (isJson) this.#skip();
    if (this.#at < this.#text.length) this.#fail(`unexpected ${JSON.stringify(this.#text[this.#at])}`);
    this.#scopes.pop();
  }

  #position(at = this.#at) {
    const before = this.#text.slice(0, at);
    return { line: before.split("\n").length, column: at - Math.max(before.lastIndexOf("\n"), 0) };
  }

  #node(value, at) {
    const { line, column } = this.#position(at);
    return new Node(value, this.#file, line, column);
  }

  #fail(what) {
    const { line, column } = this.#position();
    throw new Failure(`${this.#file}:${line}:${column}: ${what}`);
  }

  /** Passes over blanks, line ends and comments; with `more`, also over other characters. */
  #skip(more = "") {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "#" || (char === "/" && this.#text[this.#at + 1] === "/")) this.#comment();
      else if (!/\s/.test(char) && !more.includes(char)) return;
    }
  }

  /** Passes over what is blank in a line. */
  #blanks() {
    this.#match(/[ \t\r]*/y);
  }

  #comment() {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #entries(map, end) {
    for (;;) {
      this.#skip(",;");
      const char = this.#text[this.#at];
      if (char === undefined) {
        if (end) this.#fail(`a block is not closed: ${end} is missing`);
        return;
      }
      if (char === end) {
        this.#at += 1;
        return;
      }
      if (char === "}" || char === "]") this.#fail(`unexpected ${char}`);
      this.#entry(map);
      this.#endOfEntry();
    }
  }

  /** Entries stand on lines of their own, or apart by commas. */
  #endOfEntry() {
    this.#blanks();
    if (!/^(?:[\n,;}\]#]|\/\/|$)/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#fail(`a line ends behind a value, or a comma follows, but not ${JSON.stringify(this.#text[this.#at])}`);
    }
  }

  #entry(map) {
    const start = this.#at;
    const key = this.#key();
    if (key === "include" && /[ \t]/.test(this.#text[this.#at] ?? "")) return this.#include(map);
    this.#skip();
    if (":=".includes(this.#text[this.#at] ?? " ")) {
      this.#at += 1;
      this.#blanks();
      if (this.#text[this.#at] === "\n") this.#fail("a value is expected in the line of its key");
    }
    const value = this.#value();
    map.set(key, this.#node(value, start));
  }

  #key() {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") return this.#quoted(quote);
    const key = this.#match(/[^\s:={}[\],;"']+/y);
    if (!key) this.#fail(`a key is expected, not ${JSON.stringify(quote)}`);
    return key[0];
  }

  #include(map) {
    this.#skip();
    const name = this.#value();
    if (typeof name !== "string") this.#fail("include names a file");
    if (this.#depth >= MAX_DEPTH) this.#fail(`files include each other more than ${MAX_DEPTH} deep`);
    const { text, file } = this.#options.include(name, this.#file);
    const parser = new Parser(text, file, this.#options, this.#depth + 1, this.#scopes);
    const included = new Map();
    parser.file(included);
    for (const [key, node] of included) map.set(key, node);
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match;
  }

  #value() {
    const char = this.#text[this.#at];
    switch (char) {
      case undefined:
        return this.#fail("a value is missing");
      case "{":
        return this.#block();
      case "[":
        return this.#list();
      case '"':
      case "'":
        return this.#quoted(char);
      case "(":
        return this.#raw();
      default:
        return this.#word();
    }
  }

  #block() {
    this.#at += 1;
    const map = new Map();
    this.#scopes.push(map);
    this.#entries(map, "}");
    this.#scopes.pop();
    return map;
  }

  #list() {
    this.#at += 1;
    const items = [];
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] === undefined) this.#fail("a list is not closed: ] is missing");
      if (this.#text[this.#at] === "]") {
        this.#at += 1;
        return items;
      }
      if (this.#text[this.#at] === ",") this.#fail("a value is expected, not a comma");
      const start = this.#at;
      items.push(this.#node(this.#value(), start));
      this.#endOfItem();
    }
  }

  /** Items stand on lines of their own, or apart by commas. */
  #endOfItem() {
    this.#blanks();
    const char = this.#text[this.#at];
    if (char === ",") this.#at += 1;
    else if (!/^(?:[\n\]#]|\/\/|$)/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#fail(`a comma follows an item of a list, or ], but not ${JSON.stringify(char)}`);
    }
  }

  #quoted(quote) {
    const start = this.#at;
    let text = "";
    for (this.#at += 1; this.#text[this.#at] !== quote; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#at = start;
        this.#fail("a text is not closed");
      }
      text += char === "\\" && quote === '"' ? this.#escape() : char;
    }
    this.#at += 1;
    return text;
  }

  #escape() {
    this.#at += 1;
    const char = this.#text[this.#at];
    if (char === "x") {
      const digits = this.#text.slice(this.#at + 1, this.#at + 3);
      if (!/^[\da-f]{2}$/i.test(digits)) this.#fail("\\x needs two hexadecimal digits");
      this.#at += 2;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    return ESCAPES[char] ?? this.#fail(`no escape is \\${char}`);
  }

  /** `(` and, on a line of its own, `)`: all that is between, as it stands. */
  #raw() {
    const match = this.#match(/\(([^]*?\n)[^\S\n]*\)/y);
    return match ? match[1] : this.#fail("a block of text is not closed: a line with ) is missing");
  }

  #word() {
    // A comment begins behind a blank.
    const [word] = this.#match(/[^\s,;\]}]+/y) ?? this.#fail("a value is missing");
    // What bcrypt makes of a password is no variable.
    if (word.startsWith("$") && !word.startsWith("$2a$")) return this.#variable(word.slice(1));
    if (/^(true|on|yes)$/i.test(word)) return true;
    if (/^(false|off|no)$/i.test(word)) return false;
    const size = /^(-?\d+)([a-z]*)$/i.exec(word);
    if (size && size[2].toLowerCase() in SIZES) return Number(size[1]) * SIZES[size[2].toLowerCase()];
    if (/^-?\d+\.\d+$/.test(word)) return Number(word);
    return word;
  }

  /** What a key of an enclosing block, or of the environment, is set to. */
  #variable(name) {
    const scope = this.#scopes.findLast((map) => map.has(name));
    if (scope) return scope.get(name).value;
    const text = this.#options.env[name];
    if (text === undefined) this.#fail(`variable ${JSON.stringify(name)} is set nowhere`);
    const map = new Map();
    new Parser(`value: ${text}`, `$${name}`, this.#options, this.#depth + 1, []).file(map);
    return map.get("value").value;
  }
}

/**
 * A configuration as a `Map` of nodes with `value` and `place`; blocks are maps as well, lists are arrays of nodes.
 *
 * `include(name, from)` gives `{ text, file }` of an included file.
 */
export function parseConfig(text, file, { include, env = {} } = {}) {
  const map = new Map();
  new Parser(text, file, { include, env }, 0, []).file(map);
  return map;
}
