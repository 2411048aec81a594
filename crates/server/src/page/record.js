// The record that is shown: its fold, its pictures, and the one selection in all of them.

import { MOST, differing, showTabs, structures, withStructure } from "./alternatives.js";
import { draw, fold, post } from "./api.js";
import { commandLine, curlCall } from "./commands.js";
import { hasEnsemble, options } from "./controls.js";
import { markDots, showDots } from "./dots.js";
import { markPicture, showPicture } from "./pictures.js";
import { reactivities } from "./probing.js";
import { save } from "./save.js";
import { mutate, mutated, mutations, selected, state, writeAddress } from "./state.js";
import { joined, parted, plain } from "./strands.js";
import { markStrip, showStrip } from "./strip.js";
import { compare, confidence, known, pairs, partners } from "./structure.js";
import { addTurn, isPlane, rootOf, turns, undoTurn } from "./turns.js";
import { about, showWords } from "./words.js";
import { run, runDrawing } from "./work.js";

/** Pairs less probable than this are not asked for. */
const CUTOFF = 0.001;
/** Colours that show probabilities. */
const OF_PROBABILITIES = ["confidence", "pair-probability", "entropy"];

const $ = (id) => document.getElementById(id);

/** The record as it was given, and with its mutations. */
let shown = null;
let drawing = "";
/** The structure that turns were made for, null if the address says which. */
let turnedStructure = null;
/** Is the drawing being made, and has it changed since? */
let isDrawing = false;
let isStale = false;

/** Folds a record with its mutations, with probabilities, and shows it; `given` is its fold without mutations. */
export async function showRecord(given, signal) {
  $("detail").hidden = !given || Boolean(given.error);
  if ($("detail").hidden) return;
  if (mutations().some(({ base }) => base >= given.sequence.length)) state.mutations = "";
  const sequence = mutated(given.sequence);
  const id = given.header || given.id;
  const more = hasEnsemble() ? { alternatives: MOST } : {};
  const measured = readReactivities(sequence.length);
  const probed = measured ? { reagent: state.reagent } : {};
  const input = { id, sequence: joined(sequence, given.nick), ...(measured ? { reactivities: measured } : {}) };
  const request = { ...options(), ...more, ...probed, inputs: [input], probabilities: true, cutoff: CUTOFF };
  const best = parted((await fold(request, signal)).results[0]);
  if (best.error) throw new Error(best.error);
  const isMutated = sequence !== given.sequence;
  const effect = isMutated ? await likelihood(given, signal) : null;
  shown = { given, best, now: best, isMutated, effect, measured, partner: partners(best.structure), reference: null };
  if (!state.reference && !isMutated) state.reference = known(state.text).get(Number(state.record)) || "";
  $("reference").value = state.reference;
  showStructure();
  await showDrawings(signal);
}

/** The log-likelihood ratio of the mutations, as `rinalmo score --variants` has it; null if no model here can tell. */
async function likelihood({ sequence, nick }, signal) {
  if (nick !== undefined) return null;
  try {
    return (await post("/v1/variants", { sequence, variants: [state.mutations] }, signal)).results[0].llr ?? null;
  } catch (error) {
    if (signal.aborted) throw error;
    return null; // none of the models scores, or the sequence is too long for it
  }
}

/** The reactivities of the record, if some were pasted that fit; says how many count, or what is wrong. */
function readReactivities(length) {
  let [measured, said, isWrong] = [null, "", false];
  try {
    if (state.reactivities.trim()) {
      if (!hasEnsemble()) throw new Error("this model takes no reactivities");
      measured = reactivities(state.reactivities, length);
      said = `${measured.filter((value) => value !== null).length} of ${length} bases were measured.`;
    }
  } catch (error) {
    [said, isWrong] = [error.message, true];
  }
  $("reactivities").value = state.reactivities;
  $("reagent").value = state.reagent;
  if (state.reactivities) $("probing").open = true;
  $("probed").textContent = said;
  $("probed").classList.toggle("wrong", isWrong);
  if (!measured && state.color === "value") state.color = "letter";
  $("color").value = state.color;
  $("color").querySelector('[value="value"]').disabled = !measured;
  return measured;
}

