// The server that this page comes from. The playground has another file in this place, with the same names.

const KEY = "ae-serve-token";

/** What does not answer when something is broken. */
export const WHO = "The server";
/** What a person may want to know of where the model is computed. */
export const NOTE = "";
/** Further addresses, by name. */
export const LINKS = { API: "openapi.json", Metrics: "metrics" };

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

/** Status and JSON of the answer at a path; with a body, of a question. */
export async function answerTo(path, body) {
  const secret = token();
  const headers = secret ? { Authorization: `Bearer ${secret}` } : {};
  const options = body === undefined ? { headers } : {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  if (response.status === 401) {
    await askForToken();
    return answerTo(path, body);
  }
  return { status: response.status, told: await response.json().catch(() => ({})) };
}
