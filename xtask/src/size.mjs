// Prints `plain brotli name` for each file in the folder that a browser loads as part of the page.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const LOADED = [".css", ".html", ".js", ".wasm"];
const folder = process.argv.at(-1);

for (const name of readdirSync(folder, { recursive: true }).sort()) {
  // What is in folders is loaded later, if at all, and the page as one file in place of the others.
  if (!LOADED.includes(extname(name)) || name.includes("/") || name === "jetstream-sim.html") continue;
  const bytes = readFileSync(join(folder, name));
  console.log(bytes.length, brotliCompressSync(bytes).length, name);
}
