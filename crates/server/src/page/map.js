// The sequences as points on a map: similar ones are near each other.

import { TokenNeeded, post } from "./api.js";
import { download } from "./save.js";
import { state, writeAddress } from "./state.js";
import { nameOf } from "./words.js";
import { askToken } from "./work.js";

const SVG = "http://www.w3.org/2000/svg";
/** Sides of the map, and the part of each that stays empty. */
const WIDTH = 900, HEIGHT = 560, EDGE = 0.04;
/** A map of fewer says nothing. */
const FEWEST = 4;
/** Colours from the least number to the largest, which also differ in lightness. */
const SCALE = [[38, 51, 106], [87, 92, 109], [130, 128, 120], [187, 170, 106], [253, 231, 76]];

const $ = (id) => document.getElementById(id);

let results = [];
/** The answer of the server, if it is there. */
let map = null;
let work = new AbortController();

/** What points can be coloured by: words, digits, and the number of a result. */
const COLORS = {
  f1: ["expected F1", 2, (result) => result.expected_f1],
  energy: ["free energy", 2, (result) => result.energy],
  length: ["length", 0, (result) => result.sequence.length],
  gc: ["share of G and C", 2, (result) => (result.sequence.match(/[GC]/gi) || []).length / result.sequence.length],
};

/** Forgets the map: other sequences come. */
export function forgetMap() {
  work.abort();
  results = [];
  map = null;
  $("map").replaceChildren();
  $("map").removeAttribute("aria-busy");
  $("near").replaceChildren();
  say("");
}

/** Takes the results of all sequences, and makes the map if it is open. */
export function offerMap(all) {
  results = all;
  $("map-part").open = state.map !== "";
  $("map-method").value = state.map || "umap";
  if ($("map-part").open) make();
}

function say(words, isWrong = false) {
  $("map-words").textContent = words;
  $("map-words").classList.toggle("wrong", isWrong);
}

async function make() {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  const count = results.filter((result) => !result.error).length;
  if (count < FEWEST) return say(`A map needs at least ${FEWEST} sequences.`);
  say("Embedding and placing the sequences…");
  $("map").setAttribute("aria-busy", "true");
  try {
    map = await post("/v1/map", { text: state.text, method: $("map-method").value }, signal);
    const trust = map.trustworthiness ? `; trustworthiness ${map.trustworthiness.value.toFixed(2)}` : "";
    say(`${count.toLocaleString("en")} sequences by the embeddings of ${map.model}${trust}. Select a point to see its structure.`);
    draw();
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof TokenNeeded) return askToken(make);
    say(error.message, true);
  } finally {
    if (!signal.aborted) $("map").removeAttribute("aria-busy");
  }
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** The colour of a share from 0 to 1. */
function color(share) {
  const at = share * (SCALE.length - 1);
  const below = Math.min(Math.floor(at), SCALE.length - 2);
  const mixed = SCALE[below].map((low, i) => Math.round(low + (SCALE[below + 1][i] - low) * (at - below)));
  return `rgb(${mixed.join(" ")})`;
}

/** Where a number lies between the least and the largest of all. */
function scaleOf(values) {
  const known = values.filter(Number.isFinite);
  const [least, most] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
  return { least, most, share: (value) => (most > least ? (value - least) / (most - least) : 0.5) };
}

function draw() {
  const [words, digits, number] = COLORS[$("map-color").value];
  const placed = map.results.map((place, at) => ({ ...place, at, result: results[at] })).filter((one) => one.x !== undefined && !one.result?.error);
  const values = scaleOf(placed.map(({ result }) => number(result)));
  const [x, y] = ["x", "y"].map((axis) => scaleOf(placed.map((one) => one[axis])));
  const radius = placed.length > 300 ? 4 : 7;
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Map of ${placed.length} sequences` });
  for (const { at, result, ...place } of placed) {
    const value = number(result);
    const circle = element("circle", {
      "data-record": at,
      cx: ((EDGE + (1 - 2 * EDGE) * x.share(place.x)) * WIDTH).toFixed(1),
      cy: ((EDGE + (1 - 2 * EDGE) * (1 - y.share(place.y))) * HEIGHT).toFixed(1),
      r: radius,
      fill: Number.isFinite(value) ? color(values.share(value)) : "#ffffff",
    });
    const title = element("title", {});
    title.textContent = `${nameOf(result, at)}, ${result.sequence.length} nt${Number.isFinite(value) ? `, ${words} ${value.toFixed(digits)}` : ""}`;
    circle.append(title);
    svg.append(circle);
  }
  $("map").replaceChildren(svg);
  $("map-scale").textContent = Number.isFinite(values.least)
    ? `Dark: ${values.least.toFixed(digits)}, light: ${values.most.toFixed(digits)}.` : `No ${words} is known here.`;
  markMap();
}

/** Marks the chosen record and its nearest, and lists these. */
export function markMap() {
  if (!map) return;
  const chosen = Number(state.record);
  const nearest = map.results[chosen]?.nearest || [];
  for (const circle of $("map").querySelectorAll("circle")) {
    const at = Number(circle.dataset.record);
    circle.classList.toggle("chosen", at === chosen);
    circle.classList.toggle("near", nearest.some(({ record }) => record === at));
    if (at === chosen) circle.parentNode.append(circle); // above the others
  }
  const listed = nearest.flatMap(({ record, distance }, place) => {
    const button = document.createElement("button");
    button.textContent = nameOf(results[record], record);
    button.dataset.record = record;
    return [place ? ", " : "", button, ` (${distance.toFixed(2)})`];
  });
  $("near").replaceChildren(...(listed.length ? ["Nearest to it, with distances: ", ...listed] : []));
}

/** The places as `rinalmo map` writes them. */
function table() {
  const rows = map.results.filter((place) => place.x !== undefined).map(({ id, x, y }) => `${id}\t${x}\t${y}\n`);
  return `id\tx\ty\n${rows.join("")}`;
}

/** Calls `choose` with the record of a point that was clicked. */
export function onMap(choose) {
  const open = () => {
    const method = $("map-part").open ? $("map-method").value : "";
    if (method === state.map && map) return;
    state.map = method;
    writeAddress();
    if (method) make();
  };
  $("map-part").addEventListener("toggle", open);
  $("map-method").addEventListener("change", () => { map = null; open(); });
  $("map-color").addEventListener("change", () => { if (map) draw(); });
  $("save-map").addEventListener("click", () => {
    if (map) download("map.tsv", new Blob([table()], { type: "text/tab-separated-values" }));
  });
  const select = (event) => {
    const { record } = event.target.closest("[data-record]")?.dataset || {};
    if (record !== undefined) choose(Number(record));
  };
  $("map").addEventListener("click", select);
  $("near").addEventListener("click", select);
  $("map").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = Number(state.record) + (by || 0);
    if (!by || !map || !results[at]) return;
    event.preventDefault();
    choose(at);
  });
}
