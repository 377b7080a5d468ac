"""Spark lines: a series of numbers as a line of small bars."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mbench.core.numbers.statistics import median

BARS: Final = "▁▂▃▄▅▆▇█"
NO_NUMBER: Final = "·"
"""Of nights that have none."""

FLAT: Final = 0.02
"""Of the least number: a range below that is drawn as if it were that wide, so that noise looks like noise."""


def spark_line(values: Sequence[float | None], width: int) -> str:
    """Return numbers as bars from the least to the greatest; several share a bar, their median, where they are many.

    Args:
        values: oldest first; None has no number.
        width: most characters.
    """
    groups = _grouped(values, width)
    known = [value for value in groups if value is not None]
    if not known:
        return NO_NUMBER * len(groups)
    low = min(known)
    spread = max(max(known) - low, FLAT * abs(low)) or 1.0
    return "".join(
        NO_NUMBER if value is None else BARS[min(int((value - low) / spread * len(BARS)), len(BARS) - 1)]
        for value in groups
    )


def _grouped(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    bounds = [round(place * len(values) / width) for place in range(width + 1)]
    groups = [[value for value in values[start:end] if value is not None] for start, end in pairwise(bounds)]
    return [median(group) if group else None for group in groups]
