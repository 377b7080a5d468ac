"""Wilcoxon's signed-rank test, exact, with the estimate and the interval that belong to it. No numpy here.

It asks whether differences within pairs lie around zero, takes nothing for granted but that they are symmetric around
their middle, and is not moved by one pair that lies far out.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement

from mbench.core.numbers.statistics import Interval, median

TAIL = 0.025
"""On either side of a 95 % interval. Five pairs leave 1/32 there, which is more: six are the fewest with one."""


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the exact two-sided p-value of no difference; 1 where there is no pair that differs.

    Zeros are ranked with the others and then left out, equal sizes share their mean rank, and the distribution is that
    of these very ranks under all signs. Source: Wilcoxon, Individual comparisons by ranking methods (1945); Pratt,
    Remarks on zeros and ties in the Wilcoxon signed rank procedures (1959).
    """
    ranks = _doubled_ranks([abs(each) for each in differences])
    signed = [(rank, each > 0) for rank, each in zip(ranks, differences, strict=True) if each != 0]
    upper = sum(rank for rank, positive in signed if positive)
    lower = sum(rank for rank, positive in signed if not positive)
    ways = _ways(tuple(sorted(rank for rank, _ in signed)))
    return min(1.0, 2 * sum(ways[: min(upper, lower) + 1]) / (1 << len(signed)))


def middle_difference(differences: Sequence[float]) -> float:
    """Return the Hodges-Lehmann estimate: the median of the means of all pairs of differences, each with itself too.

    Source: Hodges and Lehmann, Estimates of location based on rank tests (1963).

    Raises:
        ValueError: no differences.
    """
    return median(_walsh_averages(differences))


def signed_rank_interval(differences: Sequence[float]) -> Interval | None:
    """Return the interval of the middle difference that covers it in 95 % of cases or more; None for fewer than six.

    It holds the values that the test would not refuse. Source: Hollander and Wolfe, Nonparametric Statistical Methods
    (1999), section 3.3.
    """
    count = len(differences)
    ways = _ways(tuple(range(2, 2 * count + 1, 2)))[::2]
    below, outside = 0, -1
    while below + ways[outside + 1] <= TAIL * 2**count:
        outside += 1
        below += ways[outside]
    if outside < 0:
        return None
    averages = _walsh_averages(differences)
    return Interval(low=averages[outside], high=averages[len(averages) - 1 - outside])


def _walsh_averages(differences: Sequence[float]) -> list[float]:
    return sorted(math.fsum(pair) / 2 for pair in combinations_with_replacement(differences, 2))


def _doubled_ranks(sizes: Sequence[float]) -> list[int]:
    """Return twice the rank of each, so that the mean of several ranks is a whole number too."""
    ordered = sorted(sizes)
    first = {size: place for place, size in reversed(list(enumerate(ordered, start=1)))}
    last = {size: place for place, size in enumerate(ordered, start=1)}
    return [first[size] + last[size] for size in sizes]


@lru_cache(maxsize=64)
def _ways(ranks: tuple[int, ...]) -> list[int]:
    """Return in how many of all choices of signs the positive ranks have each sum, from 0 on."""
    ways = [1]
    for rank in ranks:
        longer = ways + [0] * rank
        for place, count in enumerate(ways):
            longer[place + rank] += count
        ways = longer
    return ways
