// “Why?”: asked of a worker, a consumer, a message and a refusal; the button that mends it; and what is open stays true.
import assert from "node:assert/strict";
import { PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const button = (within, name) => within.getByRole("button", { name, exact: true });
const worker = (page, name) => page.getByRole("region", { name: `Worker ${name}`, exact: true });
const tape = (page) => page.locator(".tape").first();

pageTest("an idle worker says why it gets nothing, and one click mends it", {}, async ({ page, picture }) => {
  const a = worker(page, "worker A");
  await button(a, "Ack #2").click();
  await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
  const why = button(a, "Why does worker A get nothing?");
  assert.equal(await why.getAttribute("aria-expanded"), "false");
  await why.click();
  assert.equal(await why.getAttribute("aria-expanded"), "true");
  await a.getByText("The pull is used up.").waitFor();
  assert.match(await a.locator(".why__counters").innerText(), /num pending\s*1/);
  const pending = a.locator(".why__counters").getByRole("button", { name: /ack pending/ });
  await pending.hover();
  assert.equal(String(await page.locator(".tape__place--lit").count()), await pending.innerText(), "a number of an answer lights what it counts");
  assert.match(await a.getByRole("list", { name: "Answers" }).innerText(), /No ticket, no delivery/);
  await assertAccessible(page);
  await picture("why a worker is idle");
  const opened = page.waitForEvent("popup");
  await a.getByRole("link", { name: "No ticket, no delivery" }).click();
  const beside = await opened;
  await beside.getByText("no pull request waits, so nothing moves").first().waitFor();
  await beside.close();
  await button(a, "Let worker A fetch 1").click();
  await a.getByText("holds").waitFor();
  assert.match(await a.locator(".worker__says").innerText(), /holds #7/);
});

pageTest("the answer about a consumer stays true while time runs", {}, async ({ page }) => {
  const ship = page.getByRole("article", { name: "Consumer ship" });
  await button(ship, "Why does ship deliver nothing?").click();
  await ship.getByText("Caught up.").waitFor();
  await button(page, "One event on").click();
  await ship.getByText("#2 waits for a pull.").waitFor();
  assert.match(await ship.getByRole("list", { name: "Answers" }).innerText(), /Expired, and nobody pulls/);
  await button(ship, "Why does ship deliver nothing?").click();
  assert.equal(await ship.locator(".why__counters").count(), 0, "the remark stays, without its numbers");
  await ship.getByText("#2 waits for a pull.").waitFor();
});

pageTest("the answer stands beside the question", { path: "/#preset=c3" }, async ({ page }) => {
  const ask = button(page, "Why does ship deliver nothing?");
  await ask.click();
  const [asked, answer] = await Promise.all([ask.boundingBox(), page.locator(".consumers__card .notice").first().boundingBox()]);
  assert.ok(answer.y - asked.y < 100, `${answer.y - asked.y} px below`);
  assert.equal(await page.locator(".notice__says[role=status]").count(), 1);
});

pageTest("a worker whose consumer is gone is there and says so", { path: "/#preset=c10" }, async ({ page, picture }) => {
  for (const step of await page.locator(".firsts__do").all()) await step.click();
  await button(worker(page, "A"), "Why does A get nothing?").click();
  await worker(page, "A").getByText("Its consumer is gone.").waitFor();
  await assertAccessible(page);
  await picture("a consumer that is gone");
  await button(worker(page, "A"), "Kill A").click();
  await worker(page, "A").getByText("killed").waitFor();
});

pageTest("an ack that is lost leaves its message in flight", {}, async ({ page }) => {
  await button(worker(page, "worker A"), "Lose ack #2").click();
  await worker(page, "worker A").getByText("idle").waitFor();
  assert.match(await page.locator(".tray").first().innerText(), /#2/);
  await page.getByText("the ack of worker A for consumer sequence 2 was lost on its way").waitFor();
});

pageTest("a message says whose ack is missing, and its hole why it is gone", {}, async ({ page, picture }) => {
  await tape(page).getByRole("button", { name: /^4 / }).click();
  const message = page.getByRole("region", { name: "Message #4", exact: true });
  await button(message, "Why is #4 still here, and when does it come?").click();
  await message.getByText("The ack for #4 is missing.").waitFor();
  await message.getByText("Not for ledger.").waitFor();
  await message.getByText("In flight.").waitFor();
  await assertAccessible(page);
  await picture("why a message is still here");
  await button(message, "Ack #4 for worker B").click();
  const hole = page.getByRole("region", { name: "Hole #4", exact: true });
  await hole.getByText("#4 is gone.").waitFor();
  assert.match(await hole.innerText(), /in a work queue an ack removes it\./);
  await button(hole, "Close the message").click();
  await button(tape(page), "1 acked").click();
  await page.getByRole("region", { name: "Hole #1", exact: true }).waitFor();
});

pageTest("a refused request names its rule, its code and its field", {}, async ({ page, picture }) => {
  await button(page, "Add consumer").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("name", { exact: true }).fill("audit");
  await dialog.getByLabel("filter_subjects", { exact: true }).fill("orders.eu.*");
  await button(dialog, "Create").click();
  await button(dialog, "Why was it refused?").click();
  const answer = dialog.locator(".notice");
  assert.match(await answer.innerText(), /another consumer already reads some of these subjects/);
  assert.match(await answer.innerText(), /err_code\s*10100\s*field\s*filter_subjects/);
  assert.match(await answer.innerText(), /Consumers of a work queue/);
  await assertAccessible(page);
  await picture("why a request was refused");
});

pageTest("a message that no stream takes gets one with a click", {}, async ({ page }) => {
  const publisher = page.getByRole("article", { name: "Publisher orders-api" });
  await publisher.getByLabel("Subject").fill("refunds.asked");
  await button(publisher, "Publish").click();
  await button(publisher, "Why was the message of orders-api not stored?").click();
  await publisher.getByText("No responders.").waitFor();
  await button(publisher, "Make stream STREAM-1 for it").click();
  await page.getByRole("article", { name: "Stream STREAM-1" }).waitFor();
  await button(publisher, "Publish").click();
  await publisher.getByText("PubAck STREAM-1 seq 1").waitFor();
});

pageTest("the keyboard asks, reads and mends", {}, async ({ page }) => {
  const a = worker(page, "worker A");
  await button(a, "Ack #2").click();
  await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
  await button(a, "Why does worker A get nothing?").focus();
  await page.keyboard.press("Enter");
  await button(a, "Let worker A fetch 1").focus();
  await page.keyboard.press("Enter");
  await a.getByText("holds").waitFor();
});

pageTest("answers fit a phone", { screen: PHONE, theme: "dark", touch: true }, async ({ page, picture }) => {
  await button(page, "Why does ship deliver nothing?").click();
  await page.getByRole("article", { name: "Consumer ship" }).getByText("Caught up.").scrollIntoViewIfNeeded();
  await assertAccessible(page);
  await assertNoSidewaysScroll(page);
  await picture("why on a phone");
});

pageTest("a refusal that came from no dialog is explained in its banner", {}, async ({ page, picture }) => {
  const stream = page.getByRole("article", { name: "Stream ORDERS" });
  const more = () => button(stream, "More: purge, seal or delete ORDERS").click();
  await more();
  await button(stream, "Seal: freeze it for good").click();
  await more();
  await button(stream, "Purge: remove every message").click();
  const banner = page.locator(".refusal");
  await button(banner, "Why was it refused?").click();
  assert.match(await banner.innerText(), /A sealed stream does not change any more/);
  assert.match(await banner.innerText(), /err_code\s*10109/);
  await assertAccessible(page);
  await picture("why a refusal in the banner");
  await button(banner, "Edit ORDERS").click();
  await page.getByRole("dialog", { name: "Stream ORDERS" }).waitFor();
});
