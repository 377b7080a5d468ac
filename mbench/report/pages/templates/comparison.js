"use strict";
/* What a comparison's page adds to the script of all pages, which stands behind this one: another baseline, and behind
   each cell its runs, old beside new. */

const TURNED = { slower: "faster", faster: "slower", better: "worse", worse: "better" };
const VERDICT_MARKS = { slower: "▲", faster: "▼" };
let turned = false;

const turnedText = (text) => text.replace(/slower|faster|better|worse/, (word) => TURNED[word]);

/** Write a ratio as a signed change in percent, as the page was written with. */
function changeText(ratio, low, high) {
  const percents = [ratio, ...(low === undefined ? [] : [low, high])].map((each) => 100 * (each - 1));
  const width = percents.length > 1 ? percents[2] - percents[1] : 1;
  const decimals = width > 20 || Math.abs(percents[0]) >= 100 ? 0 : width < 0.2 ? 2 : 1;
  const [value, ...ends] = percents.map((each) => signed(each, decimals));
  return ends.length ? `${value} [${ends.join(", ")}]` : value;
}

function signed(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  if (!Number(text)) return text;
  return `${value > 0 ? "+" : "−"}${text}`;
}

/** Change numbers of a cell of the table; what it was is kept, so that twice is never. */
function turnCell(cell, kind) {
  cell.unturned ??= { text: cell.textContent, ...cell.dataset };
  const { text, v, l, h } = cell.unturned;
  const label = cell.firstElementChild || cell;
  if (kind === "verdict") {
    const [mark, ...words] = (turned ? turnedText(text) : text).split(" ");
    return void (label.textContent = [VERDICT_MARKS[words[0]] ?? mark, ...words].join(" "));
  }
  if (v === undefined) return;
  const change = kind === "ratio" ? (each) => 1 / each : (each) => 0 - each;
  const put = turned ? { v: change(v), l: h && change(h), h: l && change(l) } : { v, l, h };
  for (const [name, value] of Object.entries(put)) if (value !== undefined) cell.dataset[name] = value;
  if (!turned) label.textContent = text;
  else if (kind === "ratio") label.textContent = changeText(put.v, put.l, put.h);
  else if (kind === "points") label.textContent = turnedPoints(text, put);
  else label.textContent = turnedValues(text, put);
}

/** Write a change of an accuracy the other way, with the decimals that it had. */
function turnedPoints(text, { v, l, h }) {
  const decimals = (/\.(\d+)/.exec(text)?.[1] || "").length;
  const points = (each) => (Number((100 * each).toFixed(decimals)) + 0).toFixed(decimals);
  const word = turnedText(/ [a-z]+$/.exec(text)?.[0] || "");
  return `${points(v)} [${points(l)}, ${points(h)}]${word}`;
}

/** Write a change of a metric's values the other way, likewise; one without an interval has but one number. */
function turnedValues(text, { v, l, h }) {
  const decimals = (/\.(\d+)/.exec(text)?.[1] || "").length;
  const value = (each) => `${each < 0 ? "-" : "+"}${Math.abs(each).toFixed(decimals)}`;
  const word = turnedText(/ [a-z]+$/.exec(text)?.[0] || "");
  if (!text.includes("[")) return `${text.startsWith("0") ? "0" : value(v)}${word}`;
  return `${value(v)} [${value(l)}, ${value(h)}]${word}`;
}

/** Return for each facet what its places become where the baseline is exchanged. */
function turnedPlaces() {
  return FACETS.map((name) => {
    const select = one(`.filters select[name=${name}]`);
    const words = select ? [...select.options].slice(1).map((option) => option.value) : [];
    return words.map((word) => String(words.indexOf(TURNED[word] ?? word)));
  });
}

