// The page as it opens: it draws, reports no problem, is accessible, and fits the screen.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, assertAccessible, assertNoSidewaysScroll, figure, open, pageTest } from "./harness.mjs";

for (const [size, screen] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const theme of ["light", "dark"]) {
    pageTest(`the page opens without a problem: ${size}, ${theme}`, { screen, theme }, async ({ page, picture }) => {
      assert.match(await page.title(), /JetStream/);
      assert.ok((await page.locator("main").innerText()).trim(), "the page is empty");
      await assertNoSidewaysScroll(page);
      await assertAccessible(page);
      await picture(`page ${size} ${theme}`);
    });
  }
}

pageTest("the page is drawn soon after navigation", { load: false }, async ({ page, origin }) => {
  await open(page, origin);
  const drawn = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  figure("first content painted after", drawn, "ms");
});
