// Without a network a page of ours opens as the shell that says what is not sent. Only the shell
// and assets are kept on the device: they hold no name. The gateway writes SHELL and ASSETS above.
const KEPT = `baoxue ${ASSETS.join(" ")}`;

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(asset(request));
});

async function keep() {
  const cache = await caches.open(KEPT);
  await cache.addAll([SHELL, ...ASSETS].map((address) => new Request(address, { cache: "reload" })));
  await self.skipWaiting();
}

async function forgetOlder() {
  for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
  await self.clients.claim();
}

// Pages come from the network alone; nobody sees yesterday's as if it were today's.
async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(SHELL)) ?? Response.error();
  }
}

async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}
