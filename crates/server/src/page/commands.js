// The command line and the call that repeat what is shown.

import { hasToken } from "./api.js";

/** Quotes a word for a shell, if it needs that. */
export function quoted(word) {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

const FLAGS = {
  alternatives: "--alternatives", model: "--model", decode: "--decode", gamma: "--gamma", temperature: "--temperature", energy_share: "--energy-share",
};

/** The command line that folds one record, and draws it unless it prints several structures. */
export function commandLine(options, { header, id, sequence }, layout) {
  const fasta = `>${(header || id).replace(/\s+/g, " ")}\\n${sequence}\\n`.replaceAll("%", "%%");
  const flags = Object.entries(FLAGS).flatMap(([field, flag]) =>
    options[field] === undefined ? [] : [flag, quoted(String(options[field]))]);
  const fold = ["rinalmo fold", ...flags].join(" ");
  if (options.alternatives) return `printf ${quoted(fasta)} | ${fold}`;
  return `printf ${quoted(fasta)} | ${fold} | tee ${quoted("fold.dbn")} | rinalmo draw --layout ${layout} -o fold.svg`;
}

/** The call that folds one record. */
export function curlCall(options, { header, id, sequence }) {
  const request = { ...options, inputs: [{ id: header || id, sequence }], probabilities: true };
  const token = hasToken() ? ' -H "Authorization: Bearer $RINALMO_TOKEN"' : "";
  const body = quoted(JSON.stringify(request));
  return `curl -s ${location.origin}/v1/fold -H 'Content-Type: application/json'${token} -d ${body}`;
}
