"""Modest statistics: medians, a bootstrap interval over runs, percentiles. Nothing here needs numpy."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2000
LEAST_RUNS_FOR_INTERVAL = 3
"""Of one or two runs there is no spread worth a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A 95 % interval of a median, in the unit of its samples."""

    low: float
    high: float

    def relative_half_width(self, centre: float) -> float:
        """Return half the interval's width as a share of `centre`."""
        return (self.high - self.low) / 2 / centre if centre else math.inf

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two intervals share a value."""
        return self.low <= other.high and other.low <= self.high


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
    source = random.Random(seed)
    medians = sorted(median(source.choices(samples, k=len(samples))) for _ in range(RESAMPLES))
    return Interval(low=medians[int(0.025 * RESAMPLES)], high=medians[int(0.975 * RESAMPLES) - 1])
