// Work is not lost: what a page was doing is offered when the page is next opened.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PHONE, assertAccessible, assertNoSidewaysScroll, open, pageTest } from "./harness.mjs";

const alone = { load: false };
const button = (within, name) => within.getByRole("button", { name, exact: true });
const note = (page) => page.getByRole("complementary", { name: "Saved session" });
const offered = (page) => note(page).innerText();

/** What the page is at: its time, and what stands on its tapes. */
const state = async (page) => [await page.getByLabel("Simulated time").innerText(), ...await page.locator(".tape").allInnerTexts()];

/** Publishes `times` times, once the page has begun to save. */
async function work(page, times) {
  const isEmbedded = page.url().includes("embed=");
  while (!isEmbedded && !(await page.evaluate(async () => (await navigator.locks.query()).held.length))) await page.waitForTimeout(20);
  for (let time = 0; time < times; time += 1) await button(page.getByRole("article", { name: "Publisher billing-cron" }), "Publish").click();
}

/** How many events each of the saved sessions holds. */
const savedLengths = (page) => page.evaluate(() => new Promise((resolve) => {
  const request = indexedDB.open("jetstream-sim", 1);
  request.onsuccess = () => {
    const { result: db } = request;
    if (!db.objectStoreNames.contains("sessions")) return resolve([]);
    const all = db.transaction("sessions").objectStore("sessions").getAll();
    all.onsuccess = () => { db.close(); resolve(all.result.map(({ length }) => length)); };
  };
  request.onerror = () => resolve([]);
}));

const saved = async (page) => (await savedLengths(page)).length;

/** Waits until `count` sessions are saved, and all that was done: a browser may end a page before it has saved as it goes. */
async function waitForSaved(page, count) {
  let [before, now] = ["", ""];
  do {
    before = now;
    await page.waitForTimeout(600);
    now = String(await savedLengths(page));
  } while (now !== before || now.split(",").filter(Boolean).length < count);
}

pageTest("a session goes on after a reload, and after that one as well", alone, async ({ page, origin, picture }) => {
  await open(page, origin);
  await work(page, 3);
  await button(page, "One event on").click();
  await waitForSaved(page, 1);
  const before = await state(page);
  for (let reload = 0; reload < 2; reload += 1) {
    await page.reload();
    assert.match(await offered(page), /^Your session of \d\d:\d\d.*, \d+ events, was saved\./);
    assert.notDeepEqual(await state(page), before);
    await picture("session");
    await assertAccessible(page);
    await button(note(page), "Go on with it").click();
    assert.deepEqual(await state(page), before);
    assert.equal(await note(page).count(), 0);
  }
  assert.equal(await saved(page), 1);
});

pageTest("a session outlives a crash", alone, async ({ page, origin }) => {
  await open(page, origin);
  await work(page, 2);
  await waitForSaved(page, 1);
  const before = await state(page);
  const crashed = page.waitForEvent("crash");
  page.goto("chrome://crash").catch(() => {});
  await crashed;
  const next = await page.context().newPage();
  await open(next, origin);
  await button(note(next), "Go on with it").click();
  assert.deepEqual(await state(next), before);
});

pageTest("a page that was only looked at is not saved, and what is discarded is gone", { ...alone, screen: PHONE }, async ({ page, origin }) => {
  await open(page, origin);
  await page.reload();
  await page.locator("main").waitFor();
  await page.waitForTimeout(500);
  assert.equal(await note(page).count(), 0);
  await work(page, 1);
  await waitForSaved(page, 1);
  await page.reload();
  await note(page).waitFor();
  await assertNoSidewaysScroll(page);
  await button(note(page), "Discard").click();
  await page.reload();
  await page.locator("main").waitFor();
  await page.waitForTimeout(500);
  assert.equal(await note(page).count(), 0);
  assert.equal(await saved(page), 0);
});

