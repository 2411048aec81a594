"use strict";

// The points of the page's data on a canvas. `view` says which place is in the middle and how many pixels a unit is
// wide; every change asks for one drawing with the next frame of the screen.

const data = JSON.parse(document.getElementById("data").textContent);
const count = data.ids.length;
const element = (id) => document.getElementById(id);
const canvas = element("canvas");
const context = canvas.getContext("2d");
const tip = element("tip");

const view = { x: 0, y: 0, scale: 1 };
// The colour of points that are not found or selected, while others are.
const FAINT = "#e4e4e4";
const hidden = new Set(); // numbers of groups
let selected = new Set(); // numbers of points
let found = new Set();
let hovered = -1;
let lasso = null; // the corners of the line that is being drawn, in pixels
let isLassoOn = false;
let isAsked = false;

// The largest groups are drawn first, so that small ones are not covered.
const order = Array.from(data.ids.keys()).sort((a, b) => size(b) - size(a) || a - b);
const radius = Math.min(4.5, Math.max(1.6, 4 / Math.pow(Math.max(count, 1) / 1000, 0.25)));

function size(point) {
  return data.labels[point] === null ? Infinity : data.groups[data.group[point]].count;
}

// ---- Places

function ends(values) {
  let [from, to] = [Infinity, -Infinity];
  for (const value of values) {
    from = Math.min(from, value);
    to = Math.max(to, value);
  }
  return values.length > 0 ? [from, to] : [0, 0];
}

function showAll() {
  const [left, right] = ends(data.x);
  const [bottom, top] = ends(data.y);
  view.x = (left + right) / 2;
  view.y = (bottom + top) / 2;
  const [wide, high] = [(right - left) || 1, (top - bottom) || 1];
  view.scale = 0.92 * Math.min(canvas.clientWidth / wide, canvas.clientHeight / high);
  ask();
}

function across(point) {
  return (data.x[point] - view.x) * view.scale + canvas.clientWidth / 2;
}

function down(point) {
  return (view.y - data.y[point]) * view.scale + canvas.clientHeight / 2;
}

function isShown(point) {
  return !hidden.has(data.group[point]);
}

// Zooms so that the place at these pixels stays where it is.
function zoom(factor, x, y) {
  const [right, up] = [x - canvas.clientWidth / 2, canvas.clientHeight / 2 - y];
  view.x += right / view.scale * (1 - 1 / factor);
  view.y += up / view.scale * (1 - 1 / factor);
  view.scale *= factor;
  ask();
}

function nearest(x, y) {
  let [best, distance] = [-1, Math.max(8, 2 * radius)];
  for (let point = 0; point < count; point++) {
    const away = Math.hypot(across(point) - x, down(point) - y);
    if (away < distance && isShown(point)) {
      [best, distance] = [point, away];
    }
  }
  return best;
}

// ---- Drawing

function ask() {
  if (!isAsked) {
    isAsked = true;
    requestAnimationFrame(draw);
  }
}

function draw() {
  isAsked = false;
  const dense = window.devicePixelRatio || 1;
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(wide * dense);
  canvas.height = Math.round(high * dense);
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.clearRect(0, 0, wide, high);
  context.lineWidth = 0.4;
  context.strokeStyle = "#ffffff";
  const marks = found.size > 0 ? found : selected;
  const isMarked = (point) => marks.size === 0 || marks.has(point);
  order.filter((point) => !isMarked(point)).forEach((point) => drawPoint(point, radius, FAINT));
  order.filter(isMarked).forEach((point) => drawPoint(point, radius, colour(point)));
  context.lineWidth = 1.5;
  context.strokeStyle = "#000000";
  for (const point of order) {
    if (selected.has(point) || point === hovered) {
      drawPoint(point, radius + 1, colour(point));
    }
  }
  drawAxes(wide, high);
  drawLasso();
}

function colour(point) {
  return data.groups[data.group[point]].colour;
}