function turnRow(row, kinds, places) {
  kinds.forEach(([index, kind]) => turnCell(row.element.cells[index], kind));
  const { classList } = row.element;
  row.look ??= ["slower", "faster"].find((name) => classList.contains(name)) ?? null;
  row.facetsBefore ??= row.facets;
  for (const name of ["slower", "faster"]) classList.toggle(name, row.look !== null && name === (turned ? TURNED[row.look] : row.look));
  row.facets = turned ? row.facetsBefore.map((place, facet) => places[facet][place] ?? place) : row.facetsBefore;
  Object.assign(row, { keys: {}, text: null, detail: null });
}

function turn() {
  const wanted = state.base === "new";
  const base = one(".base");
  if (!base) return;
  base.hidden = false;
  if (wanted === turned) return;
  turned = wanted;
  const places = turnedPlaces();
  for (const { table, heads, rows: mine } of tables) {
    table.classList.toggle("turned", turned);
    const kinds = heads.map((head, index) => [index, head.dataset.turns]).filter(([, kind]) => kind);
    for (const row of mine) turnRow(row, kinds, places);
  }
  for (const list of all(".verdict")) list.hidden = list.dataset.base !== (turned ? "new" : "old");
  for (const button of all("[data-baseline]")) button.setAttribute("aria-pressed", String(button.dataset.baseline === state.base));
  one(".base-said").textContent = turned ? "changes are of old against new" : "changes are of new against old";
}

// ---------------------------------------------------------------- behind a cell: its runs, and both sides

const FACTS = [
  ["session", "Session"], ["variant", "Variant"], ["device", "Device"], ["model", "Model"], ["status", "Status"], ["error_class", "Error"],
  ["artifact_sha256", "Artifact (sha256)"], ["binary_sha256", "Program (sha256)"], ["size_bytes", "File (bytes)"], ["median_us", "Median (µs)"],
  ["init_us", "Init (µs)"], ["peak_memory_kib", "Peak memory (KiB)"], ["delegate_nodes", "Delegated nodes"], ["top1", "Top-1"],
];

const said = (value) => (value === null || value === undefined ? "?" : String(value));

function sidesTable({ old, new: now }) {
  const body = make("tbody");
  for (const [name, label] of FACTS.filter(([each]) => old[each] !== null || now[each] !== null)) {
    const differ = old[name] !== now[name];
    body.append(make("tr", {}, make("th", { scope: "row" }, label), ...[old, now].map((side) =>
      make("td", { class: differ ? "differ" : null }, said(side[name]))), make("td", {}, differ ? "≠ differs" : "same")));
  }
  const head = make("tr", {}, ...["", "Old", "New", "Both"].map((text) => (text ? make("th", { scope: "col" }, text) : make("td"))));
  return make("table", { class: "sides" }, make("thead", {}, head), body);
}

function runsTable({ old, new: now }, paired) {
  const body = make("tbody");
  const count = Math.max(old.samples_us.length, now.samples_us.length);
  const ratios = paired && old.samples_us.length === now.samples_us.length;
  for (let place = 0; place < count; place += 1) {
    const [a, b] = [old.samples_us[place], now.samples_us[place]];
    body.append(make("tr", {}, ...[place + 1, a ?? "–", b ?? "–", ...(ratios ? [(turned ? a / b : b / a).toFixed(3)] : [])].map((text) =>
      make("td", { class: "n" }, String(text)))));
  }
  const heads = ["Run", "Old (µs)", "New (µs)", ...(ratios ? [turned ? "Old / new" : "New / old"] : [])];
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col", class: "n" }, text)))), body);
}

/** Draw each run of both sides on one axis of time, with a line at either median. */
function strip({ old, new: now }) {
  const samples = [...old.samples_us, ...now.samples_us];
  if (!samples.length) return "";
  const [low, high] = [Math.min(...samples), Math.max(...samples)];
  const place = (us) => 50 + (high > low ? (560 * (us - low)) / (high - low) : 280);
  const ms = (us) => `${(us / 1000).toPrecision(4)} ms`;
  const picture = make("svg:svg", { class: "strip", viewBox: "0 0 640 84", role: "img", "aria-label": `Runs of old and new between ${ms(low)} and ${ms(high)}.` });
  [["old", old, 20], ["new", now, 50]].forEach(([name, side, y]) => {
    picture.append(make("svg:text", { x: 0, y: y + 4 }, name), make("svg:path", { class: "grid", d: `M50 ${y}H610` }));
    for (const us of side.samples_us) picture.append(make("svg:circle", { class: name, cx: place(us), cy: y, r: 4.5 }));
    if (side.median_us !== null) picture.append(make("svg:path", { class: "middle", d: `M${place(side.median_us)} ${y - 11}v22` }));
  });
  picture.append(make("svg:text", { x: 50, y: 78 }, ms(low)), make("svg:text", { class: "y", x: 610, y: 74 }, high > low ? ms(high) : ""));
  return picture;
}

