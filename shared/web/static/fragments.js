// A first page is made of parts that several services answer. Each part brings its clause of the
// first sentence and its counts for another part's table; a part that does not answer says so.
const ASK_AGAIN_MS = 30_000;

function gather() {
  const sentence = document.querySelector("[data-clauses]");
  if (!sentence) return;
  for (const clause of document.querySelectorAll("[data-part] [data-clause]")) sentence.append(clause);
  const clauses = [...sentence.querySelectorAll("[data-clause]")];
  clauses.sort((a, b) => a.dataset.clause - b.dataset.clause);
  sentence.append(...clauses);
  const waiting = document.querySelector("[data-part][data-waiting]");
  sentence.querySelector("[data-nothing]").hidden = Boolean(waiting) || clauses.some((clause) => clause.textContent.trim());
}

function fill() {
  for (const counts of document.querySelectorAll("template[data-counts-for]")) {
    for (const count of counts.content.querySelectorAll("[data-for]")) {
      document.getElementById(count.dataset.for)?.replaceChildren(count.cloneNode(true));
    }
  }
}

function settle() {
  for (const part of document.querySelectorAll("[data-part][data-waiting]")) {
    if (!part.querySelector(".waiting")) delete part.dataset.waiting;
  }
  gather();
  fill();
}

function fail(source) {
  const part = source.closest?.("[data-part]");
  const problem = source.querySelector?.("[data-problem]");
  if (problem) problem.hidden = false;
  if (!part) return;
  part.querySelector(".waiting")?.remove();
  settle();
  setTimeout(() => part.dispatchEvent(new Event("again")), ASK_AGAIN_MS);
}

// An answer that is an error is never drawn in the place of what was there.
function refuseErrors(event) {
  const { ctx } = event.detail;
  if (ctx.response.status < 400) return;
  event.preventDefault();
  fail(event.target);
}

export function watchFragments() {
  document.addEventListener("htmx:before:response", refuseErrors);
  document.addEventListener("htmx:error", (event) => fail(event.target));
  document.addEventListener("htmx:after:swap", settle);
  settle();
}
