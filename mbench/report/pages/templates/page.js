"use strict";
/* The page works without this script; with it, tables sort and filter, and a row or a point shows its runs.
   All text goes in as text (textContent), never as markup; the page's address keeps what was chosen. */

const PAGE = 200; // rows that are laid out at first: a browser takes long over thousands
const root = document.documentElement;
root.classList.add("js");

// What the script of one kind of page hangs in; it stands in front of this one.
const hooks = typeof pageHooks === "undefined" ? {} : pageHooks;

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

/** Make an element with a text or children; attributes that are null are left out. */
function make(name, attributes = {}, ...children) {
  const element = name.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children.map((child) => (child === null || child === undefined ? "?" : child)));
  return element;
}

// ---------------------------------------------------------------- what was chosen, and the address that keeps it

const FACETS = hooks.facets || ["status", "device", "delegate", "quantization"];
const state = { q: "", sort: "", cols: null, sel: [], theme: "auto", first: "", second: "", ...hooks.state };
for (const name of FACETS) state[name] = "";

function readAddress() {
  const text = location.hash.slice(1);
  const said = new URLSearchParams(/^r\d+$/.test(text) ? `sel=${text.slice(1)}` : text);
  for (const name of Object.keys(state)) {
    const value = said.get(name);
    if (name === "sel") state.sel = (value || "").split(",").filter((each) => /^\d+$/.test(each) && rows.has(+each)).map(Number);
    else if (name === "cols") state.cols = value === null ? null : new Set(value.split(","));
    else state[name] = value || (name === "theme" ? "auto" : "");
  }
}

function writeAddress() {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (name === "sel") value.length && said.set(name, value.join(","));
    else if (name === "cols") value && said.set(name, [...value].join(","));
    else if (value && value !== "auto") said.set(name, value);
  }
  history.replaceState(null, "", `#${said}`);
}

// ---------------------------------------------------------------- the data behind the rows

let unpacked = null;
/** Return what is packed into the page: every run of every row. */
function details() {
  unpacked ||= (async () => {
    const text = atob(one("#data").content.textContent.trim());
    const bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  })().then(withRuns);
  return unpacked;
}

/** Give each row its runs, of those of all rows, which are packed by columns. */
function withRuns(data) {
  let first = 0;
  for (const row of data.run_columns ? data.rows : []) {
    const found = Array.from({ length: row.runs }, (_, place) => data.run_columns.map((column) => column[first + place]));
    first += row.runs;
    row.runs = found;
  }
  return data;
}

// ---------------------------------------------------------------- tables

const rows = new Map(); // number of a row -> what is known of it
const tables = all("table.results").map((table) => {
  const heads = all("thead th", table);
  const mine = all("tbody tr", table).map((element) => {
    const row = { number: +element.id.slice(1), element, facets: element.dataset.k.split(" "), text: null, keys: {}, cols: null };
    rows.set(row.number, row);
    return row;
  });
  const body = table.tBodies[0];
  for (const rest of [...table.tBodies].slice(1)) rest.remove();
  return { table, heads, names: heads.map((head) => head.dataset.name), rows: mine, shown: mine, body, limit: PAGE, more: table.closest(".group").querySelector(".more") };
});
const columnsAtFirst = new Set(tables.length ? tables[0].heads.filter((head) => !head.hidden).map((head) => head.dataset.name) : []);
const collator = new Intl.Collator("en", { numeric: true });

const number = (text) => (text === undefined ? null : Number(text));
const columns = () => state.cols || columnsAtFirst;

/** Return what a row is sorted by: a number, or words; null where it is not known, which always stands last. */
function keyOf(row, index, numeric) {
  if (!(index in row.keys)) {
    const cell = row.element.cells[index];
    row.keys[index] = numeric ? number(cell.dataset.v) : cell.textContent || null;
  }
  return row.keys[index];
}

