"""Modest statistics: medians, a bootstrap interval over runs, percentiles. Nothing here needs numpy."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

RESAMPLES = 2000

CLOCK_STEP_US = 1.0
"""benchmark_model counts whole microseconds and cuts off the rest: a difference of one may be none."""

COARSE_WIDTH_US = 2.0
"""Width of an interval below which what the clock cuts off counts: without it, it would hold the true median less."""

GROUP_GAP = 0.02
"""Of the median, between two groups of runs: the interval's half-width that is aimed at."""

GROUP_RATIO = 2.0
"""How many times wider than either group the gap between two is; of 8 normal samples 1 % look so."""

LEAST_IN_GROUP = 2
"""One run far from the others is an outlier."""

LEAST_RUNS_FOR_INTERVAL = 3
"""Of one or two runs there is no spread worth a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval of a median, in the unit of its samples."""

    low: float
    high: float

    def relative_half_width(self, centre: float) -> float:
        """Return half the interval's width as a share of `centre`; infinite where that is 0 and the width is not."""
        width = self.high - self.low
        return width / 2 / centre if centre else (math.inf if width else 0.0)


def median(samples: Sequence[float]) -> float:
    """Return the middle sample, or the mean of the two middle ones.

    Raises:
        ValueError: no samples.
    """
    if not samples:
        raise ValueError("the median of nothing")
    ordered = sorted(samples)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def bootstrap_interval(samples: Sequence[float], *, seed: int) -> Interval | None:
    """Return the 95 % percentile-bootstrap interval of the median; None for fewer than three samples.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3. Of five samples it spans
    nearly all of them, which is right: five runs prove little.
    """
    if len(samples) < LEAST_RUNS_FOR_INTERVAL:
        return None
    medians = bootstrap_medians(samples, seed=seed)
    return Interval(low=_at(medians, int(0.025 * RESAMPLES)), high=_at(medians, int(0.975 * RESAMPLES) - 1))


def bootstrap_medians(samples: Sequence[float], *, seed: int) -> list[tuple[float, int]]:
    """Return the medians of 2000 resamples, ascending, each with how often it came up."""
    ordered = sorted(samples)
    return sorted(
        ((ordered[low] + ordered[high]) / 2, times) for (low, high), times in _middle_ranks(len(ordered), seed)
    )


def for_coarse_clock(interval: Interval) -> Interval:
    """Return a bootstrap interval of latencies in µs as it is to be shown: a narrow one a step of the clock longer.

    The times were cut to whole microseconds, so the true median lies up to one above what a narrow interval says; no
    interval is narrower than the clock's step.
    """
    if interval.high - interval.low >= COARSE_WIDTH_US:
        return interval
    return Interval(low=interval.low, high=interval.high + CLOCK_STEP_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Samples that lie in two groups apart: the lower and the upper ones, each in order."""

    low: tuple[float, ...]
    high: tuple[float, ...]


def two_groups(samples: Sequence[float], *, step: float = CLOCK_STEP_US) -> Groups | None:
    """Return the two groups that samples lie in, None where they lie together or are too few to say.

    The widest gap between neighbours that leaves two samples or more on either side divides them where it is wider than
    two hundredths of the median, than twice either group and than two steps of the clock.
    """
    ordered = sorted(samples)
    places = range(LEAST_IN_GROUP, len(ordered) - LEAST_IN_GROUP + 1)
    if not places:
        return None
    place = max(places, key=lambda place: ordered[place] - ordered[place - 1])
    low, high = ordered[:place], ordered[place:]
    wide = max(low[-1] - low[0], high[-1] - high[0])
    if high[0] - low[-1] <= max(GROUP_GAP * median(ordered), GROUP_RATIO * wide, 2 * step):
        return None
    return Groups(low=tuple(low), high=tuple(high))


@lru_cache(maxsize=256)
def _middle_ranks(count: int, seed: int) -> tuple[tuple[tuple[int, int], int], ...]:
    """Return the two middle ranks of each resample and how often they came up.

    They depend on nothing but the number of samples and the seed, so a report over thousands of jobs draws once.
    """
    source = random.Random(seed)
    drawn: Counter[tuple[int, int]] = Counter()
    for _ in range(RESAMPLES):
        ranks = sorted(source.choices(range(count), k=count))
        drawn[ranks[(count - 1) // 2], ranks[count // 2]] += 1
    return tuple(drawn.items())


def _at(counted: Sequence[tuple[float, int]], index: int) -> float:
    """Return the value at `index` of the sorted list that `counted` (value, times) abbreviates."""
    for value, times in counted:
        if index < times:
            return value
        index -= times
    raise IndexError(index)
