// Puts the texts of `src/texts.rs` into the page's scripts: `textOf("name")` becomes the text of that name.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), "../../src/texts.rs");
const [, table] = readFileSync(SOURCE, "utf8").split("// What JavaScript shows");
const TEXTS = new Map(Array.from(table.matchAll(/^\/\/ ([a-z-]+) (.+)$/gm), ([, name, text]) => [name, text]));

/** A script, or a page with scripts in it, with its texts. */
export function withTexts(script) {
  return script.replaceAll(/\btextOf\(["']([\w-]+)["']\)/g, (_, name) => {
    if (!TEXTS.has(name)) throw new Error(`src/texts.rs has no text ${name}`);
    return JSON.stringify(TEXTS.get(name));
  });
}
