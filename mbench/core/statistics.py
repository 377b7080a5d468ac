"""Modest statistics: medians, a bootstrap interval over runs, percentiles. Nothing here needs numpy."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

RESAMPLES = 2000
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
    ordered = sorted(samples)
    medians = sorted(
        ((ordered[low] + ordered[high]) / 2, times) for (low, high), times in _middle_ranks(len(ordered), seed)
    )
    return Interval(low=_at(medians, int(0.025 * RESAMPLES)), high=_at(medians, int(0.975 * RESAMPLES) - 1))


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