pageTest("tabs do not take each other's sessions", alone, async ({ page, origin }) => {
  const other = await page.context().newPage();
  await open(page, origin);
  await work(page, 1);
  await waitForSaved(page, 1);
  await open(other, origin);
  await other.waitForTimeout(500);
  assert.equal(await note(other).count(), 0, "the session of a tab that lives is not offered");
  await work(other, 4);
  await waitForSaved(other, 2);
  await other.close();
  await page.close();

  const next = await page.context().newPage();
  await open(next, origin);
  const length = async () => Number((await offered(next)).match(/(\d+) events/)[1]);
  const first = await length();
  await button(note(next), "Discard").click();
  assert.notEqual(await length(), first, "the other one is offered then");
});

pageTest("another preset does not take the place of what was done before it", alone, async ({ page, origin }) => {
  await open(page, origin);
  await work(page, 2);
  await waitForSaved(page, 1);
  await page.getByLabel("Preset").selectOption("fan-out");
  await button(page, "One event on").click();
  await waitForSaved(page, 2);
  await page.reload();
  await button(note(page), "Discard").click();
  await button(note(page), "Go on with it").click();
  await page.locator(".tape").getByText("acked", { exact: true }).first().waitFor();
  assert.equal(await page.getByRole("article", { name: "Publisher billing-cron" }).count(), 1);
});

pageTest("what another preset took the place of is offered at once, and covers nothing", alone, async ({ page, origin }) => {
  await open(page, origin);
  await work(page, 2);
  await waitForSaved(page, 1);
  const before = await state(page);
  await page.getByLabel("Preset").selectOption("fan-out");
  await note(page).waitFor();
  const [top, below] = await Promise.all([note(page).boundingBox(), page.locator("header").boundingBox()]);
  assert.ok(top.y + top.height <= below.y);
  await button(note(page), "Go on with it").click();
  assert.deepEqual(await state(page), before);
});

pageTest("a saved session can be downloaded, and is a scenario", alone, async ({ page, origin }) => {
  await open(page, origin);
  await work(page, 1);
  await waitForSaved(page, 1);
  await page.reload();
  const [download] = await Promise.all([page.waitForEvent("download"), button(note(page), "Download").click()]);
  assert.match(download.suggestedFilename(), /^jetstream-sim-.*\.json$/);
  const scenario = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.equal(scenario.format, "jetstream-sim scenario");
});

pageTest("what was saved is opened like anything from outside", alone, async ({ page, origin }) => {
  for (const text of ["", "{", "null", '{"format":"jetstream-sim scenario","version":1,"title":"<img src=x onerror=alert(1)>","steps":[{"<b>":1}]}']) {
    await open(page, origin);
    await page.evaluate((text) => new Promise((resolve, reject) => {
      const request = indexedDB.open("jetstream-sim", 1);
      request.onsuccess = () => {
        const { result: db } = request;
        const transaction = db.transaction("sessions", "readwrite");
        transaction.objectStore("sessions").put({ id: "gone 0", at: Date.now(), length: 3, text });
        transaction.oncomplete = () => { db.close(); resolve(); };
        transaction.onerror = reject;
      };
    }), text);
    await page.reload();
    const before = await state(page);
    await button(note(page), "Go on with it").click();
    await note(page).getByText("It cannot be opened:").waitFor();
    assert.deepEqual(await state(page), before);
    assert.equal(await note(page).locator("img, b").count(), 0);
    await button(note(page), "Discard").click();
  }
});

pageTest("an embedded page saves and offers nothing", alone, async ({ page, origin }) => {
  await open(page, origin);
  await work(page, 1);
  await waitForSaved(page, 1);
  await page.goto("about:blank");
  await open(page, `${origin}/#embed=full`);
  await page.waitForTimeout(500);
  assert.equal(await note(page).count(), 0);
  await work(page, 1);
  await page.goto("about:blank");
  await open(page, origin);
  await note(page).waitFor();
  assert.equal(await saved(page), 1);
});