/** Shows the chosen one of the structures of the fold, everywhere but in the drawings. */
function showStructure() {
  const all = structures(shown.best);
  let chosen = Number(state.alternative);
  if (!all[chosen]) chosen = 0;
  state.alternative = String(chosen);
  const now = chosen === 0 ? shown.best : withStructure(shown.best, all[chosen]);
  shown = { ...shown, now, partner: partners(now.structure) };
  if (turnedStructure !== null && turnedStructure !== now.structure) state.turns = "";
  turnedStructure = now.structure;
  showTabs(all, chosen);
  showWords(shown);
  showCommands();
  showReference();
  const mutated = new Set(mutations().map(({ base }) => base));
  const differs = differing(now.structure, shown.best.structure);
  showStrip(now, confidence(now.structure, now.probabilities), mutated, differs);
  showPairs();
  mark(false);
}

/** Shows another of the structures. */
export function chooseStructure(number) {
  state.alternative = String(number);
  showStructure();
  return runDrawing(showDrawings);
}

function showCommands() {
  const { now, best, measured } = shown;
  const probed = measured ? { reagent: state.reagent } : {};
  const asked = { ...options(), ...probed, ...(now === best ? {} : { alternatives: MOST }) };
  $("command").textContent = commandLine(asked, now, state.layout, measured);
  $("curl").textContent = curlCall(asked, now, measured);
}

/**
 * Reads the structure to compare with; without one, an alternative is compared with the best structure, and a mutated
 * record with what was given.
 */
function showReference() {
  const text = plain(state.reference.trim());
  let said = "";
  let isWrong = false;
  const isBest = shown.now === shown.best;
  shown.reference = !isBest ? shown.best.structure : shown.isMutated ? shown.given.structure : null;
  if (text) {
    try {
      const reference = pairs(text);
      if (text.length !== shown.now.sequence.length) {
        throw new Error(`expected ${shown.now.sequence.length} bases, found ${text.length}`);
      }
      const { right, wrong, missed, precision, recall, f1 } = compare(pairs(shown.now.structure), reference);
      shown.reference = text;
      said = `F1 ${f1.toFixed(3)}, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of exact pairs: ` +
        `${right} right, ${wrong} wrong, ${missed} missed.`;
    } catch (error) {
      said = error.message;
      isWrong = true;
    }
  } else if (!isBest) {
    said = "The pictures compare with the best structure: pairs only here are vermilion, those only there green.";
  } else if (shown.isMutated) {
    said = "The pictures compare with the structure before the change.";
  }
  $("comparison").textContent = said;
  $("comparison").classList.toggle("wrong", isWrong);
}

function showPairs() {
  const { now, reference } = shown;
  const key = ([i, j]) => `${i} ${j}`;
  const own = pairs(now.structure);
  let lower = own.map(([i, j]) => ({ i, j, kind: "low" }));
  if (reference) {
    const [found, expected] = [new Set(own.map(key)), pairs(reference)];
    lower = expected.map(([i, j]) => ({ i, j, kind: found.has(key([i, j])) ? "right" : "missed" }));
  }
  $("lower").textContent = reference ? "the structure to compare with" : "the structure";
  showDots(now.sequence.length, now.probabilities, lower);
}

/** What is asked of every drawing. */
function drawingRequest() {
  const { now, reference } = shown;
  return {
    sequence: joined(now.sequence, now.nick), structure: joined(now.structure, now.nick), color_by: state.color,
    ...(OF_PROBABILITIES.includes(state.color) ? { probabilities: now.probabilities } : {}),
    ...(state.color === "value" ? { values: shown.measured, column: "reactivity" } : {}),
    ...(reference ? { reference } : {}),
  };
}

/** Shows the drawing in the chosen layout, with its turns. */
async function showDrawing(signal) {
  const { now } = shown;
  const turn = isPlane() ? { turn: turns() } : {};
  drawing = await draw({ ...drawingRequest(), ...turn, layout: state.layout, title: now.header || now.id }, signal);
  showPicture($("drawing"), drawing);
  $("drawing").classList.toggle("turnable", isPlane());
}

