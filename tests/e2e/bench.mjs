// What the page costs while much happens: frames, memory, the first message. `cargo xtask bench page` runs it.
//
// Prints each figure beside its goal, and fails where one is missed by more than a machine's mood.
import { DESKTOP, deliveryTimes, launch, open, privateMemory } from "./browser.mjs";

/** What of a goal a figure may be before the run fails: other programs run beside it. */
const TOLERANCE = 1.5;

/** Script and layout of the main thread, as the trace names them. What is nested in one of them counts once. */
const WORK = new Set([
  "FireAnimationFrame", "TimerFire", "EventDispatch", "FunctionCall", "RunMicrotasks", "MinorGC", "MajorGC", "UpdateLayoutTree", "Layout",
]);

/** What the main thread does besides before a frame is drawn: said, without a goal. */
const PAINTING = new Set(["PrePaint", "Paint", "Layerize", "Commit"]);

let failures = 0;

function figure(name, value, unit, goal) {
  const shown = value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
  const word = value <= goal ? "within" : "NOT within";
  console.log(`${shown.padStart(9)} ${unit} ${name}: ${word} ${goal}`);
  if (value > goal * TOLERANCE) failures += 1;
}

const percentile = (values, share) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/**
 * Milliseconds of `work` for each frame of a trace: what was done since the frame before, in the thread's own time, which
 * stands while other programs run. What took none of it is told without.
 */
function frameTimes(events, work) {
  const frames = [];
  let [spent, until] = [0, 0];
  for (const { name, ph, tts, tdur = 0 } of events) {
    if (ph === "e" && name === "AnimationFrame") {
      frames.push(spent / 1000);
      spent = 0;
    } else if (ph === "X" && tts !== undefined && work.has(name)) {
      spent += Math.max(0, tts + tdur - Math.max(tts, until));
      until = Math.max(until, tts + tdur);
    }
  }
  // The first began before the trace did.
  return frames.slice(1);
}

