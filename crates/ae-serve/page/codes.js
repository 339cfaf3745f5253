// What can be done with codes: a map of them, sliders, samples, and the way from one item to another.

import { get, latest, post } from "./api.js";
import { drawMark } from "./marks.js";
import { colour, paint, pixelCanvas, sharp } from "./pictures.js";
import { ItemView } from "./results.js";
import { RowInput } from "./table.js";

const byId = (id) => document.getElementById(id);
/** Numbers of a code that get a slider. */
const SLIDERS = 12;
/** The most classes whose names are on the map. */
const MOST_NAMES = 20;
/** The distance of a class's name from its place, in pixels. */
const NAME_ABOVE = 13;
/** The examples around a place that decide what lies there. */
const NEIGHBOURS = 5;
/** The pause between questions for examples that are still read. */
const PAUSE = 1000;

/** A button for an item. */
export function itemButton(model, values, label, clicked) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.title = label;
  if (model.item === "row") {
    button.className = "text";
    button.textContent = RowInput.label(values);
  } else {
    const canvas = pixelCanvas(model.shape, label);
    canvas.className = "";
    paint(canvas, values, model.shape);
    button.append(canvas);
  }
  button.addEventListener("click", clicked);
  return button;
}

/** The examples, once the server has read them; none if it has none. */
export async function examplesOf() {
  for (;;) {
    const { state, examples, why } = await get("v1/examples");
    if (state === "ready") return { examples };
    if (state === "none") return { why };
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Decodes codes into a view, the latest alone. */
function decoder(view, failed) {
  return latest(async (code) => {
    const { decoded } = await post("v1/decode", { code });
    view.show(decoded[0]);
  }, failed);
}

/** What lies at a place, from what lies at the nearest of other places: their mean, weighted by the inverse fourth power of the distance. */
function between(places, place, values) {
  const distances = places.map((other, i) => [other.reduce((sum, value, j) => sum + (value - place[j]) ** 2, 0), i]);
  const nearest = distances.sort(([a], [b]) => a - b).slice(0, NEIGHBOURS);
  const weights = nearest.map(([distance]) => 1 / (distance / (nearest.at(-1)[0] || 1) + 1e-4) ** 2);
  const sum = weights.reduce((a, b) => a + b);
  return values[0].map((_, axis) => nearest.reduce((mean, [, i], k) => mean + (weights[k] / sum) * values[i][axis], 0));
}

/** The point whose nearest quarter of the others is closest around it. */
function densest(points) {
  const reach = points.map((point) => {
    const squares = points.map((other) => (other[0] - point[0]) ** 2 + (other[1] - point[1]) ** 2);
    return squares.sort((a, b) => a - b)[points.length >> 2];
  });
  return points[reach.indexOf(Math.min(...reach))];
}

/** The map of codes: a point that is dragged, and what it decodes to. */
export class CodeMap {
  constructor(model, { kind, points, labels, codes }, failed) {
    byId("map-box").hidden = false;
    const isCode = kind === "code";
    const what = isCode ? "The two numbers of a code." : "Examples with similar codes lie close together (t-SNE); the axes mean nothing.";
    const decoded = isCode ? "there" : "from the codes around it";
    byId("map-help").textContent = `${what} Each mark is an example of the data, the cross is your item. Drag the ring, or move it with the arrow keys, and see what the model decodes ${decoded}.`;
    Object.assign(this, { points, labels, codes: isCode ? points : codes });
    this.classes = labels ? [...new Set(labels)].sort((a, b) => a.localeCompare(b, "en", { numeric: true })) : [];
    const isNamed = this.classes.length > 1 && this.classes.length <= MOST_NAMES;
    this.names = isNamed ? this.classes.map((name) => ({ name, point: densest(points.filter((_, i) => labels[i] === name)) })) : [];
    this.canvas = byId("map");
    this.view = new ItemView(byId("map-decoded"), model, "The decoded point");
    this.decode = decoder(this.view, failed);
    const spread = (i) => points.map((point) => point[i]);
    this.low = [0, 1].map((i) => Math.min(...spread(i)));
    this.high = [0, 1].map((i) => Math.max(...spread(i)));
    for (const i of [0, 1]) {
      const margin = 0.06 * (this.high[i] - this.low[i] || 1);
      this.low[i] -= margin;
      this.high[i] += margin;
    }
    this.point = [0, 1].map((i) => (this.low[i] + this.high[i]) / 2);
    this.own = null;
    this.listen();
    this.move(this.point);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Marks the code of the person's item. */
  mark(code) {
    this.own = this.codes === this.points ? code : between(this.codes, code, this.points);
    this.draw();
  }

  move(point) {
    this.point = point.map((value, i) => Math.min(Math.max(value, this.low[i]), this.high[i]));
    this.decode(this.codes === this.points ? this.point : between(this.points, this.point, this.codes));
    this.draw();
  }

  place([x, y], { width, height }) {
    return [
      ((x - this.low[0]) / (this.high[0] - this.low[0])) * width,
      height - ((y - this.low[1]) / (this.high[1] - this.low[1])) * height,
    ];
  }

  draw() {
    const { context, ...size } = sharp(this.canvas);
    const radius = size.width < 500 ? 2.6 : 3.6;
    const rim = colour("--rim");
    this.points.forEach((point, i) => {
      const ofClass = this.labels ? this.classes.indexOf(this.labels[i]) : 0;
      drawMark(context, this.place(point, size), radius, ofClass, rim);
    });
    this.nameClasses(context, size);
    if (this.own) this.cross(context, this.place(this.own, size));
    const [x, y] = this.place(this.point, size);
    for (const [width, ink] of [[7, colour("--plot")], [3, colour("--text")]]) {
      context.lineWidth = width;
      context.strokeStyle = ink;
      context.beginPath();
      context.arc(x, y, 10, 0, 7);
      context.stroke();
    }
  }

  cross(context, [x, y]) {
    for (const [width, ink] of [[7, colour("--plot")], [3, colour("--accent")]]) {
      context.lineWidth = width;
      context.strokeStyle = ink;
      context.beginPath();
      context.moveTo(x - 8, y - 8);
      context.lineTo(x + 8, y + 8);
      context.moveTo(x - 8, y + 8);
      context.lineTo(x + 8, y - 8);
      context.stroke();
    }
  }

  /** The name of each class above the place where its points are densest. */
  nameClasses(context, size) {
    context.font = "600 14px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = colour("--plot");
    context.fillStyle = colour("--text");
    for (const { name, point } of this.names) {
      const [middle, below] = this.place(point, size);
      const half = context.measureText(name).width / 2 + 3;
      const x = Math.min(Math.max(middle, half), size.width - half);
      const y = Math.max(below - NAME_ABOVE, 10);
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
  }

  listen() {
    const { canvas } = this;
    const to = (event) => {
      const box = canvas.getBoundingClientRect();
      this.move([
        this.low[0] + ((event.clientX - box.left) / box.width) * (this.high[0] - this.low[0]),
        this.high[1] - ((event.clientY - box.top) / box.height) * (this.high[1] - this.low[1]),
      ]);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      to(event);
    });
    canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && to(event));
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      this.move(this.point.map((value, i) => value + (move[i] * (this.high[i] - this.low[i])) / 50));
    });
  }
}

