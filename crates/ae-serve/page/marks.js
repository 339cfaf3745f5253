// How the points of a class are drawn: in the colours and shapes of the figures of `ae project`.

/** They stay apart for readers of any colour vision, on light and dark; ae-report's tests measure it. */
export const COLOURS = ["#009696", "#e1327d", "#6400fa", "#e1c87d", "#7d0000", "#afc8fa", "#7d7d00", "#64007d", "#967dfa", "#00644b"];

/** A disc, and a square, a diamond and a triangle of its area. */
const SHAPES = [
  "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z",
  "M-.886-.886H.886V.886H-.886Z",
  "M0-1.253 1.253 0 0 1.253-1.253 0Z",
  "M0-1.555 1.347.778-1.347.778Z",
].map((path) => new Path2D(path));

/** Draws a point. After every ten classes the colours repeat with other shapes. */
export function drawMark(context, [x, y], radius, ofClass, rim) {
  const ofColour = ofClass % COLOURS.length;
  const round = Math.floor(ofClass / COLOURS.length);
  context.save();
  context.translate(x, y);
  context.scale(radius, radius);
  context.globalAlpha = 0.85;
  context.fillStyle = COLOURS[ofColour];
  const shape = SHAPES[(ofColour + round) % SHAPES.length];
  context.fill(shape);
  context.lineWidth = 0.75 / radius;
  context.strokeStyle = rim;
  context.stroke(shape);
  context.restore();
}
