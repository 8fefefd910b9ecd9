// The shell around the page: what its policy lets run, and where it can stand.
import assert from "node:assert/strict";
import { pageTest } from "./harness.mjs";

/** What the page's policy refuses from now on, in words. */
async function violations(page) {
  await page.evaluate(() => {
    globalThis.refused = [];
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => refused.push(`${effectiveDirective}: ${blockedURI}`));
  });
  return () => page.evaluate(() => globalThis.refused);
}

/** Puts markup into the page as somebody would who found a way to. */
const inject = (page, markup) => page.evaluate((markup) => {
  const place = document.createElement("div");
  document.body.append(place);
  place.append(document.createRange().createContextualFragment(markup));
}, markup);

pageTest("the page's policy allows nothing that is written into it", { isRefusing: true }, async ({ page }) => {
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-[^;]*'; style-src 'self' 'sha256-[^;]*';/);
  assert.doesNotMatch(policy, /SCRIPTS|STYLES|'unsafe-eval'|script-src[^;]*'unsafe-inline'/);
  const refused = await violations(page);
  await inject(page, "<script>globalThis.hasRun = 'a script'</script>");
  await inject(page, "<script type=module>globalThis.hasRun = 'a module'</script>");
  await inject(page, "<img src='data:,' onerror=\"globalThis.hasRun = 'a handler'\">");
  await inject(page, "<a href=\"javascript:globalThis.hasRun = 'an address'\">go</a>");
  await page.getByRole("link", { name: "go" }).evaluate((link) => link.click());
  await inject(page, "<iframe srcdoc='<script>parent.hasRun = 1</script>'></iframe>");
  await inject(page, "<style>body { display: none }</style>");
  await inject(page, "<script src='https://example.invalid/script.js'></script>");
  await page.waitForTimeout(200);
  assert.equal(await page.evaluate(() => globalThis.hasRun), undefined);
  assert.ok(await page.locator("main").isVisible(), "a style that was written in holds");
  const words = (await refused()).join("\n");
  for (const what of ["script-src-elem: inline", "script-src-attr: inline", "style-src-elem: inline", "script-src-elem: https://example.invalid"]) {
    assert.ok(words.includes(what), `${what} is not among what was refused:\n${words}`);
  }
});

pageTest("nothing on a tour of the page is refused", {}, async ({ page }) => {
  const refused = await violations(page);
  const button = (name) => page.getByRole("button", { name, exact: true });
  for (const preset of ["push", "sources", "headers", "work-queue"]) {
    await page.getByLabel("Preset").selectOption(preset);
    await button("One event on").click();
    await page.locator(".tape__cell").first().click();
    for (const tab of await page.getByRole("tab").all()) await tab.click();
  }
  for (const name of ["Add stream", "Add publisher", "Help: signs and keys"]) {
    await button(name).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
  }
  await button("Light or dark").click();
  await page.getByLabel("Speed").selectOption({ label: "×100" });
  await button("Play").click();
  await page.waitForTimeout(500);
  await button("Pause").click();
  await button("Attach a client").click();
  await page.locator(".attach").getByRole("button", { name: "Run" }).click();
  await page.locator(".attach").getByRole("status").filter({ hasText: "done" }).waitFor();
  assert.deepEqual(await refused(), []);
});

pageTest("what is typed into the editor is no key of the page", {}, async ({ page }) => {
  await page.getByRole("button", { name: "Attach a client" }).click();
  const editor = page.locator(".attach").getByRole("textbox");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("a b?");
  assert.equal(await editor.innerText(), "a b?");
  assert.ok(await page.getByRole("button", { name: "Play", exact: true }).isVisible(), "the space bar played");
  const ground = await page.locator(".attach__code").evaluate((code) => getComputedStyle(code).backgroundColor);
  assert.notEqual(ground, "rgba(0, 0, 0, 0)", "the editor has its styles");
});

pageTest("the page works in a folder of a site", { load: false }, async ({ page, origin }) => {
  await page.goto(`${origin}/some/folder/index.html`);
  await page.locator("main").waitFor();
  await page.getByRole("button", { name: "Attach a client" }).click();
  await page.locator(".attach").waitFor();
});
