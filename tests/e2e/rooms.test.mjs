// The presets one by one, and what goes beyond a newcomer's path: links, headers, push, priority groups, pauses.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const button = (within, name) => within.getByRole("button", { name, exact: true });
const field = (page, name) => page.getByRole("dialog").getByLabel(name, { exact: true });
const stream = (page, name) => page.getByRole("article", { name: `Stream ${name}`, exact: true });
const consumer = (page, name) => page.getByRole("article", { name: `Consumer ${name}`, exact: true });
const open = (page, preset) => page.getByLabel("Preset").selectOption(preset);

/** Opens the menu behind a button, and picks from it. */
async function pick(within, name, item) {
  await button(within, name).click();
  await button(within, item).click();
}

async function advance(page, by) {
  await page.getByLabel("Advance by").fill(by);
  await button(page, "Advance").click();
}

for (const [size, screen] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const theme of ["light", "dark"]) {
    pageTest(`every preset opens without a problem: ${size}, ${theme}`, { screen, theme, reducedMotion: "reduce" }, async ({ page, picture }) => {
      const presets = await page.getByLabel("Preset").locator("option").evaluateAll((options) => options.map(({ value }) => value));
      assert.ok(presets.length >= 8, presets.join(", "));
      for (const preset of presets) {
        // Those of a confusion begin where that shows; one size and theme is enough for them.
        const isConfusion = /^c\d/.test(preset);
        if (isConfusion && (screen !== DESKTOP || theme !== "light")) continue;
        await open(page, preset);
        if (!isConfusion) assert.match(await page.locator(".clock").innerText(), /AckWait of #\d+ ends/, preset);
        assert.ok(await button(page, "Play").isVisible(), `${preset} is paused`);
        await assertNoSidewaysScroll(page);
        await assertAccessible(page);
        await picture(`preset ${preset} ${size} ${theme}`);
        if (isConfusion) continue;
        await button(page, "One event on").click();
        assert.match(await page.getByRole("region", { name: "Log lines" }).innerText(), /AckWait of #\d+ ended/, preset);
      }
    });
  }
}

pageTest("every preset runs without a problem", {}, async ({ page }) => {
  const presets = await page.getByLabel("Preset").locator("option").evaluateAll((options) => options.map(({ value }) => value));
  for (const preset of presets) {
    await open(page, preset);
    const before = await page.getByLabel("Simulated time").innerText();
    await page.getByLabel("Speed").selectOption({ label: "×100" });
    await button(page, "Play").click();
    await page.waitForTimeout(/^c\d/.test(preset) ? 200 : 1_500);
    await button(page, "Pause").click();
    assert.ok(await page.getByLabel("Simulated time").innerText() > before, preset);
    assert.ok(await page.locator(".streams__card").count() > 0, preset);
  }
});

pageTest("a link is cut and mended", {}, async ({ page }) => {
  await open(page, "sources");
  const copy = stream(page, "ORDERS-COPY");
  await copy.getByText("The link is cut: nothing passes").waitFor();
  const waiting = copy.locator(".links__cell--waits");
  assert.ok(await waiting.count() > 0);
  await button(copy, "Mend the link to ORDERS").click();
  await advance(page, "20s");
  assert.equal(await waiting.count(), 0);
  await button(copy, "Cut the link to ORDERS").click();
  await button(page.getByRole("article", { name: "Publisher shop" }), "Publish 10 times").click();
  assert.equal(await waiting.count(), 10);
  await stream(page, "SALES").getByText("Sources ORDERS").waitFor();
});

pageTest("a mirror is made in the dialog", {}, async ({ page }) => {
  await button(page, "Add stream").click();
  await field(page, "name").fill("COPY");
  await page.getByRole("dialog").locator("summary", { hasText: /^Mirror/ }).click();
  await field(page, "mirror.name").fill("ORDERS");
  await button(page, "Create").click();
  await stream(page, "COPY").getByText("Mirrors ORDERS").waitFor();
});

pageTest("the server's word on a mirror stands beside its field", {}, async ({ page }) => {
  await button(page, "Add stream").click();
  await field(page, "name").fill("COPY");
  await field(page, "subjects").fill("copy.>");
  await page.getByRole("dialog").locator("summary", { hasText: /^Mirror/ }).click();
  await field(page, "mirror.name").fill("ORDERS");
  await button(page, "Create").click();
  assert.match(await page.locator("#field-subjects-error").innerText(), /\(10034\)/);
  await assertAccessible(page);
});

pageTest("a stream is purged, sealed and deleted", {}, async ({ page }) => {
  const orders = stream(page, "ORDERS");
  await pick(orders, "More: purge, seal or delete ORDERS", "Purge: remove every message");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("This removes 4 messages (").waitFor();
  await assertAccessible(page);
  await button(dialog, "Cancel").click();
  assert.equal(await orders.getByText("purged").count(), 0);
  await pick(orders, "More: purge, seal or delete ORDERS", "Purge: remove every message");
  await button(dialog, "Remove").click();
  await orders.getByText("purged").first().waitFor();
  await pick(orders, "More: purge, seal or delete ORDERS", "Seal: freeze it for good");
  await orders.getByText("sealed", { exact: true }).waitFor();
  await button(page.getByRole("article", { name: "Publisher orders-api" }), "Publish").click();
  await page.getByText("invalid operation on sealed stream").first().waitFor();
  await pick(orders, "More: purge, seal or delete ORDERS", "Delete, with its messages and consumers");
  await dialog.getByText("This removes 1 stream, 2 consumers").waitFor();
  await button(dialog, "Remove").click();
  assert.equal(await orders.count(), 0);
  await button(page, "Undo").click();
  await orders.waitFor();
});

pageTest("messages are published with headers", {}, async ({ page }) => {
  await open(page, "headers");
  const desk = page.getByRole("article", { name: "Publisher desk", exact: true });
  await desk.getByLabel("Subject").fill("desk.lost");
  await desk.getByLabel("One a line").fill("");
  assert.equal(await desk.getByLabel("Add a header").inputValue(), "Add…");
  await desk.getByLabel("Add a header").selectOption("Nats-TTL: 30s");
  assert.equal(await desk.getByLabel("One a line").inputValue(), "Nats-TTL: 30s");
  await button(desk, "Publish").click();
  const cell = stream(page, "DESK").locator(".tape__cell").last();
  assert.match(await cell.innerText(), /TTL 30 s/);
  await advance(page, "31s");
  await stream(page, "DESK").getByText("TTL", { exact: true }).first().waitFor();
  await button(page.getByRole("article", { name: "Publisher door" }), "Publish").click();
  assert.match(await stream(page, "VISITS").locator(".tape__cell").last().innerText(), /= 4/);
});

pageTest("a line that is no header is not published", {}, async ({ page }) => {
  await open(page, "headers");
  const desk = page.getByRole("article", { name: "Publisher desk", exact: true });
  const lines = desk.getByLabel("One a line");
  await lines.fill("A: b\nnocolon");
  const cells = stream(page, "DESK").locator(".tape__cell");
  const before = await cells.count();
  await button(desk, "Publish").click();
  await page.getByRole("status").getByText("One header a line, as Name: value.").waitFor();
  assert.equal(await cells.count(), before);
  await lines.fill("A: b");
  await button(desk, "Publish").click();
  assert.equal(await cells.count(), before + 1);
});

pageTest("the tape shows schedules, rollups, markers and counters", {}, async ({ page }) => {
  await open(page, "headers");
  const desk = stream(page, "DESK");
  const marks = (await desk.locator(".tape__mark").allInnerTexts()).join(", ");
  assert.match(marks, /@every 10s/);
  assert.match(marks, /rollup sub/);
  await desk.getByText("rollup", { exact: true }).first().waitFor();
  assert.match((await desk.locator(".tape__mark").allInnerTexts()).join(", "), /marker MaxAge/);
});

pageTest("a belt runs, beats, and stands when nobody listens", {}, async ({ page, picture }) => {
  await open(page, "push");
  const pager = consumer(page, "pager");
  await pager.getByText("Belt runs").waitFor();
  assert.ok(await pager.getByRole("list", { name: "Last deliveries" }).locator("li").count() > 0);
  await pager.getByText(/^Heartbeat in \d/).waitFor();
  await pager.getByText(/^Flow control: .* of 2 MiB on their way$/).waitFor();
  await picture("belt");
  await button(pager, "Kill on call").click();
  await pager.getByText("Belt stands: nobody listens").waitFor();
  await button(pager, "Start again: on call").click();
  await pager.getByText("Belt runs").waitFor();
});

pageTest("a group shows who is pinned, and lets go", {}, async ({ page }) => {
  await open(page, "push");
  const desk = consumer(page, "desk");
  const standing = (worker) => desk.getByRole("region", { name: `Worker ${worker}` }).locator(".worker__standing").innerText();
  assert.equal(await standing("Ann"), "pinned: gets every message");
  assert.equal(await standing("Ben"), "waits until the pin is free");
  await button(desk, "Kill Ann").click();
  await advance(page, "70s");
  assert.equal(await standing("Ben"), "pinned: gets every message");
});

pageTest("a pause counts down, and an unused ephemeral goes", {}, async ({ page }) => {
  await open(page, "push");
  const desk = consumer(page, "desk");
  await pick(desk, "More: pause, reset or delete desk", "Pause for 30 s");
  await desk.getByText("Paused: goes on in 30 s").waitFor();
  await consumer(page, "peek").getByText(/^Unused: deleted in \d/).waitFor();
  await advance(page, "10s");
  await desk.getByText("Paused: goes on in 20 s").waitFor();
  await pick(desk, "More: pause, reset or delete desk", "Resume");
  assert.equal(await desk.getByText("Paused: goes on").count(), 0);
  await advance(page, "60s");
  assert.equal(await consumer(page, "peek").count(), 0);
});

pageTest("every dialog is accessible with all its groups open", {}, async ({ page, picture }) => {
  await open(page, "push");
  for (const name of ["Add stream", "Add consumer", "Edit stream ALERTS", "Edit consumer pager", "Edit Ann"]) {
    await button(page, name).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("details").evaluateAll((groups) => groups.forEach((group) => { group.open = true; }));
    assert.ok(await dialog.getByText(/default|can be changed|page/).count() > 0);
    await assertAccessible(page);
    await picture(`dialog ${name}`);
    await page.keyboard.press("Escape");
  }
});
