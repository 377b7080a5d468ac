"""Change points of a series: where what comes after ranks otherwise than what came before.

The place at which the rank sum differs most from what chance gives is a change where that is improbable for any of the
places (Mann and Whitney, Annals of Mathematical Statistics 18, 1947; Bonferroni over the places); both sides are then
looked at likewise.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

ALPHA: Final = 0.001
LEAST_NIGHTS: Final = 3
"""On either side of a change."""
LEAST_CHANGE: Final = 0.02
"""Of the level before."""


def change_points(values: NDArray[np.float64]) -> list[int]:
    """Return the indices of values from which on the level is another one, in order.

    Args:
        values: (nights,) float64, all of them known, oldest first.
    """
    found: list[int] = []
    pending = [(0, len(values))]
    while pending:
        start, end = pending.pop()
        place = _change(values[start:end])
        if place is None:
            continue
        if abs(np.median(values[start + place : end]) / np.median(values[start : start + place]) - 1) >= LEAST_CHANGE:
            found.append(start + place)
        pending += [(start, start + place), (start + place, end)]
    return sorted(found)


def _change(values: NDArray[np.float64]) -> int | None:
    """Return the place of the most improbable division of values, None where it may be chance."""
    count = len(values)
    if count < 2 * LEAST_NIGHTS:
        return None
    _, inverse, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[inverse]
    before = np.arange(LEAST_NIGHTS, count - LEAST_NIGHTS + 1)
    ties = float((times**3 - times).sum()) / (count * (count - 1))
    deviation = np.sqrt(before * (count - before) / 12 * (count + 1 - ties))
    score = np.abs(np.cumsum(ranks)[before - 1] - before * (count + 1) / 2) / np.maximum(deviation, 1e-12)
    best = int(score.argmax())
    probability = math.erfc(float(score[best]) / math.sqrt(2)) * len(before)
    return int(before[best]) if probability < ALPHA else None
