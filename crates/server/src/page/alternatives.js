// Other structures of a sequence, as tabs. Only models with an ensemble have them.

import { pairs, partners } from "./structure.js";

const place = document.getElementById("alternatives");
const pictures = document.getElementById("pictures");

/** How many structures are asked for, beside the best one. */
export const MOST = 6;

/** Pixels of the tab before the chosen one that can be seen. */
const MARGIN = 24;

/** Pairs [i, j] from 0, as words. */
const key = ([i, j]) => `${i} ${j}`;

/**
 * The structures of a fold: first its own, then those that differ from it. The share of a structure that is also among
 * the alternatives is known. Energies are null if they are not measured ones alone.
 */
export function structures(fold) {
  const measured = fold.mfe !== undefined;
  const others = (fold.alternatives || []).map((one) => (measured ? one : { ...one, energy: null }));
  const own = others.find((one) => one.structure === fold.structure);
  const first = { structure: fold.structure, energy: measured ? fold.energy : null, share: own && own.share };
  return [first, ...others.filter((one) => one !== own)];
}

/** A fold with another of its structures. */
export function withStructure(fold, { structure, energy, share }) {
  const known = new Map(fold.probabilities.map(([i, j, p]) => [key([i - 1, j - 1]), p]));
  const listed = pairs(structure).map(([i, j]) => [i + 1, j + 1, known.get(key([i, j])) || 0]);
  const { alternatives, expected_f1, ...rest } = fold; // the F1 is that of the best structure
  return { ...rest, structure, energy, share, pairs: listed };
}

/** Bases, from 0, whose partner is another one in the other structure. */
export function differing(one, other) {
  const [a, b] = [partners(one), partners(other)];
  return new Set(a.flatMap((partner, at) => (partner === b[at] ? [] : [at])));
}

/** Shows a tab for each structure, if there are several; the `chosen`th is shown. */
export function showTabs(all, chosen) {
  place.hidden = all.length < 2;
  pictures.toggleAttribute("role", false);
  if (place.hidden) return place.replaceChildren();
  pictures.setAttribute("role", "tabpanel");
  pictures.setAttribute("aria-label", "The structure");
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(...all.map((one, at) => {
    const tab = document.createElement("button");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "pictures");
    tab.setAttribute("aria-selected", String(at === chosen));
    tab.tabIndex = at === chosen ? 0 : -1;
    tab.dataset.number = at;
    const name = document.createElement("strong");
    name.textContent = at === 0 ? "Best" : `Alternative ${at}`;
    const energy = one.energy === null ? "" : `${one.energy.toFixed(2)} kcal/mol`;
    const share = one.share === undefined ? "" : `${(100 * one.share).toFixed(one.share < 0.095 ? 1 : 0)} % of the ensemble`;
    tab.append(name, document.createElement("br"), [energy, share].filter(Boolean).join(", "));
    return tab;
  }));
  const tab = place.children[chosen];
  // On a phone there is place for two or so. The page itself stays where it is.
  place.scrollLeft += tab.getBoundingClientRect().left - place.getBoundingClientRect().left - MARGIN;
  if (hadFocus) tab.focus({ preventScroll: true });
}

/** Calls `choose` with the number of a tab that is clicked, or reached by arrow keys. */
export function onTabs(choose) {
  place.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(Number(tab.dataset.number));
  });
  place.addEventListener("keydown", (event) => {
    const tab = event.target.closest("[role=tab]");
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!tab || !by) return;
    const count = place.children.length;
    choose((Number(tab.dataset.number) + by + count) % count);
    event.preventDefault();
  });
}
