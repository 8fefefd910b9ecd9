// The page as it opens: it draws, reports no problem, is accessible, and fits the screen.
import assert from "node:assert/strict";
import { deliveryTimes } from "./browser.mjs";
import { DESKTOP, PHONE, assertAccessible, assertNoSidewaysScroll, figure, pageTest } from "./harness.mjs";

for (const [size, screen] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const theme of ["light", "dark"]) {
    pageTest(`the page opens without a problem: ${size}, ${theme}`, { screen, theme }, async ({ page, picture }) => {
      assert.match(await page.title(), /JetStream/);
      assert.ok((await page.locator("main").innerText()).trim(), "the page is empty");
      await assertNoSidewaysScroll(page);
      await assertAccessible(page);
      await picture(`page ${size} ${theme}`);
    });
  }
}

/** Controls that are narrower or lower than `least` pixels. A box counts with its label. */
const smallControls = (page, least) => page.evaluate((least) => [...document.querySelectorAll("button, select, input, textarea, summary")]
  .filter((control) => control.checkVisibility())
  .map((control) => [control, (control.closest("label") ?? control).getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 0 && (width < least || height < least))
  .map(([control, { width, height }]) => `${control.outerHTML.slice(0, 80)} is ${width}x${height}`), least);

for (const [size, screen, touch, least] of [["desktop", DESKTOP, false, 24], ["touch screen", PHONE, true, 44]]) {
  pageTest(`what can be operated is large enough: ${size}`, { screen, touch }, async ({ page }) => {
    assert.deepEqual(await smallControls(page, least), []);
    for (const name of ["Add stream", "Add consumer", "Add publisher", "Edit stream ORDERS"]) {
      await page.getByRole("button", { name, exact: true }).click();
      await page.getByRole("dialog").waitFor();
      assert.deepEqual(await smallControls(page, least), [], name);
      await page.keyboard.press("Escape");
    }
  });
}

pageTest("on a phone the streams come first, for the eye and for the tab key", { screen: PHONE, touch: true }, async ({ page }) => {
  const tops = await Promise.all(["streams", "consumers", "publishers", "drawer"].map((name) => page.locator(`.page > .${name}`).boundingBox()));
  assert.deepEqual(tops.map(({ y }) => y), tops.map(({ y }) => y).toSorted((a, b) => a - b));
  await page.getByRole("button", { name: "Add stream", exact: true }).focus();
  const order = [];
  while (order.length < 3) {
    await page.keyboard.press("Tab");
    const panel = await page.evaluate(() => document.activeElement.closest(".page > section")?.getAttribute("aria-labelledby"));
    if (panel && order.at(-1) !== panel) order.push(panel);
  }
  assert.deepEqual(order, ["streams", "consumers", "publishers"]);
});

pageTest("on a phone only the transport, the time and the line stick", { screen: PHONE, touch: true }, async ({ page }) => {
  await page.evaluate(() => scrollTo(0, 900));
  const bottom = await page.locator(".clock").evaluate((clock) => clock.getBoundingClientRect().bottom);
  figure("sticky clock on a phone", bottom, "px", 112);
  assert.ok(await page.getByRole("button", { name: "Play" }).evaluate((play) => play.getBoundingClientRect().top >= 0));
});

pageTest("the first delivered message is shown soon after navigation", { load: false }, async ({ page, origin }) => {
  const took = await deliveryTimes(page, origin);
  // The quickest of the visits: what else the machine does at the time is not the page's.
  figure("first delivered message shown after navigation", Math.min(...took), "ms", 400);
});
