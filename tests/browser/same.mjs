// Asks a server and a playground the same, and compares all numbers of the answers.
// Usage: node same.mjs SERVER PLAYGROUND-FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [server, folder] = process.argv.slice(2);
/** The largest difference that rounding explains. */
const MOST = 1e-5;
const { Playground } = await import(pathToFileURL(join(folder, "page/playground.js")).href);
const file = (name) => readFileSync(join(folder, name));
const { name, examples } = JSON.parse(file("playground.json"));
const module = await WebAssembly.compile(file("playground.wasm"));
const playground = await Playground.open(module, name, new Uint8Array(file("model.safetensors")));

async function ofServer(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(new URL(path.slice(1), server), options);
  return { status: response.status, told: await response.json() };
}

let compared = 0;
let largest = 0;

/** The paths of what differs. */
function differences(here, there, path) {
  if (typeof here === "number" && typeof there === "number") {
    compared += 1;
    const difference = Math.abs(here - there) / Math.max(1, Math.abs(here));
    largest = Math.max(largest, difference);
    return difference <= MOST ? [] : [`${path}: ${here} and ${there}`];
  }
  if (here === null || there === null || typeof here !== "object" || typeof there !== "object") {
    return here === there ? [] : [`${path}: ${here} and ${there}`];
  }
  const keys = new Set([...Object.keys(here), ...Object.keys(there)]);
  return [...keys].flatMap((key) => differences(here[key], there[key], `${path}.${key}`));
}

const { items } = examples.examples;
const include = ["inputs", "codes", "errors"];
const { told: model } = await ofServer("/v1/model");
if (model.detector) include.push("verdicts");
const code = (await ofServer("/v1/encode", { item: items[0] })).told.codes[0];
const questions = [
  ["/v1/model"],
  ["/v1/reconstruct", { items, include }],
  ...model.noises.map(({ name, strength, after }) =>
    ["/v1/reconstruct", { item: items[1], include, noise: `${name}:${strength}${after}`, seed: 7 }]),
  ["/v1/encode", { items }],
  ["/v1/decode", { code }],
  ["/v1/score", { items, include: ["errors"] }],
  ["/v1/sample", { count: 2 }],
  ["/v1/encode", { item: [1, 2] }],
  ["/v1/encode", { item: "seven" }],
  ["/v1/reconstruct", { item: items[0], noise: "fog:1" }],
];
const problems = [];
for (const [path, body] of questions) {
  const [here, there] = [await playground.ask(path, body), await ofServer(path, body)];
  problems.push(...differences(here, there, path));
}
problems.slice(0, 20).forEach((problem) => console.error(problem));
console.log(`${questions.length} questions to the server and the playground: ${compared} numbers, largest difference ${largest.toExponential(1)}`);
process.exit(problems.length ? 1 : 0);
