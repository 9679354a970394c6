// Counts down the time in which a roll can be recalled.
import { say } from "./words.js";

const form = document.querySelector("[data-recall]");

function count(until) {
  const left = Math.max(0, Math.round((until - performance.now()) / 1000));
  const values = { m: Math.floor(left / 60), s: String(left % 60).padStart(2, "0") };
  form.querySelector("[data-left]").textContent = say("还能撤回 {m} 分 {s} 秒", values);
  if (left > 0) return;
  form.hidden = true;
  document.querySelector("[data-recall-over]").hidden = false;
}

if (form) {
  const until = performance.now() + Number(form.dataset.secondsLeft) * 1000;
  count(until);
  setInterval(() => count(until), 1000);
}
