"use strict";
/* Pictures of a cell's past: small ones in hundreds, and one large. Paths only; all text goes in as text.
   Of each point: the night's place among all nights, a latency or none, half of its interval, its state. */

const NUMBER = 0; // of the states
const LANE = 14; // pixels below the points, where nights without a number are marked
const MARKS = [
  ["course", "M1 9L8 5L15 10L21 6", "night by night"],
  ["level", "M1 8H21", "level"],
  ["moved", "M11 1V13M7 5L11 1L15 5", "level changed: ▲ slower, ▼ faster"],
  ["began", "M11 1V13", "an epoch begins"],
  ["meant", "M1 8H21", "accepted level"],
  ["none failed", "M7 3L15 11M15 3L7 11", "failed"],
  ["none lab", "M11 3a4 4 0 1 1-.1 0", "kept from measuring (lab)"],
  ["none missing", "M11 2V12", "missing: left nothing"],
];

const place = (value) => value.toFixed(1).replace(/\.0$/, "");

/** Return a path from night to night, with gaps where there is no number. */
function courseOf(past, x, y) {
  let path = "";
  let down = false;
  for (let point = 0; point < past.v.length; point += 1) {
    const value = past.v[point];
    if (value === null) down = false;
    else {
      path += `${down ? "L" : "M"}${place(x(past.nights[point]))} ${place(y(value))}${down ? "" : "h.1"}`;
      down = true;
    }
  }
  return path;
}

/** Return the stretches of one level each: first and last night with the level, as the changes say them. */
function levelsOf(past) {
  const first = past.nights[0];
  const last = past.nights[past.nights.length - 1];
  if (!past.c.length) return past.level === null ? [] : [[first, last, past.level]];
  const found = past.c[0][1] === null ? [] : [[first, past.c[0][0], past.c[0][1]]];
  past.c.forEach(([night, , after], index) => {
    if (after !== null) found.push([night, index + 1 < past.c.length ? past.c[index + 1][0] : last, after]);
  });
  return found;
}

/** Return accepted levels with the first night that each holds for. */
function meantOf(past, nights) {
  return past.a.map(([day, level, ratio, because, who]) => {
    const first = past.nights.find((night) => nights[night][1] >= day);
    return { day, level, ratio, because, who, first: first === undefined ? past.nights[past.nights.length - 1] : first };
  });
}

/** Return the paths of marks for nights without a number, by their state, along a line. */
function nonesOf(past, states, x, at) {
  const shapes = { failed: "m-3-3l6 6m0-6l-6 6", lab: "m0-3a3 3 0 1 1-.1 0", missing: "m0-4v8" };
  const found = {};
  past.s.forEach((state, point) => {
    if (state === NUMBER && past.v[point] !== null) return;
    const name = state === NUMBER ? "lab" : states[state];
    found[name] = `${found[name] || ""}M${place(x(past.nights[point]))} ${at}${shapes[name]}`;
  });
  return Object.entries(found).map(([name, path]) => [`none ${name}`, path]);
}

/** Return least and greatest of what a picture shows, with a margin; of one value, some of its neighbourhood. */
function rangeOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) if (value !== null) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [0, 1];
  const beside = Math.max((high - low) * 0.06, Math.abs(high) * 0.01) || 0.5;
  return [low - beside, high + beside];
}

const WIDE = 240;
const HIGH = 52;

/** Return the small picture of a cell's past. */
function smallPicture(past, data) {
  const [first, last] = [past.nights[0], past.nights[past.nights.length - 1]];
  const bottom = HIGH - LANE / 2 - 2;
  const meant = meantOf(past, data.nights);
  const [low, high] = rangeOf([...past.v, ...meant.map((one) => one.level)]);
  const x = (night) => 2 + ((WIDE - 4) * (night - first)) / (last - first || 1);
  const y = (value) => 2 + (bottom - 6) * (1 - (Math.min(Math.max(value, low), high) - low) / (high - low));
  const paths = [];
  for (const [from, to, level] of levelsOf(past)) paths.push(["level", `M${place(x(from))} ${place(y(level))}H${place(x(to))}`]);
  for (const one of meant) if (one.level !== null) paths.push(["meant", `M${place(x(one.first))} ${place(y(one.level))}H${WIDE}`]);
  paths.push(["course", courseOf(past, x, y)]);
  for (const [night, , , share, epoch] of past.c) {
    const at = place(x(night));
    if (epoch || share === null) paths.push(["began", `M${at} 0V${bottom}`]);
    else paths.push(["moved", `M${at} 0V${bottom}${share > 0 ? `M${place(x(night) - 4)} 5L${at} 0L${place(x(night) + 4)} 5` : `M${place(x(night) - 4)} ${bottom - 5}L${at} ${bottom}L${place(x(night) + 4)} ${bottom - 5}`}`]);
  }
  paths.push(...nonesOf(past, data.states, x, HIGH - 5));
  return make("svg:svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...paths.map(([name, d]) => make("svg:path", { class: name, d })));
}

/** Return round values between two. */
function ticksOf(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  const found = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + step * 1e-9; number += 1) found.push(number * step);
  return found.map((value) => [value, String(Number(value.toPrecision(6)))]);
}

