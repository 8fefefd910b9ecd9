// Time travel: back and on again, forks, branches that are returned to, compared and dropped.
import assert from "node:assert/strict";
import { PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const button = (within, name) => within.getByRole("button", { name, exact: true });
const now = (page) => page.getByLabel("Simulated time").innerText();
const past = (page) => page.getByText(/^The past: .* before the latest moment/);
const branches = (page) => page.getByRole("list", { name: "Branches that were left" }).getByRole("listitem");

/** All that the cards show: publishers, streams and consumers. */
const cards = (page) => page.getByRole("article").allInnerTexts();

pageTest("what is gone back to is what it was, and going on leads to the same", {}, async ({ page, picture }) => {
  const seen = [[await now(page), await cards(page)]];
  for (let step = 0; step < 3; step += 1) {
    await page.keyboard.press("ArrowRight");
    seen.push([await now(page), await cards(page)]);
  }
  await page.keyboard.press("ArrowLeft");
  await past(page).waitFor();
  for (let step = 2; ; step -= 1) {
    const [time, shown] = seen[step];
    // At the start the clock had run on without an event; the moment itself is earlier.
    if (step > 0) assert.equal(await now(page), time);
    if (step > 0) assert.deepEqual(await cards(page), shown);
    if (step === 0) break;
    await page.keyboard.press("ArrowLeft");
  }
  await picture("past");
  await page.keyboard.press("End");
  assert.deepEqual([await now(page), await cards(page)], seen[3]);
  await past(page).waitFor({ state: "detached" });
});

pageTest("redeliveries, expiries and removals are jumped to in both directions", {}, async ({ page }) => {
  await page.keyboard.press("Shift+ArrowRight");
  const [time, shown] = [await now(page), await cards(page)];
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowLeft");
  assert.deepEqual([await now(page), await cards(page)], [time, shown]);
  await page.keyboard.press("Home");
  await past(page).waitFor();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowLeft");
  assert.equal(await now(page), "00:00:00.0");
  assert.equal(await page.getByRole("article", { name: /^Stream / }).count(), 0, "nothing was made yet");
  await button(page, "To the latest moment").click();
  await past(page).waitFor({ state: "detached" });
});

pageTest("the handle leads to any moment", {}, async ({ page }) => {
  const handle = page.getByRole("slider", { name: /^Now:/ });
  const latest = await now(page);
  await handle.fill("100");
  await past(page).waitFor();
  assert.ok((await now(page)) < latest);
  await handle.fill("900");
  await past(page).waitFor({ state: "detached" });
  assert.ok((await now(page)) > latest, "drawn ahead, it lets time pass");
  await button(page, "Show less of the time, larger").click();
  await button(page, "Show more of the time").click();
});

pageTest("time goes on by what is typed, with a plus or without a unit", {}, async ({ page }) => {
  for (const [typed, shown] of [["+30s", "00:00:57.0"], ["3", "00:01:00.0"]]) {
    await page.getByLabel("Advance by").fill(typed);
    await button(page, "Advance").click();
    assert.equal(await page.getByLabel("Simulated time").innerText(), shown);
  }
});

pageTest("when the handle is let go the log and the tape are whole again", {}, async ({ page }) => {
  const publisher = page.getByRole("article", { name: "Publisher orders-api" });
  for (let times = 0; times < 6; times += 1) await button(publisher, "Publish 10 times").click();
  await page.getByLabel("Advance by").fill("2m");
  await button(page, "Advance").click();
  const lines = page.locator(".log__line");
  const cells = page.locator(".tape").first().locator("button");
  const handle = page.getByRole("slider", { name: /^Now:/ });
  const says = (kind, place) => handle.evaluate((handle, [kind, place]) => {
    handle.value = String(place);
    handle.dispatchEvent(new Event(kind, { bubbles: true }));
  }, [kind, place]);
  /** The log and the tape, as they are drawn; and again as one comes to this moment without the handle. */
  const shown = async () => [await lines.allInnerTexts(), await cells.allInnerTexts()];
  const assertWhole = async () => {
    const [log, tape] = await shown();
    assert.equal(log.length, 50);
    await handle.blur();
    await page.keyboard.press("ArrowLeft");
    assert.notDeepEqual((await shown())[0], log);
    await page.keyboard.press("ArrowRight");
    assert.deepEqual(await shown(), [log, tape]);
  };
  await assertWhole();
  const whole = await cells.count();
  for (const place of [500, 400, 600]) {
    await says("input", place);
    await past(page).waitFor();
    assert.ok((await lines.count()) < 50, "in haste what can be seen is drawn");
    assert.ok((await cells.count()) < whole);
  }
  await says("change", 600);
  assert.equal(await cells.count(), whole);
  await assertWhole();
  await says("input", 990);
  await says("change", 990);
  await past(page).waitFor({ state: "detached" });
  await assertWhole();
});

pageTest("undo, and an action in the past begins a branch that can be returned to", {}, async ({ page, picture }) => {
  const publisher = page.getByRole("article", { name: "Publisher orders-api" });
  const before = await cards(page);
  await button(publisher, "Publish").click();
  const published = await cards(page);
  assert.notDeepEqual(published, before);
  await page.keyboard.press("Control+z");
  assert.deepEqual(await cards(page), before);
  await page.keyboard.press("Control+Shift+z");
  assert.deepEqual(await cards(page), published);
  await button(page, "Undo").click();
  await button(page.getByRole("article", { name: "Consumer ship" }), "Ack #2").click();
  await past(page).waitFor({ state: "detached" });
  assert.equal(await branches(page).count(), 1);
  const acked = await cards(page);

  await button(page, "Compare Branch 1").click();
  const comparison = page.getByRole("region", { name: /^Here, .* and branch 1/ });
  await comparison.getByRole("row", { name: /ORDERS last_seq/ }).waitFor();
  assert.match(await comparison.innerText(), /Stored #7/);
  await assertAccessible(page);
  await picture("compare");
  await button(comparison, "Close the comparison").click();

  await button(page, "Go to Branch 1").click();
  assert.deepEqual(await cards(page), published);
  await button(page, "Go to Branch 1").click();
  assert.deepEqual(await cards(page), acked);
  await button(page, "Drop Branch 1").click();
  const dialog = page.getByRole("dialog", { name: "Remove?" });
  assert.match(await dialog.innerText(), /Branch 1: [^]*It cannot be brought back\./);
  await button(dialog, "Cancel").click();
  await button(page, "Drop Branch 1").click();
  await button(dialog, "Remove").click();
  assert.equal(await branches(page).count(), 0);
});

for (const theme of ["light", "dark"]) {
  pageTest(`the past and a branch on a phone, ${theme}`, { screen: PHONE, theme }, async ({ page, picture }) => {
    await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
    await button(page, "Undo").click();
    await button(page.getByRole("article", { name: "Consumer ship" }), "Ack #2").click();
    await page.keyboard.press("ArrowLeft");
    await past(page).waitFor();
    // What came in has to be there in full before its contrast counts.
    await page.waitForTimeout(500);
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
    await picture(`past-phone-${theme}`);
  });
}
