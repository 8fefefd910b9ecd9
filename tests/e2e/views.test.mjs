// What holds of every view: accessible and no wider than the screen, in both themes and at every size.
import assert from "node:assert/strict";
import { DESKTOP, PHONE, TABLET, assertAccessible, assertNoSidewaysScroll, pageTest } from "./harness.mjs";
import { VIEWS, openView } from "./views.mjs";

for (const [name, view] of Object.entries(VIEWS)) {
  pageTest(`accessible in both themes at every size: ${name}`, { load: false, reducedMotion: "reduce" }, async ({ page, origin }) => {
    await openView(page, origin, view);
    const failures = [];
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const screen of [DESKTOP, TABLET, PHONE]) {
        await page.setViewportSize(screen);
        for (const holds of [assertAccessible, assertNoSidewaysScroll]) {
          await holds(page).catch(({ message }) => failures.push(`${colorScheme}, ${screen.width} px: ${message}`));
        }
      }
    }
    assert.equal(failures.join("\n"), "");
  });
}
