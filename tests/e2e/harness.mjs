// What every test of the page needs: a server, a browser, a page that is watched for errors, pictures, axe, figures.
//
// `cargo xtask e2e` sets JETSTREAM_SIM_PICTURES (a folder) and what `browser.mjs` needs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { DESKTOP, PHONE, TABLET, launch, open } from "./browser.mjs";

export { DESKTOP, PHONE, TABLET, open };

const { JETSTREAM_SIM_PICTURES } = process.env;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let started;

/** The server and the browser of this test file, started once. */
function start() {
  assert.ok(JETSTREAM_SIM_PICTURES, "run these tests by `cargo xtask e2e`");
  started ??= launch();
  return started;
}

after(async () => {
  if (!started) return;
  const { server, browser } = await started;
  await browser.close();
  await server.close();
});

/** Waits until the page has drawn what came of something. One that is out of sight, or gone, is not waited for. */
async function drawn(page) {
  const frames = () => new Promise((drawn) => {
    requestAnimationFrame(() => requestAnimationFrame(drawn));
    setTimeout(drawn, 500);
  });
  await page.evaluate(frames).catch(() => {});
}

/** Lets `acts` of `of` be over only when the page has drawn what came of them: a busy machine draws late. */
function drawnAfter(of, acts, pageOf) {
  for (const act of acts) {
    const does = of[act];
    of[act] = async function (...args) {
      const outcome = await does.apply(this, args);
      await drawn(pageOf(this));
      return outcome;
    };
  }
}

const isPatched = new WeakSet();

/** Makes all that a reader does on `page` last until it is drawn. */
function waitForDrawing(page) {
  const locators = Object.getPrototypeOf(page.locator("body"));
  if (!isPatched.has(locators)) drawnAfter(locators, ["click", "fill", "press", "selectOption", "check", "uncheck", "focus", "hover"], (locator) => locator.page());
  isPatched.add(locators);
  drawnAfter(page.keyboard, ["press", "type"], () => page);
  drawnAfter(page.mouse, ["click"], () => page);
}

/**
 * A test on a freshly loaded page.
 *
 * `body` is given `page` (Playwright's), `origin`, `picture(name)`, which writes `name.png`, and node's test context `t`.
 * The test fails also when the page logs an error or a warning, throws, or asks for what is not there; it then leaves
 * a picture behind.
 *
 * @param {string} name
 * @param {{ screen?: { width: number, height: number }, theme?: "light" | "dark", reducedMotion?: "reduce" | "no-preference",
 *   forcedColors?: "active" | "none", path?: string, touch?: boolean, load?: boolean, isRefusing?: boolean }} options
 *   `load: false` leaves the navigation to the test, and `isRefusing` lets the page report problems, since it is to refuse something
 * @param {(tools: object) => Promise<void>} body
 */
export function pageTest(name, options, body) {
  const { screen = DESKTOP, theme = "light", reducedMotion = "no-preference", forcedColors = "none", path = "/", touch = false, load = true } = options;
  test(name, { timeout: 120_000 }, async (t) => {
    const { server, browser } = await start();
    const context = await browser.newContext({ viewport: screen, colorScheme: theme, reducedMotion, forcedColors, hasTouch: touch });
    const page = await context.newPage();
    const problems = watch(page);
    waitForDrawing(page);
    const picture = (file) => page.screenshot({ path: join(JETSTREAM_SIM_PICTURES, `${file}.png`) });
    try {
      if (load) await open(page, server.origin + path);
      await body({ page, origin: server.origin, picture, t });
      if (!options.isRefusing) assert.deepEqual(problems, [], "the page reports problems");
    } catch (error) {
      await picture(`failed ${name.replaceAll(/[^\w-]+/g, " ")}`).catch(() => {});
      if (problems.length > 0) t.diagnostic(`the page reported: ${problems.join(" | ")}`);
      throw error;
    } finally {
      await context.close();
    }
  });
}

/** What goes wrong on a page while it is open, in words. */
function watch(page) {
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`thrown: ${error.stack ?? error}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    // What a test leaves by navigating is no problem of the page.
    if (why !== "net::ERR_ABORTED") problems.push(`not loaded: ${request.url()} ${why}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  return problems;
}

/** Fails where axe finds a rule violated on the page as it is now, and names the elements. */
export async function assertAccessible(page) {
  // Not by a script element, which the page's policy would refuse.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  // Without what axe preloads: it would write style elements, which are refused as well.
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { preload: false, resultTypes: ["violations"] }));
  const words = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id}: ${help}\n    ${target.join(" ")}\n    ${failureSummary.replaceAll("\n", "\n    ")}`));
  assert.equal(words.length, 0, `axe: ${words.length} violations\n  ${words.join("\n  ")}`);
}

/** Fails where the page is wider than its screen. */
export async function assertNoSidewaysScroll(page) {
  const [inner, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inner <= screen, `the page is ${inner} px wide on ${screen} px`);
}

/** Prints a measured figure, and fails where it is above `most`. */
export function figure(name, value, unit, most = Infinity) {
  const bound = most === Infinity ? "" : ` (at most ${most} ${unit})`;
  console.log(`figure: ${name}: ${Math.round(value * 10) / 10} ${unit}${bound}`);
  assert.ok(value <= most, `${name} is ${value} ${unit}, more than ${most}`);
}
