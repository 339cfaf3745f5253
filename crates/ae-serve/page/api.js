// Requests to this server: with the token if one is needed, and never more than one of a kind at once.

const KEY = "ae-serve-token";

/** What the server says is wrong, as an error. */
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

function token() {
  const named = new URLSearchParams(location.hash.slice(1)).get("token");
  if (named) {
    sessionStorage.setItem(KEY, named);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

/** Asks for a token, and resolves when one was typed. */
function askForToken() {
  const dialog = document.getElementById("token-dialog");
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(KEY, document.getElementById("token").value.trim());
      resolve();
    }, { once: true });
  });
}

async function ask(path, options = {}) {
  const secret = token();
  const headers = { ...options.headers, ...(secret && { Authorization: `Bearer ${secret}` }) };
  const response = await fetch(path, { ...options, headers });
  if (response.status === 401) {
    await askForToken();
    return ask(path, options);
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

export const get = (path) => ask(path);

export const post = (path, body) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

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
