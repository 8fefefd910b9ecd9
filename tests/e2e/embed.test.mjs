// The page within another page, by `#embed=mini` and `#embed=full`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { deflateRawSync } from "node:zlib";
import { cpuSeconds, privateMemory } from "./browser.mjs";
import { PHONE, assertAccessible, assertNoSidewaysScroll, figure, pageTest } from "./harness.mjs";

const alone = { load: false };
const button = (within, name) => within.getByRole("button", { name, exact: true });

/** Opens a page of another site with these frames in it, one below the other after a bit of its own. */
async function embed(page, addresses, attributes = "") {
  const frame = (address) => `<iframe src="${address}" title="Simulator" style="display:block;width:100%;height:600px;border:0" ${attributes}></iframe>`;
  const body = `<!doctype html><title>A blog</title><h1 style="height:100px">A blog</h1>${addresses.map(frame).join("")}<p style="height:3000px">The end</p>`;
  const blog = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(body)).unref();
  await new Promise((resolve) => blog.listen(0, "127.0.0.1", resolve));
  // Another site than 127.0.0.1, and a loopback address as well, which browsers let ask for one.
  await page.goto(`http://localhost:${blog.address().port}/`);
  const frames = addresses.map((_, index) => page.frameLocator("iframe").nth(index));
  for (const frame of frames) await frame.locator("main").waitFor();
  return frames;
}

pageTest("a small page shows a tape, a consumer, and what moves time", alone, async ({ page, origin, picture }) => {
  const [frame] = await embed(page, [`${origin}/#embed=mini&preset=work-queue`]);
  assert.equal(await frame.locator(".tape").count(), 1);
  assert.equal(await frame.getByRole("article", { name: /^Consumer / }).count(), 1);
  for (const panel of [".publishers", ".log", ".header", ".clock"]) assert.equal(await frame.locator(panel).count(), 0, panel);
  await button(frame, "One event on").click();
  await frame.locator(".tape").getByText("waits to be redelivered").waitFor({ state: "attached" });
  const now = frame.getByLabel("Simulated time");
  const before = await now.innerText();
  await button(frame, "Play").click();
  await page.waitForTimeout(500);
  await button(frame, "Pause").click();
  assert.notEqual(await now.innerText(), before);
  await picture("embed mini");
});

pageTest("a full page is the whole page without its header", alone, async ({ page, origin, picture }) => {
  const [frame] = await embed(page, [`${origin}/#embed=full&preset=limits`]);
  for (const panel of [".publishers", ".streams", ".consumers", ".drawer", ".clock"]) assert.equal(await frame.locator(`section${panel}`).count(), 1, panel);
  assert.equal(await frame.locator(".header").count(), 0);
  await picture("embed full");
});

for (const kind of ["mini", "full"]) {
  pageTest(`from an embedded page a link leads to the whole page: ${kind}`, alone, async ({ page, origin }) => {
    const [frame] = await embed(page, [`${origin}/#embed=${kind}&preset=limits`]);
    const link = frame.getByRole("link", { name: /JetStream Simulator/ });
    assert.equal(await link.getAttribute("rel"), "noopener");
    const [whole] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    await whole.locator(".header").waitFor();
    assert.equal(await whole.getByLabel("Preset").inputValue(), "limits");
    assert.equal(new URL(whole.url()).hash, "#preset=limits");
  });

  for (const theme of ["light", "dark"]) {
    pageTest(`an embedded page is accessible, also on a phone: ${kind}, ${theme}`, { ...alone, theme, screen: PHONE }, async ({ page, origin }) => {
      await page.goto(`${origin}/#embed=${kind}&preset=work-queue`);
      await page.locator("main").waitFor();
      await assertAccessible(page);
      await assertNoSidewaysScroll(page);
    });
  }
}

pageTest("an embedded page shows the session of a link", alone, async ({ page, origin }) => {
  await page.goto(`${origin}/#preset=limits`);
  await page.locator("main").waitFor();
  await button(page, "Stop publishing every 5 s").click();
  const link = deflateRawSync(await page.evaluate(() => window.wasmBindings.exportScenario())).toString("base64url");
  const cells = await page.locator(".tape").first().locator("> li").count();
  const [frame] = await embed(page, [`${origin}/#embed=mini&s=${link}`]);
  await page.waitForTimeout(500);
  assert.equal(await frame.locator(".tape > li").count(), cells);
  const whole = await frame.getByRole("link", { name: /JetStream Simulator/ }).getAttribute("href");
  assert.equal(whole, `#s=${link}`);
});

pageTest("a frame that may open nothing works", alone, async ({ page, origin }) => {
  const [frame] = await embed(page, [`${origin}/#embed=mini`], 'sandbox="allow-scripts allow-same-origin"');
  await button(frame, "One event on").click();
  await frame.locator(".tape").getByText("waits to be redelivered").waitFor({ state: "attached" });
});

pageTest("ten frames need little memory, and rest out of sight", alone, async ({ page, origin }) => {
  const browser = page.context().browser();
  const frames = await embed(page, Array.from({ length: 10 }, (_, index) => `${origin}/#embed=mini&preset=${index % 2 ? "fan-out" : "work-queue"}`));
  /** What the browser does in a second with all of them out of sight, in per cent of a processor. */
  const outOfSight = async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    // Until what is left of running, such as memory to be collected, is done with.
    await page.waitForTimeout(4_000);
    const start = await cpuSeconds(browser);
    await page.waitForTimeout(3_000);
    return ((await cpuSeconds(browser)) - start) * 100 / 3;
  };
  // A browser itself never rests wholly: this is what it does where nothing plays.
  const paused = await outOfSight();
  for (const frame of frames) await button(frame, "Play").click();
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  figure("memory of ten embedded pages", await privateMemory(browser), "MB", 300);
  const shown = () => frames[0].getByLabel("Simulated time").innerText();
  const before = await shown();
  await page.waitForTimeout(300);
  assert.notEqual(await shown(), before, "what can be seen runs");

  const playing = await outOfSight();
  figure("processor time of ten playing pages out of sight, beyond that of paused ones", Math.max(0, playing - paused), "%", 1);
  const stands = await shown();
  await page.waitForTimeout(500);
  assert.equal(await shown(), stands);

  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  assert.notEqual(await shown(), stands, "it goes on where it stood");
});
