// The drawer: its tabs, the log as it is narrowed and copied, the inspector, the commands.
import assert from "node:assert/strict";
import { PHONE, TABLET, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const button = (within, name) => within.getByRole("button", { name, exact: true });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });
const lines = (page) => page.getByRole("region", { name: "Log lines" }).locator("li");
const clock = (page) => page.getByLabel("Simulated time");
const TABS = ["Log", "Wire", "Inspector", "Numbers", "Subjects"];

for (const [size, screen, theme] of [["desktop", undefined, "light"], ["desktop", undefined, "dark"], ["phone", PHONE, "light"]]) {
  pageTest(`every tab is accessible and fits: ${size}, ${theme}`, { screen, theme }, async ({ page, picture }) => {
    await page.locator(".tape__cell").first().click();
    for (const name of TABS) {
      await tab(page, name).click();
      await page.getByRole("tabpanel", { name }).waitFor();
      await assertAccessible(page);
      await assertNoSidewaysScroll(page);
      await tab(page, name).scrollIntoViewIfNeeded();
      await picture(`drawer ${name} ${size} ${theme}`);
    }
  });
}

for (const screen of [TABLET, { width: 1100, height: 800 }]) {
  pageTest(`the log has room: ${screen.width}`, { screen }, async ({ page }) => {
    const { width } = await page.locator(".log__lines").boundingBox();
    assert.ok(width >= 400, `${width} px`);
  });
}

pageTest("arrows go from tab to tab", {}, async ({ page }) => {
  await tab(page, "Log").focus();
  for (const name of [...TABS.slice(1), TABS[0]]) {
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
    await page.getByRole("tabpanel", { name }).waitFor();
  }
  await page.keyboard.press("End");
  await page.getByRole("tabpanel", { name: TABS.at(-1) }).waitFor();
  await page.keyboard.press("Home");
  await page.getByRole("tabpanel", { name: "Log" }).waitFor();
  assert.equal(await clock(page).innerText(), "00:00:27.0", "the arrows moved no time");
});

pageTest("the log is narrowed by kind, consumer and words", {}, async ({ page }) => {
  const all = await lines(page).count();
  await page.getByLabel("Kind", { exact: true }).selectOption("acked");
  assert.deepEqual(await lines(page).locator(".log__sign").allInnerTexts(), ["●", "●"]);
  await page.getByLabel("Kind", { exact: true }).selectOption("");
  await page.getByLabel("Consumer", { exact: true }).selectOption("ledger");
  for (const line of await lines(page).allInnerTexts()) assert.match(line, /ledger/);
  await page.getByLabel("Consumer", { exact: true }).selectOption("");
  assert.equal(await lines(page).count(), all);
  const search = page.getByLabel("Search the log");
  await search.fill("WORK QUEUE");
  for (const line of await lines(page).allInnerTexts()) assert.match(line, /work queue/);
  await search.fill("no such thing");
  await page.getByText("Nothing like that.").waitFor();
});

