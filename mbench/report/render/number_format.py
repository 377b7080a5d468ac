"""Numbers as text: units change here, at the edge, and no digit is shown that the spread does not bear."""

import math
from collections.abc import Iterable
from typing import Final

from mbench.core.scores import Metric

UNKNOWN: Final = "?"
"""A number that exists and is not known."""

ABSENT: Final = "–"
"""A number that does not exist, such as the accuracy of an untrained network."""

BELOW_CLOCK: Final = "< 0.001"
"""Milliseconds of what takes less than the clock's step."""

US_PER_MS: Final = 1000
KIB_PER_MIB: Final = 1024
MILLION: Final = 1_000_000
"""Also the bytes of one MB."""

DIGITS: Final = 3
"""Significant digits of what is shown without an interval; digits before the point are never dropped."""

MOST_MS_DECIMALS: Final = 3
"""benchmark_model counts whole microseconds."""

SHORT_SHA: Final = 12
"""Digits of a SHA-256 that are shown."""


def significant(value: float | None, *, scale: float = 1) -> str:
    """Return `value / scale` with three significant digits, all of those before the point; `?` for None."""
    if value is None:
        return UNKNOWN
    scaled = value / scale
    return f"{scaled:.{_decimals(scaled, DIGITS)}f}"


def milliseconds(value_us: float | None, interval_us: tuple[float, float] | None = None) -> str:
    """Return microseconds as milliseconds: `11.42`, or `11.42 [11.31, 11.60]` with an interval; `?` for None.

    With an interval the decimals show two significant digits of its width: what lies beyond is noise. They also show
    two of its lower end, so that no wide interval rounds a latency to 0.
    """
    if value_us is None:
        return UNKNOWN
    value = value_us / US_PER_MS
    if interval_us is None:
        return f"{value:.{_ms_decimals(value, DIGITS)}f}"
    low, high = (bound / US_PER_MS for bound in interval_us)
    decimals = max(_ms_decimals(high - low, 2), _ms_decimals(low, 2))
    return f"{value:.{decimals}f} [{low:.{decimals}f}, {high:.{decimals}f}]"


def milliseconds_within(value_us: float, interval_us: tuple[float, float]) -> str:
    """Return microseconds as milliseconds with the distance to the farther end of their interval: `11.42 ±0.18`.

    Four significant digits at most; the distance is rounded up, and is 0 only where the interval is one value.
    """
    value = value_us / US_PER_MS
    distance = max(interval_us[1] - value_us, value_us - interval_us[0]) / US_PER_MS
    decimals = min(max(_ms_decimals(distance, 2), _ms_decimals(value, 2)), _ms_decimals(value, 4))
    steps = math.ceil(round(distance * 10**decimals, 6))
    return f"{value:.{decimals}f} ±{steps / 10**decimals:.{decimals}f}"


def percent_of(metric: Metric) -> str:
    """Return a share in percent, `98.3 [96.4, 99.2]`, with its interval where there is one.

    So many decimals that one example more or less shows, and two at most: beyond them lies noise. For example 360
    examples bear one decimal, because one of them is 0.28 %.
    """
    decimals = share_decimals(metric.examples)
    if metric.low is None or metric.high is None:
        return f"{100 * metric.value:.{decimals}f}"
    return f"{100 * metric.value:.{decimals}f} [{100 * metric.low:.{decimals}f}, {100 * metric.high:.{decimals}f}]"


def metric_number(metric: Metric) -> str:
    """Return a share in percent, or a value in its own unit, with its interval: `31.42 [31.20, 31.64]`.

    The decimals of a value show two significant digits of its interval's width.
    """
    if metric.kind == "share":
        return percent_of(metric)
    if metric.low is None or metric.high is None or metric.low == metric.high:
        return f"{metric.value:.{_decimals(metric.value, DIGITS)}f}"
    decimals = _decimals(metric.high - metric.low, 2)
    return f"{metric.value:.{decimals}f} [{metric.low:.{decimals}f}, {metric.high:.{decimals}f}]"


def change_number(difference: float, interval: tuple[float, float] | None) -> str:
    """Return a difference of values with its sign and its interval: `-0.31 [-0.40, -0.22]`."""
    if interval is None or interval[0] == interval[1]:
        return f"{difference:+.{_decimals(difference, DIGITS)}f}" if difference else "0"
    decimals = _decimals(interval[1] - interval[0], 2)
    return f"{difference:+.{decimals}f} [{interval[0]:+.{decimals}f}, {interval[1]:+.{decimals}f}]"


def value_numbers(before: float | None, now: float | None) -> tuple[str, str]:
    """Return two means of a metric of values, in decimals that show two digits of their difference; `?` for None."""
    known = [value for value in (before, now) if value is not None]
    decimals = _decimals(known[0] - known[1], 2) if len(known) == 2 else _decimals(known[0], DIGITS) if known else 0
    first, second = (UNKNOWN if value is None else f"{value:.{decimals}f}" for value in (before, now))
    return first, second


def share_decimals(examples: int) -> int:
    """Return the decimals of a percentage that so many examples bear: 0 up to 100, 1 up to 1000, 2 beyond."""
    return min(max(len(str(examples - 1)) - 2, 0), 2)


def points(difference: float, low: float, high: float, examples: int) -> str:
    """Return a difference of two shares in percentage points with its interval: `0.3 [-0.6, 1.2]`."""
    decimals = share_decimals(examples)
    return " ".join(
        (_signed(difference, decimals), f"[{_signed(low, decimals)}, {_signed(high, decimals)}]"),
    )


def count_of(number: int, noun: str) -> str:
    """Return `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def span(numbers: list[int]) -> str:
    """Return `5`, or `5 to 8` for several."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def legend(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the line that explains the marks among a table's texts; nothing where there are none."""
    used = set(texts)
    meanings = {UNKNOWN: f"{UNKNOWN} is not known", ABSENT: f"{ABSENT} does not exist"}
    said = "; ".join(meaning for text, meaning in meanings.items() if text in used)
    return (f"In the table, {said}.",) if said else ()


def _signed(share: float, decimals: int) -> str:
    return f"{round(100 * share, decimals) + 0.0:.{decimals}f}"  # no minus in front of a zero


def _ms_decimals(value_ms: float, digits: int) -> int:
    """Return the decimals that show so many digits, those of the clock at most; a 0 has all of the clock's."""
    return min(_decimals(value_ms, digits), MOST_MS_DECIMALS) if value_ms else MOST_MS_DECIMALS


def _decimals(value: float, digits: int) -> int:
    if value == 0 or not math.isfinite(value):
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 9)
