/** An error that the server answered; also one of the connection, with `err_code` 0. */
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
