// Sends a form by script, so that the page and what was typed stay whatever comes of it. The command
// id goes with every attempt: what was stored and got no answer is not stored twice.
import { say } from "./words.js";
import { clear, refuse } from "./refused.js";
import { signInAgain } from "./again.js";
import { stay } from "./typed.js";

const ANSWER_LIMIT_MS = 30_000;
const UPLOAD_LIMIT_MS = 300_000;
// Commands, evidence with a picture, a file to be imported.
const TAKEN = /\/commands\/|\/evidence$|^\/enrollment\/imports$/;

// What of a form was sent and got no answer: it may have been stored.
const unsure = new WeakMap();

export function takes(form, button) {
  return !form.matches("[data-keeps], [data-draft]") && TAKEN.test(address(form, button));
}

export function typedIn(form) {
  const typed = form.querySelector("textarea, input:not([type=hidden], [type=search], [type=password], [type=radio], [type=checkbox])");
  return Boolean(typed && document.querySelector("[data-sign-in-again]"));
}

/* -> whether the system is there and the person signed in; else the form says what is the matter. */
export async function reached(form, button) {
  clear(form);
  try {
    const headers = { accept: "application/json" };
    const response = await fetch(document.body.dataset.unsent, { headers, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    if (response.status !== 401 || (await signInAgain())) return true;
    refuse(form, { say: say("登录已过期，内容还在。登录后再提交。") }, button);
  } catch {
    refuse(form, { say: say("没有网络，内容还在，请稍后再提交。") }, button);
  }
  return false;
}

function address(form, button) {
  return button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
}

/* -> whether it was accepted; the page then goes on to where the answer says. */
export async function post(form, button) {
  clear(form);
  stay();
  const data = new FormData(form, button);
  const before = unsure.get(form);
  const edited = before && words(before) !== words(data);
  const answer = await sent(form, button, edited ? before : data);
  if (answer.accepted && edited) return keptBefore(form, button);
  if (edited && answer.status < 500 && answer.status !== 401) return post(form, button);
  if (answer.accepted) return goOn(answer.told.next);
  if (answer.status === 401 && (await signInAgain())) return post(form, button);
  refuse(form, answer.status === 401 ? { say: say("登录已过期，内容还在。登录后再提交。") } : answer.told, button);
  return false;
}

/* What was sent before had been stored after all: what was changed since is not, and that is said. */
function keptBefore(form, button) {
  refuse(form, { say: say("刚才那次已经登记了，后来改的没有登记。看新内容，再决定要不要改。"), code: "conflict" }, button);
  return false;
}

function words(data) {
  return JSON.stringify([...data].map(([name, value]) => [name, value instanceof File ? [value.name, value.size] : value]));
}

async function sent(form, button, data) {
  const upload = form.getAttribute("enctype") === "multipart/form-data";
  try {
    const response = await fetch(address(form, button), {
      method: "POST",
      body: upload ? data : new URLSearchParams(data),
      headers: { accept: "application/json" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(upload ? UPLOAD_LIMIT_MS : ANSWER_LIMIT_MS),
    });
    if (response.status < 500) unsure.delete(form);
    else unsure.set(form, data);
    return { accepted: response.ok, status: response.status, told: await told(response) };
  } catch (error) {
    unsure.set(form, data);
    return { told: { say: error.name === "TimeoutError" ? unanswered() : say("没有网络，内容还在，请稍后再提交。") } };
  }
}

async function told(response) {
  const found = await response.json().catch(() => ({}));
  return response.ok || found.say ? found : { say: unanswered() };
}

function unanswered() {
  return say("没有收到回音，内容还在。请稍后再提交，不会登记两次。");
}

// To an address that differs from this one by its # alone a browser would not go.
function goOn(next) {
  const address = new URL(next ?? location.href, location.href);
  const here = address.pathname + address.search === location.pathname + location.search;
  location.assign(address);
  if (here && address.hash) location.reload();
  return true;
}
