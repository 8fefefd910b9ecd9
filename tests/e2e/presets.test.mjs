// Every preset opens from its link as the state that it is; one of each chapter is run by keyboard alone; and what comes
// in a link, a file or pasted text is checked, and stays text.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { PHONE, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";

const HASHES = readFileSync(new URL("../presets.hashes.txt", import.meta.url), "utf8").trim().split("\n").map((line) => line.split(" "));
const textOf = (key) => readFileSync(new URL(`../../src/sim/presets/${key}.json`, import.meta.url), "utf8");
const linkOf = (text) => `#s=${deflateRawSync(text, { level: 9 }).toString("base64url")}`;
const wireHash = (page) => page.evaluate(() => globalThis.wasmBindings.wireHash());

/** Follows a link as if it were put into the address, and waits until it is open. */
async function follow(page, link, title) {
  await page.evaluate((link) => { location.hash = link; }, link);
  await page.waitForFunction((title) => document.querySelector(".header__presets").selectedOptions[0].textContent === title, title);
}

pageTest("every preset opens from its link with its state", {}, async ({ page }) => {
  assert.ok(HASHES.length >= 51);
  for (const [key, , hash] of HASHES) {
    const text = textOf(key);
    const link = linkOf(text);
    assert.ok(link.length <= 1500, `the link of ${key} has ${link.length} characters`);
    await follow(page, link, JSON.parse(text).title);
    assert.equal(await wireHash(page), hash, key);
    const [wide, seen] = await page.locator(".header__look").evaluate((look) => [look.scrollWidth, look.clientWidth]);
    assert.ok(wide <= seen, `what to look at in ${key} is cut`);
  }
});

pageTest("a status at the end of a pull request is no refused request", { path: "/#preset=c20" }, async ({ page }) => {
  for (const step of await page.locator(".firsts__do").all()) await step.click();
  await page.getByText("Consumer is push based").first().waitFor();
  assert.equal(await page.locator(".refusal").count(), 0);
});

pageTest("a delivery shows its two sequences where they differ", { path: "/#preset=c40" }, async ({ page }) => {
  const steps = page.locator(".firsts__do");
  for (const [step, says] of [[0, "#3 1st delivery, consumer sequence 1"], [1, "#3 2nd delivery, consumer sequence 2"], [2, "#5 1st delivery, consumer sequence 3"]]) {
    await steps.nth(step).click();
    await page.locator(".worker__says", { hasText: says }).waitFor();
  }
});

pageTest("a consumer that has delivered nothing shows where it starts", { path: "/#preset=c8" }, async ({ page }) => {
  await page.locator(".firsts__do").first().click();
  const lane = page.locator(".lanes__lane", { hasText: "last" });
  assert.match(await lane.innerText(), /starts behind 3/);
});

pageTest("a step that time has gone back behind is to be done again", { path: "/#preset=c12" }, async ({ page }) => {
  await page.locator(".firsts__do").first().click();
  assert.equal(await page.locator(".firsts__step--done").count(), 1);
  await page.keyboard.press("Control+z");
  assert.equal(await page.locator(".firsts__step--done").count(), 0);
});

pageTest("a preset opens by its key", { path: "/#preset=c12" }, async ({ page }) => {
  const hash = (of) => HASHES.find(([key]) => key === of)[2];
  assert.equal(await wireHash(page), hash("c12"));
  await page.getByText("Kill worker A: #1 stays ack pending.").waitFor();
  await page.getByRole("combobox", { name: "Preset" }).selectOption("c1");
  await page.getByText("Worker A fetches one more").waitFor();
  assert.equal(await wireHash(page), hash("c1"));
});

/** Presses Tab until `name` is focused. */
async function tabTo(page, name) {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
    if (focused?.startsWith(name)) return;
  }
  assert.fail(`${name} is not reached by keyboard`);
}

