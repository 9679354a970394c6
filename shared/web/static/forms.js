// Forms: a second press while the first is under way is ignored; a refusal stands in the form, which
// keeps what was typed; a form that is kept (存下) is stored on the phone and then sent.
import { say } from "./words.js";
import { keep, forget } from "./store.js";
import { send } from "./send.js";
import { post, reached, takes, typedIn } from "./post.js";
import { signInAgain } from "./again.js";
import { clear, refuse, tell } from "./refused.js";
import { bringBack, forgetTyped, waits } from "./typed.js";

const FILE_AFTER_MS = 10_000;

function once(event) {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.busy) return event.preventDefault();
  busy(form, event.submitter);
  if (takes(form, event.submitter)) {
    event.preventDefault();
    post(form, event.submitter).then((accepted) => accepted || wake());
  } else if (typedIn(form) && !form.dataset.reached) {
    event.preventDefault();
    reached(form, event.submitter).then((somebody) => goNow(form, event.submitter, somebody));
  }
}

// Its answer is a page of its own: it goes as browsers send it, once somebody is there to take it.
function goNow(form, button, somebody) {
  wake();
  if (!somebody) return;
  form.dataset.reached = "true";
  form.requestSubmit(button);
  delete form.dataset.reached;
  // An answer that is a file leaves the page where it is, ready for the next.
  setTimeout(wake, FILE_AFTER_MS);
}

function busy(form, button) {
  form.dataset.busy = "true";
  button?.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");
}

function wake() {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}

// A form that was sent and comes back from the browser's cache would be taken for its repetition, and
// one that was left to look at what is new has an old version: they are drawn anew.
function comeBack(event) {
  if (event.persisted && (document.querySelector("form[data-busy]") || waits())) location.reload();
  else wake();
}

function kept(event) {
  event.preventDefault();
  return keepAndSend(event.target, event.submitter);
}

async function keepAndSend(form, button) {
  const data = new FormData(form, button);
  const item = {
    id: data.get("command_id"), account: document.body.dataset.account, title: form.dataset.keeps,
    action: form.getAttribute("action"), check: form.dataset.check, body: new URLSearchParams(data).toString(),
    savedAt: Date.now(), href: location.pathname + location.search,
  };
  await keep(item);
  clear(form);
  const state = document.querySelector("[data-kept]");
  const show = (sentence) => { state.hidden = false; state.querySelector("[data-kept-say]").textContent = sentence; };
  show(say("已存在这部手机里，正在提交。"));
  const answer = await send(item, () => show(say("没收到回音，正在查是不是已经提交。不用再按一次。")));
  if (answer.state === "sent") return forget(item.id).then(() => location.assign(answer.next));
  if (answer.signedOut && (await signInAgain())) return keepAndSend(form, button);
  if (answer.state !== "refused" || answer.signedOut) {
    return show(answer.say ?? say("尚未提交。存在这部手机里，有网会自动提交；可以关掉页面。"));
  }
  state.hidden = true;
  await forget(item.id);
  refuseKept(form, answer, button);
}

// A refusal that has a sentence for each field is summed up above them.
function refuseKept(form, answer, button) {
  const told = Object.entries(answer.fields).filter(([name]) => form.querySelector(`[data-field="${CSS.escape(name)}"]`));
  if (!told.length) return refuse(form, answer, button);
  const summary = document.querySelector("[data-faults]");
  summary.hidden = false;
  summary.querySelector("h2").textContent = answer.say;
  for (const [name, sentence] of told) fault(form, name, sentence);
  summary.focus();
}

function fault(form, name, sentence) {
  const control = form.querySelector(`[data-field="${CSS.escape(name)}"] [name]`);
  if (control) tell(control, sentence);
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
  forgetTyped();
  for (const name of Object.keys(localStorage)) if (name.startsWith("roll:")) localStorage.removeItem(name);
}

export function watchForms() {
  document.addEventListener("submit", wipeDrafts);
  for (const form of document.querySelectorAll("form[data-keeps]:not([data-draft])")) form.addEventListener("submit", kept);
  document.addEventListener("submit", once);
  document.addEventListener("change", consequences);
  document.addEventListener("copy", copyPlain);
  addEventListener("pageshow", comeBack);
  bringBack();
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
