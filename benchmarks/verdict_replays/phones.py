"""Recorded phones: unchanged steps, planted regressions, confirmation and fallbacks."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmarks.verdict_replays.rerunning import confirmed
from benchmarks.verdict_replays.series import cell, series, tonight
from mbench.core.nights.series import Series
from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.fallback import judge_fallback
from mbench.gate.latency import LIMITS, judge_latency

KEY = ("model", "precision", "component", "device", "runtime")
RESIDUALS = 30
"""Points of the past whose residuals about their median are redrawn."""

REPEATS = 20
"""Of each simulated confirmation without a change, 5 of each planted one."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Phones:
    """The recorded jobs that passed, by series, with the unchanged steps and the fallbacks that are known."""

    folder: Path

    @cached_property
    def jobs(self) -> list[list[Row]]:
        """Jobs of each series, oldest first."""
        found: dict[tuple[str, ...], list[Row]] = {}
        with gzip.open(self.folder / "phones.csv.gz", "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["status"] == "Passed":
                    found.setdefault(tuple(row[name] for name in KEY), []).append(row)
        return list(found.values())

    def known(self, name: str) -> dict[tuple[str, str], Row]:
        """Return rows of a list of steps, by the jobs before and after."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return {(row["job_before"], row["job"]): row for row in csv.DictReader(file)}

    def steps(self) -> Iterator[tuple[list[Row], int]]:
        """Yield each step, as the jobs of its series and the place of the later one."""
        for jobs in self.jobs:
            for place in range(1, len(jobs)):
                yield jobs, place


def replay_unchanged(phones: Phones, seed: int, repeats: int = REPEATS) -> dict[str, float]:
    """Return suspects among unchanged steps, planted regressions that are, whether they stay, and confirmations."""
    known = phones.known("phones_unchanged.csv")
    counts: dict[str, list[bool]] = {name: [] for name in ("unchanged", "20", "10", "stays", "c1", "c20", "c10")}
    random = np.random.default_rng(seed)
    for jobs, place in phones.steps():
        step = known.get((jobs[place - 1]["job"], jobs[place]["job"]))
        if step is None:
            continue
        values = np.array([float(job["latency_us"]) for job in jobs])
        past = values[max(0, place - RESIDUALS) : place]
        residuals = past / np.median(past) - 1

        def noise(runs: int, residuals: np.ndarray = residuals) -> np.ndarray:
            return random.choice(residuals, runs)

        counts["unchanged"].append(_suspect(values, place) is not None)
        counts["c1"] += [confirmed(noise, ratio=1.0, suspected=1.1) for _ in range(repeats)]
        for percent in (20, 10):
            if step[f"plant_{percent}"] != "1":
                continue
            planted = values.copy()
            planted[place:] *= 1 + percent / 100
            found = _suspect(planted, place)
            counts[str(percent)].append(found is not None)
            ratio = 1 + percent / 100
            counts[f"c{percent}"] += [confirmed(noise, ratio=ratio, suspected=ratio) for _ in range(repeats // 4)]
            if found is not None and found.before is not None:
                counts["stays"] += _stays(planted, place, found.before)
    return {
        "unchanged_steps": len(counts["unchanged"]),
        "suspects": sum(counts["unchanged"]),
        "planted_20_found": _share(counts["20"]),
        "planted_10_found": _share(counts["10"]),
        "later_points": len(counts["stays"]),
        "still_reported": _share(counts["stays"]),
        "null_suspects": len(counts["c1"]),
        "null_confirmed": _share(counts["c1"]),
        "planted_20_confirmed": _share(counts["c20"]),
        "planted_10_confirmed": _share(counts["c10"]),
    }


def replay_fallbacks(phones: Phones) -> dict[str, int]:
    """Return how many steps, and of them known and other ones, are named a fallback that is new."""
    known = phones.known("phones_fallbacks.csv")
    named = steps = others = 0
    for jobs in phones.jobs:
        whole = _with_nodes(jobs)
        for place in range(1, len(jobs)):
            steps += 1
            found = judge_fallback(tonight(_first(whole, place + 1)))
            if not any(one.nights == 1 for one in found):
                continue
            if (jobs[place - 1]["job"], jobs[place]["job"]) in known:
                named += 1
            else:
                others += 1
    return {"steps": steps, "known": len(known), "named": named, "others": others}


def _suspect(values: np.ndarray, place: int) -> Finding | None:
    """Return the latency finding that begins on a night; None where none does."""
    found = judge_latency(tonight(series(values[: place + 1])), ()).findings
    return next((one for one in found if one.kind is FindingClass.LATENCY and one.nights == 1), None)


def _stays(values: np.ndarray, place: int, before: float) -> list[bool]:
    """Return for each later night until it is gone, which is within a suspect's limits, whether it is reported."""
    reported = []
    for later in range(place + 1, values.size):
        if values[later] - before < LIMITS.least(before):
            break
        found = judge_latency(tonight(series(values[: later + 1])), ()).findings
        reported.append(any(one.kind is FindingClass.LATENCY for one in found))
    return reported


def _with_nodes(jobs: list[Row]) -> Series:
    total = np.array([int(job["npu"]) + int(job["gpu"]) + int(job["cpu"]) for job in jobs])
    left = np.array([int(job["cpu"]) for job in jobs])
    return series([float(job["latency_us"]) for job in jobs], nodes=total, delegated=total - left)


def _first(whole: Series, count: int) -> Series:
    return series(whole.latency_us[:count], of=cell(), nodes=whole.nodes[:count], delegated=whole.delegated[:count])


def _share(found: list[bool]) -> float:
    return round(sum(found) / len(found), 5) if found else float("nan")