/** Return nights that the axis names, so many that their dates do not touch: months where they are many. */
function datesOf(first, last, nights, most) {
  const months = [];
  for (let night = first + 1; night <= last; night += 1)
    if (nights[night][1].slice(0, 7) !== nights[night - 1][1].slice(0, 7)) months.push(night);
  if (months.length > 2 && months.length <= most) return months.map((night) => [night, nights[night][1].slice(0, 7)]);
  const step = Math.max(Math.ceil((last - first) / most), 1);
  const found = [];
  for (let night = first; night <= last; night += step) found.push([night, nights[night][1]]);
  return found;
}

/**
 * Return the large picture of a cell's past, with the other phones thin behind it.
 * `scaled` turns a latency of a past into what the axis shows, null into null.
 */
function largePicture(past, others, data, { width, unit, scaled }) {
  const [left, right, top, tall] = [58, 12, 22, 300];
  const inner = Math.max(width - left - right, 120);
  const bottom = tall - LANE;
  const [first, last] = [past.nights[0], past.nights[past.nights.length - 1]];
  const own = (value) => scaled(past, value);
  const ends = past.v.flatMap((value, point) => value === null || past.h[point] === null ? [own(value)] : [own(value - past.h[point]), own(value + past.h[point])]);
  const meant = meantOf(past, data.nights);
  const [low, high] = rangeOf([...ends, ...meant.map((one) => (one.level === null ? null : own(one.level)))]);
  const x = (night) => (inner * (night - first)) / (last - first || 1);
  const y = (value) => 4 + (bottom - 8) * (1 - (value - low) / (high - low));
  const svg = make("svg:svg", { viewBox: `${-left} ${-top} ${width} ${tall + top + 36}`, width, height: tall + top + 36, role: "img", tabindex: "0",
    "aria-label": `Latency of ${past.v.length} nights, ${data.nights[first][1]} to ${data.nights[last][1]}; the table below has each. Arrow keys go from night to night.` });
  for (const [value, text] of ticksOf(low, high, 6)) {
    svg.append(make("svg:path", { class: "grid", d: `M0 ${place(y(value))}H${inner}` }));
    svg.append(make("svg:text", { class: "y", x: -6, y: place(y(value)) }, text));
  }
  for (const [night, text] of datesOf(first, last, data.nights, Math.max(Math.floor(inner / 84), 2)))
    svg.append(make("svg:path", { class: "grid", d: `M${place(x(night))} 0V${tall}` }), make("svg:text", { class: "x", x: place(x(night)), y: tall + 16 }, text));
  svg.append(make("svg:text", { class: "title", transform: `translate(-46 ${tall / 2})rotate(-90)` }, unit));
  const inside = make("svg:svg", { x: 0, y: 0, width: inner, height: tall, overflow: "hidden" });
  for (const other of others) inside.append(make("svg:path", { class: "other", d: courseOf(other, x, (value) => y(scaled(other, value))) }));
  for (const [from, to, level] of levelsOf(past)) inside.append(make("svg:path", { class: "level", d: `M${place(x(from))} ${place(y(own(level)))}H${place(x(to))}` }));
  let intervals = "";
  let points = "";
  past.v.forEach((value, point) => {
    if (value === null) return;
    const at = place(x(past.nights[point]));
    if (past.h[point] !== null) intervals += `M${at} ${place(y(own(value - past.h[point])))}V${place(y(own(value + past.h[point])))}`;
    points += `M${at} ${place(y(own(value)))}h0`;
  });
  inside.append(make("svg:path", { class: "interval", d: intervals }), make("svg:path", { class: "points", d: points }));
  for (const [name, d] of nonesOf(past, data.states, x, tall - 6)) inside.append(make("svg:path", { class: name, d }));
  svg.append(inside);
  for (const one of meant) {
    if (one.level === null) continue;
    const at = place(y(own(one.level)));
    svg.append(make("svg:path", { class: "meant", d: `M${place(x(one.first))} ${at}H${inner}` }), make("svg:text", { class: "meant-word", x: inner, y: y(own(one.level)) - 5 }, "accepted"));
  }
  let said = -Infinity;
  for (const [night, , , share, epoch] of past.c) {
    const at = x(night);
    const words = epoch || share === null ? "new epoch" : `${share > 0 ? "▲" : "▼"} ${percentOf(share)}`;
    svg.append(make("svg:path", { class: epoch || share === null ? "began" : "moved", d: `M${place(at)} 0V${tall}` }));
    if (at - said > 68) svg.append(make("svg:text", { class: "word", x: place(Math.min(Math.max(at, 24), inner - 24)), y: -7 }, words));
    if (at - said > 68) said = at;
  }
  svg.places = past.v.map((value, point) => ({ point, x: x(past.nights[point]), y: value === null ? tall - 6 : y(own(value)) }));
  return svg;
}

const percentOf = (share) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)} %`;