function sorted(table, found) {
  const name = state.sort.replace(/^-/, "");
  const index = table.names.indexOf(name);
  if (index < 0) return found;
  const numeric = table.heads[index].classList.contains("n");
  const turned = state.sort.startsWith("-") ? -1 : 1;
  const compare = numeric ? (a, b) => a - b : (a, b) => (a === b ? 0 : collator.compare(a, b));
  return found
    .map((row) => [keyOf(row, index, numeric), row])
    .sort(([a, first], [b, second]) => {
      if (a === null || b === null) return a === b ? first.number - second.number : a === null ? 1 : -1;
      return turned * compare(a, b) || first.number - second.number;
    })
    .map(([, row]) => row);
}

function matches(row, words, wanted) {
  if (!wanted.every((value, place) => value === null || row.facets[place] === value)) return false;
  if (!words.length) return true;
  row.text ??= row.element.textContent.toLowerCase();
  return words.every((word) => row.text.includes(word));
}

function wantedFacets() {
  return FACETS.map((name) => {
    const select = one(`.filters select[name=${name}]`);
    if (!state[name] || !select) return null;
    const place = [...select.options].slice(1).findIndex((option) => option.value === state[name]);
    return String(place);
  });
}

function showTables() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = wantedFacets();
  let count = 0;
  for (const table of tables) {
    table.shown = sorted(table, table.rows.filter((row) => matches(row, words, wanted)));
    count += table.shown.length;
    layOut(table);
  }
  one(".filters .count").textContent = count === rows.size ? `${count} rows` : `${count} of ${rows.size} rows`;
  hooks.shown?.(tables);
  drawLater(count === rows.size ? null : new Set(tables.flatMap((table) => table.shown.map((row) => row.number))));
}

let drawing = null;
let filtered = false;
/** Let the pictures follow once the table is there; where nothing is filtered, nothing is to be done. */
function drawLater(visible) {
  if (!visible && !filtered) return;
  filtered = visible !== null;
  clearTimeout(drawing);
  drawing = setTimeout(() => drawFiltered(visible));
}

/** Put the first rows of a table into the document, each with the chosen columns and its details where it has some. */
function layOut(table) {
  const chosen = columns();
  const key = [...chosen].join();
  table.heads.forEach((head) => {
    head.hidden = !chosen.has(head.dataset.name);
    const name = state.sort.replace(/^-/, "");
    if (head.dataset.name !== name) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", state.sort.startsWith("-") ? "descending" : "ascending");
  });
  const part = [];
  for (const row of table.shown.slice(0, table.limit)) {
    if (row.cols !== key) {
      table.names.forEach((name, index) => (row.element.cells[index].hidden = !chosen.has(name)));
      row.cols = key;
    }
    row.element.classList.toggle("chosen", state.sel.includes(row.number));
    part.push(row.element);
    if (row.detail && state.sel.includes(row.number)) part.push(row.detail);
  }
  table.body.replaceChildren(...part);
  table.more.hidden = table.shown.length <= table.limit;
  one("[name=all]", table.more).textContent = `Show all ${table.shown.length}`;
}

// ---------------------------------------------------------------- a row's runs, provenance and commands

async function choose(number, { toggle = true, scroll = false } = {}) {
  if (hooks.choose) return hooks.choose(number, toggle);
  const chosen = state.sel.includes(number);
  if (chosen && toggle) state.sel = state.sel.filter((each) => each !== number);
  else if (!chosen) state.sel.push(number);
  writeAddress();
  await showChosen();
  if (scroll && state.sel.includes(number)) {
    const element = rows.get(number).element;
    element.scrollIntoView({ block: "center" });
    one("a", element).focus({ preventScroll: true });
  }
}

async function showChosen() {
  if (hooks.showChosen) return hooks.showChosen();
  const data = state.sel.length ? await details() : null;
  for (const number of state.sel) {
    const row = rows.get(number);
    row.detail ||= (hooks.detail || detailRow)(number, row, data);
    for (const table of tables) {
      const place = table.shown.indexOf(row);
      if (place >= table.limit) table.limit = place + 1;
    }
  }
  tables.forEach(layOut);
  markPoints();
}

