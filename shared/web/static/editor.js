// The editor of a pack: a number beside every line, also of those that are written now.
function number(text) {
  const lines = Math.max(Number(text.rows), text.value.split("\n").length + 4);
  if (lines === Number(text.rows)) return;
  text.rows = lines;
  text.parentElement.querySelector("[data-lines]").textContent = Array.from({ length: lines }, (_, n) => `${n + 1}\n`).join("");
}

export function watchEditor() {
  for (const text of document.querySelectorAll("[data-lined]")) text.addEventListener("input", () => number(text));
}