pageTest("a line leads to its message and to its moment", {}, async ({ page }) => {
  await lines(page).filter({ hasText: "Stored #3" }).getByRole("button", { name: "#3" }).click();
  await tab(page, "Inspector").click();
  const shown = page.getByRole("region", { name: "Inspected" });
  assert.match(await shown.innerText(), /#3 of ORDERS[^]*Gone: acked\.[^]*Stored #3[^]*delivered #3[^]*Ack of #3[^]*#3 left ORDERS/);
  await tab(page, "Log").click();
  const line = lines(page).filter({ hasText: "Stored #3" }).getByTitle("Go there");
  const at = await line.innerText();
  await line.click();
  assert.equal(await clock(page).innerText(), at);
  assert.match(await lines(page).last().innerText(), /Stored #3/);
});

pageTest("log and commands are copied as text", {}, async ({ page, origin }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const count = await lines(page).count();
  await button(page, "Copy the log as text").click();
  await page.getByText(`Copied ${count} lines.`).waitFor();
  assert.equal((await copied()).trimEnd().split("\n").length, count);
  await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
  await button(page.getByRole("article", { name: "Consumer ship" }), "Ack #2").click();
  await button(page, "Copy the commands").click();
  const commands = (await copied()).trimEnd().split("\n").slice(-2);
  assert.match(commands[0], /^nats pub orders\.eu\.created '\{"order": \d+\}' --jetstream$/);
  assert.match(commands[1], /^nats pub '\$JS\.ACK\.ORDERS\.ship\.1\.2\.\d+\.\d+\.\d+' \+ACK$/);
});

pageTest("the inspector shows payloads in three forms, consumers and connections", {}, async ({ page }) => {
  const hostile = "<img src=x onerror=alert(1)>";
  await page.getByRole("article", { name: "Publisher orders-api" }).getByLabel("Payload").fill(`{"b":[1],"a":"${hostile}"}`);
  await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
  await page.locator(".tape__cell").last().click();
  await tab(page, "Inspector").click();
  const shown = page.getByRole("region", { name: "Inspected" });
  const payload = shown.locator("pre");
  assert.equal(await payload.innerText(), `{\n  "b": [\n    1\n  ],\n  "a": "${hostile}"\n}`);
  assert.equal(await page.locator("img").count(), 0);
  await button(shown, "Hex").click();
  assert.match(await payload.innerText(), /^0000 {2}7b 22 62/);
  await button(shown, "Text").click();
  assert.equal(await payload.innerText(), `{"b":[1],"a":"${hostile}"}`);
  const find = page.getByLabel("Find a message, consumer or connection");
  await find.fill("ledger");
  await button(page, "consumer ORDERS > ledger").click();
  assert.match(await shown.innerText(), /"num_ack_pending": 1/);
  await find.fill("worker a");
  await button(page, "connection worker A").click();
  assert.match(await shown.innerText(), /client_id[^]*Subscriptions/);
  await find.fill("#4");
  await button(page, "message #4 of ORDERS").click();
  assert.match(await shown.innerText(), /#4 of ORDERS/);
});

pageTest("a subject is set against a filter token by token, and its readers are named", {}, async ({ page }) => {
  await tab(page, "Subjects").click();
  const panel = page.getByRole("region", { name: "Matcher" });
  await panel.getByText("It matches.").waitFor();
  await panel.getByLabel("Filter").fill("orders.us.*");
  await panel.getByLabel("Subject").fill("orders.eu.created.late");
  await panel.getByText("It does not match: token 2 is eu and not us.").waitFor();
  const pairs = await panel.locator(".match__pair").allInnerTexts();
  assert.deepEqual(pairs.map((pair) => pair.split("\n").at(-1)), ["equal", "different", "* is any one token", "the filter has ended"]);
  assert.match(await panel.innerText(), /stream ORDERS by orders\.>\s+consumer ship by orders\.eu\.>/);
});

pageTest("a subject is tried in the dialogs, and what will be refused is said with its code", {}, async ({ page }) => {
  await button(page, "Add consumer").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Without a filter it would read everything").waitFor();
  await dialog.getByLabel("filter_subjects", { exact: true }).fill("orders.*.created");
  await dialog.getByText("(10100)").waitFor();
  await dialog.getByLabel("Try a subject").fill("orders.eu.paid");
  await dialog.getByText("It does not match: token 3 is paid and not created.").waitFor();
  await page.keyboard.press("Escape");
  await button(page, "Add stream").click();
  await dialog.getByLabel("subjects", { exact: true }).fill("orders.*");
  await dialog.getByText("(10065)").waitFor();
  await dialog.getByLabel("Try a subject").fill("orders.eu");
  await dialog.getByText("It matches.").waitFor();
  await assertAccessible(page);
});

pageTest("the wire shows an exchange, decoded, with what it caused", {}, async ({ page, picture }) => {
  await button(page.getByRole("article", { name: "Consumer ship" }), "Ack #2").click();
  await tab(page, "Wire").click();
  const wire = page.getByRole("region", { name: "Wire lines" });
  await wire.getByRole("button", { name: /\+ACK #2: settles it/ }).click();
  const opened = wire.locator(".wire__detail");
  assert.match(await opened.innerText(), /stream seq\s+2[^]*answer\s+\+ACK: settles it[^]*What happened with it[^]*Ack of #2 for ship/);
  await assertAccessible(page);
  await picture("wire opened");
  await page.getByLabel("Client", { exact: true }).selectOption("orders-api");
  await wire.getByRole("button", { name: /publishes, and wants an answer/ }).last().click();
  await button(wire, "Show the answer").click();
  assert.match(await wire.locator(".wire__op[aria-expanded=true]").innerText(), /PubAck ORDERS seq 6/);
  await button(wire, "Show the request").click();
  assert.match(await opened.innerText(), /reply-to/);
  await page.getByLabel("Client", { exact: true }).selectOption("");
  const count = await wire.locator("li").count();
  await page.getByLabel("PING, heartbeats").check();
  assert.ok(await wire.locator("li").count() > count);
  await page.getByLabel("Client", { exact: true }).selectOption("worker B");
  assert.deepEqual([...new Set(await wire.locator(".wire__client").allInnerTexts())], ["worker B"]);
  await page.getByLabel("Search the wire").fill("MSG.NEXT");
  for (const line of await wire.locator(".wire__op").allInnerTexts()) assert.match(line, /pull request/);
});

pageTest("a number lights the cells that it counts", {}, async ({ page, picture }) => {
  const lit = async () => (await page.locator(".tape__place--lit .tape__seq").allInnerTexts()).join(" ");
  await page.getByRole("button", { name: /^3 ack pending/ }).hover();
  assert.equal(await lit(), "2 4 6");
  await picture("lit cells");
  await page.getByRole("button", { name: /^1 ack pending/ }).focus();
  await page.mouse.move(0, 0);
  await page.getByRole("button", { name: /^1 ack pending/ }).blur();
  await page.getByRole("button", { name: /^1 ack pending/ }).focus();
  assert.equal(await lit(), "5");
  await page.getByRole("button", { name: /^1 deleted inside/ }).focus();
  assert.equal(await lit(), "");
  assert.equal(await page.locator(".tape__hole--lit").count(), 1);
  await page.getByRole("button", { name: "Play" }).focus();
  assert.equal(await page.locator(".tape__hole--lit").count(), 0);
});

pageTest("the numbers are plotted over time", {}, async ({ page }) => {
  await tab(page, "Numbers").click();
  const panel = page.getByRole("region", { name: "Numbers over time" });
  await panel.getByRole("img", { name: "ORDERS > ship num_ack_pending: now 3, at most 3" }).waitFor();
  await page.getByLabel("Numbers of").selectOption("ORDERS > ledger");
  assert.equal(await panel.getByRole("img").count(), 4);
  await page.getByLabel("Span", { exact: true }).selectOption({ label: "last minute" });
  await panel.getByRole("button", { name: /^1 ORDERS > ledger num_ack_pending/ }).hover();
  assert.equal(await page.locator(".tape__place--lit").count(), 1);
});

/** Lets a client from outside send `frames` to the page's server, one after the other. */
const send = (page, frames) => page.evaluate((frames) => {
  const { attach, attachedSays, detach } = globalThis.wasmBindings;
  const conn = attach();
  for (const frame of ['CONNECT {"verbose":false,"name":"filler"}\r\n', ...frames]) attachedSays(conn, new TextEncoder().encode(frame));
  detach(conn);
}, frames);

const published = (subject, body) => `PUB ${subject} ${body.length}\r\n${body}\r\n`;

pageTest("of a thousand consumers a few have cards, and any is found by typing", {}, async ({ page, picture }) => {
  await page.getByLabel("Preset").selectOption("limits");
  const stream = await page.locator(".streams__card .card__name").first().innerText();
  await send(page, Array.from({ length: 1000 }, (_, number) => {
    const name = `c${String(number).padStart(3, "0")}`;
    return published(`$JS.API.CONSUMER.CREATE.${stream}.${name}`, JSON.stringify({ stream_name: stream, config: { durable_name: name } }));
  }));
  const cards = page.locator(".consumers__card");
  const find = page.getByLabel("Find consumers");
  await find.fill("c777");
  assert.equal(await cards.count(), 1);
  await page.getByText(/^1–1 of 1 found, 100\d in all$/).waitFor();
  await find.fill("c");
  assert.equal(await cards.count(), 12);
  const first = await cards.first().getAttribute("aria-label");
  await button(page, "Later consumers").focus();
  await page.keyboard.press("Enter");
  assert.notEqual(await cards.first().getAttribute("aria-label"), first);
  await button(page, "Earlier consumers").click();
  assert.equal(await cards.first().getAttribute("aria-label"), first);
  await assertAccessible(page);
  await picture("a thousand consumers");
});

pageTest("a long stream is jumped through by its map", {}, async ({ page, picture }) => {
  await page.getByLabel("Preset").selectOption("exactly-once");
  await send(page, Array.from({ length: 20 }, () => published("payments.x", "y").repeat(1000)));
  const map = page.getByRole("slider", { name: /^Part of PAYMENTS/ });
  const seqs = () => page.locator(".tape").first().locator(".tape__seq").allInnerTexts();
  const last = Number((await seqs()).at(-1));
  assert.ok(last > 20_000, `${last} are stored`);
  const box = await map.boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const middle = Number((await seqs())[0]);
  assert.ok(Math.abs(middle - last / 2) < last / 20, `${middle} of ${last}`);
  await page.keyboard.press("ArrowRight");
  assert.ok(Number((await seqs())[0]) > middle);
  await page.keyboard.press("Home");
  assert.equal((await seqs())[0], "1");
  await page.keyboard.press("End");
  assert.equal(Number((await seqs()).at(-1)), last);
  await assertAccessible(page);
  await picture("map of a long stream");
});