/** A preset of each chapter, and what is there to read once its first steps are done. */
const BY_KEYBOARD = [
  ["work-queue", "acked"], ["c1", "#4"], ["c12", "↺"], ["c24", "no interest"], ["c32", "duplicate"], ["c40", "num pending"], ["c41", "ARCHIVE"],
];

for (const [key, reads] of BY_KEYBOARD) {
  pageTest(`by keyboard alone: ${key}`, { path: `/#preset=${key}` }, async ({ page }) => {
    const firsts = JSON.parse(textOf(key)).first_steps.filter((first) => first.do);
    for (const { text } of firsts) {
      await page.evaluate(() => document.activeElement?.blur());
      await tabTo(page, text);
      await page.keyboard.press("Enter");
    }
    assert.equal(await page.locator(".firsts__step--done").count(), firsts.length);
    assert.ok((await page.locator("body").innerText()).includes(reads), reads);
    await tabTo(page, "Close the first steps");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator(".firsts").count(), 0);
  });
}

const EVIL = "<img src=x onerror=globalThis.harmed=true>";
const evil = JSON.stringify({
  format: "jetstream-sim scenario", version: 1, title: EVIL, look_at: EVIL, first_steps: [{ text: EVIL, do: [{ publish: EVIL }] }],
  steps: [
    { stream: { name: "S", subjects: ["s.>"], description: EVIL } }, { consumer: { name: "c", ack_policy: "explicit" }, stream: "S" },
    { publisher: EVIL, subject: `s.${EVIL.replaceAll(" ", "_")}`, payload: EVIL, msg_id: EVIL, headers: ["X", EVIL] }, { worker: EVIL, id: "w", stream: "S", consumer: "c" },
    { publish: EVIL }, { fetch: "w" }, { request: "$JS.API.STREAM.CREATE.X", body: { name: EVIL } },
  ],
});

pageTest("markup in a link stays text", {}, async ({ page, picture }) => {
  await follow(page, linkOf(evil), EVIL);
  await page.getByRole("button", { name: EVIL }).first().click();
  for (const tab of await page.getByRole("tab").all()) await tab.click();
  await picture("markup stays text");
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
});

pageTest("a link that cannot be opened says so, and the session stays", {}, async ({ page }) => {
  const before = await wireHash(page);
  const text = textOf("c1");
  for (const [link, says] of [
    ["#s=abc", "This link is incomplete or was changed"],
    [linkOf(text).slice(0, -40), "This link is incomplete or was changed"],
    [linkOf("x".repeat(300_000)), "This link holds more than a link may hold."],
    [linkOf(text.replace('"fetch"', '"fetsch"')), "“fetsch” is nothing that can be done."],
    [linkOf("7"), "This link cannot be opened. This has to be an object in braces."],
    ["#preset=none", "There is no such preset."],
  ]) {
    await page.evaluate((link) => { location.hash = link; }, link);
    await page.locator(".note", { hasText: says }).waitFor();
    await page.locator(".note").getByRole("button", { name: "Close" }).click();
    assert.equal(await wireHash(page), before, says);
  }
});

pageTest("what is shown goes into a link and comes out of it", {}, async ({ page }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "One event on", exact: true }).click();
  const before = await wireHash(page);
  await page.getByRole("button", { name: "Share" }).click();
  await assertAccessible(page);
  await page.getByRole("button", { name: "Copy a link" }).click();
  await page.getByText("Copied a link of").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "Copy for embedding" }).click();
  await page.getByText("Copied an iframe of").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^<iframe src="http[^"#]*#embed=mini&amp;s=[\w-]+"/);
  await page.getByRole("combobox", { name: "Preset" }).selectOption("limits");
  assert.notEqual(await wireHash(page), before);
  await follow(page, new URL(link).hash, "Work queue");
  assert.equal(await wireHash(page), before);
});

