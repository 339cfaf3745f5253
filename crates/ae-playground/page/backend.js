// The model in this browser, on a thread of its own. It takes the place of the file of this name that asks a server.

/** What does not answer when something is broken. */
export const WHO = "The model";
/** What a person may want to know of where the model is computed. */
export const NOTE = "The model runs in this browser: what you draw or paste is sent nowhere.";
/** Further addresses, by name. */
export const LINKS = {};

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let count = 0;

worker.addEventListener("message", ({ data: { id, broken, ...answer } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (broken) reject(new Error(broken));
  else resolve(answer);
});
worker.addEventListener("error", ({ message }) => {
  for (const { reject } of waiting.values()) reject(new Error(message ?? "its script cannot be loaded"));
  waiting.clear();
});

/** Status and JSON of the answer at a path; with a body, of a question. */
export function answerTo(path, body) {
  count += 1;
  const id = count;
  worker.postMessage({ id, path, body });
  return new Promise((resolve, reject) => { waiting.set(id, { resolve, reject }); });
}
