/* A history: small pictures that are drawn as they come into view, in the table's order, and one cell large. */

const CARDS = 1500; // small pictures that are laid out at first
const CARDS_TOGETHER = 120; // of them in one go, so that nobody waits for the others
const FIRST_NIGHTS = 60; // rows of the table of one cell's nights
const DRAWING_MS = 8; // that drawing takes of a frame

const pageHooks = {
  facets: ["status", "device", "delegate", "model"], state: { unit: "" }, shown: (tables) => laterCards(tables), choose: chooseCell, showChosen: showCell,
};

// ---------------------------------------------------------------- what is packed

/** Return what is known of a row, its columns unfolded once. */
function pastOf(data, number) {
  const past = data.rows[number];
  if (past.nights) return past;
  let night = 0;
  past.nights = past.v.map((_, point) => (night = point ? night + (past.n.length > 1 ? past.n[point] : 1) : past.n[0]));
  for (const name of ["s", "h", "r"]) if (!Array.isArray(past[name])) past[name] = past.v.map(() => past[name]);
  past.w = new Map(past.w);
  const head = cellOf(number, "level_us").dataset.v;
  past.level = head === undefined ? null : Number(head);
  return past;
}

const cellOf = (number, name) => rows.get(number).element.cells[tables[0].names.indexOf(name)];
const textOf = (number, name) => cellOf(number, name).textContent;
const whatOf = (number) => `${textOf(number, "workload")} ${textOf(number, "delegate")}${/^\d/.test(textOf(number, "threads")) ? ` ×${textOf(number, "threads")}` : ""}`;
const ms = (us, digits = 4) => (us === null ? "–" : String(Number((us / 1000).toPrecision(digits))));

// ---------------------------------------------------------------- small pictures

const cards = new Map(); // number of a row -> its card
let cardLimit = CARDS;
let waiting = null;
let rest = []; // rows whose cards are still to be laid out
const queue = new Set();
let drawingCards = false;
let loaded = null; // what is packed, once it was needed

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || target.drawn) queue.delete(target);
    else queue.add(target);
  }
  if (queue.size && !drawingCards) drawQueue();
}, { rootMargin: "400px" });

async function drawQueue() {
  drawingCards = true;
  const data = (loaded = await details());
  const step = () => {
    const begun = performance.now();
    for (const card of queue) {
      queue.delete(card);
      drawCard(card, data);
      if (performance.now() - begun > DRAWING_MS) break;
    }
    if (queue.size) requestAnimationFrame(step);
    else drawingCards = false;
  };
  requestAnimationFrame(step);
}

function drawCard(card, data) {
  if (card.drawn) return;
  card.drawn = true;
  seen.unobserve(card);
  one("svg", card).replaceWith(smallPicture(pastOf(data, card.number), data));
}

function cardOf(number) {
  if (cards.has(number)) return cards.get(number);
  const button = make("button", { type: "button" }, make("span", {}, whatOf(number)),
    make("span", { class: "where" }, `${textOf(number, "device")}, ${textOf(number, "model")}`));
  button.addEventListener("click", () => chooseCell(number, false));
  const noise = textOf(number, "noise");
  const card = make("figure", { class: `card${rows.get(number).element.classList.contains("bad") ? " bad" : ""}` }, button, make("svg:svg"),
    make("p", { class: "words" }, make("span", {}, `${textOf(number, "level_us")} ms${/\d/.test(noise) ? ` ±${noise} %` : ""}`),
      make("span", { class: "changed" }, textOf(number, "change"))));
  card.number = number;
  card.classList.toggle("chosen", state.sel.includes(number));
  cards.set(number, card);
  seen.observe(card);
  return card;
}

/** Let the small pictures follow once the table is there. */
function laterCards(shown) {
  const order = one(".filters").order;
  order.value = state.sort;
  clearTimeout(waiting);
  waiting = setTimeout(() => showCards(shown));
}

