"use strict";
/* What the page of the paper adds to the script of all pages, which stands behind this one: sheets that sort and filter
   each by itself, columns by where they come from, figures with legends that switch. */

let sheets = null; // made when the page is shown first
let choices = null;

function findSheets() {
  return all("table.sheet").map((table) => {
    const heads = all("thead th", table);
    const lines = all("tbody tr", table).map((element, place) => ({ element, place, text: element.textContent.toLowerCase() }));
    return { table, heads, lines, shown: lines, box: table.closest(".one-table"), part: table.closest(".part") };
  });
}

const listOf = (name) => new Set(state[name].split(",").filter(Boolean));
const keep = (name, values) => (state[name] = [...values].join(","));

/** Return what each table is sorted by: place of a column, from 1 on, below 0 where it falls. */
function sortsOf() {
  const found = new Map();
  for (const each of state.sorts.split(",")) {
    const [, name, place] = each.match(/^(.+):(-?\d+)$/) || [];
    if (name) found.set(name, Number(place));
  }
  return found;
}

/** Return what a cell is sorted by: its exact number, or its words; null where it is not known, which stands last. */
function sheetKey(line, index, numeric) {
  const cell = line.element.cells[index];
  if (numeric) return number(cell.dataset.v);
  return /^[?–]?$/.test(cell.textContent) ? null : cell.textContent;
}

