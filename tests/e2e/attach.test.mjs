// "Attach a client": real nats.js code against the page's simulator, in a worker that can be ended whatever it does.
import assert from "node:assert/strict";
import { PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const panel = (page) => page.locator(".attach");
const output = (page) => page.locator(".attach__lines");
const state = (page, text) => panel(page).getByRole("status").filter({ hasText: text }).waitFor();

async function openPanel(page) {
  await page.getByRole("button", { name: "Attach a client" }).click();
  await panel(page).waitFor();
}

/** Puts code into the editor and runs it. */
async function run(page, code) {
  const editor = panel(page).getByRole("textbox");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(code);
  await panel(page).getByRole("button", { name: "Run" }).click();
}

const CONNECT = 'import { wsconnect } from "@nats-io/nats-core";\nconst nc = await wsconnect({ servers: "ws://sim", name: "tester" });\n';

pageTest("every example runs as it is", {}, async ({ page, picture }) => {
  await openPanel(page);
  const names = await panel(page).getByRole("combobox").locator("option").allTextContents();
  assert.deepEqual(names, ["Publish and consume", "Ordered consumer", "Key-value watch", "Object store", "Service"]);
  for (const name of names) {
    await panel(page).getByRole("combobox").selectOption(name);
    await panel(page).getByRole("button", { name: "Run" }).click();
    await state(page, "done");
    const text = await output(page).innerText();
    assert.doesNotMatch(text, /Error/, name);
    assert.ok(text.trim(), `${name} prints nothing`);
  }
  await picture("attach");
  await assertAccessible(page);
});

pageTest("what was done by hand is client code that runs", {}, async ({ page, origin }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin });
  const within = (name, action) => page.getByRole("article", { name }).getByRole("button", { name: action, exact: true });
  await within("Publisher orders-api", "Publish").click();
  await within("Consumer ship", "Ack #2").click();
  const done = page.getByRole("region", { name: "What you just did" });
  await done.getByText("$ nats pub orders.eu.created").last().waitFor();
  await done.getByRole("combobox", { name: "Written for" }).selectOption("nats.js");
  await done.getByText("js.publish(\"orders.eu.created\", ").last().waitFor();
  await done.getByText("m?.ack(); // #2").waitFor();
  await done.getByRole("button", { name: "Copy the commands" }).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  await page.getByText(/· last 7$/).waitFor();
  await openPanel(page);
  // Without what was done before, which would wait for messages.
  const [, connect, lines] = /^(.*\n\n)(.*)$/s.exec(code.trimEnd());
  await run(page, connect + lines.split("\n").slice(-3).join("\n"));
  await state(page, "done");
  assert.doesNotMatch(await output(page).innerText(), /Error/);
  await page.getByText(/· last 8$/).waitFor();
});

pageTest("the panel is loaded when it is opened, and not before", { screen: PHONE }, async ({ page }) => {
  const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/attach-")).length);
  assert.equal(await loaded(), 0);
  await openPanel(page);
  assert.ok((await loaded()) > 0);
  await assertNoSidewaysScroll(page);
  await assertAccessible(page);
  await panel(page).getByRole("button", { name: "Close" }).click();
  assert.equal(await panel(page).isVisible(), false);
});

pageTest("an attached client stands with publishers and workers, and holds the clock at ×1", {}, async ({ page }) => {
  await openPanel(page);
  await run(page, `${CONNECT}nc.subscribe(">", { callback: () => {} });\nnc.publish("hello", "x");\nawait nc.flush();\nconsole.log("there");`);
  await state(page, "still attached");
  for (const side of ["publishers", "consumers"]) {
    await page.locator(`.${side}`).getByRole("article", { name: /Attached client tester #\d+/ }).waitFor();
  }
  await page.getByText("the clock runs at ×1 until it is gone").waitFor();
  const pause = page.getByRole("button", { name: /Pause/ }).first();
  await pause.click();
  assert.ok(await pause.isVisible(), "it plays on");
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await page.getByRole("article", { name: /Attached client/ }).first().waitFor({ state: "detached" });
  await pause.click();
  await page.getByRole("button", { name: /Play/ }).first().waitFor();
});

pageTest("an endless loop, and endless output, do not kill the page", {}, async ({ page }) => {
  await openPanel(page);
  for (const code of ["for (;;) {}", 'for (;;) console.log("x".repeat(1000));', `${CONNECT}for (;;) { nc.publish("a", "b"); await nc.flush(); }`]) {
    await run(page, code);
    await state(page, "runs");
    await page.waitForTimeout(300);
    await panel(page).getByRole("button", { name: "Stop" }).click();
    await state(page, "stopped");
  }
  assert.ok((await output(page).locator("pre").count()) <= 500);
  assert.equal(await page.getByRole("article", { name: /Attached client/ }).count(), 0);
});

pageTest("mistakes are told, with the line", {}, async ({ page }) => {
  await openPanel(page);
  await run(page, 'import { x } from "nowhere";');
  await state(page, "failed");
  assert.match(await output(page).innerText(), /There is no nowhere here/);
  await run(page, `${CONNECT}import { jetstreamManager } from "@nats-io/jetstream";\nawait (await jetstreamManager(nc)).streams.info("NONE");`);
  await state(page, "failed");
  assert.match(await output(page).innerText(), /stream not found/);
});

pageTest("another preset is another server: the client finds it and goes on", {}, async ({ page }) => {
  await openPanel(page);
  await run(page, `${CONNECT}for await (const { type } of nc.status()) console.log(type);`);
  await state(page, "runs");
  await page.getByText("the clock runs at ×1 until it is gone").waitFor();
  const presets = page.getByRole("combobox", { name: "Preset" });
  const values = await presets.locator("option").evaluateAll((options) => options.map(({ value }) => value));
  await presets.selectOption(values[1]);
  await output(page).getByText(/^reconnect$/).waitFor();
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await page.getByText("the clock runs at ×1 until it is gone").waitFor({ state: "detached" });
});
