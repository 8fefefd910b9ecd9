// A page in headless Chromium, on a folder that is served.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { serve } from "../e2e/server.mjs";

const { CHROMIUM, CHROMIUM_ARGUMENTS = "" } = process.env;

/** Calls `body(page, origin)`; fails as well where the page throws or logs an error. */
export async function withBrowser(folder, body) {
  assert.ok(CHROMIUM, "run these tests by `cargo xtask test`");
  const server = await serve(folder);
  const browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false, args: CHROMIUM_ARGUMENTS.split(" ").filter(Boolean) });
  const problems = [];
  try {
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
    await body(page, server.origin);
    assert.deepEqual(problems, []);
  } catch (error) {
    if (problems.length > 0) console.error(`the page reported: ${problems.join(" | ")}`);
    throw error;
  } finally {
    await browser.close();
    await server.close();
  }
}
