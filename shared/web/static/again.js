// The session has run out under a form: the same person signs in over the page, which stays as it is.
import { say } from "./words.js";

/* -> whether they signed in. */
export function signInAgain() {
  const template = document.querySelector("[data-sign-in-again]");
  if (!template) return Promise.resolve(false);
  const dialog = template.content.firstElementChild.cloneNode(true);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.querySelector("form").addEventListener("submit", (event) => attempt(event, dialog));
    dialog.querySelector("[data-later]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "signed-in");
    });
  });
}

async function attempt(event, dialog) {
  event.preventDefault();
  const form = event.target;
  const answer = await asked(form);
  if (answer.ok) return dialog.close("signed-in");
  const place = form.querySelector("[role=alert]");
  place.hidden = false;
  place.textContent = answer.say;
  form.querySelector("[type=password]").select();
}

async function asked(form) {
  const nothing = say("没有网络，内容还在，请稍后再提交。");
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { accept: "application/json" } });
    const told = response.ok ? {} : await response.json();
    return { ok: response.ok, say: told.say ?? nothing };
  } catch {
    return { ok: false, say: nothing };
  }
}
