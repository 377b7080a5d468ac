"""Means over examples, alone and in pairs: Student's interval and test. No numpy here.

A mean of hundreds of values is nearly normal however they are spread, and Student's t is a little wider where there are
few. What is tested in pairs never counts for more than the best test by signs could say of so few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mbench.core.choices import MetricBetter
from mbench.core.numbers.statistics import Interval
from mbench.core.scores import OwnMetric, Score, unpack_values

TAIL: Final = 0.025
"""On either side of a 95 % interval."""

_STEPS: Final = 200
_SMALLEST: Final = 1e-300
_CLOSE: Final = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """How the values of two files differ on the same examples.

    Attributes:
        difference: mean of the first's values minus the second's, in their unit.
        interval: of 95 %; None: too few examples for one.
        p: two-sided, of no difference.
        better: which way the metric gets better.
    """

    examples: int
    difference: float
    interval: Interval | None
    p: float
    better: MetricBetter

    @property
    def gain(self) -> float:
        """How much better the first is; below 0 it is worse."""
        return self.difference if self.better is MetricBetter.HIGHER else -self.difference


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a mean: mean ± t × s / √n; None of fewer than two values.

    Source: Student, The probable error of a mean (1908).
    """
    if len(values) < 2:
        return None
    mean, error = _mean_and_error(values)
    half = student_quantile(len(values) - 1) * error
    return Interval(low=mean - half, high=mean + half)


def compare_values(first: Score, second: Score) -> MeanDifference | None:
    """Return how two files' values compare on the same examples; None where they were asked otherwise.

    Nor where values are not kept.

    The p-value is that of Student's paired test, and 2^(1 - n) at least: no assignment of signs to n differences is
    rarer than that.
    """
    if first.values is None or second.values is None or first.own_metric is None or not first.comparable(second):
        return None
    pairs = zip(unpack_values(first.values), unpack_values(second.values), strict=True)
    differences = [one - other for one, other in pairs]
    if not differences:
        return None
    mean, error = _mean_and_error(differences)
    p = student_p(mean / error, len(differences) - 1) if error else float(mean == 0)
    return MeanDifference(
        examples=len(differences),
        difference=mean,
        interval=mean_interval(differences),
        p=max(p, 2.0 ** (1 - len(differences))),
        better=first.own_metric.better,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMeans:
    """What a user's metric of values says of two files on the same examples.

    Attributes:
        metric: the user's.
        before: mean of the old file's values; `now`: of the new one's.
        change: the new one's values against the old one's.
    """

    metric: OwnMetric
    before: float
    now: float
    change: MeanDifference


def compared_means(new: Score, old: Score) -> ComparedMeans | None:
    """Return what a user's metric says of two files; None where values cannot be compared, as `compare_values`."""
    change = compare_values(new, old)
    if change is None or new.own_metric is None or new.values is None or old.values is None:
        return None
    before, now = (math.fsum(values) / len(values) for values in map(unpack_values, (old.values, new.values)))
    return ComparedMeans(metric=new.own_metric, before=before, now=now, change=change)


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return a mean and its standard error, 0 of one value."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return mean, 0.0
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1) / count)


def student_p(t: float, freedom: int) -> float:
    """Return the two-sided p-value of Student's t: I(ν / (ν + t²); ν/2, 1/2).

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.1.
    """
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


@lru_cache(maxsize=256)
def student_quantile(freedom: int) -> float:
    """Return the t beyond which 2.5 % lie on either side."""
    low, high = 0.0, 13.0  # of one degree of freedom it is 12.7
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student_p(middle, freedom) > 2 * TAIL else (low, middle)
    return high


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function, by its continued fraction where that is quick.

    Source: Abramowitz and Stegun, 26.5.8, evaluated by Lentz's method (Applied Optics 15, 1976).
    """
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    found = d
    for step in range(1, _STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        change = 1.0
        for part in (even, odd):
            d, c = 1 / _off_zero(1 + part * d), _off_zero(1 + part / c)
            change *= d * c
        found *= change
        if abs(change - 1) < _CLOSE:
            break
    return front * found / a


def _off_zero(value: float) -> float:
    return value if abs(value) > _SMALLEST else _SMALLEST
