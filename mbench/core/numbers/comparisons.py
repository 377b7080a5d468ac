"""Comparisons: how many times as long the new takes as the old, with an interval, and the word that this deserves.

Of a thousand cells this is done a thousand times: what is drawn again is drawn by numpy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.core.numbers.signed_rank import middle_difference, signed_rank_interval, signed_rank_p
from mbench.core.numbers.statistics import (
    CLOCK_STEP_US,
    LEAST_RUNS_FOR_INTERVAL,
    RESAMPLES,
    bootstrap_medians,
    median,
)

MIN_CHANGE: Final = 0.01
"""A smaller change is not called one, however sure it is: where a process is loaded in memory moves as much."""

_TAIL: Final = 0.025

Floats = NDArray[np.float64]


class Change(StrEnum):
    """What a comparison of two latencies shows."""

    FASTER = "faster"
    SLOWER = "slower"
    NONE_SHOWN = "no difference shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """New over old: 1.10 takes a tenth longer.

    Attributes:
        low, high: its 95 % interval; None where there are too few runs for one.
        p_value: of the paired test that there is no difference; None without pairs.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None

    @property
    def change(self) -> Change:
        """The word that it deserves: it needs both a size and an interval that does not hold 1."""
        if self.low is not None and self.low > 1 and self.value >= 1 + MIN_CHANGE:
            return Change.SLOWER
        if self.high is not None and self.high < 1 and self.value <= 1 - MIN_CHANGE:
            return Change.FASTER
        return Change.NONE_SHOWN

    @property
    def beyond_noise(self) -> float:
        """How far the nearer end of the interval lies from 1, as a logarithm; less than 0 where the interval holds 1.

        What has no interval is behind all that has one.
        """
        if self.low is None or self.high is None:
            return -math.inf
        return max(math.log(self.low), -math.log(self.high))


def ratio_of_medians(old_us: Sequence[float], new_us: Sequence[float], *, seed: int) -> Ratio | None:
    """Return the ratio of two medians over runs that were not made in turn; None where there is nothing to divide.

    The interval is the percentile bootstrap's, over the runs of both sides, each by itself (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, sections 8.3 and 13.3): all pairs of the medians of their resamples. Of jobs of
    5 to 8 runs that end when their interval is narrow, it leaves 1 out in 2 to 5 % of cases where nothing changed
    (simulated; runs that scatter by 0.3 to 5 %, with and without outliers). It is longer by what the clock cuts off.

    Args:
        old_us: one sample a run, in µs.
        new_us: likewise.
        seed: of the resamples.
    """
    if not old_us or not new_us or not min(old_us) or not min(new_us):
        return None
    value = median(new_us) / median(old_us)
    if min(len(old_us), len(new_us)) < LEAST_RUNS_FOR_INTERVAL:
        return Ratio(value=value)
    old, old_times = _counted(old_us, seed)
    new, new_times = _counted(new_us, seed + 1)
    ratios, times = new[:, None] / old, new_times[:, None] * old_times
    low, high = _quantiles(ratios.ravel(), times.ravel())
    return _for_coarse_clock(value, low, high, median(old_us), median(new_us))


def ratio_of_pairs(pairs: Sequence[tuple[float, float]]) -> Ratio | None:
    """Return the ratio of pairs of runs that were made in turn; None where there is nothing to divide.

    Of each pair the logarithm of new over old counts; what both have in common, such as the warmth of a phone, is not
    in it. Estimate, interval and p-value are those of Wilcoxon's signed-rank test (`mbench.core.numbers.signed_rank`).

    Args:
        pairs: (old, new) in µs.
    """
    if not pairs or any(not old or not new for old, new in pairs):
        return None
    logarithms = [math.log(new / old) for old, new in pairs]
    value = math.exp(middle_difference(logarithms))
    p_value = signed_rank_p(logarithms)
    interval = signed_rank_interval(logarithms)
    if interval is None:
        return Ratio(value=value, p_value=p_value)
    middles = median([old for old, _ in pairs]), median([new for _, new in pairs])
    return _for_coarse_clock(value, math.exp(interval.low), math.exp(interval.high), *middles, p_value=p_value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one cell was measured by: `pairs` where old and new were timed in turn, else none."""

    old_us: tuple[float, ...]
    new_us: tuple[float, ...]
    pairs: tuple[tuple[float, float], ...] = ()

    def ratio(self, *, seed: int) -> Ratio | None:
        """Return the cell's ratio; None where there is nothing to divide."""
        return ratio_of_pairs(self.pairs) if self.pairs else ratio_of_medians(self.old_us, self.new_us, seed=seed)


def geometric_mean(cells: Sequence[Compared], *, seed: int) -> Ratio | None:
    """Return the geometric mean of the cells' ratios; None where there are none.

    Its interval is of these cells and their runs: each ratio is drawn again, by itself, from the bootstrap of its
    runs or pairs. What moved all of a session together is not in it.
    """
    ratios = [cell.ratio(seed=seed) for cell in cells]
    known = [ratio for ratio in ratios if ratio is not None]
    if not known or len(known) < len(cells):
        return None
    value = math.exp(math.fsum(math.log(each.value) for each in known) / len(known))
    if any(each.low is None for each in known):
        return Ratio(value=value)
    source = np.random.default_rng(seed)
    sums = sum(_drawn_again(cell, source, seed) for cell in cells)
    low, high = _quantiles(np.exp(sums / len(cells)), np.ones(RESAMPLES))
    return Ratio(value=value, low=low, high=high)


def _drawn_again(cell: Compared, source: np.random.Generator, seed: int) -> Floats:
    """Return logarithms of the cell's ratio as they might have been."""
    if cell.pairs:
        return _draws([math.log(new / old) for old, new in cell.pairs], source, seed)
    return np.log(_draws(cell.new_us, source, seed)) - np.log(_draws(cell.old_us, source, seed))


def _draws(samples: Sequence[float], source: np.random.Generator, seed: int) -> Floats:
    values, times = _counted(samples, seed)
    return source.choice(values, size=RESAMPLES, p=times / times.sum())


def _counted(samples: Sequence[float], seed: int) -> tuple[Floats, Floats]:
    """Return the medians of the samples' resamples, and how often each came up."""
    counted = np.asarray(bootstrap_medians(samples, seed=seed))
    return counted[:, 0], counted[:, 1]


def _quantiles(values: Floats, times: Floats) -> tuple[float, float]:
    """Return the ends between which the middle 95 % of values lie, each of which counts so many times."""
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(times[order]) / times.sum()
    low, high = np.searchsorted(shares, (_TAIL, 1 - _TAIL))
    return float(values[order[low]]), float(values[order[high]])


def _for_coarse_clock(
    value: float, low: float, high: float, old_us: float, new_us: float, *, p_value: float | None = None
) -> Ratio:
    """Return a ratio whose interval holds that either time may be up to a step of the clock longer than it was read."""
    return Ratio(
        value=value,
        low=low * old_us / (old_us + CLOCK_STEP_US),
        high=high * (new_us + CLOCK_STEP_US) / new_us,
        p_value=p_value,
    )
