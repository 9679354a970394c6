// Forms: a second press while the first is under way is ignored; an error takes the focus; a form
// that is kept (存下) is stored on the phone and then sent.
import { say } from "./words.js";
import { keep, forget } from "./store.js";
import { send } from "./send.js";

function once(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.busy) return event.preventDefault();
  form.dataset.busy = "true";
  event.submitter?.setAttribute("aria-busy", "true");
}

// A page that comes back from the browser's cache must take presses again.
function wake() {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
}

async function keepAndSend(event) {
  const form = event.target;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  const item = {
    id: data.get("command_id"), account: document.body.dataset.account, title: form.dataset.keeps,
    action: form.getAttribute("action"), check: form.dataset.check, body: new URLSearchParams(data).toString(),
    savedAt: Date.now(), href: location.pathname + location.search,
  };
  await keep(item);
  const state = document.querySelector("[data-kept]");
  const show = (sentence) => { state.hidden = false; state.querySelector("[data-kept-say]").textContent = sentence; };
  show(say("已存在这部手机里，正在提交。"));
  const answer = await send(item, () => show(say("没收到回音，正在查是不是已经提交。不用再按一次。")));
  if (answer.state === "sent") return forget(item.id).then(() => location.assign(answer.next));
  if (answer.state === "refused" && !answer.signedOut) return forget(item.id).then(() => refuse(form, state, answer));
  show(answer.say ?? say("尚未提交。存在这部手机里，有网会自动提交；可以关掉页面。"));
}

function refuse(form, state, answer) {
  state.hidden = true;
  const summary = document.querySelector("[data-faults]");
  summary.hidden = false;
  summary.querySelector("h2").textContent = answer.say;
  for (const [name, sentence] of Object.entries(answer.fields)) fault(form, name, sentence);
  summary.focus();
}

function fault(form, name, sentence) {
  const field = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
  if (!field) return;
  field.classList.add("wrong");
  const place = field.querySelector(".error");
  place.hidden = false;
  place.textContent = sentence;
}

function consequences(event) {
  const field = event.target.closest?.("[data-field]");
  if (!field) return;
  for (const text of field.querySelectorAll("[data-consequence]")) {
    text.hidden = ![...field.querySelectorAll("input:checked")].some((input) => input.value === text.dataset.consequence);
  }
  const form = field.closest("form");
  for (const other of form.querySelectorAll("[data-shown-when]")) {
    const [name, value] = other.dataset.shownWhen.split("=");
    other.hidden = !form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]:checked`);
  }
}

function copyPlain(event) {
  const selection = document.getSelection();
  const number = selection.anchorNode?.parentElement?.closest("[data-copy]");
  if (!number || selection.toString().trim() !== number.textContent.trim()) return;
  event.clipboardData.setData("text/plain", number.dataset.copy);
  event.preventDefault();
}

// At sign-out the drafts go; what was already 提交 waits, sealed, for its writer.
function wipeDrafts(event) {
  if (!event.target.matches("[data-sign-out]")) return;
  for (const name of Object.keys(localStorage)) if (name.startsWith("roll:")) localStorage.removeItem(name);
}

export function watchForms() {
  document.addEventListener("submit", wipeDrafts);
  for (const form of document.querySelectorAll("form[data-keeps]:not([data-draft])")) form.addEventListener("submit", keepAndSend);
  document.addEventListener("submit", once);
  document.addEventListener("change", consequences);
  document.addEventListener("copy", copyPlain);
  addEventListener("pageshow", wake);
  document.querySelector("[data-faults]:not([hidden])")?.focus();
  for (const button of document.querySelectorAll("[data-show-password]")) button.addEventListener("click", showPassword);
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
}

function showPassword(event) {
  const input = document.getElementById(event.currentTarget.dataset.showPassword);
  const hide = input.type === "text";
  input.type = hide ? "password" : "text";
  event.currentTarget.textContent = hide ? say("显示") : say("隐藏");
}
