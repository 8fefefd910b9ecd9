// A newcomer's path: what can be seen in a few clicks, each asserted on what the page shows.
import assert from "node:assert/strict";
import { PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const button = (within, name) => within.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByRole("dialog").getByLabel(name, { exact: true });

/** What stands on the first tape, cell by cell, in one line each. */
async function tape(page) {
  const cells = await page.locator(".tape").first().locator("> li").allInnerTexts();
  return cells.map((cell) => cell.replaceAll("\u200b", "").replace(/\s+/g, " ").trim());
}

const lastLine = (page) => page.getByRole("region", { name: "Log lines" }).locator("li").last();

/** Counts clicks, so that a path stays as short as it is promised to be. */
function clicks() {
  let count = 0;
  return { click: async (target) => { count += 1; await target.click(); }, get count() { return count; } };
}

pageTest("publish, fetch and ack take four clicks and no typing", {}, async ({ page }) => {
  const path = clicks();
  const consumer = page.getByRole("article", { name: "Consumer ledger" });
  await path.click(button(page.getByRole("article", { name: "Publisher billing-cron" }), "Publish"));
  await page.getByText("PubAck ORDERS seq 7").waitFor();
  await path.click(button(consumer, "Fetch 1 for ledger"));
  await consumer.getByText("holds 2 messages").waitFor();
  await path.click(consumer.getByRole("button", { name: /^#7 / }));
  await path.click(button(consumer, "Ack #7"));
  assert.deepEqual((await tape(page)).slice(-1), ["7 acked"]);
  assert.ok(path.count <= 4, `it takes ${path.count} clicks`);
  await seesRedelivery(page);
});

/** Leads to a redelivery in three clicks, wherever the page stands. */
async function seesRedelivery(page) {
  const path = clicks();
  const consumer = page.getByRole("article", { name: "Consumer ship" });
  await path.click(button(page, "One event on"));
  await page.getByText("#2 waits for a pull.").waitFor();
  assert.match((await tape(page))[1], /↺.*waits to be redelivered/);
  await path.click(button(consumer, "Let worker A fetch 1"));
  assert.match((await tape(page))[1], /in flight.*delivered 2 of 3 times/);
  await consumer.getByText("2nd delivery").waitFor();
  assert.ok(path.count <= 3, `it takes ${path.count} clicks`);
}

pageTest("a redelivery is seen in three clicks", {}, async ({ page, picture }) => {
  await seesRedelivery(page);
  await picture("redelivery");
});

pageTest("a nak with delay holds the message back for its delay", {}, async ({ page }) => {
  const consumer = page.getByRole("article", { name: "Consumer ship" });
  await button(consumer, "Nak #2").click();
  await button(consumer, "after 5 s").click();
  assert.match((await tape(page))[1], /nak, delayed, 5 s left/);
  assert.match(await consumer.getByRole("list", { name: "Ack pending" }).innerText(), /#2\s+5 s/, "it keeps its slot");
  await button(page, "Skip to it").click();
  assert.equal(await page.getByLabel("Simulated time").innerText(), "00:00:32.0");
  assert.match((await tape(page))[1], /waits to be redelivered/);
});

pageTest("a work queue removes what is acked", {}, async ({ page }) => {
  assert.match((await tape(page))[1], /^2 .*in flight/);
  await button(page, "Ack #2").click();
  assert.equal((await tape(page))[1], "2 acked");
  assert.match(await lastLine(page).innerText(), /#2 left ORDERS: in a work queue an ack removes it\./);
});

pageTest("max age removes what is too old, acked or not", {}, async ({ page }) => {
  await page.getByLabel("Preset").selectOption("limits");
  // Max msgs may come first, which no deadline tells: the name of the button promises none.
  const skip = button(page, "To the next redelivery, expiry or removal");
  assert.equal(await skip.getAttribute("title"), "To the next redelivery, expiry or removal (shift →)");
  await button(page, "Stop publishing every 5 s").click();
  await page.getByLabel("Advance by").fill("2m");
  await button(page, "Advance").click();
  const cells = await tape(page);
  assert.ok(cells.length > 0 && cells.every((cell) => cell.endsWith("expired")), cells.join(", "));
  assert.match(await lastLine(page).innerText(), /older than max age, acked or not\./);
});

pageTest("a repeated id is answered as a duplicate", {}, async ({ page }) => {
  await page.getByLabel("Preset").selectOption("exactly-once");
  const shop = page.getByRole("article", { name: "Publisher shop" });
  await button(shop, "Publish").click();
  await shop.getByText("PubAck duplicate PAYMENTS seq 2 stands").waitFor();
  assert.match((await tape(page))[1], /\+1 dup/);
});

pageTest("an overlap is foreseen while typing, and the server's error stands beside its field", {}, async ({ page, picture }) => {
  await button(page, "Add stream").click();
  await field(page, "name").fill("NEW");
  await field(page, "subjects").fill("orders.*.paid");
  await page.getByText("Will be refused. Overlaps with stream ORDERS").waitFor();
  await button(page, "Create").click();
  assert.equal(await page.locator("#field-subjects-error").innerText(), "subjects overlap with an existing stream (10065)");
  assert.equal(await field(page, "subjects").getAttribute("aria-invalid"), "true");
  await assertAccessible(page);
  await picture("overlap");
  await field(page, "subjects").fill("invoices.>");
  await button(page, "Create").click();
  await page.getByRole("article", { name: "Stream NEW" }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
});

pageTest("two consumers of a work queue cannot read the same", {}, async ({ page }) => {
  await button(page, "Add consumer").click();
  await field(page, "name").fill("audit");
  await field(page, "filter_subjects").fill("orders.eu.*");
  await page.getByText("In a work queue each message has one consumer, and ship already reads:").waitFor();
  await button(page, "Create").click();
  const error = page.locator("#field-filter_subjects-error");
  assert.equal(await error.innerText(), "filtered consumer not unique on workqueue stream (10100)");
});

pageTest("an update shows what is locked and what the server refuses", {}, async ({ page }) => {
  await button(page, "Edit stream ORDERS").click();
  assert.ok(await field(page, "name").isDisabled());
  await field(page, "retention").selectOption("limits");
  await button(page, "Update").click();
  assert.match(await page.locator("#field-retention-error").innerText(), /can not change retention policy to\/from workqueue/);
  await page.keyboard.press("Escape");
  await button(page, "Edit consumer ship").click();
  assert.ok(await field(page, "ack_policy").isDisabled());
  await field(page, "ack_wait").fill("soon");
  assert.match(await page.locator("#field-ack_wait-error").innerText(), /Not a duration/);
  await field(page, "ack_wait").fill("10s");
  await button(page, "Update").click();
  await page.getByRole("article", { name: "Consumer ship" }).getByText("ack wait 10 s").waitFor();
});

pageTest("the keyboard moves time and walks the tape", {}, async ({ page }) => {
  const clock = page.getByLabel("Simulated time");
  await page.keyboard.press("ArrowRight");
  assert.equal(await clock.innerText(), "00:00:35.0");
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await clock.innerText(), "00:00:42.0");
  await page.keyboard.press("Space");
  await button(page, "Pause").waitFor();
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();
  await page.locator(".tape__cell").last().focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Message #5" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Signs and keys" }).waitFor();
});

pageTest("the handle of the timeline lets time pass", {}, async ({ page }) => {
  const [clock, handle] = [page.getByLabel("Simulated time"), page.getByRole("slider")];
  await handle.fill("400");
  assert.equal(await clock.innerText(), "00:00:36.9");
  assert.equal(await handle.inputValue(), "400");
});

pageTest("what comes from outside stays text", {}, async ({ page }) => {
  const markup = "<img src=x onerror=alert(1)>";
  const publisher = page.getByRole("article", { name: "Publisher orders-api" });
  await publisher.getByLabel("Payload").fill(markup);
  await button(publisher, "Publish").click();
  await page.locator(".tape__cell").last().click();
  assert.equal(await page.getByRole("region", { name: "Payload" }).innerText(), markup);
  assert.equal(await page.locator("img").count(), 0);
});

pageTest("dialogs and menus are accessible on a phone", { screen: PHONE, theme: "dark", touch: true }, async ({ page, picture }) => {
  for (const name of ["Add publisher", "Add consumer", "Edit stream ORDERS", "Add worker to ship", "Help: signs and keys"]) {
    await button(page, name).click();
    await page.getByRole("dialog").waitFor();
    await assertAccessible(page);
    await assertNoSidewaysScroll(page);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: /^Fetch for worker A/ }).click();
  await assertAccessible(page);
  await picture("fetch on a phone");
});