function accuracyLines(found) {
  const share = found.kind === "share";
  const number = (value) => (share ? (100 * value).toFixed(2) : String(Number(value.toPrecision(4))));
  const unit = share ? " points" : found.unit === null ? "" : ` ${found.unit}`;
  const metric = found.metric === "top1" ? "" : `${found.metric}, `;
  const [low, high] = found.change_ci;
  const lines = [
    `${found.verdict}: ${metric}new minus old ${number(found.change)}${unit} [${number(low)}, ${number(high)}], p ${found.p.toPrecision(2)} (${found.dataset}, ${found.examples} examples)`,
    `old ${number(found.old)}, new ${number(found.new)}${share ? " %" : unit}; ${found.better} is better`,
  ];
  const { against } = found;
  if (against.compared !== null)
    lines.push(`of ${against.compared} compared: right only in old ${said(against.right_to_wrong)}, right only in new ${said(against.wrong_to_right)}, wrong in both by different answers ${said(against.wrong_to_wrong)}`);
  return lines;
}

function commandLines(cell) {
  const sessions = [...new Set([cell.old.session, cell.new.session])];
  return sessions.map((name) => `mbench report '${name.replace(/'/g, "'\\''")}' --format json`);
}

function cellDetail(number, row, data) {
  const { comparison } = data;
  const cell = comparison.cells[number];
  const inside = make("div", { class: "in" });
  const part = (title, ...children) => inside.append(make("div", {}, make("h4", {}, title), ...children));
  if (cell.reason) part("Incomparable", cell.reason);
  const doubts = [["old", cell.old], ["new", cell.new]].flatMap(([label, side]) => side.warnings.map((each) => [label, each]));
  if (doubts.length) {
    const list = make("ul", { class: "doubts" });
    for (const [label, { code, message, advice }] of doubts)
      list.append(make("li", {}, make("b", {}, `${label}: ${code.replace(/_/g, " ")}`), ` ${message}.${advice ? ` Advice: ${advice}.` : ""}`));
    inside.append(list);
  }
  part("Runs, each a process; the upright lines are medians", strip(cell));
  inside.append(make("div", { class: "two" },
    make("div", { class: "runs", tabindex: "0", role: "region", "aria-label": "Runs" }, runsTable(cell, cell.blocks > 0)),
    make("div", { tabindex: "0", role: "region", "aria-label": "Both sides" }, sidesTable(cell))));
  if (cell.accuracy) part("Accuracy on the same examples", ...accuracyLines(cell.accuracy).map((text) => make("div", {}, text)));
  if (cell.accuracy_reason) part("Accuracy not compared", cell.accuracy_reason);
  part("Commands", ...commandLines(cell).map((text) => {
    const button = make("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => copy(text, button));
    return make("div", { class: "command" }, make("code", {}, text), button);
  }));
  return make("tr", { class: "detail", id: `d${number}` }, make("td", { colspan: row.element.cells.length }, inside));
}

const pageHooks = {
  facets: ["verdict", "device", "delegate", "threads", "accuracy"],
  state: { base: "" },
  show: turn,
  detail: cellDetail,
  field: (name) => (turned && (name === "ratio" || /_change(_\d+)?$/.test(name)) ? `inverse_${name}` : undefined),
};

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-baseline]");
  if (!button) return;
  state.base = button.dataset.baseline;
  writeAddress();
  showAll();
});

