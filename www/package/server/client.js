// One client of the simulator, whatever its bytes travel by.

import { Info } from "./info.js";
import { Outflow } from "./outflow.js";
import { tracer } from "./trace.js";

/** Unless the configuration says otherwise. */
export const MAX_CONNECTIONS = 65_536;
const TOO_MANY = "Maximum Connections Exceeded";
const TOO_MANY_ERR = Buffer.from("-ERR 'maximum connections exceeded'\r\n");

/**
 * Connects a socket with the simulator.
 *
 * `way` is how bytes travel: `type` names it in monitoring, `letter` in log lines, `send(outflow, bytes)` writes what the
 * server says, `sayWhy(outflow, reason)` what the transport itself has to say when the connection ends. What is given:
 * `write(bytes)` for what the client says, `end(reason)` for its end, and the `outflow`.
 */
export function serveClient({ simulator, settings, peers }, log, socket, way) {
  const address = { type: way.type, ip: socket.remoteAddress, port: socket.remotePort };
  const note = (level, text) => log[level](`${address.ip}:${address.port} - ${way.letter}id:${clientId} - ${text}`);
  let why = "Client Closed";
  const leave = (ended, reason = ended?.reason) => {
    if (peers.remove(clientId, ended, reason)) why = reason ?? why;
  };
  const outflow = new Outflow(socket, settings, (reason, details) => {
    // It may have been thrown out for something else, and not have read that.
    if (!peers.get(clientId)) return;
    note("info", `Slow Consumer Detected: ${details}`);
    peers.slowConsumers += 1;
    leave(connection.close(), reason);
  });
  // Who is thrown out has no say in how long its socket stays.
  const hangUp = (reason) => {
    way.sayWhy?.(outflow, reason);
    socket.destroySoon();
  };
  const end = (reason) => {
    leave(connection.close(), reason);
    hangUp(reason);
  };
  const info = new Info(settings);
  const sendLdm = () => info.lameDuck && way.send(outflow, info.lameDuck);
  const connection = simulator.connect(
    (told) => {
      const bytes = info.pass(told);
      trace?.told(bytes);
      way.send(outflow, bytes);
    },
    (ended) => {
      leave(ended);
      hangUp(ended?.reason);
    },
  );
  const { clientId } = connection;
  const trace = log.isTracing ? tracer((text) => note("trace", text)) : undefined;
  const write = (bytes) => {
    trace?.heard(bytes);
    connection.write(bytes);
  };
  note("debug", "Client connection created");
  const isOneTooMany = peers.count >= (settings.max_connections ?? MAX_CONNECTIONS);
  peers.add(clientId, { address, socket, end, sendLdm });
  socket.on("close", () => {
    leave(connection.close());
    note("debug", `Client connection closed: ${why}`);
  });
  // INFO comes first.
  if (isOneTooMany) {
    queueMicrotask(() => {
      way.send(outflow, TOO_MANY_ERR);
      end(TOO_MANY);
    });
  }
  return { outflow, write, end };
}

/** Calls `serve(world)` once the simulator is made; what goes wrong concerns this socket alone. */
export async function whenMade(made, log, socket, serve) {
  // What follows is "close".
  socket.on("error", () => {});
  try {
    const world = await made;
    if (!socket.destroyed) serve(world);
  } catch (error) {
    log.error(error.stack);
    socket.destroy();
  }
}
