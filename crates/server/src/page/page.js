// The page: what the user does, and the table of all records.

import { onTabs } from "./alternatives.js";
import { fold, get } from "./api.js";
import { endBulk, foldBulk, isLarge } from "./bulk.js";
import { offer, onControls, options, showControls } from "./controls.js";
import { onDots } from "./dots.js";
import { forgetMap, markMap, offerMap, onMap } from "./map.js";
import { onPicture } from "./pictures.js";
import {
  change, chooseStructure, compareAgain, drawAgain, drawTurned, forgetTurned, mark, saveAs, select, showRecord, stemOf, step,
  turnBack, turnSelected, undo,
} from "./record.js";
import { saveAll } from "./save.js";
import { readAddress, state, writeAddress } from "./state.js";
import { parted, whole } from "./strands.js";
import { onStrip } from "./strip.js";
import { onDrag } from "./turns.js";
import { nameOf } from "./words.js";
import { end, forgetWaiting, run, say, soon } from "./work.js";

const EXAMPLE = ">tRNA-Phe_yeast\nGCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA\n" +
  ">TAR_HIV-1\nGGUCUCUCUGGUUAGACCAGAUCUGAGCCUGGGAGCUCUCUGGCUAACUAGGGAACC\n";

/** Rows of the table; more make a browser slow. */
const MOST_ROWS = 2000;
/** Sequences that are offered for a comparison. */
const MOST_OTHERS = 500;

const $ = (id) => document.getElementById(id);

/** Results of all records, or failures. */
let results = [];

/** Begins with a record, with nothing selected or changed. */
function begin(record) {
  Object.assign(state, { record: String(record), base: "", mutations: "", reference: "", alternative: "0", turns: "", reactivities: "" });
}

/** Folds everything that was pasted. */
function foldAll() {
  forgetWaiting();
  state.text = $("text").value;
  writeAddress();
  if (!state.text.trim()) {
    end();
    endBulk();
    $("results").hidden = $("detail").hidden = true;
    return say("Paste a sequence, or try the example.");
  }
  endBulk();
  if (isLarge(state.text)) return foldMany();
  return run("Folding…", async (signal) => {
    const answer = await fold({ ...options(), text: state.text }, signal);
    beginTable(answer.notes || []);
    answer.results.forEach(add);
    if (!results[Number(state.record)]) state.record = "0";
    offerMap(results);
    await showChosen(signal);
  });
}

/** Folds as a job. The chosen record is shown as soon as it is there. */
function foldMany() {
  end();
  $("detail").hidden = true;
  return foldBulk({ ...options(), text: state.text }, beginTable, (result, isLast) => {
    add(result);
    if (isLast) {
      offerMap(results);
      offerOthers();
    }
    const isMissing = isLast && !results[Number(state.record)];
    if (isMissing) state.record = "0";
    if (isMissing || results.length - 1 === Number(state.record)) run("Folding…", showChosen);
  });
}

function scoreOf(result) {
  if (result.energy !== undefined && result.energy !== null) return `${result.energy.toFixed(2)} kcal/mol`;
  return result.expected_f1 === undefined ? "unknown" : result.expected_f1.toFixed(3);
}

/** Begins with an empty table, and shows the notes on reading the text. */
function beginTable(notes) {
  results = [];
  forgetMap();
  const items = notes.map((note) => Object.assign(document.createElement("li"), { textContent: note }));
  $("notes").replaceChildren(...items);
  $("notes").hidden = notes.length === 0;
  $("table").tBodies[0].replaceChildren();
  $("more").hidden = true;
  $("results").hidden = false;
}

/** Adds a result to the table. */
function add(result) {
  const at = results.push(parted(result)) - 1;
  if (result.mfe !== undefined || results.length === 1) {
    $("score-title").textContent = result.mfe === undefined ? "Expected F1" : "Free energy";
  }
  if (at >= MOST_ROWS) {
    $("more").textContent = `The table has the first ${MOST_ROWS.toLocaleString("en")} of ${results.length.toLocaleString("en")}.`;
    $("more").hidden = false;
    return;
  }
  const row = document.createElement("tr");
  const name = document.createElement("button");
  name.textContent = nameOf(result, at);
  name.addEventListener("click", () => choose(at));
  const cells = result.error
    ? [name, "", "", "", result.error]
    : [name, results[at].sequence.length, result.pairs.length, scoreOf(result), result.structure];
  row.append(...cells.map((cell) => {
    const made = document.createElement("td");
    made.append(cell);
    return made;
  }));
  if (result.error) row.lastChild.className = "wrong";
  $("table").tBodies[0].append(row);
}

/** Offers the structures of other sequences of the same length for a comparison, such as that of a mutant. */
function offerOthers() {
  const chosen = Number(state.record);
  const length = results[chosen]?.sequence?.length;
  const isAlike = (at) => at !== chosen && !results[at].error && results[at].sequence.length === length;
  const alike = [...results.keys()].filter(isAlike).slice(0, MOST_OTHERS);
  $("other").replaceChildren(new Option("–", ""), ...alike.map((at) => new Option(nameOf(results[at], at), at)));
  $("other-label").hidden = alike.length === 0;
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
  markMap();
  offerOthers();
  return showRecord(results[at], signal);
}

function listen() {
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
  // What was typed is kept at once, because a fold that ends shows what is kept.
  const compared = soon(compareAgain);
  $("reference").addEventListener("input", () => {
    state.reference = $("reference").value.trim();
    compared();
  });
  $("other").addEventListener("change", () => {
    const at = $("other").value;
    $("reference").value = at === "" ? "" : whole(results[at]).structure;
    $("reference").dispatchEvent(new Event("input"));
  });
  const probed = soon(() => run("Folding…", showChosen));
  for (const id of ["reactivities", "reagent"]) {
    $(id).addEventListener("input", () => {
      Object.assign(state, { reactivities: $("reactivities").value, reagent: $("reagent").value, alternative: "0" });
      probed();
    });
  }
  $("full").addEventListener("change", () => {
    $("drawing").classList.toggle("full", $("full").checked);
    mark(false);
  });
  onTabs(chooseStructure);
  onStrip(select, change);
  onDrag($("drawing"), stemOf, drawTurned);
  onPicture($("drawing"), select, step);
  onPicture($("arcs"), select, step);
  onDots(select, step);
  onMap(choose);
  $("letters").addEventListener("click", (event) => {
    if (event.target.dataset.letter) change(event.target.dataset.letter);
  });
  $("turn-bar").addEventListener("click", (event) => {
    if (event.target.dataset.by) turnSelected(event.target.dataset.by);
  });
  $("undo-turn").addEventListener("click", () => turnBack(false));
  $("restore-turns").addEventListener("click", () => turnBack(true));
  $("undo").addEventListener("click", () => undo(false));
  $("restore").addEventListener("click", () => undo(true));
  $("save").addEventListener("click", (event) => {
    const { kind } = event.target.dataset;
    if (kind) saveAs(kind).catch((error) => say(error.message, true));
  });
  $("save-all").addEventListener("click", () => saveAll(results));
  window.addEventListener("hashchange", () => {
    readAddress();
    start();
  });
}

/** Shows what the address says. */
function start() {
  forgetTurned();
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
