// In place of the service worker while the page is being developed: ends one that was left behind at this address.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil((async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(`jetstream-sim ${registration.scope} `)).map((name) => caches.delete(name)));
  await registration.unregister();
})()));
