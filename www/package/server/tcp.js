// The listener for clients: bytes in, bytes out.

import { createServer } from "node:net";

/** Bytes that may wait for a client that does not read. */
export const MAX_PENDING = 64 * 1024 * 1024;
/** Why such a client is gone. */
export const TOO_SLOW = "Slow Consumer (Pending Bytes)";

/** A server whose connections are those of `made`'s simulator, which is promised. It does not listen yet. */
export function tcpServer(made, log) {
  return createServer({ noDelay: true }, async (socket) => {
    // What follows is "close".
    socket.on("error", () => {});
    const { simulator, peers } = await made;
    if (socket.destroyed) return;
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    log.debug(`${peer} - Client connection created`);
    let reason;
    const connection = simulator.connect(
      (bytes) => {
        socket.write(bytes);
        if (socket.writableLength > MAX_PENDING) {
          log.info(`${peer} - Slow Consumer Detected`);
          reason = TOO_SLOW;
          socket.destroy();
        }
      },
      (ended) => {
        peers.remove(connection.clientId, ended);
        socket.end();
      },
    );
    const { clientId } = connection;
    peers.add(clientId, { type: "nats", ip: socket.remoteAddress, port: socket.remotePort });
    socket.on("data", (bytes) => connection.write(bytes));
    socket.on("close", () => {
      log.debug(`${peer} - Client connection closed`);
      peers.remove(clientId, connection.close(), reason);
    });
  });
}
