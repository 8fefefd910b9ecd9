// What is done to the page after trunk has built it, in trunk's staging folder:
// the panel "Attach a client" is bundled, the page's policy filled in, its service worker told the files, and all of it
// written as one file as well.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleAttach, bundler } from "./attach.mjs";
import { shortenScripts, withShortProperties, withShortText } from "./minify.mjs";
import { withPacked } from "./pack.mjs";
import { withFixedReload, withPolicy } from "./policy.mjs";
import { writeSingle } from "./single.mjs";
import { withTexts } from "./texts.mjs";
import { writeWorker } from "./worker.mjs";

const SHELL = join(dirname(fileURLToPath(import.meta.url)), "../shell");
const dist = process.env.TRUNK_STAGING_DIR;
const page = join(dist, "index.html");

/** Gives a folder a name that changes with what is in it, and the page that name. Others can then be kept for good. */
function nameByContent(html, folder) {
  const path = join(dist, folder);
  if (!existsSync(path)) return html;
  const hash = createHash("sha256");
  for (const name of readdirSync(path).sort()) hash.update(name).update(readFileSync(join(path, name)));
  const named = `${folder}-${hash.digest("hex").slice(0, 16)}`;
  renameSync(path, join(dist, named));
  return html.replaceAll(`./${folder}/`, `./${named}/`);
}

/** Copies a script of `www/shell` to beside the page, likewise under a name of its own. */
function copyByContent(html, name) {
  const text = withTexts(readFileSync(join(SHELL, `${name}.js`), "utf8"));
  const named = `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.js`;
  writeFileSync(join(dist, named), text);
  return html.replaceAll(`./shell/${name}.js`, `./${named}`);
}

const isRelease = process.env.TRUNK_PROFILE === "release";
await bundleAttach(join(dist, "attach"));
let html = withTexts(readFileSync(page, "utf8"));
if (isRelease) {
  html = html.replaceAll(/<style>[^]*?<\/style>/g, (style) => withShortProperties(style));
  const sheet = join(dist, "attach/attach.css");
  if (existsSync(sheet)) writeFileSync(sheet, withShortProperties(readFileSync(sheet, "utf8")));
}
const isServed = html.includes(".well-known/trunk/ws");
html = withFixedReload(html);
// One sheet is one hash.
html = html.replaceAll(/<\/style>\s*<style>/g, "\n");
html = nameByContent(html, "attach");
html = copyByContent(html, "work");
if (isRelease) html = withPacked(html, dist);
if (!isServed) writeSingle(dist, html);
const shortener = isRelease && (await bundler());
if (shortener) {
  html = await withShortText(html, shortener);
  await shortenScripts(dist, shortener);
}
writeFileSync(page, withPolicy(html));
writeWorker(dist, isServed);
