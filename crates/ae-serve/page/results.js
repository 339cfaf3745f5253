// Items, errors and codes on the page: pictures of images, tables of rows.

import { ABOVE, BELOW, colour, heatScale, paint, paintErrors, pixelCanvas, sharp, short } from "./pictures.js";

/** An absolute error from which on the map is at its brightest: the same for all items. */
const MOST_ERROR = 0.5;
/** The widest bar of a short code, in pixels. */
const WIDEST_BAR = 56;
/** Bars of a code that are drawn; of a longer code, the mean of neighbours. */
const MOST_BARS = 128;

/** Shows an item of a model in a box. `label` says what it is. */
export class ItemView {
  constructor(box, model, label) {
    this.model = model;
    if (model.item === "row") {
      this.table = document.createElement("div");
      this.table.className = "tabular";
      this.table.tabIndex = 0;
      this.table.setAttribute("role", "region");
      this.table.setAttribute("aria-label", label);
      box.append(this.table);
    } else {
      this.canvas = pixelCanvas(model.shape, label);
      box.append(this.canvas);
    }
  }

  show(values) {
    if (this.canvas) return paint(this.canvas, values, this.model.shape);
    this.table.replaceChildren(tableOf(["column", "value"], values.map((value, i) => [this.model.columns[i].name, short(value)])));
  }
}

/** A table of texts and elements. */
export function tableOf(head, rows) {
  const table = document.createElement("table");
  const line = table.createTHead().insertRow();
  for (const name of head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    line.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const content of row) line.insertCell().append(content);
  }
  return table;
}

function figure(box, caption) {
  const element = document.createElement("figure");
  const words = document.createElement("figcaption");
  words.textContent = caption;
  element.append(words);
  box.append(element);
  return element;
}

/** The pictures of an answer, or the table of a row. */
export class Results {
  constructor(box, model) {
    this.model = model;
    if (model.item === "row") {
      box.classList.add("of-row");
      this.table = document.createElement("div");
      this.table.className = "tabular";
      box.append(this.table);
    } else {
      this.seen = new ItemView(figure(box, "What the model sees"), model, "The item with its corruption");
      this.made = new ItemView(figure(box, "Its reconstruction"), model, "The reconstruction");
      const errors = figure(box, "Error of each pixel");
      this.errors = pixelCanvas(model.shape, "The error map");
      errors.append(this.errors, heatScale(MOST_ERROR));
    }
    const code = figure(box, `Code: ${model.latent_dim} ${model.latent_dim === 1 ? "number" : "numbers"}`);
    code.classList.add("code-box");
    this.code = document.createElement("canvas");
    this.code.className = "code";
    this.code.setAttribute("role", "img");
    code.append(this.code);
    new ResizeObserver(() => this.last && drawCode(this.code, this.last)).observe(this.code);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.last && drawCode(this.code, this.last));
  }

  show(sent, { inputs, reconstructions, codes, errors }) {
    const [seen, made, code, wrong] = [inputs[0], reconstructions[0], codes[0], errors[0]];
    this.last = code;
    drawCode(this.code, code);
    if (this.table) return this.showRow(sent, seen, made, wrong);
    this.seen.show(seen);
    this.made.show(made);
    paintErrors(this.errors, wrong, this.model.shape, MOST_ERROR);
  }

  showRow(sent, seen, made, wrong) {
    const most = Math.max(...wrong.map(Math.sqrt), 1e-9);
    const isCorrupted = sent.some((value, i) => short(value) !== short(seen[i]));
    const rows = this.model.columns.map(({ name }, i) => {
      const bar = document.createElement("span");
      bar.className = "bar";
      bar.style.width = `calc(var(--bar) * ${(Math.sqrt(wrong[i]) / most).toFixed(3)})`;
      const error = document.createElement("span");
      error.append(bar, ` ${short(Math.sqrt(wrong[i]))}`);
      return [name, short(sent[i]), ...(isCorrupted ? [short(seen[i])] : []), short(made[i]), error];
    });
    const head = ["column", "yours", ...(isCorrupted ? ["seen"] : []), "reconstruction", "error (scaled)"];
    this.table.replaceChildren(tableOf(head, rows));
  }
}

/** Bars above and below zero. */
function drawCode(canvas, code) {
  const { context, width, height } = sharp(canvas);
  const group = Math.ceil(code.length / MOST_BARS);
  const bars = [];
  for (let i = 0; i < code.length; i += group) {
    const part = code.slice(i, i + group);
    bars.push(part.reduce((sum, value) => sum + value, 0) / part.length);
  }
  const [low, high] = [Math.min(0, ...bars), Math.max(0, ...bars)];
  const range = high - low || 1;
  const top = (value) => 6 + ((high - value) / range) * (height - 12);
  const step = Math.min(width / bars.length, WIDEST_BAR);
  const left = (width - step * bars.length) / 2;
  bars.forEach((value, i) => {
    context.fillStyle = value < 0 ? BELOW : ABOVE;
    const [from, to] = [top(Math.max(value, 0)), top(Math.min(value, 0))];
    context.fillRect(left + i * step + step * 0.1, from, Math.max(step * 0.8, 0.5), Math.max(to - from, 1));
  });
  context.fillStyle = colour("--quiet");
  context.fillRect(0, top(0), width, 1);
  const [least, greatest] = [Math.min(...code), Math.max(...code)];
  canvas.setAttribute("aria-label", `Bars of the code, from ${short(least)} to ${short(greatest)}`);
  canvas.title = `from ${short(least)} to ${short(greatest)}`;
}
