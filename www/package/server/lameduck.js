// Lame duck mode: a server that takes no new clients, tells those it has to go elsewhere, ends their connections one after
// the other, and then itself. Who left meanwhile has a turn like the others. nats-server also shuts JetStream down at once;
// here it is there to the end.

import { setTimeout as sleep } from "node:timers/promises";

/** In nanoseconds, unless the configuration says otherwise; of wall time, since that is what clients reconnect in. */
export const LAME_DUCK_DURATION = 120e9;
export const LAME_DUCK_GRACE = 10e9;
const MAX_BETWEEN_MS = 1000;
/** The least time for all clients, where the grace leaves none. */
const MIN_SPREAD_MS = 1000;

/** Ends the connections of `peers` one after the other; `end()` is called behind the last. */
export async function lameDuck({ lame_duck_duration = LAME_DUCK_DURATION, lame_duck_grace_period = LAME_DUCK_GRACE }, peers, log, end) {
  const clients = peers.all();
  if (clients.length === 0) return end();
  for (const client of clients) client.sendLdm();
  await sleep(lame_duck_grace_period / 1e6);
  log.info("Closing existing clients");
  const spread = (lame_duck_duration - lame_duck_grace_period) / 1e6;
  const between = Math.min((spread > 0 ? spread : MIN_SPREAD_MS) / clients.length, MAX_BETWEEN_MS);
  for (const [at, client] of clients.entries()) {
    // Clients that come back at once would all come to the same server.
    if (at > 0) await sleep(between * (0.5 + Math.random() / 2));
    client.end("Server Shutdown");
  }
  return end();
}
