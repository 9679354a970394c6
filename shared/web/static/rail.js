// The two-time rail: two handles on a true time scale, linked or apart. Keys, typed times, jumps and
// drag all end in the same two inputs; the address holds both times.
const DRAW_DELAY_MS = 200;
const MINUTE_MS = 60_000;
const STEPS_MS = { ArrowLeft: -60 * MINUTE_MS, ArrowRight: 60 * MINUTE_MS, PageDown: -1440 * MINUTE_MS, PageUp: 1440 * MINUTE_MS };
const ZONE = "+08:00";

const form = document.getElementById("rail");
const drawing = document.getElementById("rail-drawing");
const margin = Number(form.dataset.margin);
const start = Date.parse(form.dataset.start);
const end = Date.parse(form.dataset.end);
const width = drawing.viewBox.baseVal.width;
const inputs = { happened: form.elements.happened, known: form.elements.known };
const linked = form.elements.linked;
let asked = null;
let waiting = 0;

const moment = (name) => Date.parse(inputs[name].value + ZONE);
const place = (time) => margin + ((time - start) / (end - start)) * (width - 2 * margin);
const text = (time) => new Date(time + 8 * 60 * MINUTE_MS).toISOString().slice(0, 16);

// The last minute of the scale is the end itself, or what happened within it could not be reached.
function set(name, time) {
  const inside = Math.min(Math.max(time, start), end);
  const whole = Math.ceil(inside / MINUTE_MS) * MINUTE_MS;
  for (const each of linked.checked ? ["happened", "known"] : [name]) inputs[each].value = text(whole);
  changed();
}

function changed() {
  draw();
  clearTimeout(waiting);
  waiting = setTimeout(replay, DRAW_DELAY_MS);
}

function draw() {
  const at = { happened: moment("happened"), known: moment("known") };
  for (const handle of drawing.querySelectorAll("[data-handle]")) {
    const name = handle.dataset.handle;
    const x = place(Math.min(Math.max(at[name], start), end));
    handle.setAttribute("transform", handle.getAttribute("transform").replace(/\([\d.]+/, `(${x.toFixed(2)}`));
    handle.setAttribute("aria-valuenow", Math.round(((at[name] - start) / (end - start)) * 100));
    handle.setAttribute("aria-valuetext", inputs[name].value.slice(5).replace("T", " "));
    const passed = drawing.querySelector(`[data-rail="${name}"]`);
    passed.setAttribute("d", passed.getAttribute("d").replace(/H[\d.]+/, `H${x.toFixed(2)}`));
  }
  const together = drawing.querySelector(".together");
  together.setAttribute("d", together.getAttribute("d").replace(/M[\d.]+/, `M${place(at.happened).toFixed(2)}`));
  together.toggleAttribute("hidden", !linked.checked);
  for (const stop of drawing.querySelectorAll(".stop")) mark(stop, at);
}

function mark(stop, at) {
  const happened = Date.parse(stop.dataset.happened) <= at.happened;
  const known = Date.parse(stop.dataset.recorded) <= at.known;
  stop.classList.toggle("known", happened && known);
  stop.classList.toggle("unknown", happened && !known);
}

async function replay() {
  asked?.abort();
  asked = new AbortController();
  const query = new URLSearchParams(new FormData(form));
  const address = `${form.getAttribute("action")}?${query}`;
  try {
    const response = await fetch(address, { signal: asked.signal, credentials: "same-origin" });
    if (!response.ok) return location.assign(address);
    exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
}

function exchange(page) {
  for (const part of document.querySelectorAll("[data-replay]")) {
    const fresh = page.querySelector(`[data-replay="${part.dataset.replay}"]`);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
}

// 上一件, 下一件: to the moment at which the next thing was recorded (linked) or happened (apart).
function step(direction) {
  const name = linked.checked ? "recorded" : "happened";
  const now = linked.checked ? moment("known") : moment("happened");
  const times = [...drawing.querySelectorAll(".stop")].map((stop) => Date.parse(stop.dataset[name]));
  const minutes = [...new Set(times.map((time) => Math.ceil(time / MINUTE_MS) * MINUTE_MS))].sort((a, b) => a - b);
  const next = direction > 0 ? minutes.find((time) => time > now) : minutes.findLast((time) => time < now);
  if (next !== undefined) set("happened", next);
}

function jump(event) {
  const link = event.target.closest("a[data-jump]");
  if (!link) return;
  event.preventDefault();
  const query = new URL(link.href).searchParams;
  linked.checked = query.has("linked");
  for (const name of ["happened", "known"]) inputs[name].value = query.get(name);
  changed();
}

function press(event) {
  const name = event.currentTarget.dataset.handle;
  const to = { Home: start, End: end }[event.key] ?? (event.key in STEPS_MS ? moment(name) + STEPS_MS[event.key] : null);
  if (to === null) return;
  event.preventDefault();
  set(name, to);
}

function drag(event) {
  const handle = event.currentTarget;
  handle.setPointerCapture(event.pointerId);
  handle.focus();
  const move = (to) => {
    const box = drawing.getBoundingClientRect();
    const x = ((to.clientX - box.left) / box.width) * width;
    set(handle.dataset.handle, start + ((x - margin) / (width - 2 * margin)) * (end - start));
  };
  const stop = () => handle.removeEventListener("pointermove", move);
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", stop, { once: true });
  handle.addEventListener("pointercancel", stop, { once: true });
}

for (const handle of drawing.querySelectorAll("[data-handle]")) {
  handle.addEventListener("keydown", press);
  handle.addEventListener("pointerdown", drag);
}
for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));
document.addEventListener("click", jump);
form.addEventListener("change", (event) => {
  if (linked.checked) inputs.known.value = inputs.happened.value = (event.target === inputs.known ? inputs.known : inputs.happened).value;
  changed();
});
form.addEventListener("submit", (event) => { event.preventDefault(); changed(); });
draw();
const frame = drawing.parentElement;
frame.scrollLeft = (place(moment("happened")) / width) * frame.scrollWidth - frame.clientWidth / 2;
