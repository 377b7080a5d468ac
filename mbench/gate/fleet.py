"""The fleet rule: a small shift that many phones of a model show at once, and what others say of a finding."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mbench.core.nights.series import Cell, Counts, Floats
from mbench.core.nights.verdicts import Agreement
from mbench.gate.signed_rank import signed_rank_p
from mbench.gate.tonight import Tonight

ALPHA: Final = 0.001
"""Of the signed-rank test over devices, which fewer than twelve cannot reach in three spans."""

LEAST_CHANGE: Final = 0.02
"""Of the devices' median: what a whole lab shares (a warm night, another charger) is below it."""

LEVEL_NIGHTS: Final = 14
"""Whose median is a device's own level here: a fortnight, since a shift of a few hundredths asks for a calm one."""

LEAST_NIGHTS: Final = 5
"""Of them, for a device to say anything."""

SINCE: Final = (1, 3, 7)
"""Nights that are compared with those before them: the rule holds a shift until slow steps see it on each phone."""

AGREES: Final = 0.5
"""Share of a finding's shift from which on another device has shifted likewise."""

LEAST_FOR_TEST: Final = 6
"""Devices from which on an agreement has a p-value: fewer cannot reach one in fifty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The last nights of a cell in its epoch that have a number.

    Attributes:
        night: index of each.
        values: latencies in µs.
    """

    cell: Cell
    model: str
    night: Counts
    values: Floats

    def shift(self, nights: int) -> float | None:
        """Return ln(level of the last nights / level of those before); None where there are too few."""
        before = self.values[:-nights][-LEVEL_NIGHTS:]
        if before.size < LEAST_NIGHTS:
            return None
        return math.log(float(np.median(self.values[-nights:])) / float(np.median(before)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetShift:
    """A shift that devices of a model show together.

    Attributes:
        worst: cell of the device that shifted most.
        nights: for how many nights.
        change: the devices' median, new / old less one.
        devices: by cell, ln(new / old).
    """

    worst: Cell
    nights: int
    change: float
    p_value: float
    devices: Mapping[Cell, float]


def tail_of(tonight: Tonight) -> Tail | None:
    """Return what the fleet must know of a cell; None where it has no number tonight."""
    series = tonight.series
    known = (series.state == 0) & np.isfinite(series.latency_us) & (series.latency_us > 0)
    known &= series.epoch == series.epoch[-1]
    if not known[-1]:
        return None
    kept = np.flatnonzero(known)[-(LEVEL_NIGHTS + max(SINCE)) :]
    return Tail(cell=series.cell, model=series.model, night=series.night[kept], values=series.latency_us[kept])


def by_workload(tails: Iterable[Tail]) -> dict[tuple[object, ...], list[Tail]]:
    """Return tails of one workload on devices of one model together."""
    groups: dict[tuple[object, ...], list[Tail]] = {}
    for tail in tails:
        cell = tail.cell
        key = (cell.project, cell.branch, cell.workload, cell.delegate, cell.threads, tail.model)
        groups.setdefault(key, []).append(tail)
    return groups


def fleet_shift(tails: Sequence[Tail]) -> FleetShift | None:
    """Return how devices of a model became slower together on one workload; None where they did not.

    Source: Wilcoxon's signed ranks over the devices' ln(new / old); Bonferroni's correction for the three spans.
    """
    for nights in SINCE:
        shifts = {tail.cell: shift for tail in tails if (shift := tail.shift(nights)) is not None}
        if not shifts:
            continue
        change = math.expm1(float(np.median(list(shifts.values()))))
        p_value = len(SINCE) * signed_rank_p(list(shifts.values()))
        if p_value < ALPHA and change >= LEAST_CHANGE:
            worst = max(shifts, key=lambda cell: (shifts[cell], cell.serial))
            moved = [tail for tail in tails if tail.cell in shifts]
            return FleetShift(worst=worst, nights=_begun(moved), change=change, p_value=p_value, devices=shifts)
    return None


def _begun(tails: Sequence[Tail]) -> int:
    """Return for how many nights devices have shifted: the split that their common course fits best.

    The course is the devices' median, night by night from the last one back, of ln(latency / own level); each device
    has enough nights for a shift.
    """
    length = min(tail.values.size for tail in tails)
    logs = np.log([tail.values[-length:] / np.median(tail.values) for tail in tails])
    course = np.median(logs, axis=0)

    def misfit(nights: int) -> float:
        sides = course[:-nights], course[-nights:]
        return float(sum(np.abs(side - np.median(side)).sum() for side in sides))

    return min(range(1, length - LEAST_NIGHTS + 1), key=misfit)


def agreement(tails: Sequence[Tail], *, cell: Cell, ratio: float, nights: int) -> Agreement | None:
    """Return how many devices of the model shifted as a finding did; None where no other one can say so.

    Args:
        tails: of the finding's workload on devices of its model, its own among them.
        cell: of the finding.
        ratio: now / before of the finding.
        nights: since when.
    """
    span, sign = min(nights, max(SINCE)), 1 if ratio >= 1 else -1
    shifts = {tail.cell: sign * shift for tail in tails if (shift := tail.shift(span)) is not None}
    others = [shift for one, shift in shifts.items() if one != cell]
    if not others:
        return None
    alike = sum(shift >= AGREES * abs(math.log(ratio)) for shift in others)
    p_value = signed_rank_p(list(shifts.values())) if len(shifts) >= LEAST_FOR_TEST else None
    return Agreement(model=tails[0].model, shifted=1 + alike, devices=1 + len(others), p_value=p_value)