/** Sliders around the code of the person's item, where no data tells how codes are spread. */
export class CodeSliders {
  constructor(model, why, failed) {
    byId("sliders-box").hidden = false;
    const shown = Math.min(SLIDERS, model.latent_dim);
    const which = model.latent_dim > shown ? `The ${shown} numbers of your item's code that are furthest from 0` : "The numbers of your item's code";
    byId("map-help").textContent = `${why} So there is no map. ${which}: change them, and see what the model decodes.`;
    this.shown = shown;
    this.view = new ItemView(byId("sliders-decoded"), model, "The decoded code");
    this.decode = decoder(this.view, failed);
  }

  mark(code) {
    this.code = [...code];
    const order = code.map((value, i) => [Math.abs(value), i]).sort((a, b) => b[0] - a[0]);
    const reach = Math.max(1, 2 * order[0][0]);
    const places = order.slice(0, this.shown).map(([, i]) => i).sort((a, b) => a - b);
    byId("sliders").replaceChildren(...places.map((i) => this.slider(i, reach)));
    this.decode(this.code);
  }

  slider(i, reach) {
    const label = document.createElement("label");
    label.className = "slider";
    const input = document.createElement("input");
    Object.assign(input, { type: "range", min: -reach, max: reach, step: reach / 200 });
    input.value = this.code[i];
    input.addEventListener("input", () => {
      this.code[i] = Number(input.value);
      this.decode(this.code);
    });
    label.append(`No. ${i + 1}`, input);
    return label;
  }
}

/** New items from a variational model. */
export function offerSamples(model, failed, chosen) {
  byId("sample-box").hidden = false;
  let seed = 0;
  const draw = latest(async () => {
    const { samples } = await post("v1/sample", { count: Math.min(12, model.limits.batch), seed: seed++ });
    byId("samples").replaceChildren(
      ...samples.map((values, i) => itemButton(model, values, `Take sample ${i + 1} as your item`, () => chosen(values))),
    );
  }, failed);
  byId("sample").addEventListener("click", () => draw());
  draw();
}

/** The way between the codes of two items. */
export class Morph {
  constructor(model, current, failed) {
    byId("morph-box").hidden = false;
    byId("morph-help").textContent = "The straight line between the codes of two items, decoded. Take one item as the first end, change it, and take it as the second.";
    this.codes = [null, null];
    this.views = ["morph-a", "morph-b"].map((id, i) => new ItemView(byId(id), model, ["The first item", "The second item"][i]));
    const between = new ItemView(byId("morph-between"), model, "The item between both");
    this.decode = decoder(between, failed);
    this.failed = failed;
    ["take-a", "take-b"].forEach((id, i) => byId(id).addEventListener("click", () => this.take(i, current())));
    byId("morph").addEventListener("input", () => this.show());
  }

  async take(end, values) {
    if (!values) return;
    try {
      const { codes } = await post("v1/encode", { item: values });
      this.codes[end] = codes[0];
      this.views[end].show(values);
      this.show();
    } catch (error) {
      this.failed(error);
    }
  }

  show() {
    const [from, to] = this.codes;
    if (!from || !to) return;
    const place = Number(byId("morph").value);
    this.decode(from.map((value, i) => (1 - place) * value + place * to[i]));
  }
}
