"""A year of 1,000 series as a page: how large is it, how fast is it written, read and scrolled through?

    python -m benchmarks.year_page [FILE]

Synthetic latencies of 25 workloads on 40 phones, with steps, epochs, an accepted level, and nights without a number.
`page_bytes` should be 5 MB at most, `write_s` is the time to lay it out. In Chromium, where it is found: `readable_s`
until the first paint (1 s), `frames_over_100_ms` of a scroll through all pictures (0), `longest_frame_ms` and
`cpu_of_a_frame_ms` of it (the latter whatever else the machine does), and `sort_ms` and `filter_ms` of the table. FILE
keeps the page.
"""

import json
import random
import shutil
import sys
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.page_pictures import FLAGS
from mbench.core.nights.series import Cell, Counts, Floats, PointState, Series
from mbench.core.nights.summaries import AcceptedLevel, SeriesSummary, Stretch
from mbench.report.pages.nights.history_page import HistoryPage, history_page
from mbench.workflows.history.summarize import _summary

NIGHTS: Final = 365
WORKLOADS: Final = 25
PHONES: Final = 40
FIRST: Final = date(2025, 12, 1)
_TIMES: Final = 5
_SCROLLS: Final = 160


def main(words: list[str]) -> int:
    """Print the figures, and keep the page where a file was named."""
    print(json.dumps(run(Path(words[0]) if words else None), indent=1))
    return 0


def run(kept: Path | None = None) -> dict[str, Any]:
    """Return sizes and times."""
    asked = year()
    begun = time.perf_counter()
    page = history_page(asked)
    figures = {"series": len(asked.series), "page_bytes": len(page), "write_s": round(time.perf_counter() - begun, 2)}
    if kept is not None:
        kept.write_bytes(page)
    return figures | _in_browser(page)


def year(*, workloads: int = WORKLOADS, phones: int = PHONES, nights: int = NIGHTS) -> HistoryPage:
    """Return what the page of a synthetic year shows."""
    source = random.Random(0)
    names = {number: f"{FIRST + timedelta(days=number):%Y%m%d}-220004-night-farm-1a2b" for number in range(nights)}
    found = [_series(workload, phone, names, source) for workload in range(workloads) for phone in range(phones)]
    days = [(names[number], str(FIRST + timedelta(days=number))) for number in range(nights)]
    return HistoryPage(
        project="detector",
        branch="main",
        nights=days,
        series=found,
        notes=("nights that were due and never began: 2026-03-08.",),
        against=None,
        command="mbench history --farm farm.toml --format html",
    )


_NETWORKS: Final = ("mobilenet_v1_1.00_224", "mobilenet_v1_0.50_160", "detector", "squeezenet_1.00_224", "segmenter")


