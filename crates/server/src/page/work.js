// Work that takes a while: one piece at a time, with what is said about it. Drawing never ends a fold.

import { TokenNeeded, keepToken } from "./api.js";

const status = document.getElementById("status");
let work = new AbortController();
/** What is being computed; ends well even if the work fails or is ended. */
let current = Promise.resolve();
/** Is `current` more than a drawing? */
let isFolding = false;

/** How long the page waits for more typing, in milliseconds. */
const PAUSE = 300;
/** Timers of what waits. */
const waiting = new Set();

/** Says something below the controls. */
export function say(message, isWrong = false) {
  status.textContent = message;
  status.classList.toggle("wrong", isWrong);
}

/** Ends the work at hand. */
export function end() {
  work.abort();
  isFolding = false;
  document.body.removeAttribute("aria-busy");
}

/** Runs work that the next work ends; failures are said. */
export function run(message, body) {
  return begin(message, body, true);
}

/** Draws what is shown: after the fold at hand, if there is one. */
export async function runDrawing(body, message = "Drawing…") {
  while (isFolding) await current;
  return begin(message, body, false);
}

function begin(message, body, isFold) {
  work.abort();
  work = new AbortController();
  isFolding = isFold;
  current = perform(message, body, isFold, work.signal);
  return current;
}

async function perform(message, body, isFold, signal) {
  say(message);
  document.body.setAttribute("aria-busy", "true");
  try {
    await body(signal);
    if (!signal.aborted && status.textContent === message) say("");
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof TokenNeeded) return askToken(() => begin(message, body, isFold));
    say(error.message, true);
  } finally {
    if (!signal.aborted) {
      isFolding = false;
      document.body.removeAttribute("aria-busy");
    }
  }
}

function forget(timer) {
  clearTimeout(timer);
  waiting.delete(timer);
  document.body.toggleAttribute("data-waiting", waiting.size > 0);
}

/** Forgets what waits for the user to pause. */
export function forgetWaiting() {
  waiting.forEach(forget);
}

/** A function that runs the body once the user has paused. */
export function soon(body) {
  let timer = 0;
  return () => {
    forget(timer);
    timer = setTimeout(() => {
      forget(timer);
      body();
    }, PAUSE);
    waiting.add(timer);
    document.body.toggleAttribute("data-waiting", true);
  };
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

