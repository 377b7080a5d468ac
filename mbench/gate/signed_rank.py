"""Wilcoxon's signed-rank test, one-sided and exact: whether paired numbers are rather above zero."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

MOST_EXACT: Final = 60
"""Pairs up to which the exact law is counted out; the normal one differs by less than a hundredth of p beyond."""


def signed_rank_p(differences: Sequence[float]) -> float:
    """Return the p-value that differences this far above zero come by chance; 1 where none differs.

    Zeros are left out, ties have their mean rank. Source: Wilcoxon, Individual comparisons by ranking methods (1945);
    the exact law by Hollander and Wolfe, Nonparametric statistical methods, section 3.1.
    """
    kept = sorted((abs(difference), difference > 0) for difference in differences if difference != 0)
    if not kept:
        return 1.0
    above, place = 0.0, 1  # ranks begin at 1
    for _, tied in groupby(kept, key=lambda one: one[0]):
        signs = [positive for _, positive in tied]
        above += (place + (len(signs) - 1) / 2) * sum(signs)
        place += len(signs)
    return _tail(len(kept), math.floor(above))  # a half rank counts for the side of chance


def _tail(pairs: int, above: int) -> float:
    """Return the chance that the ranks of so many pairs' positive differences sum up to `above` or more."""
    if pairs > MOST_EXACT:
        mean, variance = pairs * (pairs + 1) / 4, pairs * (pairs + 1) * (2 * pairs + 1) / 24
        return math.erfc((above - 0.5 - mean) / math.sqrt(2 * variance)) / 2
    counts = _sums(pairs)
    return float(sum(counts[above:]) / (1 << pairs))


@lru_cache(maxsize=64)
def _sums(pairs: int) -> tuple[int, ...]:
    """Return how many of the 2^pairs signs give each sum of positive ranks."""
    counts = [1]
    for rank in range(1, pairs + 1):
        longer = counts + [0] * rank
        for total, count in enumerate(counts):
            longer[total + rank] += count
        counts = longer
    return tuple(counts)