def _series(workload: int, phone: int, names: dict[int, str], source: random.Random) -> SeriesSummary:
    nights = len(names)
    delegate = ("cpu", "gpu", "xnnpack", "nnapi", "cpu")[workload % 5]
    form = ("fp32", "int8", "fp16", "drq", "int16x8")[workload // 5 % 5]
    cell = Cell(
        project="detector",
        branch="main",
        workload=f"{_NETWORKS[workload // 5 % 5]}_{form}",
        delegate=delegate,
        threads=4 if workload % 5 == 4 else 1,
        serial=f"SYNTHETIC{phone:03d}",
    )
    noise = np.random.default_rng(workload * 1000 + phone)
    level = 3000.0 * (1 + workload) * (1 + phone % 4 / 3)
    latency = level * (1 + 0.006 * noise.standard_normal(nights))
    moved = source.randrange(40, nights - 10) if source.random() < 0.25 and nights > 60 else None
    if moved is not None:
        latency[moved:] *= source.choice((1.04, 1.1, 1.2, 0.9, 0.8))
    state = np.zeros(nights, np.int8)
    for number in range(nights):
        if source.random() < 0.006:
            state[number] = source.choice((PointState.FAILED, PointState.LAB, PointState.LAB, PointState.MISSING))
    if nights > 100 and phone % 7 == 0:
        state[97:103] = PointState.LAB
    epoch = np.zeros(nights, np.int64)
    build = nights * 2 // 3
    if phone % 10 == 3:
        epoch[build:] = 1
    half = np.round(latency * (0.002 + 0.004 * noise.random(nights)), 1)
    one, _ = _summary(_columns(cell, phone, state, np.round(latency * 2) / 2, half, epoch), names)
    stretches = [_stretch(names, 0, "a", phone), *([_stretch(names, moved, "c", phone)] if moved is not None else [])]
    accepted: tuple[AcceptedLevel, ...] = ()
    if one.changes and (one.changes[-1].share or 0) > 0.15:
        said = "the new head is worth it"
        level_us = round(1.02 * (one.level_us or level), 1)
        accepted = (AcceptedLevel(day=one.changes[-1].day, level_us=level_us, ratio=None, because=said, who="Ada"),)
    points = tuple(
        replace(point, label=f"{0xC0FFEE + 7919 * number:08x}", why=_WHYS.get(point.state))
        for number, point in enumerate(one.points)
    )
    changes = tuple(replace(change, words=_WORDS[change.epoch]) for change in one.changes)
    return replace(one, points=points, changes=changes, stretches=tuple(stretches), accepted=accepted)


_WHYS: Final = {
    PointState.LAB: "hot: the phone stayed above 41 °C for 30 minutes",
    PointState.FAILED: "timeout: no answer within 60 s",
}
_WORDS: Final = {
    True: ("OS build flame/TQ1A.0 → flame/TQ3A.1",),
    False: ("artifact a00000000000 → c1f0e2d3b4a5", "label 00c0ffee → 00c10edd"),
}


def _columns(
    cell: Cell, phone: int, state: NDArray[np.int8], latency_us: Floats, half_width_us: Floats, epoch: Counts
) -> Series:
    count = len(state)
    ones, unknown = np.ones(count, np.int64), np.full(count, -1)
    nothing = np.full(count, np.nan)
    return Series(
        cell=cell,
        model=("Pixel 4", "Pixel 6", "Galaxy S23", "Pixel 8")[phone % 4],
        night=np.arange(count),
        day=(FIRST - date(1970, 1, 1)).days + np.arange(count),
        state=state,
        latency_us=np.where(state == int(PointState.NUMBER), latency_us, np.nan),
        half_width_us=half_width_us,
        runs=5 * ones,
        init_us=nothing,
        memory_kib=nothing,
        size_bytes=unknown,
        correct=unknown,
        examples=unknown,
        dataset=unknown,
        merit=nothing,
        delegated=unknown,
        nodes=unknown,
        partitions=unknown,
        thing=ones,
        epoch=epoch,
    )


def _stretch(names: dict[int, str], night: int, digit: str, phone: int) -> Stretch:
    return Stretch(
        night=names[night],
        day=FIRST + timedelta(days=night),
        artifact_sha256=f"{digit}{night:03d}" * 16,
        binary_sha256="b" * 64,
        tool="tflite",
        tools=None,
        os="Android 13",
        build=f"flame/TQ1A.{phone % 3}",
    )


def _in_browser(page: bytes) -> dict[str, Any]:
    """Return how quick the page is; nothing without Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return {"chromium": None}
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder, "page.html")
        path.write_bytes(page)
        started = driver.chromium.launch(executable_path=browser, args=[*FLAGS])
        tab = started.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(path.as_uri())
        readable = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        tab.wait_for_selector(".card path", state="attached")
        tab.wait_for_selector(f".card:nth-child({WORKLOADS * PHONES})", state="attached")
        inside = tab.context.new_cdp_session(tab)
        inside.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _cpu_s(inside)
        frames = tab.evaluate(_SCROLL, _SCROLLS)
        spent_s = _cpu_s(inside) - before
        figures = {
            "readable_s": round(readable / 1000, 2),
            "cards_drawn": tab.evaluate("document.querySelectorAll('.card path.course').length"),
            "frames": len(frames),
            "frames_over_100_ms": sum(frame > MOST_MS for frame in frames),
            "longest_frame_ms": round(max(frames), 1),
            "cpu_of_a_frame_ms": round(1000 * spent_s / len(frames), 1),
        }
        tab.evaluate("scrollTo(0, 0)")
        for name, script in (("sort_ms", _SORT), ("filter_ms", _FILTER)):
            figures[name] = round(median(tab.evaluate(_TIMED % script) for _ in range(_TIMES)), 1)
        started.close()
    return figures


def _cpu_s(inside: Any) -> float:
    """Return the seconds of processor that the page's thread has had, whatever else the machine does."""
    metrics = inside.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


MOST_MS: Final = 100
_SCROLL: Final = """async (steps) => {
  const frames = [];
  const last = document.documentElement.scrollHeight - innerHeight;
  let before = await new Promise(requestAnimationFrame);
  for (let step = 0; step <= steps; step += 1) {
    scrollTo(0, last * step / steps);
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return frames;
}"""
_TIMED: Final = """() => {
  const begun = performance.now();
  %s
  document.body.getBoundingClientRect();
  return performance.now() - begun;
}"""
_SORT: Final = "document.querySelector('th[data-name=noise] button').click();"
_FILTER: Final = """const box = document.querySelector('input[name=q]');
  box.value = box.value ? '' : 'detector';
  box.dispatchEvent(new Event('input'));"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
