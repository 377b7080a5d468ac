"""Numbers as text: units change here, at the edge, and no digit is shown that the spread does not bear."""

import math
from typing import Final

UNKNOWN: Final = "?"
"""A number that exists and is not known."""

ABSENT: Final = "–"
"""A number that does not exist, such as the accuracy of an untrained network."""

US_PER_MS: Final = 1000
KIB_PER_MIB: Final = 1024
MILLION: Final = 1_000_000
"""Also the bytes of one MB."""

DIGITS: Final = 3
"""Significant digits of what is shown without an interval; digits before the point are never dropped."""

MOST_MS_DECIMALS: Final = 3
"""benchmark_model counts whole microseconds."""


def significant(value: float | None, *, scale: float = 1) -> str:
    """Return `value / scale` with three significant digits, all of those before the point; `?` for None."""
    if value is None:
        return UNKNOWN
    scaled = value / scale
    return f"{scaled:.{_decimals(scaled, DIGITS)}f}"


def milliseconds(value_us: float | None, interval_us: tuple[float, float] | None = None) -> str:
    """Return microseconds as milliseconds: `11.42`, or `11.42 [11.31, 11.60]` with an interval; `?` for None.

    With an interval the decimals show two significant digits of its width: what lies beyond is noise.
    """
    if value_us is None:
        return UNKNOWN
    value = value_us / US_PER_MS
    if interval_us is None:
        return f"{value:.{min(_decimals(value, DIGITS), MOST_MS_DECIMALS)}f}"
    low, high = (bound / US_PER_MS for bound in interval_us)
    decimals = min(_decimals(high - low, 2), MOST_MS_DECIMALS) if high > low else MOST_MS_DECIMALS
    return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"


def count_of(number: int, noun: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def span(numbers: list[int]) -> str:
    """Return `5`, or `5 to 8` for several."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _decimals(value: float, digits: int) -> int:
    if value == 0 or not math.isfinite(value):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 9)
