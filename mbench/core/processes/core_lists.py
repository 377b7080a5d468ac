"""Lists of a processor's cores, such as `0-3,6`, as kernels print and users type them (cpuset(7), "List format")."""

from collections.abc import Iterator
from typing import Final

from mbench.core.numbers.numerals import whole

MOST_CORES: Final = 8192
"""Linux numbers no more (`arch/x86/Kconfig`, NR_CPUS_RANGE_END); a greater number is nobody's core."""


def parse_cores(text: str) -> tuple[int, ...] | None:
    """Return the cores in the order of the list; None where the text is not such a list."""
    cores: list[int] = []
    for part in text.split(","):
        span = _span(part)
        if span is None:
            return None
        cores.extend(span)
        if len(cores) > MOST_CORES:
            return None
    return tuple(cores)


def core_number(text: str) -> int | None:
    """Return the number of a core, None where the text is not one."""
    number = whole(text)
    return number if number is not None and number < MOST_CORES else None


def _span(part: str) -> Iterator[int] | None:
    first, dash, last = part.partition("-")
    low = core_number(first)
    high = core_number(last) if dash else low
    return None if low is None or high is None else iter(range(low, high + 1))