async function showArcs(signal) {
  showPicture($("arcs"), await draw({ ...drawingRequest(), layout: "arcs", legend: false }, signal));
}

async function showDrawings(signal) {
  await Promise.all([showDrawing(signal), showArcs(signal)]);
  mark(false);
}

/** The turns that the address says are kept, whatever was drawn before. */
export function forgetTurned() {
  turnedStructure = null;
}

/** The root of a base's stem in the drawing, if it can be turned. */
export function stemOf(base) {
  return shown && isPlane() ? rootOf(shown.partner, base) : null;
}

/** Draws again after a turn. While a drawing is being made, only the last turn is kept for the next. */
export async function drawTurned() {
  showCommands();
  isStale = true;
  if (isDrawing) return;
  isDrawing = true;
  while (isStale) {
    isStale = false;
    await runDrawing(showDrawing, "");
  }
  isDrawing = false;
  mark(false);
}

/** Turns the stem of the selected base by degrees, or by "flip". */
export function turnSelected(by) {
  const root = selected() === null ? null : stemOf(selected());
  if (!root) return;
  addTurn(root, by === "flip" ? by : Number(by));
  drawTurned();
}

/** Takes back the last turn, or all. */
export function turnBack(isAll) {
  undoTurn(isAll);
  drawTurned();
}

/** Offers what can be done with the stem of the selected base. */
function showTurns() {
  const base = selected();
  const hasStem = base !== null && stemOf(base) !== null;
  $("turn-bar").hidden = $("turn-hint").hidden = !isPlane();
  document.querySelectorAll("#turn-bar [data-by]").forEach((button) => { button.disabled = !hasStem; });
  $("undo-turn").hidden = $("restore-turns").hidden = turns().length === 0;
}

/** Draws again, after the layout or the colours have changed. */
export function drawAgain() {
  showCommands();
  return runDrawing(showDrawings);
}

/** Compares with what is now the structure to compare with. */
export function compareAgain() {
  showReference();
  showPairs();
  return runDrawing(showDrawings);
}

/** Saves the fold or its drawing. */
export function saveAs(kind) {
  return save(kind, shown.now, drawing);
}

/** Selects a base, from 0, or none. */
export function select(base, hasFocus) {
  state.base = base === null ? "" : String(base + 1);
  mark(hasFocus);
}

/** Moves the selection along the sequence. */
export function step(by) {
  const last = shown.now.sequence.length - 1;
  select(Math.min(last, Math.max(0, (selected() ?? -by) + by)), false);
}

/** Marks the selected base everywhere, and says what it is. */
export function mark(hasFocus) {
  if (!shown) return;
  let base = selected();
  if (base !== null && base >= shown.now.sequence.length) {
    base = null;
    state.base = "";
  }
  const partner = base === null ? -1 : shown.partner[base];
  markStrip(base, partner, hasFocus);
  markPicture($("drawing"), base, partner);
  markPicture($("arcs"), base, partner);
  markDots(base, partner);
  $("base").textContent = base === null ? "No base is selected." : about(shown.now, base, partner);
  document.querySelectorAll("#letters button").forEach((button) => {
    const letter = base === null ? "" : shown.now.sequence[base].toUpperCase().replace("T", "U");
    button.disabled = base === null || button.dataset.letter === letter;
  });
  showTurns();
  writeAddress();
}

/** Changes the selected base, and folds again. */
export function change(letter) {
  const base = selected();
  if (base === null || !shown) return;
  mutate(shown.given.sequence, base, letter);
  state.alternative = "0";
  const hadFocus = document.activeElement && document.activeElement.closest("#strip");
  run("Folding…", async (signal) => {
    await showRecord(shown.given, signal);
    mark(Boolean(hadFocus));
  });
}

/** Undoes the last mutation, or all. */
export function undo(isAll) {
  state.alternative = "0";
  state.mutations = isAll ? "" : state.mutations.split("+").slice(0, -1).join("+");
  run("Folding…", (signal) => showRecord(shown.given, signal));
}
