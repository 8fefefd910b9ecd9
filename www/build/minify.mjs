// Takes from scripts and styles what only readers of the source need.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What stands in the page between `<name …>` and `</name>`, as `shorten` writes it. */
async function inline(html, name, shorten) {
  const parts = html.split(new RegExp(`(<${name}(?![^>]*\\ssrc=)[^>]*>[^]*?</${name}>)`));
  for (let place = 1; place < parts.length; place += 2) {
    const [, open, text, close] = parts[place].match(/^(<[^>]*>)([^]*)(<\/\w+>)$/);
    parts[place] = open + (await shorten(text)) + close;
  }
  return parts.join("");
}

/** The page with shorter styles and scripts. `esbuild` is what bundles the panel. */
export async function withShortText(html, { transform }) {
  const shorten = (loader) => async (text) => (await transform(text, { loader, minify: true, target: "es2022" })).code.trimEnd();
  return inline(await inline(html, "style", shorten("css")), "script", shorten("js"));
}

/** Shortens the scripts beside the page. */
export async function shortenScripts(dist, { transform }) {
  for (const name of readdirSync(dist).filter((name) => name.endsWith(".js"))) {
    const { code } = await transform(readFileSync(join(dist, name), "utf8"), { minify: true, target: "es2022" });
    writeFileSync(join(dist, name), code);
  }
}
