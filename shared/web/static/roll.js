// The roll of a class: a tap marks, a second unmarks, each tap is kept on the phone at once.
import { say } from "./words.js";
import { keep, forget, unsent } from "./store.js";
import { send } from "./send.js";

const IGNORE_AFTER_MARK_MS = 400;
const SCROLL_SETTLE_MS = 150;
const MOVED_PX = 10;

const form = document.getElementById("roll");
const pupils = [...form.querySelectorAll(".pupil")];
const button = document.querySelector(".send");
const line = document.querySelector("[data-line]");
const hint = [...line.childNodes];
const account = document.body.dataset.account;
const draftName = `roll:${account}:${form.dataset.draft}`;
const leaveWords = JSON.parse(form.dataset.leaveLabels);

let markedAt = -Infinity;
let scrolledAt = -Infinity;
let touch = null;
let pending = null;

const pressed = (pupil) => pupil.getAttribute("aria-pressed") === "true";
const absent = () => pupils.filter((pupil) => !pupil.dataset.leave && pressed(pupil));
const onLeave = () => pupils.filter((pupil) => pupil.dataset.leave && !pressed(pupil));
const called = (pupil) => `${pupil.dataset.seat} ${pupil.dataset.name}`;

function counts() {
  const away = absent().length;
  const leave = onLeave().length;
  const parts = [
    say("应到 {n}", { n: pupils.length }),
    say("实到 {n}", { n: pupils.length - away - leave }),
    say("请假 {n}", { n: leave }),
  ];
  if (away) parts.push(say("未到 {n}", { n: away }));
  return parts.join(say("，"));
}

function state(pupil) {
  if (pupil.dataset.leave) return pressed(pupil) ? say("到了") : leaveWords[pupil.dataset.leave];
  return pressed(pupil) ? say("未到") : say("到");
}

function draw() {
  for (const pupil of pupils) {
    const sign = state(pupil);
    const visible = pupil.dataset.leave ? sign : pressed(pupil) ? "✕" : "";
    pupil.querySelector(".sign").textContent = visible;
    pupil.setAttribute("aria-label", say("{seat} 号，{name}，{state}", { ...pupil.dataset, state: sign }));
  }
  const away = absent();
  line.replaceChildren(...(away.length ? named(away) : hint));
  button.classList.toggle("main", away.length > 0);
  button.querySelector(".verb").textContent = away.length ? say("提交") : say("没有人缺，提交");
  button.querySelector(".counts").textContent = counts();
}

function named(away) {
  const count = document.createElement("b");
  count.className = "act";
  count.textContent = say("未到 {n}", { n: away.length });
  return [count, `  ${away.map(called).join(say("、"))}`];
}

// Ids and marks only: no name is written to the phone.
function saveDraft() {
  const marks = pupils.filter(pressed).map((pupil) => pupil.dataset.child);
  localStorage.setItem(draftName, JSON.stringify({ marks }));
}

function restoreDraft() {
  const draft = JSON.parse(localStorage.getItem(draftName) ?? "null");
  if (draft) press(new Set(draft.marks));
}

function press(marks) {
  for (const pupil of pupils) pupil.setAttribute("aria-pressed", String(marks.has(pupil.dataset.child)));
}

function mark(event) {
  const pupil = event.currentTarget;
  if (event.detail && touch?.moved) return;
  pupil.setAttribute("aria-pressed", String(!pressed(pupil)));
  markedAt = event.timeStamp;
  saveDraft();
  draw();
  document.querySelector("[data-live]").textContent = `${pupil.getAttribute("aria-label")}${say("。")}${counts()}`;
}

// A finger that scrolled, or that stopped a running scroll, meant no name.
function watchTouch() {
  addEventListener("scroll", () => {
    scrolledAt = performance.now();
    if (touch) touch.moved = true;
  }, { passive: true });
  form.addEventListener("pointerdown", (event) => {
    const rolling = performance.now() - scrolledAt < SCROLL_SETTLE_MS;
    touch = { x: event.clientX, y: event.clientY, moved: rolling };
  });
  form.addEventListener("pointermove", (event) => {
    if (touch && Math.hypot(event.clientX - touch.x, event.clientY - touch.y) > MOVED_PX) touch.moved = true;
  });
}

function item() {
  const body = new URLSearchParams(new FormData(form));
  for (const pupil of pupils) {
    const leave = pupil.dataset.leave;
    const name = leave ? (pressed(pupil) ? "present" : leave) : pressed(pupil) ? "unexcused" : "present";
    body.append(name, pupil.dataset.child);
  }
  const address = form.getAttribute("action");
  return {
    id: body.get("command_id"), account, title: form.dataset.keeps, action: address, check: form.dataset.check,
    body: body.toString(), savedAt: Date.now(), href: location.pathname + location.search,
  };
}

function show(name) {
  for (const part of document.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
  document.querySelector("[data-offline]").hidden = navigator.onLine || name === "marking";
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
}

async function submit(event) {
  event.preventDefault();
  if (event.timeStamp - markedAt < IGNORE_AFTER_MARK_MS || button.ariaBusy === "true") return;
  pending = item();
  await keep(pending);
  await attempt();
}

async function attempt() {
  button.ariaBusy = "true";
  const answer = await send(pending, () => show("checking"));
  button.ariaBusy = "false";
  if (answer.state === "sent") return finish(answer.next);
  if (answer.state === "refused" && !answer.signedOut) return refuse(answer.say);
  showUnsent(answer.say);
}

async function finish(next) {
  await forget(pending.id);
  localStorage.removeItem(draftName);
  location.assign(next);
}

async function refuse(sentence) {
  await forget(pending.id);
  pending = null;
  show("marking");
  const place = document.querySelector("[data-refusal]");
  place.hidden = false;
  place.textContent = sentence;
  place.focus();
}

function showUnsent(sentence) {
  const fill = (name, text) => { document.querySelector(`[data-${name}]`).textContent = text; };
  const people = (label, list) => (list.length ? label + list.map(called).join(say("、")) : "");
  fill("saved-at", say("{time} 存在这部手机里。", { time: clock(pending.savedAt) }));
  fill("counts", counts());
  fill("absent-names", people(say("未到："), absent()));
  fill("leave-names", people(say("请假："), onLeave()));
  fill("last-try", sentence ?? say("上次试过 {time}，没连上", { time: clock(Date.now()) }));
  show("unsent");
}

// Changing what was kept makes a new command: the kept one is withdrawn first.
async function edit() {
  await forget(pending.id);
  pending = null;
  show("marking");
}

async function resume() {
  restoreDraft();
  draw();
  const own = form.getAttribute("action");
  const on = form.elements.on.value;
  pending = (await unsent(account)).find((kept) => kept.action === own && new URLSearchParams(kept.body).get("on") === on) ?? null;
  if (!pending) return;
  const body = new URLSearchParams(pending.body);
  press(new Set([...body.getAll("unexcused"), ...body.getAll("present").filter(isOnLeave)]));
  draw();
  await attempt();
}

function isOnLeave(child) {
  return pupils.some((pupil) => pupil.dataset.child === child && pupil.dataset.leave);
}

for (const pupil of pupils) pupil.addEventListener("click", mark);
form.addEventListener("submit", submit);
document.querySelector("[data-edit]").addEventListener("click", edit);
document.querySelector("[data-retry]").addEventListener("click", attempt);
addEventListener("online", () => pending && attempt());
watchTouch();
await resume();
form.dataset.ready = "true";
