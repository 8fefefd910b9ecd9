// Writes the service worker `sw.js` for the files in a folder.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SINGLE } from "./single.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));

export function writeWorker(dist, isServed) {
  const source = readFileSync(join(HERE, isServed ? "no-worker.js" : "../shell/sw.js"), "utf8");
  const names = readdirSync(dist, { recursive: true }).filter((name) => statSync(join(dist, name)).isFile() && name !== "sw.js" && name !== SINGLE).sort();
  const version = createHash("sha256");
  for (const name of names) version.update(name).update(readFileSync(join(dist, name)));
  const build = {
    version: version.digest("hex").slice(0, 16),
    files: names.filter((name) => name !== "index.html" && !name.startsWith("attach-")),
    extras: names.filter((name) => name.startsWith("attach-")),
  };
  writeFileSync(join(dist, "sw.js"), source.replace("= BUILD;", `= ${JSON.stringify(build)};`));
}