function drawPoint(point, size, fill) {
  const [x, y] = [across(point), down(point)];
  const isOutside = x < -9 || y < -9 || x > canvas.clientWidth + 9 || y > canvas.clientHeight + 9;
  if (isOutside || !isShown(point)) {
    return;
  }
  context.fillStyle = fill;
  context.beginPath();
  trace(context, data.groups[data.group[point]].shape, x, y, size);
  context.fill();
  context.stroke();
}

// The shapes of `mark` in picture.rs.
function trace(to, shape, x, y, size) {
  const corners = {
    triangle: [[0, -1.6], [1.5, 1.05], [-1.5, 1.05]],
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    diamond: [[0, -1.6], [1.35, 0], [0, 1.6], [-1.35, 0]],
  }[shape];
  if (!corners) {
    to.arc(x, y, size, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([right, below]) => to.lineTo(x + right * size, y + below * size));
  to.closePath();
}

function drawAxes(wide, high) {
  context.fillStyle = "#555555";
  context.font = "12px sans-serif";
  context.textAlign = "center";
  context.fillText(data.axes[0], wide / 2, high - 8);
  context.save();
  context.translate(14, high / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(data.axes[1], 0, 0);
  context.restore();
}

function drawLasso() {
  if (!lasso) {
    return;
  }
  context.beginPath();
  lasso.forEach(([x, y]) => context.lineTo(x, y));
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = "#4477aa";
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = "#4477aa";
  context.stroke();
}

// ---- Selection

function isInside(corners, x, y) {
  let inside = false;
  for (let one = 0, other = corners.length - 1; one < corners.length; other = one++) {
    const [[ax, ay], [bx, by]] = [corners[one], corners[other]];
    if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) {
      inside = !inside;
    }
  }
  return inside;
}

function select(points, isAdding) {
  selected = new Set(isAdding ? [...selected, ...points] : points);
  report();
}

function search(text) {
  const wanted = text.trim().toLowerCase();
  const fits = (point) => [data.ids[point], data.labels[point] || ""].some((name) => name.toLowerCase().includes(wanted));
  found = new Set(wanted === "" ? [] : Array.from(data.ids.keys()).filter((point) => isShown(point) && fits(point)));
  report();
}

function save() {
  const ids = [...selected].sort((a, b) => a - b).map((point) => data.ids[point]);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([ids.join("\n") + "\n"], { type: "text/plain" }));
  link.download = "selected-ids.txt";
  link.click();
  URL.revokeObjectURL(link.href);
}

function report() {
  const texts = [`${count.toLocaleString("en")} points`];
  if (element("search").value.trim() !== "") {
    texts.push(`${found.size.toLocaleString("en")} found`);
  }
  texts.push(`${selected.size.toLocaleString("en")} selected`);
  element("status").textContent = texts.join(", ");
  element("select-found").disabled = found.size === 0;
  element("clear").disabled = element("save").disabled = selected.size === 0;
  ask();
}

// ---- Mouse, touch, keys

const pointers = new Map(); // where each finger or the mouse is
let begun = null; // where it was pressed
let hasMoved = false;

function at(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, at(event));
  begun = at(event);
  hasMoved = pointers.size > 1;
  lasso = pointers.size === 1 && (isLassoOn || event.shiftKey) ? [begun] : null;
  canvas.classList.toggle("moving", !lasso);
});

canvas.addEventListener("pointermove", (event) => {
  const now = at(event);
  const before = pointers.get(event.pointerId);
  if (!before) {
    hover(...now);
    return;
  }
  hasMoved = hasMoved || Math.hypot(now[0] - begun[0], now[1] - begun[1]) > 3;
  if (lasso) {
    lasso.push(now);
  } else if (hasMoved) {
    move(event.pointerId, before, now);
  }
  pointers.set(event.pointerId, now);
  ask();
});