/** Runs `act` while the browser is traced, and prints what its frames took. */
async function measureFrames(browser, page, name, act) {
  await browser.startTracing(page, { categories: ["devtools.timeline", "v8"] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = traceEvents.findLast(({ name }) => name === "AnimationFrame");
  const events = traceEvents.filter(({ pid, tid }) => pid === main?.pid && tid === main.tid).sort((a, b) => a.ts - b.ts);
  const [times, painting] = [WORK, PAINTING].map((work) => frameTimes(events, work));
  figure(`script and layout of a frame at the 95th percentile, ${name}`, percentile(times, 0.95), "ms", 16.7);
  console.log(`          in ${times.length} frames, of ${percentile(times, 0.5).toFixed(1)} ms in the median; painting ${percentile(painting, 0.5).toFixed(1)} ms more`);
}

const button = (within, name) => within.getByRole("button", { name, exact: true });

/** Stores `count` messages in a stream BIG with a consumer, by the page's door for clients from outside. */
async function store(page, count) {
  await page.evaluate((count) => {
    const page = window.wasmBindings;
    const conn = page.attach();
    const say = (text) => page.attachedSays(conn, new TextEncoder().encode(text));
    const request = (subject, config) => {
      const body = JSON.stringify(config);
      say(`PUB ${subject} _INBOX.x ${body.length}\r\n${body}\r\n`);
    };
    say("CONNECT {\"verbose\":false}\r\n");
    request("$JS.API.STREAM.CREATE.BIG", { name: "BIG", subjects: ["big.>"], storage: "memory" });
    request("$JS.API.CONSUMER.CREATE.BIG.all", { stream_name: "BIG", config: { durable_name: "all", name: "all", ack_policy: "explicit", deliver_policy: "new" } });
    for (let at = 0; at < count; at += 1000) {
      say(Array.from({ length: Math.min(1000, count - at) }, (_, n) => `PUB big.${n % 2 ? "eu" : "us"}.${n % 10} 7\r\nmessage\r\n`).join(""));
    }
    page.takeOutgoing();
    page.detach(conn);
  }, count);
  // With a client from outside time runs, and goes on running.
  await button(page, "Pause").click();
  await page.getByRole("article", { name: "Stream BIG", exact: true }).waitFor();
}

async function fill(page, values) {
  const dialog = page.getByRole("dialog");
  await dialog.locator("details").evaluateAll((groups) => groups.forEach((group) => { group.open = true; }));
  for (const [name, value] of Object.entries(values)) {
    const field = dialog.getByLabel(name, { exact: true });
    if (value === true) await field.check(); else await field.fill(value);
  }
  await dialog.getByRole("button", { name: /^(Create|Add|Save)/ }).click();
  await dialog.waitFor({ state: "detached" });
}

/** A publisher of 1,000 messages a second, and a worker that takes them. */
async function letFlow(page) {
  await button(page, "Add publisher").click();
  await fill(page, { name: "flood", subject: "big.{eu|us}.{1..9}", payload: "message {n}", every: "1ms" });
  await page.getByRole("article", { name: "Consumer all", exact: true }).getByRole("button", { name: "Add worker to all" }).click();
  await fill(page, { name: "taker", is_running: true, batch: "100", work_time: "1ms" });
}

async function frames(browser, origin) {
  const page = await browser.newPage({ viewport: DESKTOP });
  await open(page, origin);
  await store(page, 100_000);
  await letFlow(page);
  await page.getByLabel("Speed").selectOption({ label: "×1" });
  await button(page, "Play").click();
  await page.waitForTimeout(1_000);
  await measureFrames(browser, page, "1,000 messages a second and 100,000 stored", () => page.waitForTimeout(5_000));
  await page.close();
}

async function scrolling(browser, origin) {
  const page = await browser.newPage({ viewport: DESKTOP });
  await open(page, origin);
  await store(page, 1_000_000);
  const big = page.getByRole("article", { name: "Stream BIG", exact: true });
  await measureFrames(browser, page, "scrolling over 1,000,000 messages", async () => {
    await button(big, "First").click();
    for (let step = 0; step < 50; step += 1) {
      await button(big, "Later").click();
      await big.locator(".streams__scroll").evaluate((box) => box.scrollBy(200, 0));
    }
  });
  await letFlow(page);
  await page.getByLabel("Advance by").fill("5s");
  await button(page, "Advance").click();
  await measureFrames(browser, page, "seeking with 1,000,000 messages", () => seekAround(page));
  figure("memory with 1,000,000 messages stored", await privateMemory(browser), "MB", 350);
  await page.close();
}

/** Widens the timeline until the whole run takes less than half of it. */
async function showAll(page) {
  const now = () => page.locator(".timeline__handle").inputValue();
  while (Number(await now()) >= 500) await button(page, "Show more of the time").click();
}

/** Sixty moments, sought by the handle of the timeline one after the other; milliseconds of each. */
async function seekAround(page) {
  return page.evaluate(async () => {
    const handle = document.querySelector(".timeline__handle");
    const clock = document.querySelector("[aria-label='Simulated time']");
    /** Goes to a place on the line, and waits until the page shows another time. */
    const seek = async (place) => {
      const before = clock.textContent;
      const start = performance.now();
      handle.value = String(place);
      handle.dispatchEvent(new Event("input", { bubbles: true }));
      while (clock.textContent === before) {
        if (performance.now() - start > 5_000) throw new Error(`${place} is shown as ${before}, where the page was`);
        await new Promise((resolve) => { setTimeout(resolve); });
      }
      document.body.getBoundingClientRect();
      return performance.now() - start;
    };
    const ends = Number(handle.value);
    // Of a very long run the beginning is not kept.
    await seek(0);
    const starts = Number(handle.value);
    const times = [];
    let [random, last] = [1, starts];
    while (times.length < 60) {
      random = (random * 48_271) % 2_147_483_647;
      const place = starts + (random % (ends - starts));
      if (Math.abs(place - last) < 3) continue;
      times.push(await seek(place));
      last = place;
      await new Promise((resolve) => { requestAnimationFrame(resolve); });
    }
    return times;
  });
}

/** Goes to and fro in a long run. */
async function seeking(browser, origin) {
  const page = await browser.newPage({ viewport: DESKTOP });
  await open(page, origin);
  await store(page, 0);
  await letFlow(page);
  const length = () => page.evaluate(() => window.wasmBindings.sessionLength());
  await page.getByLabel("Advance by").fill("5s");
  while ((await length()) < 100_000) await button(page, "Advance").click();
  await showAll(page);
  const times = await seekAround(page);
  figure(`a seek at the 95th percentile, in a run of ${(await length()).toLocaleString("en")} events`, percentile(times, 0.95), "ms", 50);
  console.log(`          ${percentile(times, 0.5).toFixed(1)} ms in the median`);
  figure("memory with that run", await privateMemory(browser), "MB", 350);
  await page.close();
}

const { browser, server } = await launch();
try {
  const page = await browser.newPage({ viewport: DESKTOP });
  figure("first delivered message after navigation", Math.min(...await deliveryTimes(page, server.origin)), "ms", 400);
  await page.close();
  await frames(browser, server.origin);
  await scrolling(browser, server.origin);
  await seeking(browser, server.origin);
} finally {
  await browser.close();
  await server.close();
}
if (failures > 0) {
  console.log(`${failures} figures are far from their goals`);
  process.exitCode = 1;
}
