/** Why the server does not start, in one line. */
export class Failure extends Error {}
