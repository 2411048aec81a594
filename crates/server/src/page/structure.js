// Structures as text: read and compared.

const OPENING = "([{<" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CLOSING = ")]}>" + "abcdefghijklmnopqrstuvwxyz";
const UNPAIRED = ".-_,:~";

/** The partner of each base, or -1. Throws an error that names the column. */
export function partners(brackets) {
  const open = new Map();
  const found = new Array(brackets.length).fill(-1);
  [...brackets].forEach((mark, at) => {
    const opens = OPENING.indexOf(mark);
    const closes = CLOSING.indexOf(mark);
    if (opens >= 0) {
      if (!open.has(opens)) open.set(opens, []);
      open.get(opens).push(at);
    } else if (closes >= 0) {
      const partner = (open.get(closes) || []).pop();
      if (partner === undefined) throw new Error(`column ${at + 1}: \`${mark}\` has no matching bracket`);
      found[at] = partner;
      found[partner] = at;
    } else if (!UNPAIRED.includes(mark)) {
      throw new Error(`column ${at + 1}: \`${mark}\` is no bracket`);
    }
  });
  for (const waiting of open.values()) {
    if (waiting.length) throw new Error(`column ${waiting[0] + 1}: a bracket has no matching one`);
  }
  return found;
}

/** Pairs [i, j] from 0, i < j. */
export function pairs(brackets) {
  return partners(brackets).flatMap((j, i) => (j > i ? [[i, j]] : []));
}

/** Agreement of exact pairs with a reference. */
export function compare(predicted, reference) {
  const key = ([i, j]) => `${i} ${j}`;
  const known = new Set(reference.map(key));
  const right = predicted.filter((pair) => known.has(key(pair))).length;
  const precision = predicted.length ? right / predicted.length : 0;
  const recall = reference.length ? right / reference.length : 0;
  const f1 = right ? (2 * precision * recall) / (precision + recall) : 0;
  return { right, wrong: predicted.length - right, missed: reference.length - right, precision, recall, f1 };
}

/** How probable the drawn state of each base is, from pairs [i, j, p] that count from 1. */
export function confidence(brackets, probabilities) {
  const partner = partners(brackets);
  const sure = new Array(brackets.length).fill(1);
  partner.forEach((j, i) => { if (j >= 0) sure[i] = 0; });
  for (const [a, b, p] of probabilities) {
    const [i, j] = [a - 1, b - 1];
    if (partner[i] === j) sure[i] = sure[j] = p;
    if (partner[i] < 0) sure[i] = Math.max(0, sure[i] - p);
    if (partner[j] < 0) sure[j] = Math.max(0, sure[j] - p);
  }
  return sure;
}

/** Structures that stand below their sequences in pasted text, by the place of the record. */
export function known(text) {
  const found = new Map();
  let record = -1;
  let letters = "";
  let isHeaded = false;
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    const word = line.split(/\s/)[0] || "";
    const isBrackets = word.length > 0 && /^[.(){}[\]<>&]+$/.test(word) && /[.()]/.test(word);
    if (line.startsWith(">")) {
      record += 1;
      letters = "";
      isHeaded = true;
    } else if (isBrackets && letters.length === word.length && !found.has(record)) {
      found.set(record, word);
    } else if (word && !isBrackets && isHeaded) {
      letters += word;
    } else if (word && !isBrackets) {
      record += 1;
      letters = word;
    }
  }
  return found;
}
