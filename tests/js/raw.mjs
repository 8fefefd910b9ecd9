// A client that says what it is told, byte for byte.
import { connect } from "node:net";

const CONNECT = 'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nPING\r\n';

/** Connects to `nats://host:port`; `read(until)` gives what came up to and with a text. */
export async function rawClient(url, hello = CONNECT) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let held = "";
  let wake = () => {};
  socket.setEncoding("latin1").on("data", (text) => { held += text; wake(); }).on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => socket.on("connect", resolve).on("error", reject));
  const read = async (until) => {
    while (!held.includes(until)) {
      if (socket.destroyed) throw new Error(`closed after ${JSON.stringify(held)}`);
      await Promise.race([new Promise((resolve) => (wake = resolve)), closed]);
    }
    const end = held.indexOf(until) + until.length;
    const text = held.slice(0, end);
    held = held.slice(end);
    return text;
  };
  const client = { socket, closed, read, write: (text) => socket.write(text), end: () => socket.destroy() };
  if (hello) {
    client.write(hello);
    await read("PONG\r\n");
  }
  return client;
}
