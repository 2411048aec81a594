// The sequence, letter by letter: the way to the bases for the keyboard.

import { partners } from "./structure.js";

const strip = document.getElementById("strip");
let chosen = null;

/** Shows a fold; the partners of bases that differ are not those of the best structure. */
export function showStrip({ sequence, structure, nick }, sure, mutatedBases, differing) {
  chosen = null;
  const partner = partners(structure);
  const bases = [...sequence].map((letter, i) => {
    const base = document.createElement("span");
    const mark = document.createElement("i");
    base.className = "base";
    base.classList.toggle("mutated", mutatedBases.has(i));
    base.classList.toggle("differs", differing.has(i));
    base.classList.toggle("nick", i === nick);
    base.setAttribute("role", "option");
    base.setAttribute("aria-selected", "false");
    base.tabIndex = i === 0 ? 0 : -1;
    base.dataset.base = i;
    const state = (i === nick ? "begins the second strand, " : "") + (partner[i] < 0 ? "unpaired" : `pairs with ${partner[i] + 1}`) +
      (differing.has(i) ? ", unlike in the best structure" : "");
    base.setAttribute("aria-label", `${i + 1} ${letter}, ${state}, ${Math.round(100 * sure[i])} percent`);
    base.title = `${i + 1} ${letter}, ${state}, probability ${sure[i].toFixed(2)}`;
    base.style.setProperty("--sure", sure[i].toFixed(3));
    mark.textContent = structure[i];
    base.append(letter, mark);
    return base;
  });
  strip.replaceChildren(...bases);
}

/** Marks the selected base and its partner. */
export function markStrip(base, partner, hasFocus) {
  strip.querySelectorAll(".partner").forEach((one) => one.classList.remove("partner"));
  if (chosen) chosen.setAttribute("aria-selected", "false");
  chosen = base === null ? null : strip.children[base] || null;
  if (!chosen) return;
  strip.querySelectorAll('[tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
  chosen.setAttribute("aria-selected", "true");
  chosen.tabIndex = 0;
  if (partner >= 0) strip.children[partner].classList.add("partner");
  if (hasFocus) chosen.focus();
  else chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Calls `select` with a base from 0, or null, and `change` with a letter. */
export function onStrip(select, change) {
  strip.addEventListener("click", (event) => {
    const base = event.target.closest(".base");
    if (base) select(Number(base.dataset.base), true);
  });
  strip.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = strip.children.length - 1;
    const at = Number(event.target.dataset.base ?? -1);
    const row = rowLength();
    const to = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: last, Enter: at, " ": at,
    }[event.key];
    const letter = event.key.toUpperCase().replace("T", "U");
    if (to !== undefined) select(Math.min(last, Math.max(0, to)), true);
    else if (event.key === "Escape") select(null, false);
    else if (letter.length === 1 && "ACGU".includes(letter)) change(letter);
    else return;
    event.preventDefault();
  });
}

/** Bases in the first row, as it is wrapped now. */
function rowLength() {
  const bases = [...strip.children];
  const next = bases.findIndex((base) => base.offsetTop > bases[0].offsetTop);
  return next < 0 ? bases.length : next;
}
