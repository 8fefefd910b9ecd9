/** An error that the server answered; also one of the connection or of this package, with `err_code` 0. */
export class JetStreamError extends Error {
  /**
   * @param {string} description
   * @param {number} code  as in HTTP: 400, 404, 503
   * @param {number} err_code  JetStream's own number, such as 10059 for "stream not found"
   */
  constructor(description, code, err_code = 0) {
    super(err_code ? `${description} (${err_code})` : description);
    this.name = "JetStreamError";
    this.description = description;
    this.code = code;
    this.err_code = err_code;
  }
}

/** A value that is none of those that may be. */
export function rangeError(text) {
  return Object.assign(new RangeError(text), { code: 400, err_code: 0 });
}

/** What the core did not take; it may speak of JSON, which is no concern of who called. */
export function coreError(error) {
  const text = error.message
    .replace(/^json: cannot unmarshal (.+) into Go struct field \w+\.(\S+) of type .+$/, "$2 cannot be $1")
    .replace(/^json: unknown field "(.*)"$/, "there is no option $1");
  return new JetStreamError(text, error.code ?? 400);
}
