// Takes from the page, its scripts and styles what only readers of the source need.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TOKENS = join(dirname(fileURLToPath(import.meta.url)), "../styles/tokens.css");

/** Custom properties that `tokens.css` declares, by shorter names. Code sets others, and reads none. */
const PROPERTIES = new Map(
  [...new Set(readFileSync(TOKENS, "utf8").match(/--[\w-]+(?=:)/g))].map((name, place) => [name, `--${(place + 10).toString(36)}`]),
);

/** Styles with those names, and without blanks in what custom properties are declared as. */
export const withShortProperties = (text) => text
  .replaceAll(/(?<=[\s{;]--[\w-]+:)[^;}]+/g, (value) => value.trimStart().replaceAll(", ", ","))
  .replaceAll(/(?<=var\(|[\s{;])--[\w-]+/g, (name) => PROPERTIES.get(name) ?? name);

/** The page without comments and the blanks between its elements; its scripts and styles stay as they are. */
const withoutComments = (html) => html.split(/(<(script|style)[^>]*>[^]*?<\/\2>)/)
  .map((part, place) => [part.replaceAll(/<!--[^]*?-->/g, "").replaceAll(/>\s+</g, "><").trim(), part, ""][place % 3]).join("");

/** What stands in the page between `<name …>` and `</name>`, as `shorten` writes it. */
async function inline(html, name, shorten) {
  const parts = html.split(new RegExp(`(<${name}(?![^>]*\\ssrc=)[^>]*>[^]*?</${name}>)`));
  for (let place = 1; place < parts.length; place += 2) {
    const [, open, text, close] = parts[place].match(/^(<[^>]*>)([^]*)(<\/\w+>)$/);
    parts[place] = open + (await shorten(text)) + close;
  }
  return parts.join("");
}

/** The page with shorter styles and scripts, and without comments. `esbuild` is what bundles the panel. */
export async function withShortText(html, { transform }) {
  const shorten = (loader) => async (text) => (await transform(text, { loader, minify: true, target: "es2022" })).code.trimEnd();
  return withoutComments(await inline(await inline(html, "style", shorten("css")), "script", shorten("js")));
}

/** Shortens the scripts beside the page. */
export async function shortenScripts(dist, { transform }) {
  for (const name of readdirSync(dist).filter((name) => name.endsWith(".js"))) {
    const { code } = await transform(readFileSync(join(dist, name), "utf8"), { minify: true, target: "es2022" });
    writeFileSync(join(dist, name), code);
  }
}
