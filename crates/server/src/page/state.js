// What the page shows, as far as the address can say it: the part after `#` is enough to show it again.

const USUAL = {
  text: "", model: "", decode: "", threshold: "", gamma: "1", temperature: "37", share: "",
  record: "0", base: "", layout: "straight", color: "letter", mutations: "", reference: "", alternative: "0", turns: "", reactivities: "", reagent: "shape", map: "",
};

export const state = { ...USUAL };

/** Longer addresses than this are not kept: browsers and mail programs cut them. */
const LONGEST = 16000;

/** Takes over what the address says. */
export function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(USUAL)) state[key] = said.get(key) ?? USUAL[key];
}

/** Lets the address say what is shown. */
export function writeAddress() {
  const said = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value !== USUAL[key]) said.set(key, value);
  }
  let hash = said.toString();
  if (hash.length > LONGEST) {
    for (const key of ["text", "mutations", "reference", "base", "record", "alternative", "turns", "reactivities"]) said.delete(key);
    hash = said.toString();
  }
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
}

/** The selected base, from 0, or null. */
export function selected() {
  const base = Number(state.base);
  return state.base !== "" && Number.isInteger(base) && base > 0 ? base - 1 : null;
}

/** Mutations such as G17A, as {from, base, to}, the base from 0. */
export function mutations() {
  const parts = state.mutations.split("+").map((text) => /^([A-Z])(\d+)([A-Z])$/.exec(text));
  return parts.filter(Boolean).map(([, from, base, to]) => ({ from, base: Number(base) - 1, to }));
}

/** A sequence with the mutations that fit it. */
export function mutated(sequence) {
  const letters = [...sequence];
  for (const { base, to } of mutations()) if (base < letters.length) letters[base] = to;
  return letters.join("");
}

/** Changes a base; back to its first letter is no mutation. */
export function mutate(original, base, to) {
  const from = original[base].toUpperCase().replace("T", "U");
  const others = mutations().filter((one) => one.base !== base);
  if (to !== from) others.push({ from, base, to });
  state.mutations = others.map((one) => `${one.from}${one.base + 1}${one.to}`).join("+");
}
