// The command line and the call that repeat what is shown.

import { hasToken } from "./api.js";
import { asColumns } from "./probing.js";
import { joined } from "./strands.js";
import { isPlane, turns } from "./turns.js";

/** Quotes a word for a shell, if it needs that. */
export function quoted(word) {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The file of reactivities in the command line. */
const TABLE = "reactivities.tsv";

const FLAGS = {
  alternatives: "--alternatives", model: "--model", decode: "--decode", threshold: "--threshold", gamma: "--gamma",
  temperature: "--temperature", energy_share: "--energy-share", reagent: "--reagent",
};

/** The command line that folds one record, and draws it unless it prints several structures. */
export function commandLine(options, { header, id, sequence, nick }, layout, measured) {
  const fasta = `>${(header || id).replace(/\s+/g, " ")}\\n${joined(sequence, nick)}\\n`.replaceAll("%", "%%");
  const flags = Object.entries(FLAGS).flatMap(([field, flag]) =>
    options[field] === undefined ? [] : [flag, quoted(String(options[field]))]);
  if (measured) flags.push("--reactivities", TABLE);
  const table = measured ? `printf ${quoted(asColumns(measured).replaceAll("\t", "\\t").replaceAll("\n", "\\n"))} > ${TABLE}\n` : "";
  const fold = ["rinalmo fold", ...flags].join(" ");
  if (options.alternatives) return `${table}printf ${quoted(fasta)} | ${fold}`;
  const turn = isPlane() && turns().length ? ` --turn ${turns().join(",")}` : "";
  return `${table}printf ${quoted(fasta)} | ${fold} | tee ${quoted("fold.dbn")} | rinalmo draw --layout ${layout}${turn} -o fold.svg`;
}

/** The call that folds one record. */
export function curlCall(options, { header, id, sequence, nick }, measured) {
  const input = { id: header || id, sequence: joined(sequence, nick), ...(measured ? { reactivities: measured } : {}) };
  const request = { ...options, inputs: [input], probabilities: true };
  const token = hasToken() ? ' -H "Authorization: Bearer $RINALMO_TOKEN"' : "";
  const body = quoted(JSON.stringify(request));
  return `curl -s ${location.origin}/v1/fold -H 'Content-Type: application/json'${token} -d ${body}`;
}
