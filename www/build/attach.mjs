// Bundles the panel "Attach a client" into a folder beside the page.
//
// Where the packages of `tests/js/package.json` are not installed, which `cargo xtask` does, the page goes without.
import { access, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { withTexts } from "./texts.mjs";

const SOURCES = join(dirname(fileURLToPath(import.meta.url)), "../attach");
const PACKAGES = join(SOURCES, "../../tests/js/node_modules");

/** The bundler; nothing where the packages are not installed. */
export async function bundler() {
  const isInstalled = await access(join(PACKAGES, "esbuild")).then(() => true, () => false);
  if (!isInstalled) return undefined;
  const esbuild = createRequire(join(PACKAGES, "none.js")).resolve("esbuild");
  return (await import(pathToFileURL(esbuild))).default;
}

/** A script of the panel with its texts; others are taken as they are. */
const withOwnTexts = async ({ path }) => (dirname(path) === SOURCES ? { contents: withTexts(await readFile(path, "utf8")) } : undefined);

export async function bundleAttach(outdir) {
  const esbuild = await bundler();
  if (!esbuild) {
    console.error("attach: without its packages the page has no client to attach; `cargo xtask` installs them");
    return;
  }
  await esbuild.build({
    entryPoints: ["panel.js", "worker.js", "attach.css"].map((name) => join(SOURCES, name)),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    nodePaths: [PACKAGES],
    // Only Node's branch of nats.js imports it.
    external: ["node:crypto"],
    outdir,
    plugins: [{ name: "texts", setup: (build) => build.onLoad({ filter: /\.js$/ }, withOwnTexts) }],
    logLevel: "warning",
  });
}
