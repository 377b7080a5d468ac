"""Slow steps: changes of level that no single night shows, found by ranks over a series, with the night of each.

A recursive scan: the split of a stretch that ranks speak for most is taken where it is beyond chance, and both parts
are searched again. Ranks make one hot night as harmless as a warm one. Measured against others on series of 90 nights
(white, autocorrelated and spiky noise of 2 %), it finds as many steps as E-divisive means and cries less.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from mbench.core.nights.series import Floats
from mbench.gate.levels import NORMAL

ALPHA: Final = 0.02
"""Of a split, corrected for all places of the stretch. Whoever confirms by measuring again can afford it: at 0.01 a
seventh of 3 % steps in 2 % noise waits for longer than a fortnight, at 0.02 a sixteenth, with as many re-runs."""

LEAST_POINTS: Final = 5
"""On either side of a split: as many as a level has."""

NEAR: Final = 2
"""Points by which ranks misplace a sharp step; where a level drifts, there is no sharper place further away."""

LEAST_CHANGE: Final = 0.0125
"""Of neighbouring levels: what is smaller is nobody's work. A labelled change of a browser's series is 1.4 %."""

LEAST_OF_NOISE: Final = 1.0
"""Of a change, in standard deviations about both levels: two groups that a series jumps between are no change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of level.

    Attributes:
        at: place of the first point of the new level.
        before, after: medians of the stretches on either side, up to the next steps.
    """

    at: int
    before: float
    after: float


def find_steps(values: Floats) -> tuple[Step, ...]:
    """Return the steps of a series of positive values, in order."""
    logs = np.log(values)
    places: list[int] = []
    waiting = [(0, values.size)]
    while waiting:
        begin, end = waiting.pop()
        split = _best_split(logs[begin:end])
        if split is None:
            continue
        if _apart(logs[begin : begin + split], logs[begin + split : end]):
            split = _sharpened(logs[begin:end], split)
            places.append(begin + split)
        waiting += [(begin, begin + split), (begin + split, end)]
    return _worth_naming(values, sorted(places))


def _best_split(values: Floats) -> int | None:
    """Return the split that ranks speak for most; None where chance explains it.

    Mann-Whitney's statistic at every place, with midranks and the variance for ties, normal approximation; Bonferroni's
    correction for the number of places.
    """
    count = values.size
    if count < 2 * LEAST_POINTS:
        return None
    ranks, ties = _midranks(values)
    left = np.arange(LEAST_POINTS, count - LEAST_POINTS + 1)
    variance = left * (count - left) / 12 * (count + 1 - ties / (count * (count - 1)))
    spread = np.abs(np.cumsum(ranks)[left - 1] - left * (count + 1) / 2)
    scores = spread / np.sqrt(np.maximum(variance, 1e-12))
    best = int(scores.argmax())
    if left.size * math.erfc(float(scores[best]) / math.sqrt(2)) >= ALPHA:
        return None
    return int(left[best])


def _midranks(values: Floats) -> tuple[Floats, float]:
    """Return ranks, those of ties their mean, and the sum of t³ - t over groups of t ties."""
    order = values.argsort(kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[begins, values.size])
    ranks = np.empty(values.size)
    ranks[order] = np.repeat(begins + (sizes + 1) / 2, sizes)
    return ranks, float((sizes.astype(float) ** 3 - sizes).sum())


def _sharpened(values: Floats, split: int) -> int:
    """Return the split near a rank's one that leaves the least distance from the medians of both sides.

    Ranks prefer splits in the middle, by a point or two, and want `LEAST_POINTS` on either side, so that they place a
    newer step too early: what changed that night would be looked for on the wrong one.
    """
    edge = split in (LEAST_POINTS, values.size - LEAST_POINTS)
    reach = LEAST_POINTS if edge else NEAR
    left, right = np.median(values[:split]), np.median(values[split:])
    begin, end = max(0, split - reach - 1), split + reach
    gain = np.abs(values[begin:end] - right) - np.abs(values[begin:end] - left)
    return begin + int(np.cumsum(gain).argmax()) + 1


def _apart(left: Floats, right: Floats) -> bool:
    """Whether two stretches, as logarithms, lie further apart than their noise is."""
    centre, other = np.median(left), np.median(right)
    noise = NORMAL * np.median(np.abs(np.concatenate([left - centre, right - other])))
    return bool(abs(other - centre) >= LEAST_OF_NOISE * noise)


def _worth_naming(values: Floats, places: list[int]) -> tuple[Step, ...]:
    """Return the steps whose neighbouring levels differ enough; the smallest goes first, since others grow by it."""
    while places:
        bounds = [0, *places, values.size]
        levels = [float(np.median(values[begin:end])) for begin, end in pairwise(bounds)]
        sizes = [abs(math.log(after / before)) for before, after in pairwise(levels)]
        least = min(range(len(sizes)), key=sizes.__getitem__)
        if sizes[least] >= math.log1p(LEAST_CHANGE):
            return tuple(Step(at=at, before=levels[place], after=levels[place + 1]) for place, at in enumerate(places))
        del places[least]
    return ()
