// Questions to the model: a refusal is an error, and there is never more than one question of a kind at once.

import { answerTo } from "./backend.js";

/** What was refused, as an error. */
export class Refused extends Error {
  constructor(status, told) {
    super(told.error ?? `status ${status}`);
    this.status = status;
    this.told = told;
  }

  /** One sentence for a person. */
  get sentence() {
    const { error, expected, found, what_to_do: advice } = this.told;
    return [error, expected && `expected ${expected}`, found && `found ${found}`, advice].filter(Boolean).join("; ");
  }
}

async function ask(path, body) {
  const { status, told } = await answerTo(path, body);
  if (status !== 200) throw new Refused(status, told);
  return told;
}

export const get = (path) => ask(path);

export const post = (path, body) => ask(path, body);

/**
 * Work of which only the latest matters: while one is under way, the next waits, and replaces one that waits already.
 * `work` gets what was asked for; errors go to `failed`.
 */
export function latest(work, failed) {
  let waiting = null;
  let busy = false;
  return async function ask(what) {
    waiting = { what };
    if (busy) return;
    busy = true;
    while (waiting) {
      const { what: next } = waiting;
      waiting = null;
      try {
        await work(next);
      } catch (error) {
        if (error.status === 503) await new Promise((resolve) => setTimeout(resolve, 1000));
        failed(error);
      }
    }
    busy = false;
  };
}
