// The page: what the user does, and the table of all records.

import { fold, get } from "./api.js";
import { offer, onControls, options, showControls } from "./controls.js";
import { onDots } from "./dots.js";
import { onPicture } from "./pictures.js";
import { change, compareWith, drawAgain, mark, saveAs, select, showRecord, step, undo } from "./record.js";
import { readAddress, state, writeAddress } from "./state.js";
import { onStrip } from "./strip.js";
import { end, run, say } from "./work.js";

const EXAMPLE = ">tRNA-Phe_yeast\nGCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA\n" +
  ">TAR_HIV-1\nGGUCUCUCUGGUUAGACCAGAUCUGAGCCUGGGAGCUCUCUGGCUAACUAGGGAACC\n";

/** How long the page waits for more typing, in milliseconds. */
const PAUSE = 300;

const $ = (id) => document.getElementById(id);

/** Results of all records, or failures. */
let results = [];

/** Begins with a record, with nothing selected or changed. */
function begin(record) {
  Object.assign(state, { record: String(record), base: "", mutations: "", reference: "" });
}

/** Folds everything that was pasted. */
function foldAll() {
  state.text = $("text").value;
  writeAddress();
  if (!state.text.trim()) {
    end();
    $("results").hidden = $("detail").hidden = true;
    return say("Paste a sequence, or try the example.");
  }
  return run("Folding…", async (signal) => {
    const answer = await fold({ ...options(), text: state.text }, signal);
    results = answer.results;
    const notes = (answer.notes || []).map((note) => Object.assign(document.createElement("li"), { textContent: note }));
    $("notes").replaceChildren(...notes);
    $("notes").hidden = notes.length === 0;
    if (!results[Number(state.record)]) state.record = "0";
    showTable();
    await showChosen(signal);
  });
}

function scoreOf(result) {
  if (result.energy !== undefined && result.energy !== null) return `${result.energy.toFixed(2)} kcal/mol`;
  return result.expected_f1 === undefined ? "unknown" : result.expected_f1.toFixed(3);
}

function showTable() {
  const rows = results.map((result, at) => {
    const row = document.createElement("tr");
    const name = document.createElement("button");
    name.textContent = result.id || `record ${at + 1}`;
    name.addEventListener("click", () => choose(at));
    const cells = result.error
      ? [name, "", "", "", result.error]
      : [name, result.sequence.length, result.pairs.length, scoreOf(result), result.structure];
    row.append(...cells.map((cell) => {
      const made = document.createElement("td");
      made.append(cell);
      return made;
    }));
    if (result.error) row.lastChild.className = "wrong";
    return row;
  });
  $("score-title").textContent = results.some((result) => result.mfe !== undefined) ? "Free energy" : "Expected F1";
  $("table").tBodies[0].replaceChildren(...rows);
  $("results").hidden = false;
}

/** Shows another record. */
function choose(at) {
  begin(at);
  run("Folding…", showChosen);
}

/** Shows the chosen record. */
function showChosen(signal) {
  const at = Number(state.record);
  [...$("table").tBodies[0].rows].forEach((row, number) => row.classList.toggle("chosen", number === at));
  return showRecord(results[at], signal);
}

function listen() {
  let timer = 0;
  const soon = (body) => () => {
    clearTimeout(timer);
    timer = setTimeout(body, PAUSE);
  };
  $("fold").addEventListener("click", foldAll);
  $("example").addEventListener("click", () => {
    $("text").value = EXAMPLE;
    begin(0);
    foldAll();
  });
  $("text").addEventListener("input", () => begin(0));
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) foldAll();
  });
  const take = async (file) => {
    if (!file) return;
    $("text").value = await file.text();
    $("text").dispatchEvent(new Event("input"));
    foldAll();
  };
  $("file").addEventListener("change", () => take($("file").files[0]));
  const over = (isOver) => (event) => {
    event.preventDefault();
    $("text").classList.toggle("over", isOver);
  };
  $("text").addEventListener("dragover", over(true));
  $("text").addEventListener("dragleave", over(false));
  $("text").addEventListener("drop", (event) => {
    over(false)(event);
    const text = event.dataTransfer.getData("text/plain");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    else if (text) {
      $("text").value = text;
      $("text").dispatchEvent(new Event("input"));
      foldAll();
    }
  });
  onControls(soon(() => { if ($("text").value.trim()) foldAll(); else writeAddress(); }));
  for (const [id, key] of [["layout", "layout"], ["color", "color"]]) {
    $(id).addEventListener("change", () => {
      state[key] = $(id).value;
      drawAgain();
    });
  }
  $("reference").addEventListener("input", soon(() => compareWith($("reference").value.trim())));
  $("full").addEventListener("change", () => {
    $("drawing").classList.toggle("full", $("full").checked);
    mark(false);
  });
  onStrip(select, change);
  onPicture($("drawing"), select, step);
  onPicture($("arcs"), select, step);
  onDots(select, step);
  $("letters").addEventListener("click", (event) => {
    if (event.target.dataset.letter) change(event.target.dataset.letter);
  });
  $("undo").addEventListener("click", () => undo(false));
  $("restore").addEventListener("click", () => undo(true));
  $("save").addEventListener("click", (event) => {
    const { kind } = event.target.dataset;
    if (kind) saveAs(kind).catch((error) => say(error.message, true));
  });
  window.addEventListener("hashchange", () => {
    readAddress();
    start();
  });
}

/** Shows what the address says. */
function start() {
  $("text").value = state.text;
  $("layout").value = state.layout;
  $("color").value = state.color;
  showControls();
  if (state.text) foldAll();
}

readAddress();
listen();
run("Asking the server…", async () => {
  const info = await get("/info");
  const models = info.models.filter((model) => model.can.fold);
  $("about").textContent = `rinalmo ${info.version}, sequences of up to ${info.limits.length.toLocaleString("en")} nt`;
  if (!models.length) throw new Error("this server offers no model that folds");
  offer(models);
  start();
});