function showCards(shown) {
  const found = shown.flatMap((table) => table.shown);
  rest = found.slice(0, cardLimit);
  one(".cards").replaceChildren();
  fillCards(CARDS_TOGETHER);
  const more = one(".more-cards");
  more.hidden = found.length <= cardLimit;
  one("button", more).textContent = `Show the pictures of all ${found.length} cells`;
  markCards();
}

function fillCards(count) {
  one(".cards").append(...rest.splice(0, count).map((row) => cardOf(row.number)));
  clearTimeout(waiting);
  if (rest.length) waiting = setTimeout(() => fillCards(CARDS_TOGETHER));
}

function markCards() {
  for (const [number, card] of cards) card.classList.toggle("chosen", state.sel.includes(number));
}

// ---------------------------------------------------------------- one cell, large

function chooseCell(number, toggle) {
  state.sel = toggle && state.sel.includes(number) ? [] : [number];
  writeAddress();
  return showCell(true);
}

/** Return the rows of the same workload, delegate and threads on all phones. */
const phonesOf = (number) => [...rows.keys()].filter((each) => whatOf(each) === whatOf(number));

async function showCell(move = false) {
  const box = one("#cell");
  if (!box) return;
  state.sel = state.sel.slice(-1);
  tables.forEach(layOut);
  markCards();
  box.hidden = !state.sel.length;
  if (box.hidden) return;
  const number = state.sel[0];
  const data = await details();
  if (state.sel[0] !== number) return;
  const past = pastOf(data, number);
  one("h2", box).textContent = `${whatOf(number)} on ${textOf(number, "device")}`;
  const change = textOf(number, "change");
  one(".about", box).textContent = `${textOf(number, "model")}; now ${textOf(number, "level_us")} ms, noise ± ${textOf(number, "noise")} %, ${textOf(number, "nights")} nights with a number; last change: ${/\d/.test(change) ? change : "none"}`;
  one("[name=unit]", box).value = state.unit;
  const phones = phonesOf(number);
  one("[name=phone]", box).replaceChildren(...phones.map((each) => make("option", { value: each, ...(each === number ? { selected: "" } : {}) }, `${textOf(each, "device")}, ${textOf(each, "model")}`)));
  drawLarge(number, data);
  one(".said", box).replaceChildren(...saidOf(past, data));
  box.limit = FIRST_NIGHTS;
  nightsTable(number, data);
  const words = ["mbench", "history", ...["workload", "delegate", "device"].map((name) => textOf(number, name))];
  one(".command code", box).textContent = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`)).join(" ");
  if (move) {
    box.scrollIntoView({ block: "start" });
    box.focus({ preventScroll: true });
  }
}

function drawLarge(number, data) {
  const figure = one("#cell figure");
  const others = phonesOf(number).filter((each) => each !== number);
  const percent = state.unit === "percent";
  const scaled = (past, value) => (value === null ? null : percent ? (100 * value) / (past.middle ??= middleOf(past.v)) : value / 1000);
  const past = pastOf(data, number);
  const svg = largePicture(past, others.map((each) => pastOf(data, each)), data, { width: Math.max(figure.clientWidth, 300), unit: percent ? "% of its median" : "Latency (ms)", scaled });
  figure.replaceChildren(svg);
  one("#cell .others").textContent = others.length
    ? `Thin lines: the same on ${others.length} other ${others.length === 1 ? "phone" : "phones"}${percent ? ", each in percent of its own median" : ", as far as they lie within the scale; percent compares them all"}.`
    : "";
  touch(svg, past, data);
}

function middleOf(values) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const half = known.length >> 1;
  return known.length ? (known.length % 2 ? known[half] : (known[half - 1] + known[half]) / 2) : 1;
}

/** Return changes and accepted levels in words. */
function saidOf(past, data) {
  const found = [make("h3", {}, past.c.length ? "Changes, newest first" : "No change in all these nights")];
  const list = make("ol");
  for (const [night, before, after, share, epoch, words] of [...past.c].reverse())
    list.append(make("li", {}, make("b", {}, `${data.nights[night][1]} ${epoch || share === null ? "new epoch" : percentOf(share)}`),
      `: ${ms(before)} to ${ms(after)} ms. ${words.length ? words.map((word) => data.texts[word]).join(", ") : "Nothing that is known changed"}.`));
  if (past.c.length) found.push(list);
  if (past.a.length) {
    const meant = make("ul");
    for (const { day, level, ratio, because, who } of meantOf(past, data.nights))
      meant.append(make("li", {}, make("b", {}, `${day} up to ${level === null ? `${ratio} × the level before` : `${ms(level)} ms`}`), ` by ${data.texts[who]}: ${data.texts[because]}`));
    found.push(make("h3", {}, "Accepted"), meant);
  }
  return found;
}

/** Return what was measured on a night, by name; nothing is known before the first stretch. */
function stretchAt(past, night, data) {
  let found = null;
  for (const stretch of past.m) if (stretch[0] <= night) found = stretch;
  return Object.fromEntries(data.stretch_fields.map((name, index) => [name, found === null || found[index + 1] === null ? null : data.texts[found[index + 1]]]));
}

const NIGHT_HEADS = [
  ["Date", ""], ["Latency (ms)", "n"], ["± ms", "n"], ["Runs", "n"], ["State", ""], ["Label", ""], ["Artifact", ""], ["Binary", ""], ["Program", ""], ["Tools", ""], ["OS", ""], ["Build", ""], ["Night", ""],
];

/** Return the texts of a night, and the exact values behind them. */
function nightCells(past, point, data) {
  const night = past.nights[point];
  const [name, day] = data.nights[night];
  const [value, half, runs] = [past.v[point], past.h[point], past.r[point]];
  const measured = value === null ? {} : stretchAt(past, night, data);
  const why = past.w.has(point) ? `: ${data.texts[past.w.get(point)]}` : "";
  const label = data.labels[night];
  const short = (sha) => (sha ? sha.slice(0, 12) : null);
  const texts = [day, value === null ? "–" : ms(value, 5), half === null ? "" : ms(half, 3), runs === null ? "" : String(runs),
    `${data.states[past.s[point]]}${why}`, label === null ? "" : data.texts[label], short(measured.artifact_sha256), short(measured.binary_sha256), measured.tool, measured.tools, measured.os, measured.build, name];
  return [texts.map((text) => text ?? ""), { 1: value, 2: half, 3: runs }];
}

function nightsTable(number, data) {
  const box = one("#cell");
  const past = pastOf(data, number);
  const lines = past.v.map((_, point) => point).reverse().slice(0, box.limit);
  const cells = lines.map((point) => nightCells(past, point, data));
  const used = NIGHT_HEADS.map((_, place) => place).filter((place) => cells.some(([texts]) => texts[place] !== ""));
  const head = make("tr", {}, ...used.map((place) => make("th", { scope: "col", class: NIGHT_HEADS[place][1] || null }, NIGHT_HEADS[place][0])));
  const body = make("tbody", {}, ...cells.map(([texts, exact], index) =>
    make("tr", { "data-point": lines[index], class: exact[1] === null ? "none-row" : null },
      ...used.map((place) => make("td", { class: NIGHT_HEADS[place][1] || null, "data-v": exact[place] ?? null }, texts[place])))));
  one(".nights", box).replaceChildren(make("thead", {}, head), body);
  const more = one("[name=nights]", box);
  more.hidden = past.v.length <= box.limit;
  more.textContent = `Show all ${past.v.length} nights`;
}

function nightsCsv(number, data) {
  const past = pastOf(data, number);
  const guard = (text) => (/^([\t\r]|[\s'"]*[=+\-@＝＋－＠])/.test(text) ? `'${text}` : text);
  const field = (text) => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const names = ["date", "night", "state", "latency_us", "half_width_us", "runs", "label", ...data.stretch_fields];
  const lines = past.v.map((value, point) => {
    const night = past.nights[point];
    const label = data.labels[night];
    const measured = value === null ? {} : stretchAt(past, night, data);
    const texts = [label === null ? "" : data.texts[label], ...data.stretch_fields.map((name) => measured[name] ?? "")];
    return [data.nights[night][1], field(guard(data.nights[night][0])), data.states[past.s[point]], value ?? "", past.h[point] ?? "", past.r[point] ?? "", ...texts.map((text) => field(guard(text)))].join(",");
  });
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

// ---------------------------------------------------------------- pointing at a night

function touch(svg, past, data) {
  let at = null;
  const point = (found) => {
    one(".current", svg)?.remove();
    all("#cell .nights tr.at").forEach((row) => row.classList.remove("at"));
    at = found;
    if (!found) return void (tip.hidden = true);
    svg.append(make("svg:circle", { class: "mark current", cx: found.x, cy: found.y, r: 6 }));
    one(`#cell .nights tr[data-point="${found.point}"]`)?.classList.add("at");
    const [texts] = nightCells(past, found.point, data);
    tip.textContent = NIGHT_HEADS.map(([name], index) => [name, texts[index]]).filter(([, text]) => text !== "").map(([name, text]) => `${name}: ${text}`).join("\n");
    tip.hidden = false;
    const where = new DOMPoint(found.x, found.y).matrixTransform(svg.getScreenCTM());
    const size = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(where.x + 14, innerWidth - size.width - 8))}px`;
    tip.style.top = `${Math.max(4, Math.min(where.y + 14, innerHeight - size.height - 8))}px`;
  };
  svg.addEventListener("pointermove", (event) => {
    const where = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const found = svg.places.reduce((best, each) => (!best || Math.abs(each.x - where.x) < Math.abs(best.x - where.x) ? each : best), null);
    if (found !== at) point(found);
  });
  for (const name of ["pointerleave", "blur"]) svg.addEventListener(name, () => point(null));
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const last = svg.places.length - 1;
    if (step) point(svg.places[at ? Math.min(Math.max(at.point + step, 0), last) : last]);
    else if (event.key === "Escape") point(null);
    else return;
    event.preventDefault();
  });
}

// ---------------------------------------------------------------- what people touch

addEventListener("DOMContentLoaded", () => {
  const box = one("#cell");
  if (!box) return;
  one(".small").hidden = false;
  one(".marks").append(make("li", { class: "what" }, "Marks:"), ...MARKS.map(([name, d, words]) =>
    make("li", {}, make("svg:svg", { viewBox: "0 0 22 14", "aria-hidden": "true" }, make("svg:path", { class: name, d })), words)));
  one(".filters").order.addEventListener("change", (event) => {
    state.sort = event.target.value;
    changed();
  });
  one(".more-cards button").addEventListener("click", () => {
    cardLimit = Infinity;
    showCards(tables);
  });
  for (const link of all("[data-row]"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      chooseCell(+link.dataset.row, false);
    });
  const again = async (work) => work(state.sel[0], await details());
  one("[name=unit]", box).addEventListener("change", (event) => {
    state.unit = event.target.value;
    writeAddress();
    again(drawLarge);
  });
  one("[name=phone]", box).addEventListener("change", (event) => chooseCell(+event.target.value, false));
  one("[name=close]", box).addEventListener("click", () => {
    const number = state.sel[0];
    chooseCell(number, true);
    one("a", rows.get(number).element).focus();
  });
  one("[name=nights]", box).addEventListener("click", () => {
    box.limit = Infinity;
    again(nightsTable);
  });
  one("[name=points]", box).addEventListener("click", (event) => again((number, data) => copy(nightsCsv(number, data), event.target)));
  one("[name=command]", box).addEventListener("click", (event) => copy(one(".command code", box).textContent, event.target));
  addEventListener("resize", () => {
    if (state.sel.length) again(drawLarge);
  });
  addEventListener("beforeprint", () => {
    fillCards(Infinity);
    if (loaded) cards.forEach((card) => drawCard(card, loaded));
  });
});
