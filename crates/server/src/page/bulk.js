// Many sequences at once: a job of the server, whose results arrive as they are computed.

import { TokenNeeded, follow, post, remove } from "./api.js";
import { askToken, say } from "./work.js";

const place = document.getElementById("bulk");
const bar = document.getElementById("bulk-bar");
const words = document.getElementById("bulk-words");

/** More than these are a job: one answer would be long in coming. */
const MOST_LETTERS = 50000;
const MOST_RECORDS = 100;

let work = null;

/** Is this much for one request? */
export function isLarge(text) {
  const records = (text.match(/^>/gm) || text.match(/\n/g) || []).length;
  return text.length > MOST_LETTERS || records > MOST_RECORDS;
}

/** Ends the job at hand; the server computes nothing more of it. */
export function endBulk() {
  if (!work) return;
  work.abort.abort();
  if (work.path) remove(work.path).catch(() => {}); // it may have been forgotten
  work = null;
  place.hidden = true;
  document.body.removeAttribute("data-bulk");
}

/** Folds a text as a job. Calls `begin` with the notes on reading it, and `add` with each result. */
export async function foldBulk(request, begin, add) {
  endBulk();
  const own = { abort: new AbortController(), path: "" };
  work = own;
  document.body.setAttribute("data-bulk", "");
  say("Sending…");
  try {
    const { signal } = own.abort;
    const job = await post("/v1/jobs", { verb: "fold", request }, signal);
    own.path = `/v1/jobs/${job.id}`;
    say("");
    begin(job.notes || []);
    show(0, job.total);
    let done = 0;
    await follow(`${own.path}/result`, signal, (result) => {
      done += 1;
      show(done, job.total);
      add(result, done === job.total);
    });
    if (done < job.total) throw new Error(`the job ended after ${done} of ${job.total} sequences`);
  } catch (error) {
    if (own.abort.signal.aborted) return;
    if (error instanceof TokenNeeded) return askToken(() => foldBulk(request, begin, add));
    say(error.message, true);
  } finally {
    if (work === own) endBulk();
  }
}

function show(done, total) {
  place.hidden = false;
  bar.max = total;
  bar.value = done;
  words.textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} sequences`;
}

document.getElementById("stop").addEventListener("click", () => {
  endBulk();
  say("Stopped.");
});
window.addEventListener("pagehide", endBulk);
