// What a query of monitoring says, as Go reads it: with nats-server's words for what it cannot read.

export const YES = ["1", "t", "T", "true", "TRUE", "True"];
export const NO = ["0", "f", "F", "false", "FALSE", "False", ""];
/** The largest that Go's `int` and `uint64` hold. */
const MAX = { int: 2n ** 63n - 1n, uint64: 2n ** 64n - 1n };

export class Query {
  #fields;

  constructor(fields) {
    this.#fields = fields;
  }

  text(name) {
    return this.#fields.get(name) ?? "";
  }

  has(name) {
    return this.#fields.has(name);
  }

  /** @throws {RangeError} */
  flag(name) {
    const word = this.text(name);
    if (YES.includes(word)) return true;
    if (NO.includes(word)) return false;
    throw new RangeError(`Error decoding boolean for '${name}': strconv.ParseBool: parsing "${word}": invalid syntax`);
  }

  /** A number of a type, `int` or `uint64`; 0 if there is none. @throws {RangeError} */
  number(name, type = "int") {
    const digits = this.text(name);
    if (digits === "") return 0;
    const fail = (why) => {
      const parse = type === "int" ? "Atoi" : "ParseUint";
      throw new RangeError(`Error decoding ${type} for '${name}': strconv.${parse}: parsing "${digits}": ${why}`);
    };
    if (!(type === "int" ? /^[+-]?\d+$/ : /^\d+$/).test(digits)) fail("invalid syntax");
    const value = BigInt(digits.replace("+", ""));
    if (value > MAX[type] || value < -MAX.int - 1n) fail("value out of range");
    return Number(value);
  }
}
