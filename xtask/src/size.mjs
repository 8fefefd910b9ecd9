// Prints `plain brotli name` for each file in the folder that a browser loads as part of the page.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const LOADED = [".css", ".html", ".js", ".wasm"];
const folder = process.argv.at(-1);

for (const name of readdirSync(folder, { recursive: true }).sort()) {
  // What is in folders is loaded later, if at all.
  if (!LOADED.includes(extname(name)) || name.includes("/")) continue;
  const bytes = readFileSync(join(folder, name));
  console.log(bytes.length, brotliCompressSync(bytes).length, name);
}
