// How to fold: the controls, and what they mean for the server.

import { state } from "./state.js";

const CONTROLS = ["model", "decode", "threshold", "gamma", "temperature", "share"];
/** The field of a model that has the usual value of a control. */
const OWN = { threshold: "threshold", share: "energy_share" };

const $ = (id) => document.getElementById(id);

let models = [];

/** The models that the server offers for folding. */
export function offer(offered) {
  models = offered;
  $("model").replaceChildren(...models.map((model) => new Option(model.name, model.name)));
}

/** Is the model an energy model? */
export function hasEnergies() {
  const model = models.find((one) => one.name === state.model);
  return Boolean(model && model.kind === "energies");
}

/** Does the model have an ensemble of structures, with others than the best one? */
export function hasEnsemble() {
  const model = models.find((one) => one.name === state.model);
  return Boolean(model && model.can.ensemble);
}

/** Are pairs chosen by their probability? */
function hasThreshold() {
  return ["greedy", "nested", "f1"].includes(state.decode) || (state.decode === "" && !hasEnergies());
}

/** The options of the controls, as far as they apply. */
export function options() {
  const isEnergies = hasEnergies();
  const asked = {};
  if (state.model && state.model !== models[0].name) asked.model = state.model;
  if (state.decode) asked.decode = state.decode;
  if (hasThreshold() && state.threshold !== "") asked.threshold = Number(state.threshold);
  if (state.decode === "mea" && state.gamma !== "1") asked.gamma = Number(state.gamma);
  if (isEnergies && state.temperature !== "37") asked.temperature = Number(state.temperature);
  if (!isEnergies && state.share !== "") asked.energy_share = Number(state.share);
  return asked;
}

/** Shows the controls that apply to the model. */
export function showControls() {
  if (!models.some((model) => model.name === state.model)) state.model = models[0].name;
  for (const name of CONTROLS) $(name).value = state[name];
  const isEnergies = hasEnergies();
  $("decode").querySelector('[value="mfe"]').disabled = !isEnergies;
  if (!isEnergies && state.decode === "mfe") state.decode = $("decode").value = "";
  const applies = { threshold: hasThreshold(), mea: state.decode === "mea", energies: isEnergies, network: !isEnergies };
  const model = models.find((one) => one.name === state.model);
  document.querySelectorAll("[data-twin]").forEach((slider) => {
    const { twin } = slider.dataset;
    slider.value = state[twin] === "" ? String(model[OWN[twin]] ?? 0) : state[twin];
  });
  document.querySelectorAll("[data-for]").forEach((label) => { label.hidden = !applies[label.dataset.for]; });
}

/** Calls `changed` after a control was changed. */
export function onControls(changed) {
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("controls").addEventListener("input", (event) => {
    const { twin } = event.target.dataset;
    if (twin) $(twin).value = event.target.value;
    for (const name of CONTROLS) state[name] = $(name).value;
    showControls();
    changed();
  });
}
