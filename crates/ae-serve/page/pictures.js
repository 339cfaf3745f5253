// Numbers as pixels.

/** Dark to bright by way of violet and orange: brightness rises all the way, so that it reads without colour. */
const HEAT = [[4, 5, 20], [66, 15, 110], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 200]];
/** Blue for below zero, orange for above; apart for colour-blind readers. */
export const BELOW = "#3b7dd8";
export const ABOVE = "#d9822b";

/** The colour of a number from 0 to 1. */
export function heat(value) {
  const at = Math.min(Math.max(value, 0), 1) * (HEAT.length - 1);
  const place = Math.min(Math.floor(at), HEAT.length - 2);
  const [from, to] = [HEAT[place], HEAT[place + 1]];
  return from.map((channel, i) => channel + (to[i] - channel) * (at - place));
}

/** A canvas of so many pixels that is shown larger. */
export function pixelCanvas([, height, width], label) {
  const canvas = document.createElement("canvas");
  canvas.className = "pixels";
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** Paints an item, channels x height x width with values from 0 to 1. */
export function paint(canvas, values, [channels, height, width]) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = 255 * values[(channels === 1 ? 0 : c) * area + i];
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Paints absolute errors from squared ones: black is none, `most` and more is bright. Of several channels, their mean. */
export function paintErrors(canvas, squares, [channels, height, width], most) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += squares[c * area + i];
    const colour = heat(Math.sqrt(sum / channels) / most);
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = colour[c];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The scale of an error map. */
export function heatScale(most) {
  const box = document.createElement("div");
  box.className = "scale";
  const bar = document.createElement("canvas");
  bar.width = 128;
  bar.height = 1;
  const context = bar.getContext("2d");
  for (let x = 0; x < 128; x++) {
    context.fillStyle = `rgb(${heat(x / 127).map(Math.round).join(" ")})`;
    context.fillRect(x, 0, 1, 1);
  }
  box.append("0", bar, `${most}+`);
  return box;
}

/** A short number. */
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** The colour of a custom property of the style sheet. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Fits a canvas to its size on the screen, and returns its context in CSS pixels. */
export function sharp(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}
