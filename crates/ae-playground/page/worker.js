// The thread of the model: opens it in WebAssembly, and answers one question after the other.

import { Playground } from "./playground.js";

async function file(name) {
  const response = await fetch(new URL(`../${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return response;
}

async function open() {
  const [about, code, weights] = await Promise.all([
    file("playground.json").then((response) => response.json()),
    file("playground.wasm").then((response) => response.arrayBuffer()),
    file("model.safetensors").then((response) => response.arrayBuffer()),
  ]);
  const playground = await Playground.open(await WebAssembly.compile(code), about.name, new Uint8Array(weights));
  return { playground, examples: about.examples };
}

const opened = open();

addEventListener("message", async ({ data: { id, path, body } }) => {
  try {
    const { playground, examples } = await opened;
    const answer = path === "v1/examples" ? { status: 200, told: examples } : await playground.ask(`/${path}`, body);
    postMessage({ id, ...answer });
  } catch (error) {
    postMessage({ id, broken: error.message });
  }
});
