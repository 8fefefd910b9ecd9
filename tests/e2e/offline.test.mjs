// Without a network, and without a server: what the service worker keeps, and how a newer page takes the place of an older one.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { assertAccessible, pageTest } from "./harness.mjs";
import { serve } from "./server.mjs";

const DIST = process.env.JETSTREAM_SIM_DIST;

/** Opens the page on a server of the test's own, and waits until it is kept. */
async function visit(page, origin) {
  await page.goto(origin);
  await page.locator("main").waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => new Promise((resolve) => {
    if (active.state === "activated") resolve();
    else active.onstatechange = () => { if (active.state === "activated") resolve(); };
  })));
}

/** Waits until `holds`, which may be asynchronous, is true in the page. */
async function until(page, holds) {
  while (!(await page.evaluate(`(${holds})().then(Boolean)`))) await page.waitForTimeout(50);
}

const attach = (page) => page.getByRole("button", { name: "Attach a client" });
const alone = { load: false, isRefusing: true };

pageTest("after the first visit the page works without a network", alone, async ({ page }) => {
  const server = await serve(DIST);
  const folder = `${server.origin}/some/folder/`;
  await visit(page, folder);
  await server.close();
  await page.goto("about:blank");
  for (const address of [folder, `${folder}?from=a-link#preset=limits`]) {
    await page.goto(address);
    await page.locator("main").waitFor();
    await page.getByRole("button", { name: "One event on", exact: true }).click();
  }
  await attach(page).click();
  await page.getByRole("alert").filter({ hasText: "The editor could not be loaded" }).waitFor();
  await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  assert.equal(await page.getByRole("alert").count(), 0);
});

pageTest("a client can be attached without a network once one was", alone, async ({ page }) => {
  const server = await serve(DIST);
  await visit(page, server.origin);
  const run = async () => {
    await attach(page).click();
    await page.locator(".attach").getByRole("button", { name: "Run" }).click();
    await page.locator(".attach").getByRole("status").filter({ hasText: "done" }).waitFor();
  };
  await run();
  await server.close();
  await page.reload();
  await run();
});

pageTest("a newer page is shown at once, and the older one goes with its last tab", alone, async ({ page }) => {
  const newer = mkdtempSync(join(tmpdir(), "jetstream-sim-"));
  try {
    cpSync(DIST, newer, { recursive: true });
    const edit = (name, from, to) => writeFileSync(join(newer, name), readFileSync(join(newer, name), "utf8").replace(from, to));
    edit("index.html", "<title>", "<title>Newer ");
    edit("sw.js", /"version":"\w+"/, '"version":"newer"');

    const older = await serve(DIST);
    await visit(page, older.origin);
    await older.close();
    const server = await serve(newer, Number(new URL(older.origin).port));
    await page.reload();
    assert.match(await page.title(), /^Newer/);
    const caches = () => page.evaluate(async () => (await globalThis.caches.keys()).map((name) => name.split(" ").at(-1)));
    await until(page, async () => (await navigator.serviceWorker.getRegistration())?.waiting);
    assert.equal((await caches()).length, 2, "the older one is kept while its worker serves this tab");
    await page.goto("about:blank");
    await visit(page, server.origin);
    await until(page, async () => (await globalThis.caches.keys()).length === 1);
    assert.deepEqual(await caches(), ["newer"]);
    await server.close();
    await page.reload();
    assert.match(await page.title(), /^Newer/);
  } finally {
    rmSync(newer, { recursive: true });
  }
});

pageTest("a slow network does not keep the page from opening", alone, async ({ page }) => {
  const server = await serve(DIST);
  await visit(page, server.origin);
  server.stall();
  await page.goto("about:blank");
  const start = Date.now();
  await page.goto(server.origin);
  await page.locator("main").waitFor();
  assert.ok(Date.now() - start < 8_000);
  await server.close();
});

pageTest("the page as one file works without a server", { load: false }, async ({ page, picture }) => {
  await page.goto(pathToFileURL(join(DIST, "jetstream-sim.html")).href);
  await page.locator("main").waitFor();
  await page.getByRole("button", { name: "One event on", exact: true }).click();
  await page.locator(".tape").first().getByText("waits to be redelivered").waitFor({ state: "attached" });
  assert.equal(await page.getByRole("button", { name: "Attach a client" }).count(), 0);
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  assert.match(policy, /^default-src 'none'; script-src 'wasm-unsafe-eval' 'sha256-[^;]*'; style-src 'sha256-[^;]*'; style-src-attr/);
  await assertAccessible(page);
  await picture("one file");
});

pageTest("the page as one file stands in a frame that may do nothing but run", alone, async ({ page, origin }) => {
  await page.setContent(`<iframe sandbox="allow-scripts" src="${origin}/jetstream-sim.html#embed=mini&preset=limits" width="800" height="600"></iframe>`);
  await page.frameLocator("iframe").locator(".tape").waitFor();
});

pageTest("the page as one file is downloaded from the help", {}, async ({ page }) => {
  await page.keyboard.press("?");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download the page as one file" }).click()]);
  assert.ok(statSync(await download.path()).size > 100_000);
});
