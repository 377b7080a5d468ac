"""Drift: whether a device became slower or faster while a session went on, by runs of one workload that it repeats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from mbench.core.numbers.statistics import LEAST_IN_GROUP, median

SPARED_FROM: Final = 4
"""Runs from which on the one farthest from a fit does not count against it: one disturbed run is no drift."""

_ALIKE: Final = 9
"""Decimals of a µs to which two fits are compared; what lies beyond is rounding."""


class Course(StrEnum):
    """How a device's speed changed."""

    STEP = "step"
    STEADY = "steady"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far runs moved.

    Attributes:
        change: from the first run to the last, as a share of their median; positive: slower.
        course: at once, or steadily.
        before: runs before the step; of a steady change all.
    """

    change: float
    course: Course
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """What runs would have been without noise, µs, and what that says of the session."""

    levels_us: tuple[float, ...]
    course: Course
    before: int

    @property
    def change_us(self) -> float:
        return self.levels_us[-1] - self.levels_us[0]

    def merit(self, medians_us: Sequence[float]) -> tuple[float, float, float]:
        """Return what the closest fit has least of, the foremost first.

        They are the sum of how far runs lie from it, of many without the farthest; its change; the sum with the
        farthest.
        """
        each = sorted(abs(seen - level) for seen, level in zip(medians_us, self.levels_us, strict=True))
        spared = sum(each[:-1] if len(each) >= SPARED_FROM else each)
        return round(spared, _ALIKE), round(abs(self.change_us), _ALIKE), sum(each)


def find_drift(medians_us: Sequence[float], positions: Sequence[int]) -> Drift | None:
    """Return how runs moved from the first to the last; None for fewer than two, or where their median is 0.

    That change is the one of the closest of several fits: a step after any run that leaves two runs on either side,
    with the median of each side as its level; a steady line; no change at all. Of equally close ones the smallest
    change counts. The line has the median of the slopes between all pairs of runs, and the median of what is left as
    its intercept. Source: Theil (1950); Sen, Estimates of the Regression Coefficient Based on Kendall's Tau (1968).

    Args:
        medians_us: one for each run, in their order.
        positions: of the same runs in the session, each greater than the one before.
    """
    middle_us = median(medians_us) if len(medians_us) > 1 else 0
    if not middle_us:
        return None
    fits = [_level(middle_us, len(medians_us)), *_steps(medians_us), _line(medians_us, positions)]
    best = min(fits, key=lambda fit: fit.merit(medians_us))
    return Drift(change=best.change_us / middle_us, course=best.course, before=best.before)


def _level(middle_us: float, count: int) -> _Fit:
    return _Fit(levels_us=(middle_us,) * count, course=Course.STEADY, before=count)


def _steps(medians_us: Sequence[float]) -> Iterator[_Fit]:
    count = len(medians_us)
    least = LEAST_IN_GROUP if count >= 2 * LEAST_IN_GROUP else 1
    for before in range(least, count - least + 1):
        first_us, last_us = median(medians_us[:before]), median(medians_us[before:])
        levels = (*(first_us,) * before, *(last_us,) * (count - before))
        yield _Fit(levels_us=levels, course=Course.STEP, before=before)


def _line(medians_us: Sequence[float], positions: Sequence[int]) -> _Fit:
    pairs = combinations(zip(positions, medians_us, strict=True), 2)
    slope = median([(last_us - first_us) / (last - first) for (first, first_us), (last, last_us) in pairs])
    start_us = median([seen - slope * position for position, seen in zip(positions, medians_us, strict=True)])
    levels = tuple(start_us + slope * position for position in positions)
    return _Fit(levels_us=levels, course=Course.STEADY, before=len(medians_us))