function detailRow(number, row, data) {
  const found = data.rows[number];
  const inside = make("div", { class: "in" });
  const cell = make("td", { colspan: row.element.cells.length }, inside);
  if (found.doubts.length) {
    const list = make("ul", { class: "doubts" });
    for (const [kind, message, advice] of found.doubts)
      list.append(make("li", {}, make("b", {}, kind), ` ${message}.${advice ? ` Advice: ${advice}.` : ""}`));
    inside.append(list);
  }
  inside.append(runTable(found.runs, data.run_fields));
  const facts = make("dl");
  for (const [name, text] of found.facts) facts.append(make("dt", {}, name), make("dd", {}, text));
  inside.append(make("div", {}, make("h4", {}, "Provenance"), facts));
  const commands = make("div", {}, make("h4", {}, "Commands"));
  for (const [what, text] of found.commands) {
    const button = make("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => copy(text, button));
    commands.append(make("div", {}, what), make("div", { class: "command" }, make("code", {}, text), button));
  }
  inside.append(commands);
  return make("tr", { class: "detail", id: `d${number}` }, cell);
}

const RUN_HEADS = {
  order: "Order", purpose: "Purpose", started_at: "Started (UTC)", status: "Status", median_us: "Median (µs)", p5_us: "p5 (µs)",
  p95_us: "p95 (µs)", inferences: "Inferences", init_us: "Init (µs)", peak_kib: "Peak memory (KiB)", cores: "Cores", nodes: "Delegated nodes",
  temperature_before_c: "Before (°C)", temperature_after_c: "After (°C)", clock_mhz: "Clock (MHz)", load_percent: "Load (%)", message: "Message",
};

function runTable(runs, fields) {
  const used = fields.map((name, index) => [name, index]).filter(([, index]) => runs.some((run) => run[index] !== null));
  const head = make("tr", {}, ...used.map(([name]) => make("th", { scope: "col" }, RUN_HEADS[name])));
  const body = make("tbody");
  for (const run of runs)
    body.append(make("tr", {}, ...used.map(([, index]) =>
      make("td", { class: typeof run[index] === "number" ? "n" : null }, run[index] === null ? "?" : String(run[index])))));
  const table = make("table", {}, make("thead", {}, head), body);
  const box = make("div", { class: "runs", tabindex: "0", role: "region", "aria-label": "Runs" }, table);
  return make("div", {}, make("h4", {}, runs.length ? "Runs, each a process" : "No run: nothing was measured"), runs.length ? box : "");
}

// ---------------------------------------------------------------- copying

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const box = make("textarea", {}, text); // an older browser, or a page without leave
    document.body.append(box);
    box.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Not copied";
    box.remove();
  }
  setTimeout(() => (button.textContent = before), 1500);
}

const shownColumns = (table) => table.names.map((name, index) => [name, index])
  .filter(([name, index]) => columns().has(name) && !table.heads[index].dataset.picture);

