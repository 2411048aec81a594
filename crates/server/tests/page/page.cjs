// Uses the page as a person would, in headless Chromium, and ends with code 0 if all went well.
//
//     node page.cjs http://127.0.0.1:8080/ [FOLDER FOR SCREENSHOTS]
//
// Needs playwright-core; with axe-core, faults of accessibility are errors too.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { chromium } = require("playwright-core");

const [address, folder] = process.argv.slice(2);
const BROWSER = process.env.RINALMO_CHROMIUM || "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--no-first-run",
];
const TRNA = "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA";
const KNOWN = "(((((((..((((........)))).(((((.......))))).....(((((.......))))))))))))....";

let page;
const abroad = [];
const errors = [];

function axe() {
  try {
    return fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  } catch {
    return null;
  }
}

async function shot(name) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** Waits until nothing is being computed or waits for a pause in typing. */
async function settled() {
  await page.waitForTimeout(50);
  await page.waitForFunction(() => !document.body.matches("[aria-busy], [data-waiting]"), null, { timeout: 60000 });
  assert.equal(await page.getAttribute("#status", "class") || "", "", await page.textContent("#status"));
}

async function saved(kind) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-kind=${kind}]`)]);
  return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
}

/** Waits until no job is being computed. */
async function settledAll() {
  await page.waitForFunction(() => !document.body.hasAttribute("data-bulk"), null, { timeout: 120000 });
  await settled();
}

/** The selected base as each part of the page shows it. */
function marks() {
  return page.evaluate(() => {
    const number = (element) => (element ? Number(element.dataset.base) + 1 : null);
    const one = (selector) => number(document.querySelector(selector));
    const cross = document.querySelector("#dots .cross");
    return {
      strip: one('#strip [aria-selected="true"]'),
      drawing: one("#drawing .chosen"),
      arcs: one("#arcs .chosen"),
      dots: cross ? Number(cross.getAttribute("x1")) + 0.5 : null,
      partner: one("#drawing .partner"),
    };
  });
}

/** The marks of a base and of its partner in the structure that is shown. */
async function everywhere(base) {
  const open = [];
  const partners = {};
  (await page.locator("#strip .base i").allTextContents()).forEach((mark, at) => {
    if (mark === "(") open.push(at + 1);
    if (mark === ")") {
      partners[at + 1] = open.pop();
      partners[partners[at + 1]] = at + 1;
    }
  });
  return { strip: base, drawing: base, arcs: base, dots: base, partner: partners[base] ?? null };
}

async function folds() {
  await page.fill("#text", `>trna yeast\n${TRNA}\n>odd\nGG@\n>hairpin\nGGGGAAAACCCC\n`);
  await page.click("#fold");
  await settled();
  assert.equal(await page.locator("#table tbody tr").count(), 3);
  assert.match(await page.textContent("#table tbody tr:nth-child(2)"), /`@` is not an RNA base/);
  assert.match(await page.textContent("#verdict"), /Expected F1 0\.\d\d: .*on families that a model like it had not seen/);
  assert.match(await page.getAttribute("#verdict strong", "class"), /^badge (good|fair|doubtful|poor)$/);
  assert.equal(await page.locator("#strip .base").count(), TRNA.length);
  assert.equal(await page.locator("#drawing [data-base]").count(), TRNA.length);
}

async function selects() {
  await page.click('#drawing [data-base="1"]');
  assert.deepEqual(await marks(), await everywhere(2));
  await page.keyboard.press("Escape");
  await page.click("#strip .base:nth-child(3)");
  assert.deepEqual(await marks(), await everywhere(3));
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await marks(), await everywhere(4));
  await page.keyboard.press("End");
  assert.deepEqual(await marks(), await everywhere(76));
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  assert.deepEqual(await marks(), await everywhere(1));
  await page.click('#arcs [data-base="71"]');
  assert.deepEqual(await marks(), await everywhere(72));
  const square = page.locator("#dots svg");
  const { width, height } = await square.boundingBox();
  await square.click({ position: { x: width / 2, y: (height * 9.5) / TRNA.length } });
  assert.equal((await marks()).strip, 10);
  assert.match(await page.textContent("#base"), /^Base 10 G, (unpaired|pairs with \d+ [ACGU]); unpaired with probability [01]\.\d\d/);
}

async function mutates() {
  await page.click("#strip .base:nth-child(3)");
  await page.keyboard.press("c");
  await settled();
  assert.match(await page.textContent("#mutations"), /G3C/);
  assert.match(await page.textContent("#change"), /^Pairs kept: \d+, lost: \d+, new: \d+, expected F1 [+−±]/);
  const effect = await page.evaluate(async (sequence) => {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sequence, variants: ["G3C"] }) };
    return (await (await fetch("/v1/variants", options)).json()).results[0].llr;
  }, TRNA);
  assert.ok((await page.textContent("#change")).includes(`; log-likelihood ratio ${effect < 0 ? "−" : "+"}${Math.abs(effect).toFixed(2)} (`));
  assert.equal((await page.textContent("#strip .base:nth-child(3)"))[0], "C");
  assert.equal((await marks()).strip, 3, "the selection stays");
  await page.click('#letters [data-letter="A"]');
  await settled();
  assert.match(await page.textContent("#mutations"), /: G3A$/);
  await shot("mutated");
  const before = page.url();
  await page.goto("about:blank");
  await page.goto(before);
  await settled();
  assert.match(await page.textContent("#mutations"), /: G3A$/, "the address keeps what is shown");
  assert.equal((await marks()).strip, 3);
  await page.click("#restore");
  await settled();
  assert.equal(await page.isVisible("#change"), false);
}

async function probes() {
  const structure = async () => (await page.locator("#strip .base i").allTextContents()).join("");
  const before = await structure();
  assert.match(before, /^\(/, "the first base pairs");
  await page.click("#probing summary");
  await page.fill("#reactivities", "1 0.4 x");
  await settled();
  assert.match(await page.textContent("#probed"), /^expected numbers, found `x`$/);
  // The acceptor stem reacts strongly, so it is open.
  const strong = [...Array(7).keys()].map((at) => `${at + 1}\t9\n`).join("");
  await page.fill("#reactivities", `position\treactivity\n${strong}76 -999\n`);
  await settled();
  assert.equal(await page.textContent("#probed"), "7 of 76 bases were measured.");
  assert.equal((await structure()).slice(0, 7), ".......");
  assert.match(await page.textContent("#command"), /^printf '1\\t9\\n.* > reactivities.tsv\n.*--reagent shape --reactivities reactivities.tsv/s);
  assert.match(await page.textContent("#curl"), /"reactivities":\[9,9,9,9,9,9,9,null/);
  await page.selectOption("#color", "value");
  await settled();
  assert.match(await page.textContent("#drawing"), /reactivity/);
  await shot("probed");
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  await settled();
  assert.equal((await structure()).slice(0, 7), ".......", "the address keeps the reactivities");
  await isAccessible("probed");
  await page.fill("#reactivities", "");
  await settled();
  assert.equal(await structure(), before);
  assert.equal(await page.inputValue("#color"), "letter");
}

async function changes() {
  await page.selectOption("#model", "turner2004");
  await settled();
  assert.match(await page.textContent("#verdict"), /Free energy −?-?\d+\.\d\d kcal/);
  assert.equal(await page.isVisible("#share"), false);
  const energy = await page.textContent("#verdict strong");
  await page.fill("#temperature", "60");
  await settled();
  assert.notEqual(await page.textContent("#verdict strong"), energy);
  assert.match(await page.textContent("#command"), /--model turner2004 --temperature 60/);
  await page.locator("[data-twin=temperature]").fill("37");
  await settled();
  assert.equal(await page.inputValue("#temperature"), "37", "the slider moves the number");
  assert.equal(await page.textContent("#verdict strong"), energy);
  await page.selectOption("#model", "nano");
  const own = await page.evaluate(async () => {
    const { models } = await (await fetch("/info")).json();
    return models.find((model) => model.name === "nano").energy_share;
  });
  assert.equal(await page.inputValue("[data-twin=share]"), String(Number(own.toFixed(2))), "the slider is at the model's own share");
  const paired = async () => (await page.locator("#strip .base i").allTextContents()).filter((mark) => mark !== ".").length;
  await settled();
  const before = await paired();
  await page.locator("[data-twin=threshold]").fill("0.95");
  await settled();
  assert.ok(await paired() < before, "fewer pairs are that probable");
  assert.match(await page.textContent("#command"), /--threshold 0\.95/);
  assert.match(await page.textContent("#verdict"), /only known for the model's own options/);
  await page.fill("#threshold", "");
  await settled();
  assert.equal(await paired(), before);
  await page.selectOption("#decode", "mea");
  assert.equal(await page.isVisible("#gamma"), true);
  assert.equal(await page.isVisible("#threshold"), false);
  await settled();
  assert.match(await page.textContent("#verdict"), /Mean probability of the pairs/);
  await page.selectOption("#decode", "");
  await settled();
  for (const layout of ["radial", "circular", "straight"]) {
    await page.selectOption("#layout", layout);
    await settled();
    assert.equal(await page.locator("#drawing [data-base]").count(), TRNA.length);
  }
  await page.selectOption("#color", "confidence");
  await settled();
}

/** Where a base is drawn, in pixels of the window. */
async function drawnAt(base) {
  const box = await page.locator(`#drawing [data-base="${base - 1}"] circle:not(.halo)`).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** The distance of two drawn bases, which does not depend on where the drawing is. */
async function apart(one, other) {
  const [a, b] = [await drawnAt(one), await drawnAt(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

async function turns() {
  const turn = async () => (/ --turn (\S+)/.exec(await page.textContent("#command")) || [])[1];
  const before = await apart(1, 35);
  await page.click("#strip .base:nth-child(76)");
  assert.equal(await page.isDisabled("[data-by=flip]"), true, "the end is in no stem");
  await page.click("#strip .base:nth-child(35)");
  await page.click("[data-by='15']");
  await page.click("[data-by='15']");
  await settled();
  assert.equal(await turn(), "27:30", "two turns of a stem are one");
  assert.notEqual(await apart(1, 35), before);
  await page.click("[data-by=flip]");
  await settled();
  assert.equal(await turn(), "27:30,27:flip");
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  await settled();
  assert.equal(await turn(), "27:30,27:flip", "the address keeps the turns");
  await shot("turned");
  await page.click("#undo-turn");
  await settled();
  assert.equal(await turn(), "27:30");
  await page.click("#restore-turns");
  await settled();
  assert.equal(await turn(), undefined);
  assert.ok(Math.abs(await apart(1, 35) - before) < 0.01);
  // The loop of a stem is dragged to another side of its root.
  await page.locator("#drawing").scrollIntoViewIfNeeded();
  const [from, left, right] = [await drawnAt(35), await drawnAt(27), await drawnAt(43)];
  const root = [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2];
  const arm = [from[0] - root[0], from[1] - root[1]];
  await page.mouse.move(...from);
  await page.mouse.down();
  for (const degrees of [10, 25, 40]) {
    const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
    await page.mouse.move(root[0] + arm[0] * cos - arm[1] * sin, root[1] + arm[0] * sin + arm[1] * cos);
  }
  await page.mouse.up();
  await settled();
  const dragged = /^27:(\d+)$/.exec(await turn());
  assert.ok(dragged && Math.abs(Number(dragged[1]) - 40) < 15, `dragged by 40 degrees: ${await turn()}`);
  assert.equal((await marks()).strip, 35, "a drag selects nothing else");
  await page.selectOption("#layout", "circular");
  await settled();
  assert.equal(await page.isVisible("#turn-bar"), false);
  await page.selectOption("#layout", "straight");
  await settled();
  await page.click("#strip .base:nth-child(3)");
  await page.keyboard.press("c");
  await settled();
  await page.click("#restore");
  await settled();
}

async function compares() {
  await page.fill("#reference", "((..");
  await settled();
  assert.match(await page.textContent("#comparison"), /no matching/);
  await page.fill("#reference", KNOWN);
  await settled();
  assert.match(await page.textContent("#comparison"), /^F1 \d\.\d{3}, precision/);
  assert.equal(await page.locator("#dots .right, #dots .missed").count(), KNOWN.split("(").length - 1);
  await shot("compared");
  // What is typed while the page waits, folds or draws is not lost, and does not end the fold.
  const energy = () => page.textContent("#verdict strong");
  await page.selectOption("#model", "turner2004");
  await page.fill("#reference", "(((..");
  await settled();
  assert.match(await energy(), /^Free energy/);
  assert.match(await page.textContent("#comparison"), /no matching/);
  await page.selectOption("#model", "nano");
  await page.click("#fold");
  await page.fill("#reference", KNOWN);
  await page.selectOption("#color", "confidence");
  await settled();
  assert.match(await energy(), /^Expected F1/);
  assert.equal(await page.inputValue("#reference"), KNOWN);
  assert.match(await page.textContent("#comparison"), /^F1 \d\.\d{3}, precision/);
}

async function alternates() {
  await page.fill("#reference", "");
  await page.selectOption("#model", "turner2004");
  await page.fill("#temperature", "37");
  await settled();
  const tabs = page.locator("#alternatives [role=tab]");
  const count = await tabs.count();
  assert.ok(count > 1, "tRNA has alternatives");
  assert.match(await tabs.nth(0).textContent(), /^Best-?\d+\.\d\d kcal\/mol/);
  assert.match(await tabs.nth(1).textContent(), /^Alternative 1-?\d+\.\d\d kcal\/mol, \d+(\.\d)? % of the ensemble$/);
  const best = (await page.locator("#strip .base i").allTextContents()).join("");
  assert.equal(await page.locator("#strip .differs").count(), 0);
  await tabs.nth(0).focus();
  await page.keyboard.press("ArrowRight");
  await settled();
  const other = (await page.locator("#strip .base i").allTextContents()).join("");
  assert.notEqual(other, best);
  assert.equal(await tabs.nth(1).getAttribute("aria-selected"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.number), "1", "the focus follows");
  // The marked bases are those whose partner is another one.
  const partners = (brackets) => {
    const open = [];
    const found = {};
    [...brackets].forEach((mark, at) => {
      if (mark === "(") open.push(at);
      if (mark === ")") { found[at] = open.pop(); found[found[at]] = at; }
    });
    return found;
  };
  const [a, b] = [partners(best), partners(other)];
  const expected = [...best].map((_, at) => at).filter((at) => a[at] !== b[at]);
  assert.deepEqual(await page.locator("#strip .differs").evaluateAll((all) => all.map((one) => Number(one.dataset.base))), expected);
  const words = /pairs only here: (\d+), only in the best structure: (\d+)/.exec(await page.textContent("#verdict"));
  const keys = (found) => new Set(Object.entries(found).map(([i, j]) => `${Math.min(i, j)} ${Math.max(i, j)}`));
  assert.deepEqual([Number(words[1]), Number(words[2])],
    [[...keys(b)].filter((pair) => !keys(a).has(pair)).length, [...keys(a)].filter((pair) => !keys(b).has(pair)).length]);
  assert.equal(await page.locator("#dots .right, #dots .missed").count(), best.split("(").length - 1);
  assert.match(await page.textContent("#command"), /--alternatives 6 --model turner2004$/);
  await shot("alternative");
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  await settled();
  assert.equal((await page.locator("#strip .base i").allTextContents()).join(""), other, "the address keeps the tab");
  await isAccessible("alternatives");
  await page.setViewportSize({ width: 390, height: 844 });
  await tabs.nth(1).focus();
  await page.keyboard.press("ArrowRight");
  await settled();
  const { x, width } = await tabs.nth(2).boundingBox();
  assert.ok(x >= 0 && x + width <= 390, `the chosen tab is at ${x} to ${x + width}`);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `the page with tabs is ${wider} pixels wider than a phone`);
  await shot("phone-alternative");
  await page.setViewportSize({ width: 1280, height: 900 });
  await tabs.nth(0).click();
  await settled();
  await page.selectOption("#model", "nano");
  await settled();
  assert.doesNotMatch(await page.textContent("#alternatives"), /kcal/, "energies of a network are not measured ones");
  assert.match(await page.textContent("#verdict"), /^Expected F1 0\.\d\d/);
}

/** Two strands: counted without the mark between them, which everything that leaves the page has. */
async function joins() {
  const [first, second] = ["UGAGGUAGUAGGUUGUAUAGUU", "AACUGUACAAACUACUACCUCA"];
  await page.selectOption("#model", "turner2004");
  await page.fill("#text", `>let-7\n${first}&${second}\n`);
  await page.click("#fold");
  await settled();
  assert.match(await page.textContent("#verdict"), /^Free energy -29\.20 kcal\/mol.*gain -29\.74 kcal\/mol by binding/);
  assert.equal(await page.textContent("#table tbody td:nth-child(2)"), "44");
  assert.equal(await page.locator("#strip .base").count(), 44);
  assert.match(await page.getAttribute("#strip .nick", "aria-label"), /^23 A, begins the second strand, pairs with 22/);
  assert.equal(await page.locator("#drawing [data-base]").count(), 44);
  await page.click('#drawing [data-base="22"]');
  assert.deepEqual(await marks(), await everywhere(23));
  await page.keyboard.press("Escape");
  assert.match(await page.textContent("#command"), new RegExp(`${first}&${second}`));
  assert.match(await page.textContent("#curl"), new RegExp(`${first}&${second}`));
  const dbn = (await saved("dbn")).bytes.toString();
  assert.equal(dbn, `>let-7\n${first}&${second}\n(((((((((((..(((((((((&)))))))))..)))))))))))\n`);
  const { sequence, structure, nick } = JSON.parse((await saved("json")).bytes.toString());
  assert.deepEqual([sequence, structure.indexOf("&"), nick], [`${first}&${second}`, 22, undefined]);
  await page.fill("#reference", structure);
  await settled();
  assert.match(await page.textContent("#comparison"), /^F1 1\.000/);
  await page.fill("#reference", "");
  await settled();
  await page.click("#strip .base:nth-child(29)");
  await page.keyboard.press("c");
  await settled();
  assert.match(await page.textContent("#change"), /^Pairs kept: \d+, lost: [1-9]\d*, new: \d+, energy \+/);
  await shot("strands");
  await page.selectOption("#model", "nano");
}

async function foldsMany() {
  const record = (at) => `>r${at}\n${at === 7 ? "GG@" : "GGGGAAAACCCC"}\n`;
  await page.fill("#text", Array.from({ length: 150 }, (_, at) => record(at)).join(""));
  await page.click("#fold");
  await settledAll();
  assert.equal(await page.locator("#table tbody tr").count(), 150);
  assert.match(await page.textContent("#table tbody tr:nth-child(8)"), /`@` is not an RNA base/);
  assert.match(await page.textContent("#table tbody tr:nth-child(150)"), /^r149.*\(\(\(\(\.\.\.\.\)\)\)\)$/);
  assert.match(await page.textContent("#detail-title"), /^r0$/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-all")]);
  const lines = fs.readFileSync(await download.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([lines.length, lines[149].id], [150, "r149"]);
  const jobs = async () => page.evaluate(async () => (await (await fetch("/v1/jobs")).json()).jobs);
  assert.deepEqual(await jobs(), [], "a job whose results are here is deleted");
  // A long job is stopped.
  await page.fill("#text", `>r\n${TRNA.repeat(8)}\n`.repeat(300));
  await page.click("#fold");
  await page.waitForSelector("#bulk:not([hidden])");
  await shot("many");
  await page.click("#stop");
  assert.equal(await page.textContent("#status"), "Stopped.");
  assert.equal(await page.isVisible("#bulk"), false);
  await page.waitForTimeout(300);
  assert.deepEqual(await jobs(), []);
  await page.fill("#text", `>trna yeast\n${TRNA}\n`);
  await page.click("#fold");
  await settled();
}

/** Waits for the map. */
async function mapped() {
  await settled();
  await page.waitForFunction(() => document.querySelector("#map circle") && !document.querySelector("#map[aria-busy]"), null, { timeout: 60000 });
}

async function maps() {
  const sequences = ["GGGGAAAACCCC", "GGGGCAAACCCC", "GG@", TRNA, TRNA.replace("GCGGA", "GCGGG"), "UUUUUUUUCCCC"];
  await page.fill("#text", sequences.slice(0, 4).map((sequence, at) => `>s${at}\n${sequence}\n`).join(""));
  await page.click("#fold");
  await settled();
  await page.click("#map-part summary");
  await page.waitForFunction(() => document.getElementById("map-words").textContent === "A map needs at least 4 sequences.");
  await page.fill("#text", sequences.map((sequence, at) => `>s${at}\n${sequence}\n`).join(""));
  await page.click("#fold");
  await mapped();
  assert.equal(await page.locator("#map circle").count(), 5);
  assert.match(await page.textContent("#map-words"), /^5 sequences by the embeddings of nano; trustworthiness \d\.\d\d/);
  assert.match(await page.textContent("#map-scale"), /^Dark: 0\.\d\d, light: 0\.\d\d\.$/);
  const nearest = () => page.locator("#near button").allTextContents();
  assert.equal((await nearest())[0], "s1", "the hairpins are alike");
  await page.click('#map [data-record="3"]');
  await settled();
  assert.equal(await page.textContent("#detail-title"), "s3");
  assert.equal((await nearest())[0], "s4", "so are the two tRNAs");
  assert.deepEqual(await page.locator("#map .chosen").evaluateAll((all) => all.map((one) => one.dataset.record)), ["3"]);
  assert.equal(await page.locator("#map .near").count(), 4);
  assert.deepEqual(await page.locator("#other option").allTextContents(), ["–", "s4"], "the other sequence of this length");
  await page.selectOption("#other", "4");
  await settled();
  assert.match(await page.textContent("#comparison"), /^F1 [01]\.\d{3}, precision/);
  await page.selectOption("#other", "");
  await settled();
  assert.equal(await page.inputValue("#reference"), "");
  await page.locator("#near button").first().click();
  await settled();
  assert.equal(await page.textContent("#detail-title"), "s4");
  await page.focus("#map");
  await page.keyboard.press("ArrowRight");
  await settled();
  assert.equal(await page.textContent("#detail-title"), "s5");
  const colours = () => page.locator("#map circle").evaluateAll((all) => all.map((one) => one.getAttribute("fill")));
  const before = await colours();
  await page.selectOption("#map-color", "length");
  assert.notDeepEqual(await colours(), before);
  assert.equal(await page.textContent("#map-scale"), "Dark: 12, light: 76.");
  await page.selectOption("#map-method", "pca");
  await mapped();
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-map")]);
  const rows = fs.readFileSync(await download.path(), "utf8").trim().split("\n").map((line) => line.split("\t"));
  assert.deepEqual(rows.map(([id]) => id), ["id", "s0", "s1", "s3", "s4", "s5"]);
  assert.ok(rows.slice(1).every(([, x, y]) => Number.isFinite(Number(x)) && Number.isFinite(Number(y))));
  await shot("map");
  const address = page.url();
  assert.match(address, /map=pca/);
  await page.goto("about:blank");
  await page.goto(address);
  await mapped();
  assert.equal(await page.inputValue("#map-method"), "pca", "the address keeps the map");
  assert.equal(await page.textContent("#detail-title"), "s5");
  await isAccessible("map");
  await page.click("#map-part summary");
  await page.fill("#text", `>trna yeast\n${TRNA}\n`);
  await page.click("#fold");
  await settled();
}

async function saves() {
  const structure = (await page.locator("#strip .base i").allTextContents()).join("");
  const text = async (kind) => (await saved(kind)).bytes.toString();
  assert.equal(await text("dbn"), `>trna yeast\n${TRNA}\n${structure}\n`);
  assert.match(await text("ct"), /^76 {2}trna yeast\n {4}1 G {5}0 {5}2 {4,5}\d+ {5}1\n/);
  assert.match(await text("bpseq"), /^# File: trna yeast\n1 G \d+\n/);
  assert.equal(JSON.parse(await text("json")).structure, structure);
  assert.match(await text("svg"), /^<svg [^]*id="b76"/);
  const png = await saved("png");
  assert.deepEqual([...png.bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assert.equal(png.name, "trna.png");
  assert.ok(png.bytes.length > 10000, `${png.bytes.length} bytes`);
}

async function isAccessible(name) {
  const script = axe();
  if (!script) return console.log("no axe-core: accessibility is not checked");
  await page.evaluate(script);
  const { violations } = await page.evaluate(() => window.axe.run());
  const faults = violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
  assert.deepEqual(faults, [], name);
}

async function fitsPhones() {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(200);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `the page is ${wider} pixels wider than a phone`);
  await shot("phone");
}

async function main() {
  const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
  page = await context.newPage();
  const own = new URL(address).host;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:", "about:"].includes(url.protocol) && url.host !== own) abroad.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  await page.goto(address);
  await settled();
  await isAccessible("empty");
  for (const part of [folds, selects, mutates, turns, probes, changes, compares, saves, alternates, joins, maps, foldsMany]) {
    await part();
    console.log(`${part.name}: well`);
  }
  await page.click("#strip .base:nth-child(3)");
  await shot("desktop");
  await isAccessible("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("dark");
  await isAccessible("dark");
  await fitsPhones();
  assert.deepEqual(errors, []);
  assert.deepEqual(abroad, [], "requests that left the machine");
  console.log("requests that left the machine: 0");
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
