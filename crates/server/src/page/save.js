// Files that are saved from the page.

import { format } from "./api.js";
import { whole } from "./strands.js";

/** Pixels of a PNG for each of the drawing. */
const DENSITY = 2;
/** Browsers make no larger pictures. */
const LARGEST = 8000;

/** Lets the browser save a file. */
export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A name that every file system takes. */
function fileName(id, ending) {
  const name = id.replace(/[^\w.-]+/g, "_").replace(/^\.+/, "").slice(0, 80);
  return `${name || "rna"}.${ending}`;
}

async function png(svg) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  URL.revokeObjectURL(image.src);
  const scale = Math.min(DENSITY, LARGEST / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(image.width * scale);
  canvas.height = Math.ceil(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the drawing is too large for PNG"))), "image/png");
  });
}

/** Saves all results, one a line. */
export function saveAll(results) {
  const lines = results.map((result) => `${JSON.stringify(whole(result))}\n`);
  download("folds.jsonl", new Blob(lines, { type: "application/x-ndjson" }));
}

/** Saves a fold, or its drawing `svg`, in a format. */
export async function save(kind, shown, svg) {
  const fold = whole(shown);
  const { sequence, structure, header, id } = fold;
  const file = async () => {
    const text = await format({ format: kind, sequence, structure, id: header || id });
    return new Blob([text], { type: "text/plain" });
  };
  const made = {
    svg: () => new Blob([svg], { type: "image/svg+xml" }),
    png: () => png(svg),
    dbn: file,
    ct: file,
    bpseq: file,
    json: () => new Blob([`${JSON.stringify(fold)}\n`], { type: "application/json" }),
  }[kind];
  download(fileName(fold.id, kind), await made());
}
