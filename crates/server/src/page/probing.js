// Reactivities of the shown record, as they are pasted.

/** Numbers below this, and words, mean that nothing was measured. */
const LEAST = -500;

/**
 * A number or null for each of `length` bases: from two columns, position and number, or from a number for each base.
 * Throws an error that says what was expected.
 */
export function reactivities(text, length) {
  const rows = text.split(/\r?\n/).map((line) => line.trim().split(/[\s,;]+/)).filter((row) => row[0] !== "");
  const isNumber = (word) => word !== "" && Number.isFinite(Number(word));
  if (rows.length > 1 && !rows[0].some(isNumber)) rows.shift(); // names of columns
  const value = (word) => (isNumber(word) && Number(word) >= LEAST ? Number(word) : null);
  if (rows.every((row) => row.length === 2 && /^\d+$/.test(row[0])) && !(length === 2 && rows.length === 1)) {
    const found = new Array(length).fill(null);
    for (const [position, word] of rows) {
      const base = Number(position);
      if (base < 1 || base > length) throw new Error(`position ${position}: expected 1 to ${length}`);
      found[base - 1] = value(word);
    }
    return found;
  }
  const words = rows.flat();
  const strange = words.find((word) => !isNumber(word) && !/^(na|nan|null|none|-)$/i.test(word));
  if (strange !== undefined) throw new Error(`expected numbers, found \`${strange}\``);
  if (words.length !== length) {
    throw new Error(`expected two columns, position and number, or ${length} numbers, one for each base; found ${words.length}`);
  }
  return words.map(value);
}

/** The same as two columns. */
export function asColumns(values) {
  return values.flatMap((value, base) => (value === null ? [] : [`${base + 1}\t${value}\n`])).join("");
}
