"""A synthetic night for pictures of its page: a fallback, a slower detector on five phones, a hot phone, one away."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

from benchmarks.year_page import year
from mbench.core.nights.cells import Cell, PointState
from mbench.core.nights.summaries import SeriesSummary
from mbench.core.nights.verdicts import Acceptance, Agreement, Finding, FindingClass, NightVerdict, Rerun, Standing
from mbench.report.exports.cell_rows import CellRow
from mbench.report.pages.nights.night_page import NightPage, night_page, phone_lines

NIGHT = "20261130-220004-night-farm-1a2b"
_DAY = date(2026, 11, 30)
_WORKLOADS = ("detector", "segmenter", "mobilenet_v1_1.00_224_int8", "mobilenet_v1_0.50_160_int8")
_PHONES = 6


def synthetic_night() -> bytes:
    """Return the page of a night."""
    source = random.Random(1)
    cells = [_cell(workload, phone) for workload in _WORKLOADS for phone in range(_PHONES)]
    rows = [_row(cell, place, source) for place, cell in enumerate(cells)]
    findings = [_fallback(cells[_PHONES]), *(_slower(cell, source) for cell in cells[:4]), _away(cells[_PHONES - 1])]
    findings.append(_accepted(cells[2 * _PHONES], source))
    near = replace(_slower(cells[2 * _PHONES + 1], source), standing=Standing.WITHDRAWN, because="as before")
    verdict = NightVerdict(
        project="detector",
        branch="main",
        night=NIGHT,
        date=_DAY,
        judged=len(cells) - 1,
        too_young=0,
        unchanged=len(cells) - len(findings),
        findings=tuple(findings),
        near=(near,),
        notes=("an epoch began on SYNTHETIC002: OS build flame/TQ1A.0 → flame/TQ3A.1",),
    )
    series = year(workloads=5, phones=8, nights=60).series
    past = {finding.cell: _past_of(finding, one) for finding, one in zip(findings, series[3:], strict=False)}
    past[findings[0].cell] = _fallen_back(past[findings[0].cell])
    hot = (
        "warning",
        "charge kept 9 % lost (limit: less than 5 %)",
        "The port gives less than it takes: another cable.",
    )
    phones = tuple(
        replace(
            line,
            host="lab-2" if line.serial.endswith(("4", "5")) else "lab-1",
            before=("battery 98 %", "phone 29 °C"),
            after=("battery 89 %", "phone 36 °C") if line.serial.endswith("3") else ("battery 97 %", "phone 35 °C"),
            checks=(hot,) if line.serial.endswith("3") else (),
            health="well",
        )
        for line in phone_lines(rows)
    )
    return night_page(
        NightPage(
            title=f"Night of {_DAY}, detector main",
            verdict=verdict,
            changes=None,
            facts=(
                ("Session", NIGHT),
                ("Farm", "night-farm (detector, main)"),
                ("Window", "2026-11-30 22:00 to 2026-12-01 05:00 UTC, Europe/Berlin"),
                ("Ended", "partial, 2026-12-01 03:41 UTC"),
                ("Cells", "24 planned, 23 measured, 0 failed, 1 missing"),
                ("Exit codes", "1, 5"),
            ),
            rows=rows,
            phones=phones,
            past=past,
            command=f"mbench gate {NIGHT} --farm farm.toml --format html",
        )
    )


def _cell(workload: str, phone: int) -> Cell:
    delegate = "gpu" if workload in _WORKLOADS[:2] else "cpu"
    return Cell(
        project="detector",
        branch="main",
        workload=workload,
        delegate=delegate,
        threads=4,
        serial=f"SYNTHETIC{phone:03d}",
    )


def _row(cell: Cell, place: int, source: random.Random) -> CellRow:
    away = place == _PHONES - 1
    middle = 12_985.0 * (1 + place // _PHONES / 2) * (1.1 if place < 4 else 1) * source.gauss(1, 0.01)
    why = f"{cell.serial}: quarantine since 2026-11-28: three bad nights"
    return CellRow(
        cell=cell,
        model="Pixel 4" if place % 2 else "Pixel 6",
        state=PointState.LAB if away else PointState.NUMBER,
        ran=not away,
        latency_us=None if away else round(middle),
        low_us=None if away else round(0.995 * middle),
        high_us=None if away else round(1.005 * middle),
        runs=0 if away else 5,
        run_s=6.0,
        size_bytes=4_456_789,
        peak_memory_kib=24_576.0,
        top1=None,
        artifact_sha256="a" * 64,
        binary_sha256="b" * 64,
        error_class="quarantine" if away else None,
        message=why if away else None,
        ended_at=datetime(2026, 12, 1, 2, tzinfo=UTC),
    )


def _finding(cell: Cell, kind: FindingClass, standing: Standing, because: str) -> Finding:
    return Finding(
        cell=cell,
        model="Pixel 4",
        kind=kind,
        standing=standing,
        before=None,
        now=None,
        unit="µs",
        since=NIGHT,
        nights=1,
        because=because,
        since_date=_DAY,
    )


def _slower(cell: Cell, source: random.Random) -> Finding:
    old = tuple(round(source.gauss(12_985, 90)) for _ in range(12))
    new = tuple(round(source.gauss(14_310, 110)) for _ in range(12))
    found = _finding(cell, FindingClass.LATENCY, Standing.CONFIRMED, "6.1 times its own noise")
    return replace(
        found,
        before=12_985.0,
        now=14_310.0,
        low=1.089,
        high=1.115,
        changed=("artifact 1f3a09bc77aa → 9c0d11e2f3b4", "label 00c0ffee → 00c10edd"),
        agreement=Agreement(model="Pixel 4", shifted=4, devices=5),
        rerun=Rerun(old_us=old, new_us=new, p_value=0.00008, session="20261201-031500-rerun-9f8e"),
    )


def _fallback(cell: Cell) -> Finding:
    found = _finding(cell, FindingClass.FALLBACK, Standing.CERTAIN, "21 nodes more are left to the CPU")
    return replace(found, before=33.0, now=12.0, unit="nodes", changed=("artifact 77aa09bc1f3a → e2f39c0d11b4",))


def _past_of(finding: Finding, one: SeriesSummary) -> SeriesSummary:
    """Return a series as the past of a cell, at the level that a finding of latency names, and slower tonight."""
    factor = 12_985.0 / (one.level_us or 12_985.0)
    points = [
        point if point.latency_us is None else replace(point, latency_us=point.latency_us * factor)
        for point in one.points
    ]
    if finding.kind is FindingClass.LATENCY:
        points[-1] = replace(points[-1], latency_us=14_310.0, state=PointState.NUMBER)
    return replace(one, cell=finding.cell, points=tuple(points))


def _fallen_back(one: SeriesSummary) -> SeriesSummary:
    """Return a past whose delegate took the whole graph until the last night with a number."""
    measured = [place for place, point in enumerate(one.points) if point.latency_us is not None]
    taken = dict.fromkeys(measured, 33) | {measured[-1]: 12}
    points = (
        replace(point, delegated=taken[place], nodes=33) if place in taken else point
        for place, point in enumerate(one.points)
    )
    return replace(one, points=tuple(points))


def _away(cell: Cell) -> Finding:
    because = f"{cell.serial}: quarantine since 2026-11-28: three bad nights"
    return replace(_finding(cell, FindingClass.LAB, Standing.CERTAIN, because), error_class="quarantine")


def _accepted(cell: Cell, source: random.Random) -> Finding:
    meant = Acceptance(level=14_310.0, night=NIGHT, because="the new head is worth it", who="Ada", on=_DAY)
    return replace(_slower(cell, source), accepted=meant)
