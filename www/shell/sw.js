// The service worker: after the first visit the page works without a network.
//
// BUILD is a name for what was built and its files, whose names change with what is in them; so the files that are kept
// need no asking again, and a page only ever gets those that it was built with. The page itself is asked for whenever the
// network answers. A newer worker waits until no page of the older one is open. "Attach a client" is kept once it was used.
const { version, files, extras } = BUILD;
const PREFIX = `jetstream-sim ${registration.scope} `;
const NAME = PREFIX + version;
/** Milliseconds that the network has to send the page where one is kept. */
const PATIENCE = 3000;

const address = (name) => new URL(name, registration.scope).href;
const pages = [address("./"), address("index.html")];
const kept = new Set(files.map(address));
const keptOnceUsed = new Set(extras.map(address));

async function install() {
  const names = await caches.keys();
  const before = await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map(async (name) => (await caches.open(name)).keys()));
  const isUsed = before.flat().some(({ url }) => url.includes("/attach-"));
  const cache = await caches.open(NAME);
  await cache.addAll([pages[0], ...kept, ...(isUsed ? keptOnceUsed : [])].map((url) => new Request(url, { cache: "no-cache" })));
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== NAME).map((name) => caches.delete(name)));
  await clients.claim();
}

async function page(request) {
  const cache = await caches.open(NAME);
  const late = new Promise((_, reject) => { setTimeout(reject, PATIENCE); });
  return Promise.race([fetch(request), late]).catch(async () => (await cache.match(pages[0])) ?? fetch(request));
}

async function file(request) {
  const cache = await caches.open(NAME);
  const found = await cache.match(request.url, { ignoreVary: true });
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await cache.put(request.url, response.clone());
  return response;
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*/, "");
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && pages.includes(url)) event.respondWith(page(request));
  else if (kept.has(url) || keptOnceUsed.has(url)) event.respondWith(file(request));
});
