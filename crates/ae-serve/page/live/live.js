"use strict";
// Asks the program once a second how far the training is, and shows what has changed. Curves are read by report.js.

const PAUSE = 1000;
// A page that nobody sees asks less often.
const HIDDEN_PAUSE = 3000;
// What this page calls itself.
const PAGE = Math.random().toString(36).slice(2);
const at = (id) => document.getElementById(id);
const shown = new Map();
let last = null;
// The digest of the state that is shown in full.
let digest = "";
let heard = null;

/** Nobody has answered. */
class Unanswered extends Error {}

/** What the program says is wrong. */
class Refused extends Error {
  constructor({ error, found, what_to_do: advice }) {
    super([error, found, advice].filter(Boolean).join("; "));
  }
}

async function request(path, options) {
  const response = await fetch(path, options).catch(() => { throw new Unanswered(); });
  // The program may end within an answer.
  const body = await response.text().catch(() => { throw new Unanswered(); });
  if (!response.ok) throw new Refused(JSON.parse(body));
  return body;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A whole number with its digits in groups, as the report writes them.
function counted(number) {
  const digits = Math.round(number).toString();
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function significant(value) {
  const small = Math.abs(value) < 1e-5 || Math.abs(value) >= 1e9;
  return small && value !== 0 ? value.toExponential(3) : value.toPrecision(4);
}

function duration(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
  return `${(seconds / 86400).toFixed(1)} days`;
}

const clock = (time) => time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function showProgress(progress, phase) {
  const { epoch, epochs, batch, batches } = progress;
  const passed = epoch - 1 + batch / Math.max(1, batches);
  const done = phase === "finishing" ? 1 : Math.min(1, passed / Math.max(1, epochs));
  at("bar").style.width = `${(100 * done).toFixed(2)}%`;
  const bar = at("progress");
  bar.setAttribute("aria-valuemax", epochs);
  bar.setAttribute("aria-valuenow", (done * epochs).toFixed(2));
  bar.setAttribute("aria-valuetext", `epoch ${epoch} of ${epochs}`);
  say(at("epoch"), counted(epoch));
  say(at("batch"), `of ${counted(epochs)}; batch ${counted(batch)} of ${counted(batches)}`);
  say(at("rate-name"), `${progress.noun} a second`);
  const rate = progress.items_per_second;
  say(at("rate"), rate === null ? "–" : rate < 100 ? rate.toFixed(1) : counted(rate));
  say(at("loss"), progress.loss === null ? "" : `loss of the batch ${significant(progress.loss)}`);
  const left = progress.seconds_left;
  say(at("left"), left === null ? "–" : duration(left));
  say(at("until"), left === null || left > 86400 ? "" : `until about ${clock(new Date(Date.now() + 1000 * left))}`);
}

function showValidation(validation) {
  say(at("validation"), validation ? significant(validation.last) : "–");
  const best = validation && `${validation.name}; lowest ${significant(validation.best)} after epoch ${counted(validation.best_epoch)}`;
  say(at("best"), best || "after the first epoch");
}

function showNext(state) {
  const says = { stopped: "This goes on from the checkpoint:", failed: "This goes on from the last checkpoint:", interrupted: "This goes on with it:" };
  at("next").hidden = !state.command;
  say(at("next-says"), says[state.phase] ?? "");
  say(at("command"), state.command ?? "");
}

function showHead(state) {
  say(at("kind"), state.goes_on ? `${state.kind}, live` : state.kind);
  say(at("title"), state.title);
  at("lead").hidden = !state.lead;
  say(at("lead"), state.lead);
  say(at("verdict"), state.verdict);
  at("verdict").className = `verdict ${state.tone}`;
  const { progress } = state;
  at("going").hidden = !progress || !["training", "stopping", "finishing", "stopped", "failed"].includes(state.phase);
  if (progress) showProgress(progress, state.phase);
  // What is over has no pace.
  if (!state.goes_on) ["left", "until"].forEach((id) => say(at(id), id === "left" ? "–" : ""));
  showValidation(state.validation);
  showNext(state);
  const box = at("stop-box");
  box.hidden = !["training", "stopping"].includes(state.phase);
  at("stop").disabled = !state.can_stop;
  say(at("stop"), state.phase === "stopping" ? "Stopping …" : "Stop the training");
  if (!state.can_stop && at("confirm").open) at("confirm").close();
  say(at("footer"), state.footer);
  const of = progress && state.phase === "training" ? `${progress.epoch}/${progress.epochs}` : state.phase;
  document.title = `${of} · ${state.title}`;
}

// A part with its pictures decoded, so that it replaces the old one without a flash.
async function madeOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const part = template.content.firstElementChild;
  for (const element of part.querySelectorAll("[data-style]")) element.style.cssText = element.dataset.style;
  await Promise.all([...part.querySelectorAll("img")].map((image) => image.decode().catch(() => {})));
  return part;
}

// The places of a part that a person is reading: a curve under the pointer or in the focus, and what is unfolded.
function readings(part) {
  const plots = [...part.querySelectorAll(".plot")].map((plot) => ({
    epoch: plot.classList.contains("read") && plot.dataset.epochs.split(" ")[plot.getAttribute("aria-valuenow")],
    focus: plot === document.activeElement,
  }));
  return { plots, open: [...part.querySelectorAll("details")].map((details) => details.open) };
}

function readOn(part, { plots, open }) {
  part.querySelectorAll("details").forEach((details, number) => { details.open = open[number] ?? false; });
  part.querySelectorAll(".plot").forEach((plot, number) => {
    const before = plots[number];
    if (!before) return;
    if (before.focus) plot.focus({ preventScroll: true });
    const place = before.epoch ? plot.dataset.epochs.split(" ").indexOf(before.epoch) : -1;
    if (place >= 0) plot.dispatchEvent(new CustomEvent("read", { detail: place }));
  });
}

async function showParts(parts) {
  const box = at("parts");
  const wanted = new Set(parts.map(({ id }) => id));
  for (const [id, { element }] of shown) {
    if (!wanted.has(id)) {
      element.remove();
      shown.delete(id);
    }
  }
  let before = null;
  for (const { id, digest } of parts) {
    const old = shown.get(id);
    if (old?.digest !== digest) {
      const html = await request(`/v1/live/parts/${id}`).catch((error) => {
        // It may be gone again.
        if (error instanceof Refused) return null;
        throw error;
      });
      if (html === null) continue;
      const element = await madeOf(html);
      const read = old && readings(old.element);
      if (old) old.element.replaceWith(element);
      else if (before) before.after(element);
      else box.prepend(element);
      element.querySelectorAll(".plot").forEach(readCurve);
      element.querySelectorAll(".cells").forEach(readMap);
      if (read) readOn(element, read);
      shown.set(id, { digest, element });
    }
    const { element } = shown.get(id);
    const place = before ? before.nextElementSibling : box.firstElementChild;
    if (place !== element) box.insertBefore(element, place);
    before = element;
  }
}

// One question at a time.
let asked = Promise.resolve();
function ask() {
  asked = asked.catch(() => {}).then(askOnce);
  return asked;
}

async function askOnce() {
  const state = JSON.parse(await request(`/v1/live?page=${PAGE}&shown=${digest}`));
  const isNew = state.digest !== digest;
  last = state;
  heard = new Date();
  at("lost").hidden = true;
  showHead(state);
  await showParts(state.parts);
  digest = state.digest;
  // A training that has ended waits until this page says that it shows all.
  if (!state.goes_on && isNew) await askOnce();
}

// The program no longer answers: what is shown stays.
function lose(error) {
  if (error instanceof Refused) {
    say(at("lost-says"), error.message);
    at("lost-command").hidden = true;
    at("lost").hidden = false;
    return;
  }
  // A mistake of this script is reported as one.
  if (!(error instanceof Unanswered)) setTimeout(() => { throw error; });
  at("stop-box").hidden = true;
  if (at("confirm").open) at("confirm").close();
  if (!last) say(at("lost-says"), "The program does not answer.");
  else if (last.goes_on) say(at("lost-says"), `The program has not answered since ${clock(heard)}: it has ended, or cannot be reached. What is shown is from then.`);
  else say(at("lost-says"), "The program has ended; this page keeps what it shows.");
  at("lost-command").hidden = !last;
  say(at("lost-code"), last?.watch ?? "");
  at("lost").hidden = false;
}

let wake = () => {};
async function follow() {
  for (;;) {
    await ask().catch(lose);
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, document.hidden ? HIDDEN_PAUSE : PAUSE);
    });
  }
}
document.addEventListener("visibilitychange", () => wake());

at("stop").addEventListener("click", () => at("confirm").showModal());
at("go-on").addEventListener("click", () => at("confirm").close());
at("yes").addEventListener("click", async () => {
  at("confirm").close();
  at("stop").disabled = true;
  say(at("stop"), "Stopping …");
  try {
    await request("/v1/live/stop", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    await ask();
  } catch (error) {
    lose(error);
  }
});
follow();
