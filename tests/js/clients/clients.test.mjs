// nats.js, unmodified: in Node over TCP, WebSocket and the simulator's factory, and in Chromium through the factory.
//
// With REAL set, the same over TCP and WebSocket on a real nats-server.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { wsconnect } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { build } from "esbuild";
import { withBrowser } from "../browser.mjs";
import { startServer } from "../process.mjs";
import { cases } from "./suite.mjs";

const { JETSTREAM_SIM_PACKAGE, REAL } = process.env;
const HERE = dirname(fileURLToPath(import.meta.url));

const config = "websocket { port: -1, no_tls: true }\njetstream: {}";
const server = await startServer({ config, real: Boolean(REAL) });
after(() => server.stop());

function suite(how, open) {
  describe(`nats.js ${how}`, () => {
    for (const [name, run] of Object.entries(cases)) {
      test(name, { timeout: 60_000 }, async () => {
        const nc = await open();
        try {
          await run(nc);
        } finally {
          await nc.close();
        }
      });
    }
  });
}

suite("in Node over TCP", () => connect({ servers: server.url }));
suite("in Node over WebSocket", () => wsconnect({ servers: server.ports.websocket[0] }));

if (!REAL) {
  suite("in Node through the factory", async () => {
    const { Simulator } = await import(pathToFileURL(join(JETSTREAM_SIM_PACKAGE, "node.js")));
    const simulator = await Simulator.create();
    simulator.play();
    const nc = await wsconnect({ servers: "ws://sim", wsFactory: simulator.webSocketFactory() });
    nc.closed().then(() => simulator.dispose());
    return nc;
  });

  test("nats.js in Chromium through the factory", { timeout: 120_000 }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "jetstream-sim-page-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const alias = { "jetstream-sim": join(JETSTREAM_SIM_PACKAGE, "browser.js") };
    await build({ entryPoints: [join(HERE, "page.mjs")], bundle: true, format: "esm", target: "esnext", outfile: join(folder, "page.js"), alias, external: ["node:crypto"], logLevel: "error" });
    writeFileSync(join(folder, "core.packed.wasm"), readFileSync(join(JETSTREAM_SIM_PACKAGE, "core.packed.wasm")));
    writeFileSync(join(folder, "index.html"), '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>');
    await withBrowser(folder, async (page, origin) => {
      await page.goto(origin);
      await page.waitForFunction(() => globalThis.run);
      for (const name of Object.keys(cases)) {
        await t.test(name, async () => assert.equal(await page.evaluate((it) => globalThis.run(it), name), "passed"));
      }
    });
  });
}
