// Stems of the drawing that are turned and flipped by hand.

import { state } from "./state.js";

/** Pixels that the pointer moves before a click becomes a drag. */
const LEAST = 4;

/** The turns, such as 12:30 or 40:flip, positions from 1. */
export function turns() {
  return state.turns ? state.turns.split(",") : [];
}

/** Has the drawing stems that can be turned? */
export function isPlane() {
  return ["straight", "radial"].includes(state.layout);
}

/** The outermost pair of the stem that a base is in, or that closes its loop; null if there is none. */
export function rootOf(partner, base) {
  let i = base;
  let j = partner[base];
  while (j < 0 && i > 0) {
    i -= 1;
    if (partner[i] > base) j = partner[i];
  }
  if (j === undefined || j < 0) return null;
  if (i > j) [i, j] = [j, i];
  while (i > 0 && partner[i - 1] === j + 1) [i, j] = [i - 1, j + 1];
  return [i, j];
}

/** Adds a turn by degrees, or "flip"; turns of the same stem are made one. */
export function addTurn([i], by) {
  const all = turns();
  const [position, last] = (all[all.length - 1] || "").split(":");
  const isSame = position === String(i + 1) && (last === "flip") === (by === "flip");
  if (isSame) all.pop();
  if (by !== "flip") {
    const degrees = (((isSame ? Number(last) : 0) + by + 540) % 360) - 180;
    if (degrees !== 0) all.push(`${i + 1}:${degrees}`);
  } else if (!isSame) {
    all.push(`${i + 1}:flip`);
  }
  state.turns = all.join(",");
}

/** Takes back the last turn, or all. */
export function undoTurn(isAll) {
  state.turns = isAll ? "" : turns().slice(0, -1).join(",");
}

/** Where a base is in the window. */
function placeOf(place, base) {
  const { left, top, width, height } = place.querySelector(`[data-base="${base}"] circle:not(.halo)`).getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/** The direction from a stem's root to a place in the window, in degrees. */
function direction(place, [i, j], [x, y]) {
  const [[ax, ay], [bx, by]] = [placeOf(place, i), placeOf(place, j)];
  return (Math.atan2(y - (ay + by) / 2, x - (ax + bx) / 2) * 180) / Math.PI;
}

/**
 * Calls `turned` while a stem is dragged, and at the end. `find` gives the root of a base's stem, or null. Fingers scroll
 * the page; for them there are buttons.
 */
export function onDrag(place, find, turned) {
  let drag = null;
  let hasDragged = false;
  place.addEventListener("pointerdown", (event) => {
    hasDragged = false;
    const group = event.target.closest("[data-base]");
    const root = group && event.button === 0 && event.pointerType !== "touch" ? find(Number(group.dataset.base)) : null;
    if (!root) return;
    const start = direction(place, root, placeOf(place, Number(group.dataset.base)));
    drag = { root, start, from: [event.clientX, event.clientY], before: state.turns };
  });
  place.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = drag.from;
    if (!hasDragged && Math.hypot(event.clientX - x, event.clientY - y) < LEAST) return;
    if (!hasDragged) place.setPointerCapture(event.pointerId);
    hasDragged = true;
    const degrees = Math.round(direction(place, drag.root, [event.clientX, event.clientY]) - drag.start);
    state.turns = drag.before;
    addTurn(drag.root, degrees);
    turned();
  });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, () => { drag = null; });
  // The end of a drag is not a click.
  place.addEventListener("click", (event) => {
    if (hasDragged) event.stopImmediatePropagation();
    hasDragged = false;
  }, true);
}
