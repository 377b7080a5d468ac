"""Nights of a farm: one of 1,000 cells of which six have something to say, and one of 20,000 cells of a year."""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from benchmarks.verdict_replays.series import NIGHTS, cell, series
from mbench.core.nights.series import Cell, PointState, Series
from mbench.core.nights.verdicts import Acceptance, Decision, Finding, FindingClass, NightVerdict, Standing
from mbench.gate.judge import judge

CELLS = 1000
NIGHTS_BEFORE = 40
NOISE = 0.01
EXPECTED = {
    0: ("latency", False),
    1: ("missing", False),
    2: ("fallback", False),
    4: ("latency", True),
    5: ("improved", False),
}
"""What cells of the night must say, and whether it is accepted; cell 3 has another OS and may say nothing."""

SERIES = 20_000
YEAR = 365
PASTS = 101
"""A number that shares no factor with the networks: no two phones have the same past on one."""


def replay_named(seed: int) -> dict[str, Any]:
    """Return what a night of 1,000 cells and the one after it name beyond what they should, and miss."""
    random = np.random.default_rng(seed)
    count = NIGHTS_BEFORE + 2
    values = 10_000 * (1 + random.normal(0, NOISE, (CELLS, count)))
    farm = [_night_cell(place, values[place]) for place in range(CELLS)]
    made = [
        Decision(cell=_name(place), since=NIGHTS_BEFORE, night=NIGHTS_BEFORE, standing=Standing.CONFIRMED)
        for place in (0, 4)
    ]
    answer: dict[str, Any] = {}
    for name, night in (("first", NIGHTS_BEFORE), ("second", NIGHTS_BEFORE + 1)):
        verdict = _judged(farm, night, made)
        wrong = _named(verdict) ^ {(place, *what) for place, what in EXPECTED.items()}
        answer[f"{name}_night_wrong"] = sorted(map(str, wrong))
        answer[f"{name}_night_notes"] = list(verdict.notes)
    return answer


def _night_cell(place: int, values: np.ndarray) -> Series:
    last = np.arange(values.size) >= NIGHTS_BEFORE
    whole = series(values, of=_name(place))
    if place in (0, 4):
        return replace(whole, latency_us=values * np.where(last, 1.1, 1))
    if place == 1:
        state = np.where(last, int(PointState.MISSING), 0).astype(np.int8)
        return replace(whole, state=state, latency_us=np.where(last, np.nan, values))
    if place == 2:
        delegated = np.where(last, 40, 64)
        return replace(whole, latency_us=values * np.where(last, 0.9, 1), delegated=delegated, nodes=delegated * 0 + 64)
    if place == 3:
        return replace(whole, latency_us=values * np.where(last, 1.05, 1), epoch=last.astype(np.int64))
    if place == 5:
        return replace(whole, latency_us=values * np.where(last, 0.85, 1))
    return whole


def _name(place: int) -> Cell:
    return cell(workload=f"network{place // 10:03d}", serial=f"phone{place % 10}")


def _judged(farm: list[Series], night: int, made: list[Decision]) -> NightVerdict:
    """Judge as a nightly job does: suspects of chance are measured again, and withdrawn."""

    def accepted(finding: Finding) -> Acceptance | None:
        if finding.cell != _name(4):
            return None
        return Acceptance(level=11_000, night="night", because="meant", who="replay", on=date(2026, 1, 1))

    known = {"project": "replay", "branch": "main", "nights": NIGHTS, "accepted": accepted}
    first = judge(farm, night=night, decisions=made, **known)  # type: ignore[arg-type]
    chance = [
        Decision(cell=one.cell, since=night - one.nights + 1, night=night, standing=Standing.WITHDRAWN)
        for one in first.findings
        if one.kind is FindingClass.LATENCY and one.standing is Standing.SUSPECT
    ]
    return judge(farm, night=night, decisions=[*made, *chance], **known)  # type: ignore[arg-type]


def _named(verdict: NightVerdict) -> set[tuple[int, str, bool]]:
    places = {_name(place): place for place in range(CELLS)}
    findings = [one for one in verdict.findings if (places[one.cell], one.kind) != (2, FindingClass.IMPROVED)]
    return {(places[one.cell], one.kind.value, one.accepted is not None) for one in findings}


def replay_speed(seed: int) -> dict[str, float]:
    """Return seconds for a night over a year of 20,000 series, and the most memory that the process ever took."""
    begun, computed = time.monotonic(), time.process_time()
    verdict = judge(_year(seed), project="replay", branch="main", night=YEAR - 1, nights=NIGHTS)
    return {
        "cells": verdict.judged,
        "findings": len(verdict.findings),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(time.process_time() - computed, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
    }


def _year(seed: int) -> Iterator[Series]:
    """Yield series one after the other, as an archive does.

    A hundred pasts serve all, since making one takes as long as judging it.
    """
    random = np.random.default_rng(seed)
    ones = np.ones(YEAR, dtype=np.int64)
    pasts = [
        series(
            10_000 * (1 + random.normal(0, NOISE, YEAR)),
            size_bytes=ones * 4_000_000,
            memory_kib=50_000 * (1 + random.normal(0, NOISE, YEAR)),
            correct=ones * 700,
            examples=ones * 1000,
            dataset=ones,
            delegated=ones * 64,
            nodes=ones * 64,
        )
        for _ in range(PASTS)
    ]
    for place in range(SERIES):
        named = cell(workload=f"network{place % 200:03d}", serial=f"phone{place // 200:03d}")
        yield replace(pasts[place % PASTS], cell=named, model=f"Model {place // 2000}")