function inOrder(sheet, lines) {
  const by = sortsOf().get(sheet.table.id) || 0;
  const index = Math.abs(by) - 1;
  sheet.heads.forEach((head, place) => {
    if (by && place === index) head.setAttribute("aria-sort", by < 0 ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  if (!by || !sheet.heads[index]) return lines;
  const numeric = sheet.heads[index].classList.contains("n");
  return lines
    .map((line) => [sheetKey(line, index, numeric), line])
    .sort(([a, first], [b, second]) => {
      if (a === null || b === null) return a === b ? first.place - second.place : a === null ? 1 : -1;
      return Math.sign(by) * (numeric ? a - b : collator.compare(a, b)) || first.place - second.place;
    })
    .map(([, line]) => line);
}

function showSheets() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const hidden = listOf("hide");
  let count = 0;
  for (const sheet of sheets) {
    sheet.shown = inOrder(sheet, sheet.lines.filter((line) => words.every((word) => line.text.includes(word))));
    count += sheet.shown.length;
    sheet.table.tBodies[0].replaceChildren(...sheet.shown.map((line) => line.element));
    sheet.box.hidden = words.length > 0 && !sheet.shown.length;
    const away = sheet.heads.map((head) => hidden.has(head.dataset.origin));
    [...sheet.table.rows].forEach((row) => [...row.cells].forEach((cell, place) => (cell.hidden = away[place])));
    all("col", sheet.table).forEach((col, place) => (col.hidden = away[place]));
  }
  for (const part of all(".part")) part.hidden = words.length > 0 && sheets.every((sheet) => sheet.part !== part || sheet.box.hidden);
  const total = sheets.reduce((sum, sheet) => sum + sheet.lines.length, 0);
  one(".choices .count").textContent = count === total ? `${total} rows` : `${count} of ${total} rows`;
}

// ---------------------------------------------------------------- figures

/** Show the points whose colour and form are switched on, and ring those of the chosen network. */
async function showFigures() {
  const off = listOf("off");
  for (const entry of all(".switches li[data-key] button")) entry.setAttribute("aria-pressed", String(!off.has(entry.parentElement.dataset.key)));
  for (const sheet of sheets)
    for (const line of sheet.lines) line.element.classList.toggle("chosen", state.pick !== "" && line.element.cells[0].textContent === state.pick);
  if (!drawn.length) return;
  const { points } = await details();
  const seen = new Set(points.keys());
  for (const [place, point] of points.entries()) if (point.keys.some((key) => off.has(key))) seen.delete(place);
  drawFiltered(seen);
  for (const name of all("svg .name")) name.setAttribute("visibility", seen.has(Number(name.dataset.key)) ? "visible" : "hidden");
  for (const panel of drawn)
    for (const { x, y, row } of pointsOf(panel))
      if (state.pick && points[row].network === state.pick) panel.svg.append(make("svg:circle", { class: "mark", cx: x, cy: y, r: 8 }));
}

const shortly = (value) => (typeof value === "number" ? String(Number(value.toPrecision(5))) : value);

async function describeNetwork(point) {
  const said = (await details()).points[point.row];
  const line = ([name, value, low, high]) => `${name}: ${shortly(value)}${low === null ? "" : ` [${shortly(low)}, ${shortly(high)}]`}`;
  return [said.network || said.label, ...said.lines.map(line)].join("\n");
}

/** Choose the network of a point, or let go of it: it is ringed in all figures, and its row is shown. */
async function pickNetwork(point) {
  const said = (await details()).points[point.row];
  state.pick = state.pick === said.network ? "" : said.network;
  writeAddress();
  await showFigures();
  const row = state.pick && one(`[id="${said.suite}"] tr.chosen`);
  if (row) row.scrollIntoView({ block: "center" });
}

// ---------------------------------------------------------------- copying

const usedHeads = (sheet) => sheet.heads.map((head, index) => [head, index]).filter(([head]) => !head.hidden);

function sheetMarkdown(sheet) {
  const used = usedHeads(sheet);
  const line = (texts) => `| ${texts.join(" | ")} |\n`;
  return [
    line(used.map(([head]) => cell(one(".head", head).textContent))),
    line(used.map(([head]) => (head.classList.contains("n") ? "---:" : "---"))),
    ...sheet.shown.map(({ element }) => line(used.map(([, index]) => cell(element.cells[index].textContent)))),
  ].join("");
}

/** Exact numbers under whole names, with their bounds where a column has some; what is not known is empty. */
function sheetCsv(sheet) {
  const used = usedHeads(sheet);
  const names = used.flatMap(([head]) => (head.dataset.interval ? ["", ", low", ", high"] : [""]).map((end) => head.dataset.name + end));
  const fields = ([head, index], element) => {
    const { v, l = "", h = "" } = element.cells[index].dataset;
    const text = element.cells[index].textContent;
    const value = v ?? (/^([?–]( \([^)]*\))?)?$/.test(text) ? "" : field(guard(text)));
    return head.dataset.interval ? [value, l, h] : [value];
  };
  const lines = sheet.shown.map(({ element }) => used.flatMap((each) => fields(each, element)).join(","));
  return [names.map((name) => field(guard(name))).join(","), ...lines].join("\n") + "\n";
}

// ---------------------------------------------------------------- what people touch

function showPaper() {
  if (!sheets) setUp();
  choices.q.value = state.q;
  const hidden = listOf("hide");
  for (const box of all("input[type=checkbox]", choices)) box.checked = !hidden.has(box.name);
  showSheets();
  showFigures();
}

function setUp() {
  sheets = findSheets();
  choices = one(".choices");
  choices.hidden = false;
  choices.addEventListener("submit", (event) => event.preventDefault());
  choices.q.addEventListener("input", () => { state.q = choices.q.value; writeAddress(); showSheets(); });
  for (const box of all("input[type=checkbox]", choices))
    box.addEventListener("change", () => {
      keep("hide", all("input[type=checkbox]", choices).filter((each) => !each.checked).map((each) => each.name));
      writeAddress();
      showSheets();
    });
  choices.clear.addEventListener("click", () => {
    for (const name of ["q", "hide", "sorts", "off", "pick"]) state[name] = "";
    writeAddress();
    showPaper();
  });
  sheets.forEach(setUpSheet);
  all(".switches li[data-key]").forEach(setUpSwitch);
  for (const command of all(".commands .command")) {
    const button = make("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => copy(one("code", command).textContent, button));
    command.append(button);
  }
  for (const link of all(".contents a"))
    link.addEventListener("click", (event) => { // the address keeps what was chosen
      event.preventDefault();
      const title = one("h2", document.getElementById(link.getAttribute("href").slice(1)));
      title.setAttribute("tabindex", "-1");
      title.focus({ preventScroll: true });
      title.scrollIntoView();
    });
}

function setUpSheet(sheet) {
  sheet.heads.forEach((head, place) => {
    const text = one(".head", head);
    const button = make("button", { type: "button" }, text.textContent);
    text.replaceChildren(button);
    button.addEventListener("click", () => {
      const sorts = sortsOf();
      const now = sorts.get(sheet.table.id) || 0;
      const next = now === place + 1 ? -now : now === -(place + 1) ? 0 : place + 1;
      if (next) sorts.set(sheet.table.id, next);
      else sorts.delete(sheet.table.id);
      state.sorts = [...sorts].map((each) => each.join(":")).join(",");
      writeAddress();
      showSheets();
    });
  });
  const line = one(".copy", sheet.box);
  line.hidden = false;
  one("[name=md]", line).addEventListener("click", (event) => copy(sheetMarkdown(sheet), event.target));
  one("[name=csv]", line).addEventListener("click", (event) => copy(sheetCsv(sheet), event.target));
}

function setUpSwitch(entry) {
  const button = make("button", { type: "button", "aria-pressed": "true" }, ...entry.childNodes);
  entry.append(button);
  button.addEventListener("click", () => {
    const off = listOf("off");
    if (!off.delete(entry.dataset.key)) off.add(entry.dataset.key);
    keep("off", off);
    writeAddress();
    showFigures();
  });
}

const pageHooks = {
  state: { hide: "", sorts: "", off: "", pick: "" },
  show: showPaper,
  describe: describeNetwork,
  open: pickNetwork,
};
