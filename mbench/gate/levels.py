"""Levels: what a cell's past says it usually is, and how far its nights lie from that."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from mbench.core.nights.series import Floats

WINDOW: Final = 5
"""Nights whose median is the level: two bad ones do not move it, and it follows a drift within a week."""

NOISE_NIGHTS: Final = 30
"""Of the past that say how noisy a cell is: a month, so that a phone that became calm is soon called so."""

NORMAL: Final = 1.4826
"""Standard deviations of a normal law in its median absolute deviation (Rousseeuw and Croux, 1993)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far from its level a night must lie to be another level; all three are demanded.

    Attributes:
        relative: share of the level.
        absolute: in the measure's unit.
        noise: multiples of the past's noise.
        nights: of an epoch, before one of it can be another level.
    """

    relative: float
    absolute: float
    noise: float
    nights: int

    def least(self, level: float) -> float:
        """Return the distance that is demanded whatever the noise."""
        return max(self.relative * level, self.absolute)

    def bound(self, level: float, noise: float) -> float:
        """Return the distance that is demanded of a level with this noise, a share of it."""
        return max(self.least(level), self.noise * noise * level)


def noise_of(past: Sequence[float] | Floats) -> float:
    """Return the robust noise of the last nights of a past as a share of their median: 1.4826 × MAD / median.

    It is taken about one median of them all: a shift that stays is noise until it is half of the window, and a cell
    that jumps between two levels is as noisy as they lie apart.
    """
    values = sorted(past[-NOISE_NIGHTS:])
    centre = middle(values)
    if centre <= 0:
        return 0.0
    return float(NORMAL * median(abs(value - centre) for value in values) / centre)


def middle(ordered: Sequence[float]) -> float:
    """Return the median of values that are in order."""
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def rolling_level(values: Floats) -> Floats:
    """Return the median of the `WINDOW` values before each; NaN where there are fewer."""
    levels = np.full(values.size, np.nan)
    if values.size > WINDOW:
        past = np.stack([values[place : values.size - WINDOW + place] for place in range(WINDOW)])
        past.sort(axis=0)
        levels[WINDOW:] = past[WINDOW // 2]
    return levels
