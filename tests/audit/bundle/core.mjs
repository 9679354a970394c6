// Runs the core of verify.html for test_html.py: a job a line on stdin, a report a line on stdout.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const page = readFileSync(process.argv[2], "utf8");
const core = /<script id="core">([\s\S]*?)<\/script>/.exec(page)[1];
const load = (crypto) => new Function("crypto", `${core}; return { verify, isSigned, sha256, sha512, hex };`)(crypto);
const cores = { browser: load(globalThis.crypto), alone: load(null) };
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));
const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);

async function answer({ core: which, bundle, pins, trust, simulated, signature, digest }) {
  const { verify, isSigned, sha256, sha512, hex } = cores[which];
  if (signature !== undefined) return isSigned(...signature.map(bytesOf));
  if (digest !== undefined) return [sha256, sha512].map((one) => hex(one(bytesOf(digest))));
  const found = await verify(new Uint8Array(readFileSync(bundle)), {
    pins: pins.map(([name, text]) => ({ name, bytes: bytesOf(text) })),
    trust: trust && { name: "trust", bytes: bytesOf(trust) },
    simulated,
  });
  const { verdict, code, key, services, worst, findings } = found;
  return { verdict, code, key, services, worst, findings };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)), plain)}\n`);
}
