// What a refusal looks like in its form: above the field it names, else above the button; what was
// typed stays, and the focus goes to where something is to be mended.
import { say } from "./words.js";
import { about, takeAlong } from "./typed.js";

let last = 0;

/* told: {say, fields, code}; button: the one that was pressed, or none. */
export function refuse(form, told, button) {
  const control = named(form, told.fields?.field);
  if (control) return atField(control, told.say);
  const alert = aboveButton(form, told.say, button);
  if (told.code === "conflict") alert.append(" ", newContent(form));
  if (told.fields?.href?.startsWith?.("/")) alert.append(" ", link(form, told.fields.href, told.fields.todo));
}

export function clear(form) {
  for (const alert of document.querySelectorAll(".refused")) alert.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const field of form.querySelectorAll(".wrong")) field.classList.remove("wrong");
  for (const place of form.querySelectorAll(".error, [data-faults]")) place.hidden = true;
}

function named(form, name) {
  if (typeof name !== "string" || !name) return undefined;
  const plain = CSS.escape(name);
  const found = form.querySelectorAll(`[name="${plain}"], [name="${plain}_on"], [data-field="${plain}"] [name]`);
  return [...found].find((control) => control.type !== "hidden" && control.checkVisibility?.() !== false && !control.closest("[hidden]"));
}

function atField(control, sentence) {
  tell(control, sentence);
  control.focus();
}

/* The sentence above a control, read out with it. */
export function tell(control, sentence) {
  const field = control.closest("[data-field], .field");
  field?.classList.add("wrong");
  const place = field?.querySelector(".error") ?? newPlace(control, field);
  place.id ||= `refused-${++last}`;
  place.hidden = false;
  place.textContent = sentence;
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", place.id);
}

function newPlace(control, field) {
  const place = paragraph("error");
  (field?.querySelector(".control") ?? control.closest("label") ?? control).before(place);
  return place;
}

function aboveButton(form, sentence, pressed) {
  const alert = paragraph("refused");
  alert.setAttribute("role", "alert");
  alert.tabIndex = -1;
  const button = pressed ?? form.querySelector("button.main, button:not([type=button])");
  const row = button?.closest(".row");
  const apart = row && row !== form && (form.contains(row) ? row.closest("form") === form : row.parentElement.matches(".bar"));
  if (button) (apart ? row : button).before(alert);
  else form.append(alert);
  alert.textContent = sentence;
  alert.focus();
  return alert;
}

function paragraph(name) {
  const made = document.createElement("p");
  made.className = name;
  return made;
}

function link(form, href, text) {
  const made = document.createElement("a");
  Object.assign(made, { href, target: "_blank", textContent: text || say("看新内容") });
  made.addEventListener("click", () => takeAlong(form));
  return made;
}

// Whoever has opened the new content may send what they wrote on top of it.
function newContent(form) {
  const made = link(form, document.querySelector(".page-head .back")?.getAttribute("href") ?? location.href, say("看新内容"));
  made.addEventListener("click", () => renew(form));
  return made;
}

async function renew(form) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const twin = [...page.querySelectorAll("form")].find((one) => about(one) === about(form));
  const now = twin?.querySelector("input[name=version]");
  if (now) form.querySelector("input[name=version]").value = now.value;
}
