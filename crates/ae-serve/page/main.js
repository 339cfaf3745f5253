// The page: what a person draws goes to the model, and what comes back is shown while the drawing goes on.

import { get, latest, post, Refused } from "./api.js";
import { LINKS, NOTE, WHO } from "./backend.js";
import { CodeMap, CodeSliders, examplesOf, itemButton, Morph, offerSamples } from "./codes.js";
import { Pad } from "./pad.js";
import { short } from "./pictures.js";
import { Results } from "./results.js";
import { RowInput } from "./table.js";

const byId = (id) => document.getElementById(id);
let model;
let input;
let results;
let codes = null;
let seed = 1;

/** Tells what went wrong, until something goes right. */
function failed(error) {
  const notice = byId("notice");
  notice.textContent = error instanceof Refused ? error.sentence : `${WHO} does not answer: ${error.message}`;
  notice.hidden = false;
}

function noiseText() {
  const noise = model.noises.find(({ name }) => name === byId("noise").value);
  return noise ? `${noise.name}:${byId("strength").value}${noise.after}` : null;
}

const update = latest(async () => {
  const values = input.value();
  if (!values) return;
  const noise = noiseText();
  const include = ["inputs", "codes", "errors", ...(model.detector ? ["verdicts"] : [])];
  const start = performance.now();
  const answer = await post("v1/reconstruct", { item: values, include, ...(noise && { noise, seed }) });
  const time = performance.now() - start;
  byId("notice").hidden = true;
  results.show(values, answer);
  codes?.mark(answer.codes[0]);
  showNumbers(answer, time, noise);
}, failed);

function showNumbers({ mse, verdicts, threshold, noise_levels: levels }, time, noise) {
  const bold = (text) => Object.assign(document.createElement("b"), { textContent: text });
  const against = noise ? "against the item without corruption" : "";
  const parts = ["Mean squared error ", bold(short(mse[0])), against && ` ${against}`];
  if (levels) parts.push(", told a noise level of ", bold(short(levels[0])));
  parts.push(" · round trip ", bold(`${time.toFixed(0)} ms`));
  byId("stats").dataset.milliseconds = time;
  byId("stats").replaceChildren(...parts.filter(Boolean));
  const verdict = verdicts?.[0];
  byId("verdict").hidden = !verdict;
  if (!verdict) return;
  byId("verdict").className = `verdict ${verdict.is_anomaly ? "anomaly" : "normal"}`;
  byId("verdict").textContent =
    `${verdict.is_anomaly ? "An anomaly" : "Normal"}: score ${short(verdict.score)}, threshold ${short(threshold)}, p-value ${short(verdict.p_value)}`;
}

function describe() {
  const { name, kind, item, shape, latent_dim: latent, parameters, columns, is_variational: variational } = model;
  document.title = `${name} · ae`;
  byId("name").textContent = name;
  const [channels, height, width] = shape;
  const items = item === "row" ? `rows of ${columns.length} columns` : `${channels === 1 ? "grey" : "colour"} images of ${height} × ${width} pixels`;
  const what = variational ? "Variational autoencoder" : kind === "denoising" ? "Denoising autoencoder" : "Autoencoder";
  const trained = model.trained_noise ? `, trained on ${model.trained_noise}` : "";
  byId("facts").textContent = `${what} for ${items}${trained}; codes of ${latent}; ${parameters.toLocaleString("en")} parameters`;
}

/** Where the model is computed, and addresses for programs. */
function describeBackend() {
  byId("note").textContent = NOTE;
  byId("note").hidden = !NOTE;
  const links = Object.entries(LINKS).map(([text, href]) => Object.assign(document.createElement("a"), { href, textContent: text }));
  byId("links").replaceChildren(...links);
  byId("links").hidden = !links.length;
}

function offerNoises() {
  const select = byId("noise");
  for (const { name, label } of model.noises) select.add(new Option(label, name));
  const chosen = () => {
    const noise = model.noises.find(({ name }) => name === select.value);
    for (const id of ["strength-label", "again"]) byId(id).hidden = !noise;
    if (noise) {
      const slider = byId("strength");
      Object.assign(slider, { min: noise.least, max: noise.greatest, step: noise.step });
      slider.value = noise.strength;
      byId("strength-value").textContent = slider.value;
    }
    update();
  };
  select.addEventListener("change", chosen);
  byId("strength").addEventListener("input", ({ target }) => {
    byId("strength-value").textContent = target.value;
    update();
  });
  byId("again").addEventListener("click", () => {
    seed += 1;
    update();
  });
}

function openInput() {
  if (model.item === "row") {
    byId("row").hidden = false;
    input = new RowInput(byId("paste"), byId("row-problem"), model.columns, () => update());
    return;
  }
  byId("draw").hidden = false;
  input = new Pad(byId("pad-box"), model.shape, () => update());
  const open = (file) => file && input.open(file).catch(() => failed(new Refused(422, {
    error: "the picture cannot be read", expected: "a picture that this browser knows", found: file.name,
  })));
  byId("clear").addEventListener("click", () => input.clear());
  byId("undo").addEventListener("click", () => input.undo());
  byId("pen").addEventListener("input", ({ target }) => { input.pen = Number(target.value); });
  byId("file").addEventListener("change", ({ target }) => {
    open(target.files[0]);
    target.value = "";
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    input.canvas.classList.remove("over");
    open(event.dataTransfer.files[0]);
  });
  if (model.shape[0] === 3) {
    byId("ink-label").hidden = false;
    byId("ink").addEventListener("input", ({ target }) => { input.ink = target.value; });
  }
}

function offerExamples({ name, part, items, labels }, morph) {
  byId("examples").hidden = false;
  byId("examples-of").textContent = `${name}: ${part}`;
  byId("examples-strip").replaceChildren(...items.map((values, i) => {
    const label = labels ? `Example ${i + 1}, class ${labels[i]}` : `Example ${i + 1}`;
    return itemButton(model, values, label, () => input.set(values));
  }));
  input.set(items[0]);
  if (morph) {
    morph.take(0, items[0]);
    const other = labels ? labels.findIndex((label) => label !== labels[0]) : 1;
    morph.take(1, items[Math.max(other, 0)] ?? items[0]);
  }
}

/** Maps, sliders and the way between items need a decoder of codes. */
async function openCodes() {
  const { decode, sample } = model.can;
  let morph = null;
  if (decode === true) {
    morph = new Morph(model, () => input.value(), failed);
  } else {
    for (const id of ["map-help", "morph-help"]) byId(id).textContent = `Not for this model: ${decode}.`;
  }
  if (sample === true) offerSamples(model, failed, (values) => input.set(values));
  byId("examples-of").textContent = "Reading the data …";
  const { examples, why } = await examplesOf();
  if (examples) offerExamples(examples, morph);
  if (decode !== true) return;
  codes = examples?.map
    ? new CodeMap(model, examples.map, failed)
    : new CodeSliders(model, why ? `${why}.` : model.latent_dim < 2 ? "A code of one number is no plane." : "The codes of the examples give no map.", failed);
  update();
}

async function begin() {
  model = await get("v1/model");
  describe();
  describeBackend();
  offerNoises();
  byId("main").hidden = false;
  results = new Results(byId("views"), model);
  openInput();
  update();
  await openCodes();
}

begin().catch(failed);
