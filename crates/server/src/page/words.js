// What is said about a fold.

import { mutations } from "./state.js";
import { compare, pairs } from "./structure.js";

const $ = (id) => document.getElementById(id);

/** What a record is called; `at` is its place, from 0. */
export function nameOf({ id }, at) {
  return id || `record ${at + 1}`;
}

/**
 * What an expected F1 means: from which on, for the eye and in words, and how many of 100 such structures by nano reached an
 * F1 of 0.5, on bpRNA TS0 and on families that a model like it had not seen. The figures are those of nano's card.
 */
const MEANINGS = [
  { from: 0.8, trust: "good", word: "trust it", seen: 98, unseen: 94 },
  { from: 0.6, trust: "fair", word: "usually right", seen: 89, unseen: 88 },
  { from: 0.4, trust: "doubtful", word: "look for other evidence", seen: 52, unseen: 67 },
  { from: 0, trust: "poor", word: "treat it as a guess", seen: 25, unseen: 38 },
];

/** The row of an expected F1, and its sentence. */
function meaning(f1) {
  const row = MEANINGS.find(({ from }) => f1 >= from);
  const measured = `an F1 of 0.5 was reached by ${row.seen} % of such structures of nano on bpRNA TS0, and by ${row.unseen} % `
    + "on families that a model like it had not seen";
  return { trust: row.trust, words: [row.word, measured] };
}

/** Says how far to trust a fold, and what a mutation changed. */
export function showWords({ given, best, now, isMutated, effect }) {
  $("detail-title").textContent = now.header || now.id;
  const strong = document.createElement("strong");
  const words = [];
  if (now.mfe !== undefined) {
    strong.textContent = now.energy === null ? "A pseudoknot has no energy here" : `Free energy ${now.energy.toFixed(2)} kcal/mol`;
    if (now !== best) words.push(apart(now, best));
    words.push(`minimum ${now.mfe.toFixed(2)}, ensemble ${now.ensemble_energy.toFixed(2)}, diversity ${now.diversity.toFixed(1)} pairs`);
    if (now.binding !== undefined) words.push(`the strands gain ${now.binding.toFixed(2)} kcal/mol by binding`);
  } else if (now !== best) {
    strong.textContent = "Another structure of the ensemble";
    words.push(apart(now, best));
  } else if (now.expected_f1 !== undefined) {
    const { trust, words: meant } = meaning(now.expected_f1);
    strong.textContent = `Expected F1 ${now.expected_f1.toFixed(2)}`;
    strong.className = `badge ${trust}`;
    words.push(...meant);
  } else {
    strong.textContent = `Mean probability of the pairs ${now.score.toFixed(2)}`;
    words.push("the expected F1 is only known for the model's own options");
  }
  if (now.crossing_left_out) words.push(`${now.crossing_left_out} probable pairs cross others and are left out (a pseudoknot)`);
  $("verdict").replaceChildren(strong, `: ${words.join("; ")}.`);
  $("mutation-bar").hidden = !isMutated;
  $("mutations").textContent = `Changed: ${mutations().map((one) => `${one.from}${one.base + 1}${one.to}`).join(", ")}`;
  $("change").hidden = !isMutated;
  if (isMutated) {
    const { right, wrong, missed } = compare(pairs(now.structure), pairs(given.structure));
    const difference = now.mfe !== undefined && now.energy !== null && given.energy !== null
      ? `, energy ${signed(now.energy - given.energy, 2)} kcal/mol`
      : now.expected_f1 !== undefined ? `, expected F1 ${signed(now.expected_f1 - given.expected_f1, 2)}` : "";
    const likely = effect === null ? ""
      : `; log-likelihood ratio ${signed(effect, 2)} (below 0 the language model finds it less likely than before)`;
    $("change").textContent = `Pairs kept: ${right}, lost: ${missed}, new: ${wrong}${difference}${likely}.`;
  }
}

/** How an alternative differs from the best structure. */
function apart(now, best) {
  const { wrong, missed } = compare(pairs(now.structure), pairs(best.structure));
  const share = now.share === undefined ? "" : `${(100 * now.share).toFixed(1)} % of the ensemble is like it; `;
  return `${share}pairs only here: ${wrong}, only in the best structure: ${missed}`;
}

/** A difference with its sign. */
function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? `±${text}` : `${value < 0 ? "−" : "+"}${text}`;
}

/** A base in words. */
export function about({ sequence, probabilities }, base, partner) {
  const named = (i) => `${i + 1} ${sequence[i].toUpperCase()}`;
  const likely = probabilities.filter(([i, j]) => i - 1 === base || j - 1 === base);
  const paired = likely.reduce((sum, [, , p]) => sum + p, 0);
  likely.sort((a, b) => b[2] - a[2]);
  const others = likely.slice(0, 3).map(([i, j, p]) => `${named(i - 1 === base ? j - 1 : i - 1)} ${p.toFixed(2)}`);
  const drawn = partner < 0 ? "unpaired" : `pairs with ${named(partner)}`;
  const list = others.length ? `; most probable partners: ${others.join(", ")}` : "";
  return `Base ${named(base)}, ${drawn}; unpaired with probability ${Math.max(0, 1 - paired).toFixed(2)}${list}.`;
}
