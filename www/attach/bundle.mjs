// Bundles the panel "Attach a client" into `attach/` beside the page. Trunk runs this after it has built.
//
// Where the packages of `tests/js/package.json` are not installed, which `cargo xtask` does, the page goes without.
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const PACKAGES = join(HERE, "../../tests/js/node_modules");
const out = join(process.env.TRUNK_STAGING_DIR ?? process.argv[2], "attach");

const isInstalled = await access(join(PACKAGES, "esbuild")).then(() => true, () => false);
if (isInstalled) {
  const esbuild = createRequire(join(PACKAGES, "none.js")).resolve("esbuild");
  const { build } = (await import(pathToFileURL(esbuild))).default;
  await build({
    entryPoints: ["panel.js", "worker.js", "attach.css"].map((name) => join(HERE, name)),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    nodePaths: [PACKAGES],
    // Only Node's branch of nats.js imports it.
    external: ["node:crypto"],
    outdir: out,
    logLevel: "warning",
  });
} else {
  console.error("attach: without its packages the page has no client to attach; `cargo xtask` installs them");
}
