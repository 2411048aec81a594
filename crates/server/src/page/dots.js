// The square of all pairs.

const SVG = "http://www.w3.org/2000/svg";
const place = document.getElementById("dots");
let size = 0;

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/**
 * Draws probabilities [i, j, p], from 1, above the diagonal, and pairs {i, j, kind}, from 0, below it. The area of a dot
 * is its probability.
 */
export function showDots(length, probabilities, lower) {
  size = length;
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "Dot plot" });
  svg.append(element("line", { class: "diagonal", x1: 0, y1: 0, x2: size, y2: size }));
  // On the screen a dot has at least two pixels or so.
  const least = size / 250;
  const dot = (row, column, p, kind, words) => {
    const side = Math.max(Math.sqrt(p), least);
    const rect = element("rect", {
      class: kind, x: column + 0.5 - side / 2, y: row + 0.5 - side / 2, width: side, height: side,
    });
    const title = element("title", {});
    title.textContent = words;
    rect.append(title);
    svg.append(rect);
  };
  for (const [i, j, p] of probabilities) dot(i - 1, j - 1, p, "dot", `${i} and ${j}, probability ${p.toFixed(3)}`);
  for (const { i, j, kind } of lower) dot(j, i, 1, kind, `${i + 1} and ${j + 1}`);
  svg.append(element("g", { class: "crosses" }));
  place.replaceChildren(svg);
}

/** Marks the row and column of the selected base, and of its partner. */
export function markDots(base, partner) {
  const crosses = place.querySelector(".crosses");
  if (!crosses) return;
  const lines = [base, partner].filter((one) => one !== null && one >= 0).flatMap((one) => [
    element("line", { class: "cross", x1: one + 0.5, y1: 0, x2: one + 0.5, y2: size }),
    element("line", { class: "cross", x1: 0, y1: one + 0.5, x2: size, y2: one + 0.5 }),
  ]);
  crosses.replaceChildren(...lines);
}

/** Calls `select` with the row's base of the cell that was clicked; arrow keys go along the sequence. */
export function onDots(select, step) {
  place.addEventListener("click", (event) => {
    const svg = place.querySelector("svg");
    if (!svg) return;
    const box = svg.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * size);
    if (row >= 0 && row < size) select(row, false);
  });
  place.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") select(null, false);
    else if (by) step(by);
    else return;
    event.preventDefault();
  });
}
