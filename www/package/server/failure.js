/** Why the server does not start, in one line. */
export class Failure extends Error {}

const WORDS = { ENOENT: "no such file or directory", EACCES: "permission denied", EISDIR: "is a directory", ENOTDIR: "not a directory" };

/** What the system says of a file that cannot be opened, in Go's words. */
export function systemError({ code, message }, file) {
  return `open ${file}: ${WORDS[code] ?? message}`;
}
