// The monitoring endpoints of nats-server, and the clock, over HTTP.

import { createServer } from "node:http";
import { JetStreamError } from "../error.js";

/** A server that answers of the simulator, which is promised. It does not listen yet. */
export function httpServer(promised, log) {
  return createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const simulator = await promised;
    const answer = PATHS[`${request.method} ${url.pathname}`] ?? PATHS[url.pathname];
    const send = (status, type, body) => response.writeHead(status, { "content-type": type, "access-control-allow-origin": "*" }).end(body);
    if (!answer) return send(404, "text/plain; charset=utf-8", "404 page not found\n");
    try {
      send(200, "application/json", JSON.stringify(await answer(simulator, url.searchParams)));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof JetStreamError)) log.error(error.stack);
      send(400, "text/plain; charset=utf-8", `${error.message}\n`);
    }
  });
}

/** Where the clock is, and what comes next. */
function clock(simulator) {
  const next = simulator.nextEvent();
  return {
    now: simulator.now().toISOString(),
    playing: simulator.isPlaying,
    speed: simulator.speed,
    next: next && { at: next.at.toISOString(), reason: next.reason },
  };
}

const PATHS = {
  "/healthz": () => ({ status: "ok" }),
  "GET /clock": clock,
  "POST /clock/advance": async (simulator, query) => {
    await simulator.advance(query.get("by") ?? "");
    return clock(simulator);
  },
  "POST /clock/play": (simulator, query) => {
    simulator.play(Number(query.get("speed") ?? 1));
    return clock(simulator);
  },
  "POST /clock/pause": (simulator) => {
    simulator.pause();
    return clock(simulator);
  },
};