const cell = (text) => text.replace(/\\/g, "\\\\").replace(/[|<>*_`[\]&]/g, "\\$&"); // of markdown
const field = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text); // of CSV
const guard = (text) => (/^([\t\r]|[\s'"]*[=+\-@＝＋－＠])/.test(text) ? `'${text}` : text);

function asMarkdown() {
  return tables.filter((table) => table.shown.length).map((table) => {
    const used = shownColumns(table);
    const line = (texts) => `| ${texts.join(" | ")} |`;
    return [
      line(used.map(([, index]) => cell(table.heads[index].textContent))),
      line(used.map(([, index]) => (table.heads[index].classList.contains("n") ? "---:" : "---"))),
      ...table.shown.map((row) => line(used.map(([, index]) => cell(row.element.cells[index].textContent)))),
    ].join("\n");
  }).join("\n\n") + "\n";
}

/** Exact values under the names of `--format json`; a text that a spreadsheet would compute gets an apostrophe. */
function asCsv() {
  const lines = [];
  for (const table of tables) {
    const used = shownColumns(table);
    const fields = used.flatMap(([name, index]) => {
      const named = hooks.field?.(name) ?? name;
      return table.heads[index].dataset.interval ? [named, `${named}_low`, `${named}_high`] : [named];
    });
    if (!lines.length) lines.push(fields.map(field).join(","));
    for (const row of table.shown)
      lines.push(used.flatMap(([name, index]) => {
        const cell = row.element.cells[index];
        const { v = "", l = "", h = "" } = cell.dataset;
        if (name === "delegate_nodes" || !table.heads[index].classList.contains("n")) return [field(guard(cell.textContent))];
        return table.heads[index].dataset.interval ? [v, l, h] : [v];
      }).join(","));
  }
  return lines.join("\n") + "\n";
}

// ---------------------------------------------------------------- pictures: their points are read from their paths

const drawn = all(".panel svg").map((svg) => ({
  svg,
  apart: svg.closest(".curve") !== null, // its points are epochs, which filters of rows leave alone
  front: one(".front", svg),
  series: all(".dots", svg).map((dots) => {
    const bounds = dots.previousElementSibling?.classList.contains("bounds") ? dots.previousElementSibling : null;
    const pieces = (path) => path.getAttribute("d").split("M").slice(1).map((piece) => `M${piece}`);
    const keys = dots.dataset.keys.split(" ");
    const ends = bounds ? pieces(bounds) : null;
    const points = pieces(dots).map((piece, index) => {
      const [x, y] = piece.slice(1).split(/[ a-z]/).map(Number);
      return { x, y, key: keys[index], row: Number.parseInt(keys[index], 10), piece, ends: ends && ends[index] };
    });
    return { dots, bounds, points };
  }),
})).filter((panel) => panel.series.length);

const pointsOf = (panel) => panel.series.flatMap((series) => series.shown || series.points);

function drawFiltered(visible) {
  for (const panel of drawn) {
    if (panel.apart) continue;
    for (const series of panel.series) {
      series.shown = visible ? series.points.filter((point) => visible.has(point.row)) : series.points;
      series.dots.setAttribute("d", series.shown.map((point) => point.piece).join(""));
      series.bounds?.setAttribute("d", series.shown.map((point) => point.ends).join(""));
    }
    if (panel.front) panel.front.setAttribute("d", front(pointsOf(panel)));
    for (const line of all(".line", panel.svg)) line.classList.toggle("filtered", visible !== null);
  }
  markPoints();
}

/** Return steps along the points than which none is both further left and higher. */
function front(points) {
  const steps = [];
  let highest = Infinity;
  for (const { x, y } of [...points].sort((a, b) => a.x - b.x || a.y - b.y)) {
    if (y < highest) steps.push(steps.length ? `H${x}V${y}` : `M${x} ${y}`);
    highest = Math.min(highest, y);
  }
  return steps.length > 1 ? steps.join("") : "";
}

function markPoints() {
  const chosen = new Set(state.sel);
  for (const panel of drawn) {
    all(".mark", panel.svg).forEach((mark) => mark.remove());
    if (!chosen.size) continue;
    for (const { x, y, row } of pointsOf(panel)) if (chosen.has(row)) panel.svg.append(make("svg:circle", { class: "mark", cx: x, cy: y, r: 8 }));
  }
}

const tip = one(".tip");
let current = null;

/** Return the line of the table of values that a point of a learning curve is; null of a point that is a row. */
const valuesOf = (point) => (Number.isNaN(point.row) ? document.getElementById(point.key) : null);

/** Open the table of a curve at the line of an epoch. */
function showValues(line) {
  line.closest("details").open = true;
  all("tr.chosen", line.parentElement).forEach((other) => other.classList.remove("chosen"));
  line.classList.add("chosen");
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "center" });
}

const openPoint = hooks.open || ((point) => {
  const line = valuesOf(point);
  return line ? showValues(line) : choose(point.row, { toggle: false, scroll: true });
});

