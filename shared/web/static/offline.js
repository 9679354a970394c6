// The shell of a page that cannot be reached: lists what this device still keeps, and opens the
// page itself as soon as there is a network.
import { say } from "./words.js";
import { kept } from "./store.js";

const AGAIN_MS = 15_000;

function entry(item) {
  const row = document.querySelector("[data-kept-row]").content.firstElementChild.cloneNode(true);
  const time = new Date(item.savedAt).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short" });
  row.querySelector("[data-title]").textContent = item.title;
  row.querySelector("[data-time]").textContent = say("{time} 存在这部手机里", { time });
  const away = new URLSearchParams(item.body).getAll("unexcused").length;
  if (away) row.querySelector("[data-counts]").textContent = say("未到 {n}", { n: away });
  return row;
}

async function draw() {
  const items = await kept();
  document.querySelector("[data-kept]").hidden = items.length === 0;
  document.querySelector("[data-nothing-kept]").hidden = items.length > 0;
  document.querySelector("[data-kept-list]").replaceChildren(...items.map(entry));
}

async function again() {
  try {
    await fetch("/health/live", { cache: "no-store" });
  } catch {
    return;
  }
  location.reload();
}

document.querySelector("[data-again]").addEventListener("click", again);
addEventListener("online", again);
setInterval(again, AGAIN_MS);
await draw();
