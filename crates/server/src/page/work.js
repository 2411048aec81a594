// Work that takes a while: one piece at a time, with what is said about it.

import { TokenNeeded, keepToken } from "./api.js";

const status = document.getElementById("status");
let work = new AbortController();

/** Says something below the controls. */
export function say(message, isWrong = false) {
  status.textContent = message;
  status.classList.toggle("wrong", isWrong);
}

/** Ends the work at hand. */
export function end() {
  work.abort();
  document.body.removeAttribute("aria-busy");
}

/** Runs work that the next work ends; failures are said. */
export async function run(message, body) {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  say(message);
  document.body.setAttribute("aria-busy", "true");
  try {
    await body(signal);
    if (!signal.aborted && status.textContent === message) say("");
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof TokenNeeded) return askToken(() => run(message, body));
    say(error.message, true);
  } finally {
    if (!signal.aborted) document.body.removeAttribute("aria-busy");
  }
}

/** Asks for the token, and then goes on. */
export function askToken(then) {
  const dialog = document.getElementById("token-dialog");
  dialog.addEventListener("close", () => {
    const token = document.getElementById("token").value.trim();
    if (!token) return say("The server answers only with its token; reload the page to enter it.", true);
    keepToken(token);
    then();
  }, { once: true });
  dialog.showModal();
}

