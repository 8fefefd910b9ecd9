// For whom the page is seen, moved and operated otherwise: themes, motion, forced colours, zoom, keys.
import assert from "node:assert/strict";
import { DESKTOP, assertAccessible, assertNoSidewaysScroll, open, pageTest } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const now = (page) => page.getByLabel("Simulated time").innerText();
const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

pageTest("the theme is the system's until it is switched, and then stays", {}, async ({ page, origin }) => {
  const light = await ground(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground(page);
  assert.notEqual(dark, light);
  await button(page, "Light or dark").click();
  assert.equal(await ground(page), light);
  await open(page, origin);
  assert.equal(await ground(page), light, "it is remembered");
  await button(page, "Light or dark").click();
  assert.equal(await ground(page), dark);
});

pageTest("nothing moves for whom motion is reduced", { reducedMotion: "reduce" }, async ({ page }) => {
  for (let step = 0; step < 3; step += 1) {
    await button(page, "One event on").click();
    const running = await page.evaluate(() => document.getAnimations().filter(({ playState, effect }) =>
      playState === "running" && effect.getComputedTiming().duration > 0).length);
    assert.equal(running, 0);
  }
});

pageTest("what happens is read out, and a tape reads as a table", {}, async ({ page }) => {
  await button(page, "One event on").click();
  const said = page.locator("body > p[role=status]").filter({ hasText: "AckWait of #2 ended without an ack" });
  await said.waitFor({ state: "attached" });
  await button(page, "One event on").click();
  await said.waitFor({ state: "detached" });
  await button(page, "ORDERS as a table").click();
  const table = page.getByRole("region", { name: "Messages and consumers of ORDERS" });
  const rows = (await table.getByRole("row").allInnerTexts()).map((row) => row.split(/\s+/).filter(Boolean).join(" "));
  for (const row of ["1 acked", "2 orders.eu.created waits to be redelivered 1", "ship orders.eu.> 1 6"]) {
    assert.ok(rows.includes(row), rows.join("\n"));
  }
});

pageTest("what is pressed or open shows in forced colours", { forcedColors: "active" }, async ({ page, picture }) => {
  const outline = (locator) => locator.evaluate((element) => getComputedStyle(element).outlineStyle);
  const cell = page.locator(".tape__cell").first();
  assert.equal(await outline(cell), "none");
  await cell.click();
  await page.mouse.move(0, 0);
  await page.locator("h1").click();
  assert.equal(await outline(page.locator(".tape__cell[aria-pressed=true]")), "solid");
  const edge = (locator) => locator.evaluate((tab) => getComputedStyle(tab).borderBottomColor);
  assert.notEqual(await edge(page.getByRole("tab", { selected: true })), await edge(page.getByRole("tab", { selected: false }).first()));
  await picture("forced colours");
  await assertAccessible(page);
});

pageTest("zoomed to 200 % nothing is cut off", { screen: { width: DESKTOP.width / 2, height: DESKTOP.height / 2 } }, async ({ page, picture }) => {
  await assertNoSidewaysScroll(page);
  await assertAccessible(page);
  await page.keyboard.press("?");
  assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Close" }).isVisible());
  await picture("zoom");
});

pageTest("the sheet of keys names every key, and each does what it says", {}, async ({ page }) => {
  await page.keyboard.press("?");
  const sheet = page.getByRole("region", { name: "Signs and keys" });
  const keys = (await sheet.locator("dl").last().locator("dt").allInnerTexts()).join(" | ");
  for (const key of ["Space", "→", "←", "Shift →", "Shift ←", "Home, End", "Ctrl Z", "+ −", "on a tape", "on a tab", "Esc", "?"]) {
    assert.ok(keys.includes(key), `${key} is not among ${keys}`);
  }
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("dialog").count(), 0);

  const begin = await now(page);
  await page.keyboard.press("ArrowRight");
  const after = await now(page);
  assert.notEqual(after, begin);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("End");
  assert.equal(await now(page), after);
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await now(page), after);
  await page.keyboard.press("Home");
  assert.ok((await now(page)) <= begin);
  await page.keyboard.press("End");
  await page.keyboard.press("Space");
  await button(page, "Pause").waitFor();
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();

  await page.locator(".tape__cell[tabindex='0']").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".tape__cell[aria-pressed=true]").count(), 1);
  await page.getByRole("tab", { selected: true }).focus();
  const selected = () => page.getByRole("tab", { selected: true }).innerText();
  const tab = await selected();
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await selected(), tab);
});
