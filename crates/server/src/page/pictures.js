// Drawings that the server made. Every base is a group of its own.

const SVG = "http://www.w3.org/2000/svg";

/** Puts a drawing into a place of the page. */
export function showPicture(place, text) {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (svg.nodeName !== "svg") throw new Error("the server sent no drawing");
  // Several drawings are on the page, so that bases cannot have ids.
  for (const group of svg.querySelectorAll("g[id]")) {
    const number = /^b(\d+)$/.exec(group.id);
    if (number) group.dataset.base = Number(number[1]) - 1;
    group.removeAttribute("id");
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", place.getAttribute("aria-label"));
  place.replaceChildren(document.importNode(svg, true));
}

/** Marks the selected base and its partner. */
export function markPicture(place, base, partner) {
  place.querySelectorAll(".halo").forEach((halo) => halo.remove());
  place.querySelectorAll(".chosen, .partner").forEach((group) => group.classList.remove("chosen", "partner"));
  mark(place, base, "chosen");
  mark(place, partner, "partner");
}

function mark(place, base, name) {
  if (base === null || base < 0) return;
  const group = place.querySelector(`[data-base="${base}"]`);
  const circle = group && group.querySelector("circle");
  if (!circle) return;
  group.classList.add(name);
  const halo = document.createElementNS(SVG, "circle");
  halo.setAttribute("class", "halo");
  halo.setAttribute("cx", circle.getAttribute("cx"));
  halo.setAttribute("cy", circle.getAttribute("cy"));
  halo.setAttribute("r", Math.max(5, 1.7 * Number(circle.getAttribute("r"))));
  group.insertBefore(halo, group.firstChild);
  if (name === "chosen") keepInView(place, circle);
}

/** Scrolls a wide picture to the selected base, but not the page. */
function keepInView(place, circle) {
  const [inner, outer] = [circle.getBoundingClientRect(), place.getBoundingClientRect()];
  if (inner.left < outer.left || inner.right > outer.right) place.scrollLeft += inner.left - outer.left - outer.width / 2;
  if (inner.top < outer.top || inner.bottom > outer.bottom) place.scrollTop += inner.top - outer.top - outer.height / 2;
}

/** Calls `select` with the base, from 0, that was clicked; arrow keys go along the sequence. */
export function onPicture(place, select, step) {
  place.addEventListener("click", (event) => {
    const group = event.target.closest("[data-base]");
    select(group ? Number(group.dataset.base) : null, false);
  });
  place.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") select(null, false);
    else if (by) step(by);
    else return;
    event.preventDefault();
  });
}
