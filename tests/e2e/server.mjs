// Serves a folder on loopback as a good web host would: right types, compressed ahead of time, cached by name.
import { createServer } from "node:http";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};
const COMPRESSED = new Set([".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm"]);

/**
 * Starts serving `folder` on `port` or a free one, at the root and at `/some/folder/`; gives its `origin`, `close()` and
 * `stall()`, after which it answers nothing. What is asked for and not there is a 404.
 */
export async function serve(folder, port = 0) {
  const files = new Map(readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => [`/${relative(folder, file).split(sep).join("/")}`, load(file)]));

  let isStalled = false;
  const server = createServer((request, response) => {
    if (isStalled) return;
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = files.get(path.replace(/^\/some\/folder\//, "/").replace(/\/$/, "/index.html"));
    if (!file) return response.writeHead(404).end();
    const accepted = request.headers["accept-encoding"] ?? "";
    const encoding = ["br", "gzip"].find((name) => accepted.includes(name) && file[name]);
    const body = encoding ? file[encoding] : file.plain;
    const headers = { "content-type": file.type, "content-length": body.length, "cache-control": "no-cache" };
    response.writeHead(200, encoding ? { ...headers, "content-encoding": encoding } : headers).end(body);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  // A test file that fails early shall end all the same.
  server.unref();
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stall: () => { isStalled = true; },
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

function load(file) {
  const plain = readFileSync(file);
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  if (!COMPRESSED.has(extname(file))) return { type, plain };
  // Quality 5 of 11: nearly as small, and each test file starts a server.
  const br = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return { type, plain, br, gzip: gzipSync(plain) };
}