pageTest("files go out and come in", {}, async ({ page }) => {
  const before = await wireHash(page);
  const downloaded = async (what) => {
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("combobox", { name: "What to export" }).selectOption(what);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
    await page.keyboard.press("Escape");
    return readFileSync(await download.path(), "utf8");
  };
  const imported = async (text) => {
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByLabel("A file to import").setInputFiles({ name: "a.json", mimeType: "application/json", buffer: Buffer.from(text) });
  };
  const [session, account, stream] = [await downloaded("session"), await downloaded("account"), await downloaded("stream ORDERS")];
  assert.equal(JSON.parse(stream).retention, "workqueue");
  await page.getByRole("combobox", { name: "Preset" }).selectOption("c24");
  await imported(account);
  await page.getByText("Imported 3 of 3.").waitFor();
  await page.getByRole("heading", { name: "ORDERS", exact: true }).waitFor();
  await imported(stream.replace('"workqueue"', '"limits"'));
  await page.locator(".dialog__error", { hasText: "stream name already in use" }).waitFor();
  await page.getByLabel("JSON to import").fill("{");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.locator(".dialog__error", { hasText: "This is no JSON: unexpected end of JSON input." }).waitFor();
  await page.keyboard.press("Escape");
  await imported(session);
  await page.waitForFunction(() => document.querySelector(".header__presets").selectedOptions[0].textContent === "Work queue");
  assert.equal(await wireHash(page), before);
});

pageTest("a large session opens while the page lives on, and can be left", {}, async ({ page, picture }) => {
  const steps = [
    { stream: { name: "LARGE", subjects: ["large.>"], storage: "memory", max_msgs: 1000 } },
    { publisher: "p", subject: "large.{n}", every: "1ms" },
    { wait: "10m" },
  ];
  const text = JSON.stringify({ format: "jetstream-sim scenario", version: 1, title: "Large", clock: { playing: false }, steps });
  const start = async () => {
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByLabel("A file to import").setInputFiles({ name: "a.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await page.getByRole("progressbar", { name: "Opening" }).waitFor();
  };
  await start();
  await assertAccessible(page);
  await picture("a large session opens");
  const before = await page.getByLabel("Simulated time").innerText();
  await page.getByRole("button", { name: "One event on", exact: true }).click();
  assert.notEqual(await page.getByLabel("Simulated time").innerText(), before);
  await page.getByRole("button", { name: "Stay here" }).click();
  assert.equal(await page.getByRole("progressbar", { name: "Opening" }).count(), 0);
  await page.getByRole("heading", { name: "ORDERS", exact: true }).waitFor();
  await start();
  await page.getByRole("heading", { name: "LARGE", exact: true }).waitFor();
  assert.equal(await page.getByRole("progressbar", { name: "Opening" }).count(), 0);
});

pageTest("on a phone a step and what it does are in sight, and no consumer's name is cut", { screen: PHONE, path: "/#preset=push" }, async ({ page }) => {
  const [wide, seen] = await page.locator(".consumers .card__name").first().evaluate((name) => [name.scrollWidth, name.clientWidth]);
  assert.ok(wide <= seen, `${wide} px of name in ${seen} px`);
  const { y, height } = await page.locator(".tape__cell").last().boundingBox();
  assert.ok(y + height <= PHONE.height, `the tape ends at ${y + height} px`);
  const steps = page.locator(".firsts__do");
  await steps.first().click();
  assert.equal(await steps.first().isVisible(), false);
  const next = await steps.nth(1).boundingBox();
  assert.ok(next.x + next.width <= PHONE.width, "the next step is cut");
});

pageTest("first steps on a phone", { screen: PHONE, touch: true, path: "/#preset=c12" }, async ({ page, picture }) => {
  await assertNoSidewaysScroll(page);
  await assertAccessible(page);
  await picture("first steps phone");
  await page.getByRole("button", { name: "Share" }).click();
  await assertAccessible(page);
  await picture("share phone");
});

