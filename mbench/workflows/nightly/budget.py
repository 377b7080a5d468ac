"""Budget: how long a night's cells are expected to take, and which of them its window holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from mbench.core.results import JobResult, MeasuringRules, PlannedJob, Status
from mbench.core.workloads import RunSettings

BETWEEN_RUNS: Final = 1.1
"""What a run costs for each second of its own: reading conditions, storing, the canary between blocks."""

USABLE: Final = 0.95
"""Of a window: what is expected to end in its last minutes often does not."""

START_S: Final = 1.0
"""Of a run, beside what its settings ask for, where nothing is known of it: loading, proofs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is compared from night to night: a workload's lasting name, delegate and threads, on one device."""

    workload: str
    delegate: str
    threads: int
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What earlier nights tell of one cell.

    Attributes:
        seconds: that its runs took, the median over its last nights; None where it was never measured to its end.
        measured_at: when the last night in which it was began.
    """

    seconds: float | None
    measured_at: datetime | None


NEVER: Final = Past(seconds=None, measured_at=None)
_NIGHTS: Final = 5
"""Whose median is taken: a night of many more runs than the others is no measure of the next."""


def cell_of(workload: str, job: PlannedJob | JobResult, serial: str) -> Cell:
    """Return the cell of a job whose workload bears a name that lasts."""
    return Cell(workload=workload, delegate=str(job.workload.delegate), threads=job.workload.threads, serial=serial)


def past_of(nights: Iterable[tuple[datetime, Iterable[tuple[Cell, JobResult]]]]) -> dict[Cell, Past]:
    """Return what is known of each cell, from nights in the order of time, each with its beginning."""
    ended: dict[Cell, list[tuple[datetime, JobResult]]] = {}
    for begun_at, night in nights:
        for cell, result in night:
            if result.status is Status.OK and result.runs:
                ended.setdefault(cell, []).append((begun_at, result))
    return {
        cell: Past(
            seconds=median(sum(run.wall_s for run in result.runs) for _, result in results[-_NIGHTS:]),
            measured_at=results[-1][0],
        )
        for cell, results in ended.items()
    }


def expected_s(cell: Cell, past: Mapping[Cell, Past]) -> float | None:
    """Return how long a cell is expected to take, in seconds.

    By its own past, else by that of the same workload on the other devices; None where nobody has measured it.
    """
    own = past.get(cell, NEVER).seconds
    if own is not None:
        return own * BETWEEN_RUNS
    alike = [
        one.seconds
        for other, one in past.items()
        if one.seconds is not None
        and (other.workload, other.delegate, other.threads) == (cell.workload, cell.delegate, cell.threads)
    ]
    return median(alike) * BETWEEN_RUNS if alike else None


def guessed_s(settings: RunSettings, rules: MeasuringRules) -> float:
    """Return a guess of what a cell takes, in seconds, by its settings: for cells of which nothing is known."""
    run = settings.warmup_min_secs + settings.min_secs + START_S
    return (rules.min_runs + rules.memory_runs + rules.profile_ops) * run * BETWEEN_RUNS


def fitting(
    cells: Sequence[tuple[str, float, datetime | None]], *, seconds: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the jobs of one device that a window holds, and those that it does not, both in the given order.

    What was left out before comes first: what was never measured, then what was measured longest ago. A job that does
    not fit any more lets shorter ones behind it pass.

    Args:
        cells: name of each job, its expected seconds, and when it was last measured.
        seconds: that the window has.
    """
    left, kept = seconds * USABLE, set[str]()
    for name, expected, _ in sorted(cells, key=_turn):
        if expected <= left:
            kept.add(name)
            left -= expected
    names = [name for name, _, _ in cells]
    return tuple(name for name in names if name in kept), tuple(name for name in names if name not in kept)


def _turn(cell: tuple[str, float, datetime | None]) -> tuple[float, float]:
    """Order cells by when they were last measured, longer ones first among those of one night."""
    _, expected, at = cell
    return (float("-inf") if at is None else at.timestamp(), -expected)


def shared(
    cells: Mapping[str, float], serials: Sequence[str], before: Mapping[str, str], *, move: bool
) -> dict[str, str | None]:
    """Return which device of a group measures each cell, where the group's devices share them.

    A cell stays with its device from night to night, because two phones of one model are not equally fast. New cells go
    to the device that has least to do, longest first.

    Args:
        cells: name without a device, and expected seconds.
        serials: devices that can be used tonight.
        before: device of each cell in the last night that had it.
        move: whether a cell whose device is out goes to another one; else it has none tonight (None).
    """
    load = dict.fromkeys(serials, 0.0)
    found: dict[str, str | None] = {}
    for name, seconds in sorted(cells.items(), key=lambda cell: (-cell[1], cell[0])):
        own = before.get(name)
        if own in load:
            found[name] = own
            load[own] += seconds
    for name, seconds in sorted(cells.items(), key=lambda cell: (-cell[1], cell[0])):
        if name in found:
            continue
        if not load or (before.get(name) is not None and not move):
            found[name] = None
            continue
        chosen = min(load, key=lambda serial: (load[serial], serial))
        found[name] = chosen
        load[chosen] += seconds
    return found
