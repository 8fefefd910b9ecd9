// Pictures of every view, in light, dark and narrow, into the folder JETSTREAM_SIM_PICTURES. `cargo xtask screenshots` runs it.
//
// Those that README shows are written to the folder JETSTREAM_SIM_README too.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DESKTOP, PHONE, TABLET, launch } from "./browser.mjs";
import { VIEWS, openView } from "./views.mjs";

const { JETSTREAM_SIM_PICTURES: FOLDER, JETSTREAM_SIM_README: README } = process.env;

const LOOKS = {
  light: { viewport: DESKTOP, colorScheme: "light" },
  dark: { viewport: DESKTOP, colorScheme: "dark" },
  tablet: { viewport: TABLET, colorScheme: "light" },
  narrow: { viewport: PHONE, colorScheme: "light", hasTouch: true },
};

/** The pictures that README shows, and their names there. */
const SHOWN = { "page light": "page", "page dark": "page-dark", "page narrow": "page-narrow" };

const wanted = process.argv.slice(2);
const views = Object.entries(VIEWS).filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
mkdirSync(FOLDER, { recursive: true });
const { browser, server } = await launch();
try {
  for (const [look, options] of Object.entries(LOOKS)) {
    for (const [name, view] of views) {
      const context = await browser.newContext({ reducedMotion: "reduce", ...options });
      const page = await context.newPage();
      const file = join(FOLDER, `${name} ${look}.png`);
      try {
        await openView(page, server.origin, view);
        await page.evaluate(() => scrollTo(0, 0));
        // What is laid over the page covers the screen, and no more; else the picture is of the page in full.
        await page.screenshot({ path: file, fullPage: (await page.getByRole("dialog").count()) === 0 && name !== "page" });
      } catch (error) {
        throw new Error(`${name}, ${look}: ${error.message}`, { cause: error });
      } finally {
        await context.close();
      }
      const shown = SHOWN[`${name} ${look}`];
      if (shown) copyFileSync(file, join(README, `${shown}.png`));
    }
  }
  console.log(`${views.length * Object.keys(LOOKS).length} pictures in ${FOLDER}`);
} finally {
  await browser.close();
  await server.close();
}
