// 待提交: the count in the header, the list on its page, and sending as soon as there is a network.
import { say } from "./words.js";
import { forget, unsent } from "./store.js";
import { send } from "./send.js";

const RETRY_MS = 60_000;
const account = document.body.dataset.account;
let sending = false;

async function draw() {
  const items = await unsent(account);
  for (const link of document.querySelectorAll("[data-unsent-link]")) {
    link.hidden = items.length === 0;
    link.href = document.body.dataset.unsent;
    link.textContent = say("待提交 {n} 条", { n: items.length });
  }
  const list = document.querySelector("[data-unsent-list]");
  if (!list) return;
  document.querySelector("[data-unsent-empty]").hidden = items.length > 0;
  list.replaceChildren(...items.map(entry));
}

function entry(item) {
  const row = document.querySelector("[data-unsent-row]").content.firstElementChild.cloneNode(true);
  const time = new Date(item.savedAt).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short" });
  row.querySelector("[data-title]").textContent = item.title;
  row.querySelector("[data-title]").href = item.href;
  row.querySelector("[data-time]").textContent = say("{time} 存在这部手机里", { time });
  row.querySelector("button").addEventListener("click", () => attempt(item, row));
  return row;
}

async function attempt(item, row) {
  const answer = await send(item);
  if (answer.state === "sent") return forget(item.id);
  const sentence = answer.say ?? say("现在连不上。写好的都在，有网会自动提交。");
  if (row) row.querySelector("[data-time]").textContent = sentence;
}

// A page that is itself sending (roll, form) does it alone; a refusal waits for its writer.
async function sendAll() {
  if (sending || !account || document.querySelector("[data-draft], form[data-keeps]")) return;
  sending = true;
  for (const item of await unsent(account)) await attempt(item);
  sending = false;
}

export function watchUnsent() {
  if (!account) return;
  document.addEventListener("unsent-changed", draw);
  addEventListener("online", sendAll);
  setInterval(sendAll, RETRY_MS);
  draw().then(sendAll);
}