// One finger moves the map, two also zoom it.
function move(pointer, before, now) {
  const share = 1 / pointers.size;
  view.x -= share * (now[0] - before[0]) / view.scale;
  view.y += share * (now[1] - before[1]) / view.scale;
  const other = [...pointers].find(([id]) => id !== pointer);
  if (other) {
    const distance = (place) => Math.hypot(place[0] - other[1][0], place[1] - other[1][1]) || 1;
    zoom(distance(now) / distance(before), ...other[1]);
  }
}

canvas.addEventListener("pointerup", (event) => {
  const isAdding = event.ctrlKey || event.metaKey;
  if (lasso && lasso.length > 2) {
    const corners = lasso;
    const inside = (point) => isShown(point) && isInside(corners, across(point), down(point));
    select(Array.from(data.ids.keys()).filter(inside), isAdding);
  } else if (!hasMoved) {
    const point = nearest(...at(event));
    if (point >= 0) {
      select([point], isAdding);
    }
  }
  release(event);
});

canvas.addEventListener("pointercancel", release);

function release(event) {
  pointers.delete(event.pointerId);
  lasso = null;
  canvas.classList.remove("moving");
  ask();
}

canvas.addEventListener("pointerleave", () => hover(-99, -99));

function hover(x, y) {
  const point = nearest(x, y);
  if (point !== hovered) {
    hovered = point;
    ask();
  }
  tip.hidden = point < 0;
  if (point >= 0) {
    tip.textContent = [data.ids[point], data.labels[point]].filter(Boolean).join("\n");
    tip.style.left = `${Math.max(0, Math.min(x + 12, canvas.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, Math.min(y + 12, canvas.clientHeight - tip.offsetHeight))}px`;
  }
}

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  zoom(Math.exp(-event.deltaY * lines * 0.002), ...at(event));
}, { passive: false });

canvas.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  const [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  if (steps) {
    view.x += 60 * steps[0] / view.scale;
    view.y += 60 * steps[1] / view.scale;
  } else if (event.key === "+" || event.key === "=") {
    zoom(1.25, x, y);
  } else if (event.key === "-") {
    zoom(0.8, x, y);
  } else if (event.key === "0") {
    showAll();
  } else if (event.key === "Escape") {
    select([], false);
  } else {
    return;
  }
  event.preventDefault();
  ask();
});

element("search").addEventListener("input", (event) => search(event.target.value));
element("search").addEventListener("keydown", (event) => event.key === "Enter" && select([...found], event.ctrlKey));
element("select-found").addEventListener("click", (event) => select([...found], event.ctrlKey));
element("clear").addEventListener("click", () => select([], false));
element("save").addEventListener("click", save);
element("reset").addEventListener("click", showAll);
element("lasso").addEventListener("click", () => {
  isLassoOn = !isLassoOn;
  element("lasso").setAttribute("aria-pressed", isLassoOn);
  canvas.classList.toggle("lasso", isLassoOn);
});
new ResizeObserver(ask).observe(canvas);

// ---- Texts and legend

function legendEntry(group, number) {
  const button = document.createElement("button");
  button.setAttribute("aria-pressed", true);
  const mark = document.createElement("canvas");
  mark.width = mark.height = 28;
  mark.style.cssText = "position: static; flex: none; width: 14px; height: 14px; cursor: inherit";
  const to = mark.getContext("2d");
  to.fillStyle = group.colour;
  trace(to, group.shape, 14, 14, 9);
  to.fill();
  const name = document.createElement("span");
  name.textContent = `${group.name} (${group.count.toLocaleString("en")})`;
  button.append(mark, name);
  button.addEventListener("click", () => {
    if (!hidden.delete(number)) {
      hidden.add(number);
    }
    button.setAttribute("aria-pressed", !hidden.has(number));
    search(element("search").value);
  });
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

element("title").textContent = data.title;
element("note").textContent = data.note;
element("legend-title").textContent = data.legend;
if (data.named) {
  element("legend").append(...data.groups.map(legendEntry));
}
showAll();
report();
