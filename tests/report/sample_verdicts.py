"""Verdicts and rows of nights for tests."""

from dataclasses import replace
from datetime import UTC, date, datetime

from mbench.core.nights.cells import Cell, PointState
from mbench.core.nights.verdicts import (
    Acceptance,
    Agreement,
    Finding,
    FindingClass,
    NightVerdict,
    Rerun,
    Standing,
)
from mbench.report.exports.cell_rows import CellRow

NIGHT = "20261130-210004-farm-main-1a2b"
BEFORE = "20261129-210003-farm-main-0f0e"
TONIGHT = date(2026, 11, 30)

ACCEPTANCE = Acceptance(level=14_310.0, night=BEFORE, because="the new head is worth it", who="Ada", on=TONIGHT)


def cell(workload: str = "detector", serial: str = "9A1", delegate: str = "gpu", threads: int | None = 4) -> Cell:
    return Cell(project="mobile", branch="main", workload=workload, delegate=delegate, threads=threads, serial=serial)


def finding(**changes) -> Finding:
    own = {name: changes.pop(name) for name in ("workload", "serial", "delegate", "threads") if name in changes}
    fields = {
        "cell": cell(**own),
        "model": "Pixel 4",
        "kind": FindingClass.LATENCY,
        "standing": Standing.CONFIRMED,
        "before": 12_985.0,
        "now": 14_310.0,
        "unit": "µs",
        "low": 1.089,
        "high": 1.115,
        "since": NIGHT,
        "nights": 1,
        "because": "6.1 times its own noise",
        "changed": ("artifact 1f3a… to 9c0d…",),
        "agreement": Agreement(model="Pixel 4", shifted=4, devices=5),
        "rerun": Rerun(old_us=(12_990.0, 12_970.0), new_us=(14_300.0, 14_320.0), p_value=0.004, session=NIGHT),
        "since_date": TONIGHT,
    }
    return Finding(**(fields | changes))


def certain(kind: FindingClass, **changes) -> Finding:
    fields = {
        FindingClass.LAB: {
            "before": None,
            "now": None,
            "unit": "µs",
            "error_class": "transport",
            "because": "the phone was lost",
        },
        FindingClass.MISSING: {"before": None, "now": None, "unit": "µs", "because": "no document of it"},
        FindingClass.FAILED: {
            "before": None,
            "now": None,
            "unit": "µs",
            "error_class": "model",
            "because": "it refused the file",
        },
        FindingClass.FALLBACK: {"before": 33.0, "now": 12.0, "unit": "nodes", "because": "21 nodes left the GPU"},
        FindingClass.ACCURACY: {"before": 71.2, "now": 69.9, "unit": "%", "because": "13 of 1000 more wrong"},
        FindingClass.SIZE: {"before": 4_456_789.0, "now": 4_600_000.0, "unit": "bytes", "because": "it grew"},
        FindingClass.MEMORY: {"before": 24_576.0, "now": 30_000.0, "unit": "KiB", "because": "it grew"},
        FindingClass.IMPROVED: {"before": 14_310.0, "now": 12_985.0, "unit": "µs", "because": "faster"},
    }[kind]
    plain = {"kind": kind, "standing": Standing.CERTAIN, "low": None, "high": None, "agreement": None, "rerun": None}
    return finding(**(plain | fields | changes))


def verdict(*findings: Finding, **changes) -> NightVerdict:
    fields = {
        "project": "mobile",
        "branch": "main",
        "night": NIGHT,
        "date": TONIGHT,
        "judged": 1000,
        "too_young": 3,
        "unchanged": 990,
        "findings": findings,
    }
    return NightVerdict(**(fields | changes))


def accepted(found: Finding) -> Finding:
    return replace(found, accepted=ACCEPTANCE)


def row(**changes) -> CellRow:
    own = {name: changes.pop(name) for name in ("workload", "serial", "delegate", "threads") if name in changes}
    fields = {
        "cell": cell(**own),
        "model": "Pixel 4",
        "state": PointState.NUMBER,
        "ran": True,
        "latency_us": 14_310.0,
        "low_us": 14_200.0,
        "high_us": 14_400.0,
        "runs": 8,
        "run_s": 6.25,
        "size_bytes": 4_456_789,
        "peak_memory_kib": 24_576.0,
        "top1": 0.712,
        "artifact_sha256": "a" * 64,
        "binary_sha256": "b" * 64,
        "error_class": None,
        "message": None,
        "ended_at": datetime(2026, 11, 30, 21, 30, 5, tzinfo=UTC),
    }
    return CellRow(**(fields | changes))


def lost(**changes) -> CellRow:
    fields = {"state": PointState.LAB, "latency_us": None, "low_us": None, "high_us": None, "runs": 0}
    return row(**(fields | {"error_class": "transport", "message": "the phone was lost"} | changes))


def failed(**changes) -> CellRow:
    return lost(**({"state": PointState.FAILED, "error_class": "model", "message": "it refused the file"} | changes))
