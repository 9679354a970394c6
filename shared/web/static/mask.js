// An opened value is covered again after five minutes, or when 遮上 is pressed. It needs no network:
// the covered row travels with the opened one.
const OPEN_FOR_MS = 5 * 60 * 1000;

function cover(row) {
  if (!row.isConnected) return;
  row.replaceWith(row.querySelector("template").content.cloneNode(true));
  globalThis.htmx?.process(document.body);
}

function watch(root) {
  for (const row of root.querySelectorAll("[data-opened]:not([data-watched])")) {
    row.dataset.watched = "true";
    setTimeout(() => cover(row), OPEN_FOR_MS);
    row.querySelector("[data-cover]").addEventListener("click", () => cover(row));
  }
}

export function watchMasks() {
  document.addEventListener("htmx:after:swap", () => watch(document));
  watch(document);
}
