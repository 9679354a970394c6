// What is written down and not yet sent, kept on this device and sealed under a key that cannot
// leave the browser. An item: {id, account, title, action, check, body, savedAt, href}; the id is
// the command id, so that keeping twice is keeping once.
const NAME = "baoxue";
const VERSION = 1;
const FRESH_KEY = { name: "AES-GCM", length: 256 };
const NONCE_BYTES = 12;

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("unsent", { keyPath: "id" });
      request.result.createObjectStore("keys");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function run(name, mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(name, mode);
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// A page that is not served securely has no Web Crypto; the text is then kept as it is rather
// than lost.
async function key() {
  if (!globalThis.crypto?.subtle) return null;
  const found = await run("keys", "readonly", (store) => store.get("seal"));
  if (found) return found;
  const made = await crypto.subtle.generateKey(FRESH_KEY, false, ["encrypt", "decrypt"]);
  await run("keys", "readwrite", (store) => store.put(made, "seal"));
  return made;
}

async function sealed(text) {
  const secret = await key();
  if (!secret) return { clear: text };
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const bytes = new TextEncoder().encode(text);
  return { nonce, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, secret, bytes) };
}

async function unsealed(body) {
  if (body.clear !== undefined) return body.clear;
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: body.nonce }, await key(), body.box);
  return new TextDecoder().decode(bytes);
}

export async function keep(item) {
  const body = await sealed(item.body);
  await run("unsent", "readwrite", (store) => store.put({ ...item, body }));
  changed();
}

export async function forget(id) {
  await run("unsent", "readwrite", (store) => store.delete(id));
  changed();
}

export async function unsent(account) {
  return (await kept()).filter((item) => item.account === account);
}

// Whoever wrote it: for the shell that does not know who is signed in.
export async function kept() {
  const all = await run("unsent", "readonly", (store) => store.getAll());
  return Promise.all(all.map(async (item) => ({ ...item, body: await unsealed(item.body) })));
}

function changed() {
  document.dispatchEvent(new CustomEvent("unsent-changed"));
}
