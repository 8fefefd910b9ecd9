// The examples of the package's README, as written: a page, a Vitest test, Node.
//
// `cargo xtask test` sets CHROMIUM and CHROMIUM_ARGUMENTS beside JETSTREAM_SIM_PACKAGE.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { withBrowser } from "./browser.mjs";

const { JETSTREAM_SIM_PACKAGE } = process.env;
const run = promisify(execFile);
const README = readFileSync(join(JETSTREAM_SIM_PACKAGE, "README.md"), "utf8");
const PACKAGES = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "node_modules"));

/** A project as npm would make it: the package and its friends in `node_modules`. */
const folder = mkdtempSync(join(tmpdir(), "jetstream-sim-examples-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(JETSTREAM_SIM_PACKAGE, join(folder, "node_modules/jetstream-sim"));
for (const name of ["@nats-io", "vitest", "vite"]) symlinkSync(join(PACKAGES, name), join(folder, "node_modules", name));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
after(() => rmSync(folder, { recursive: true, force: true }));

/** The code under a heading of the README. */
function example(heading, language) {
  const [, section] = README.split(`\n## ${heading}\n`);
  const [, code] = new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\`\n`).exec(section);
  return code;
}

test("in a page", async () => {
  const [, script] = /<script type="module">([^]*)<\/script>/.exec(example("In a page", "html"));
  writeFileSync(join(folder, "page.js"), script);
  const out = join(folder, "site");
  await build({ entryPoints: [join(folder, "page.js")], bundle: true, format: "esm", target: "esnext", outfile: join(out, "page.js"), logLevel: "error" });
  // What bundlers do with `new URL("./file", import.meta.url)`, esbuild leaves to its user.
  writeFileSync(join(out, "core.packed.wasm"), readFileSync(join(JETSTREAM_SIM_PACKAGE, "core.packed.wasm")));
  writeFileSync(join(out, "index.html"), '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="page.js"></script>');
  await withBrowser(out, async (page, origin) => {
    await page.goto(origin);
    await page.waitForFunction(() => document.body.textContent.includes("coffee"));
    assert.equal(await page.locator("body").textContent(), "#1: one coffee");
  });
});

test("in a Vitest test", async () => {
  writeFileSync(join(folder, "day.test.js"), example("In a Vitest test", "js"));
  const vitest = join(PACKAGES, "vitest/vitest.mjs");
  const { stdout } = await run(process.execPath, [vitest, "run", "--no-color"], { cwd: folder, env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" } });
  assert.match(stdout, /Tests +1 passed/);
});

test("in Node", async () => {
  writeFileSync(join(folder, "node.js"), example("In Node", "js"));
  const { stdout } = await run(process.execPath, [join(folder, "node.js")], { cwd: folder });
  assert.equal(stdout, "2\n2\n400 10065 subjects overlap with an existing stream\n");
});
