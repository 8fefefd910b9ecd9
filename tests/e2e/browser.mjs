// The built page on a server, and a browser to open it in. `cargo xtask` sets CHROMIUM (the browser), CHROMIUM_ARGUMENTS and
// JETSTREAM_SIM_DIST (the built page).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const { CHROMIUM, CHROMIUM_ARGUMENTS = "", JETSTREAM_SIM_DIST } = process.env;

/** The sizes of screen that the page is made for. */
export const DESKTOP = { width: 1440, height: 900 };
export const TABLET = { width: 768, height: 1024 };
export const PHONE = { width: 360, height: 640 };

/** Starts both. */
export async function launch() {
  assert.ok(CHROMIUM && JETSTREAM_SIM_DIST, "this is run by `cargo xtask`");
  const [server, browser] = await Promise.all([
    serve(JETSTREAM_SIM_DIST),
    chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false, args: CHROMIUM_ARGUMENTS.split(" ") }),
  ]);
  return { server, browser };
}

/** Navigates and waits until the page has drawn something of its own. */
export async function open(page, address) {
  await page.goto(address);
  await page.locator("body main, body [role=main]").first().waitFor();
}

/** To be run in a page ahead of all else: notes when the first delivered message stands in a tray and was painted. */
export function watchForDelivery() {
  const watcher = new MutationObserver(() => {
    if (!/#\d/.test(document.querySelector(".tray__slot b")?.textContent ?? "")) return;
    watcher.disconnect();
    // A frame's callbacks run ahead of its painting, a task that they queue behind it.
    requestAnimationFrame(() => setTimeout(() => { globalThis.deliveryShownAt = performance.now(); }));
  });
  watcher.observe(document, { childList: true, subtree: true, characterData: true });
}

/** How long after each of five navigations the first delivered message was shown, in milliseconds. */
export async function deliveryTimes(page, origin) {
  await page.addInitScript(watchForDelivery);
  const took = [];
  for (let visit = 0; visit < 5; visit += 1) {
    await page.goto(origin);
    took.push(await (await page.waitForFunction(() => globalThis.deliveryShownAt)).jsonValue());
    await page.goto("about:blank");
  }
  return took;
}

/** The processes in which pages run. */
async function renderers(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  return processInfo.filter(({ type }) => type === "renderer");
}

/** Megabytes that the largest of a browser's pages shares with no other process. */
export async function privateMemory(browser) {
  const ofProcess = ({ id }) => {
    const lines = readFileSync(`/proc/${id}/smaps_rollup`, "utf8").matchAll(/^Private_\w+:\s+(\d+) kB$/gm);
    return [...lines].reduce((sum, [, kb]) => sum + Number(kb), 0) / 1024;
  };
  return Math.max(...(await renderers(browser)).map(ofProcess));
}

/** Seconds of processor time that a browser's pages have used. */
export async function cpuSeconds(browser) {
  return (await renderers(browser)).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}
