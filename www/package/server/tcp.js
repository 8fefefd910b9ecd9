// The listener for clients: bytes in, bytes out.

import { createServer } from "node:net";
import { serveClient, whenMade } from "./client.js";

const TCP = { type: "nats", letter: "c", send: (outflow, bytes) => outflow.write(bytes) };

/** A server whose connections are those of `made`'s simulator, which is promised. It does not listen yet. */
export function tcpServer(made, log) {
  const serve = (world, socket) => {
    const client = serveClient(world, log, socket, TCP);
    socket.on("data", client.write);
  };
  return createServer({ noDelay: true }, (socket) => whenMade(made, log, socket, (world) => serve(world, socket)));
}