async function describe(point) {
  if (hooks.describe) return hooks.describe(point);
  const values = valuesOf(point);
  if (values) {
    const heads = values.closest("table").tHead.rows[0].cells;
    return [...values.cells].map((cell, index) => `${heads[index].textContent}: ${cell.textContent}`).join("\n");
  }
  const { element } = rows.get(point.row);
  const { heads } = tables.find((table) => table.table.contains(element)) || tables[0];
  const lines = [...element.cells].map((cell, index) => [heads[index], cell]).filter(([head, cell]) => !head.hidden && cell.textContent)
    .map(([head, cell], index) => (index ? `${head.textContent}: ${cell.textContent}` : cell.textContent));
  const [, run] = point.key.split(".");
  if (run === undefined) return lines.join("\n");
  const data = await details();
  const found = data.rows[point.row].runs[run];
  const said = data.run_fields.map((name, index) => [RUN_HEADS[name], found[index]]).filter(([, value]) => value !== null);
  return [lines[0], ...said.map(([name, value]) => `${name}: ${value}`)].join("\n");
}

async function showTip(panel, point) {
  one(".current", panel.svg)?.remove();
  current = point;
  if (!point) return void (tip.hidden = true);
  panel.svg.append(make("svg:circle", { class: "mark current", cx: point.x, cy: point.y, r: 6 }));
  const text = await describe(point);
  if (current !== point) return;
  tip.textContent = text;
  tip.hidden = false;
  const place = new DOMPoint(point.x, point.y).matrixTransform(panel.svg.getScreenCTM());
  const size = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(place.x + 14, innerWidth - size.width - 8))}px`;
  tip.style.top = `${Math.max(4, Math.min(place.y + 14, innerHeight - size.height - 8))}px`;
}

function nearest(panel, event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(panel.svg.getScreenCTM().inverse());
  let best = null;
  let least = 24 ** 2;
  for (const point of pointsOf(panel)) {
    const far = (point.x - place.x) ** 2 + (point.y - place.y) ** 2;
    if (far < least) [best, least] = [point, far];
  }
  return best;
}

for (const panel of drawn) {
  panel.svg.setAttribute("tabindex", "0");
  panel.svg.addEventListener("pointermove", (event) => {
    const point = nearest(panel, event);
    if (point !== current) showTip(panel, point);
  });
  panel.svg.addEventListener("pointerleave", () => showTip(panel, null));
  panel.svg.addEventListener("blur", () => showTip(panel, null));
  panel.svg.addEventListener("click", (event) => {
    const point = nearest(panel, event);
    if (point) openPoint(point);
  });
  panel.svg.addEventListener("keydown", (event) => {
    const points = pointsOf(panel).sort((a, b) => a.x - b.x || a.y - b.y);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && points.length) {
      const place = points.indexOf(current);
      showTip(panel, points[place < 0 ? 0 : (place + step + points.length) % points.length]);
    } else if (event.key === "Enter" && current) openPoint(current);
    else if (event.key === "Escape") showTip(panel, null);
    else return;
    event.preventDefault();
  });
}

// ---------------------------------------------------------------- two operator profiles side by side

async function showPair() {
  const form = one(".pair");
  const data = await details();
  const [first, second] = [form.first, form.second].map((select) => data.rows[+select.value].operators);
  const kinds = [...new Set([...first, ...second].map(([kind]) => kind))];
  const time = (profile, kind) => profile.find(([name]) => name === kind)?.[2] ?? null;
  const most = Math.max(...[...first, ...second].map(([, , us]) => us), 0);
  const same = form.first.value === form.second.value;
  const body = make("tbody");
  const shown = (us) => (us === null ? "–" : us < 1 ? "<1" : us.toFixed(0));
  const bar = (us, name) => make("td", { class: name }, make("svg:svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    make("svg:rect", { width: us && most ? ((100 * us) / most).toFixed(1) : 0, height: 8 })));
  for (const kind of kinds) {
    const [a, b] = [time(first, kind), time(second, kind)];
    const line = make("tr", {}, make("th", { scope: "row" }, kind), make("td", { class: "n" }, shown(a)), bar(a, "first"));
    if (!same) {
      const apart = (b ?? 0) - (a ?? 0);
      line.append(make("td", { class: "n" }, shown(b)), bar(b, "second"), make("td", { class: "n" }, `${apart < 0 ? "−" : "+"}${Math.abs(apart).toFixed(0)}`));
    }
    body.append(line);
  }
  const heads = same ? ["Kind", "Time (µs)", "Its bar"] : ["Kind", "First (µs)", "First", "Second (µs)", "Second", "Second − first (µs)"];
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  one(".pair-table").replaceChildren(make("table", { class: "bars" }, make("thead", {}, head), body));
}

// ---------------------------------------------------------------- what people touch

function showTheme() {
  if (!all("[data-theme-name]").some((button) => button.dataset.themeName === state.theme)) state.theme = "auto";
  if (state.theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = state.theme;
  for (const button of all("[data-theme-name]")) button.setAttribute("aria-pressed", String(button.dataset.themeName === state.theme));
}

function showAll() {
  readAddress();
  showTheme();
  hooks.show?.();
  const filters = one(".filters");
  if (filters) {
    filters.q.value = state.q;
    for (const name of FACETS) if (filters[name]) filters[name].value = state[name];
    for (const box of all(".columns input")) box.checked = columns().has(box.dataset.name);
    showTables();
  }
  showChosen();
  const pair = one(".pair");
  if (pair) {
    const options = [...pair.first.options].map((option) => option.value);
    pair.first.value = options.includes(state.first) ? state.first : options[0];
    pair.second.value = options.includes(state.second) ? state.second : options[Math.min(1, options.length - 1)];
    showPair();
  }
}

function changed() {
  writeAddress();
  for (const table of tables) table.limit = PAGE;
  showTables();
}

const filters = one(".filters");
if (filters) {
  filters.hidden = false;
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.q.addEventListener("input", () => { state.q = filters.q.value; changed(); });
  for (const name of FACETS) filters[name]?.addEventListener("change", () => { state[name] = filters[name].value; changed(); });
  filters.clear.addEventListener("click", () => {
    for (const name of ["q", "sort", ...FACETS]) state[name] = "";
    state.cols = null;
    state.sel = [];
    writeAddress();
    showAll();
  });
  filters.md.addEventListener("click", () => copy(asMarkdown(), filters.md));
  filters.csv.addEventListener("click", () => copy(asCsv(), filters.csv));
  for (const box of all(".columns input"))
    box.addEventListener("change", () => {
      state.cols = new Set(all(".columns input").filter((each) => each.checked).map((each) => each.dataset.name));
      changed();
    });
}
for (const table of tables) {
  for (const head of table.heads.filter((each) => !each.dataset.picture)) {
    const button = make("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const name = head.dataset.name;
      state.sort = { [name]: `-${name}`, [`-${name}`]: "" }[state.sort] ?? name;
      changed();
    });
  }
  table.body.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(+link.closest("tr").id.slice(1));
  });
  one("[name=more]", table.more).addEventListener("click", () => { table.limit += PAGE; layOut(table); });
  one("[name=all]", table.more).addEventListener("click", () => { table.limit = table.shown.length; layOut(table); });
}
for (const button of all("[data-theme-name]"))
  button.addEventListener("click", () => { state.theme = button.dataset.themeName; writeAddress(); showTheme(); });
one(".theme").hidden = false;
const pair = one(".pair");
if (pair) {
  pair.hidden = false;
  one(".profiles").hidden = true;
  for (const name of ["first", "second"]) pair[name].addEventListener("change", () => { state[name] = pair[name].value; writeAddress(); showPair(); });
}
addEventListener("hashchange", showAll);
addEventListener("beforeprint", () => {
  for (const table of tables) [table.before, table.limit] = [table.limit, Infinity];
  for (const closed of all("details.doubts:not([open]), details.foot:not([open])")) closed.open = true;
  tables.forEach(layOut);
});
addEventListener("afterprint", () => {
  for (const table of tables) table.limit = table.before;
  tables.forEach(layOut);
});
showAll();
