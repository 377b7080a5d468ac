"""Do pages stay small and quick? 16 variants × 5 quantizations on 10 phones, and 10,000 jobs, all synthetic.

    python -m benchmarks pages

`farm_bytes` should be 1.5 MB at most. `jobs_s` is the time to write the page of 10,000 jobs that are in memory already,
`jobs_mib` what the process then held at most, the jobs among it: 6 s and 600 MB at most. In Chromium, where it is
found: `readable_s` from opening the page of 5,000 rows to its first paint (1 s), `sort_ms` and `filter_ms` until rows
are laid out again (100 ms). `year` is about the page of a year of 1,000 series; see `benchmarks/year_page.py`.
"""

import gc
import json
import random
import resource
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import year_page
from benchmarks.comparison_pages import SORT, TURN, page_of_pairs
from benchmarks.page_pictures import FLAGS
from mbench.cli.main import COLLECT
from mbench.core.delegates import Delegate
from mbench.core.results import (
    BinaryFacts,
    Conditions,
    DelegateCoverage,
    DeviceFacts,
    JobResult,
    MeasuringRules,
    Memory,
    Pass,
    Phase,
    Provenance,
    Run,
    Status,
)
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.workflows import pages

WIDTHS: Final = (1.0, 0.75, 0.5, 0.25)
RESOLUTIONS: Final = (224, 192, 160, 128)
QUANTIZATIONS: Final = ("fp32", "fp16", "drq", "int8", "int16x8")
RUNS: Final = 5
_BEGIN: Final = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
_COST: Final = {"fp32": 1.0, "fp16": 0.98, "drq": 0.8, "int8": 0.45, "int16x8": 0.7}
_TIMES: Final = 5


def run() -> dict[str, Any]:
    """Return sizes, times and memory."""
    gc.set_threshold(*COLLECT)  # as the command line has it
    farm = page_of(results_of(phones=10))
    figures: dict[str, Any] = {"farm_bytes": len(farm), **_in_browser(page_of(results_of(phones=63)[:5000]))}
    figures |= _comparisons()
    jobs = results_of(phones=125)
    begun = time.perf_counter()
    page = page_of(jobs)
    figures["jobs_s"] = round(time.perf_counter() - begun, 1)
    figures["jobs_bytes"] = len(page)
    figures["jobs_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    del jobs
    return figures | {"year": year_page.run()}


def _comparisons() -> dict[str, Any]:
    """Return how large and quick the pages of comparisons are."""
    few, _ = page_of_pairs(results_of(phones=10))
    many, seconds = page_of_pairs(results_of(phones=63)[:5000])
    scripts = {"sort_ms": SORT, "filter_ms": _FILTER, "turn_ms": TURN}
    shown = {f"pairs_{name}": figure for name, figure in _in_browser(many, scripts).items()}
    return {"pairs_bytes": len(few), "many_pairs_s": round(seconds, 1), **shown}


def page_of(results: Sequence[JobResult]) -> bytes:
    """Return the page of synthetic results."""
    return pages.page_of(results, [], everything=False, hide_serials=False)


def results_of(*, phones: int, quantizations: Sequence[str] = QUANTIZATIONS) -> list[JobResult]:
    """Return the jobs of as many phones, each with all variants, which grow slower as the phone heats up."""
    names = [(width, size, form) for width in WIDTHS for size in RESOLUTIONS for form in quantizations]
    source = random.Random(0)
    return [
        _job(number, place, len(names), *name, source) for number in range(phones) for place, name in enumerate(names)
    ]


def _job(phone: int, place: int, jobs: int, width: float, size: int, form: str, source: random.Random) -> JobResult:
    name = f"mobilenet_v1_{width:.2f}_{size}_{form}"
    middle = 40_000 * width**1.6 * (size / 224) ** 2 * _COST[form] * (1 + phone / 100)
    artifact = ArtifactFacts(
        name=name,
        sha256=f"{place:064x}",
        size_bytes=int(4_300_000 * width),
        mult_adds=int(568_740_352 * width**2),
        parameters=int(4_231_976 * width),
        activation_bytes=None,
    )
    device = DeviceFacts(
        serial=f"SYNTHETIC{phone:03d}", profile="pixel4", invented=True, emulated=True, model="Pixel 4", os="Android 13"
    )
    workload = Workload(artifact=artifact, delegate=Delegate.CPU, threads=1, settings=RunSettings())
    runs = tuple(
        _run(f"{name}-{phone}", block, block * jobs + place, RUNS * jobs, middle, source) for block in range(RUNS)
    )
    return JobResult(
        session="20260115-093000-pixel4-synthetic-0000",
        job=f"{name}-{phone}",
        workload=workload,
        device=device,
        binary=BinaryFacts(tool="hostbench", sha256="b" * 64, path="/synthetic"),
        rules=MeasuringRules(
            min_runs=3, max_runs=8, target_interval=0.02, memory_runs=1, profile_ops=False, seed=0, cpus=(7, 6)
        ),
        provenance=Provenance(mbench="0.1.0", git=None, command=("mbench", "run"), host="synthetic", python="3.11"),
        finished_at=_BEGIN,
        status=Status.OK,
        runs=runs,
    )


def _run(job: str, block: int, position: int, last: int, middle_us: float, source: random.Random) -> Run:
    heat = 0.08 * position / last
    time_us = int(middle_us * (1 + heat) * source.gauss(1, 0.008))
    begun = _BEGIN + timedelta(seconds=2 * position)
    state = Conditions(
        taken_at=begun,
        temperature_c=round(30 + 120 * heat + source.random(), 1),
        frequency_khz=(1_780_000,) * 4 + (int(2_841_600 * (1 - heat)),) * 4,
        busy_share=round(0.02 * source.random(), 4),
    )
    return Run(
        job=job,
        purpose=Pass.LATENCY,
        index=block,
        block=block,
        position=position,
        started_at=begun,
        wall_s=1.5,
        argv=("/data/local/tmp/mbench/benchmark_model", "--num_threads=1"),
        exit_code=0,
        status=Status.OK,
        measured=Phase(count=50, median_us=time_us, p5_us=int(time_us * 0.98), p95_us=int(time_us * 1.03)),
        init_us=20_000,
        memory=Memory(peak_kib=24_576.0),
        delegates=(DelegateCoverage(name="TfLiteXNNPackDelegate", nodes=31, total=31, partitions=1),),
        cpus="7",
        conditions_before=state,
        conditions_after=state,
    )


def _in_browser(page: bytes, scripts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return how quick a page of 5,000 rows is; nothing without Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return {"chromium": None}
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder, "page.html")
        path.write_bytes(page)
        started = driver.chromium.launch(executable_path=browser, args=[*FLAGS])
        tab = started.new_page()
        tab.goto(path.as_uri())
        readable = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        figures = {"readable_s": round(readable / 1000, 2), "rows_bytes": len(page)}
        for name, script in (scripts or {"sort_ms": _SORT, "filter_ms": _FILTER}).items():
            figures[name] = round(median(tab.evaluate(_TIMED % script) for _ in range(_TIMES)), 1)
        started.close()
    return figures


_TIMED: Final = """() => {
  const begun = performance.now();
  %s
  document.body.getBoundingClientRect();
  return performance.now() - begun;
}"""
_SORT: Final = "document.querySelector('th[data-name=latency_median_us] button').click();"
_FILTER: Final = """const box = document.querySelector('input[name=q]');
  box.value = box.value ? '' : '0.50';
  box.dispatchEvent(new Event('input'));"""


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
