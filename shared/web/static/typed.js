// What was typed survives a look at another page that takes this one's place: not every browser has a
// second tab (inside other apps, pinned to the home screen). It waits in this tab, for its writer.
import { say } from "./words.js";

const KEY = "typed:";
// A link that was pressed leads away within this time, or it has opened a tab of its own.
const LEAVES_WITHIN_MS = 30_000;

let leaving = null;

/* The link was pressed that may take this page's place. */
export function takeAlong(form) {
  stay();
  leaving = new AbortController();
  addEventListener("pagehide", () => keepTyped(form), { once: true, signal: leaving.signal });
  setTimeout(stay, LEAVES_WITHIN_MS);
}

/* What was typed is sent, or is not left behind. */
export function stay() {
  leaving?.abort();
  leaving = null;
}

function keepTyped(form) {
  const typed = controls(form).map(({ name, value, type, checked }) => ({ name, value, type, checked }));
  sessionStorage.setItem(KEY + here(), JSON.stringify({ about: about(form), typed }));
}

/* Back on the page: it is drawn anew, with the version that it has now. */
export function bringBack() {
  const kept = sessionStorage.getItem(KEY + here());
  if (!kept) return;
  sessionStorage.removeItem(KEY + here());
  const { about: which, typed } = JSON.parse(kept);
  const form = [...document.querySelectorAll("form")].find((one) => about(one) === which);
  if (!form) return;
  for (const one of typed) fill(form, one);
  said(form);
}

/* Whether something waits that this page, as it came out of the browser's cache, does not know of. */
export function waits() {
  return sessionStorage.getItem(KEY + here()) !== null;
}

export function forgetTyped() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(KEY)) sessionStorage.removeItem(name);
}

/* The same form on a page as it is now: same address, about the same record. */
export function about(form) {
  const hidden = [...form.querySelectorAll("input[type=hidden]")].filter(({ name }) => !["command_id", "version"].includes(name));
  return JSON.stringify([form.getAttribute("action"), ...hidden.map(({ name, value }) => [name, value])]);
}

function fill(form, { name, value, type, checked }) {
  const boxes = ["radio", "checkbox"].includes(type);
  const control = controls(form).find((one) => one.name === name && (!boxes || one.value === value));
  if (!control) return;
  if (boxes) control.checked = checked;
  else control.value = value;
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

function said(form) {
  const line = document.createElement("p");
  line.className = "band calm";
  line.setAttribute("role", "status");
  line.textContent = say("这是现在的内容。你写的还在下面，看过就可以提交。");
  form.before(line);
}

function controls(form) {
  return [...form.elements].filter(({ name, type }) => name && !["hidden", "file", "password", "submit", "button"].includes(type));
}

function here() {
  return `${document.body.dataset.account ?? ""} ${location.pathname}${location.search}`;
}
