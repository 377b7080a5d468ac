"""Numbers in texts that others wrote: read exactly, or not at all; however many digits they have."""

import re
from typing import Final

from mbench.core.numbers.limits import LARGEST

WHOLE: Final = r"[0-9]{1,18}"
"""A non-negative 64-bit integer; no separators, no digits but ASCII's."""

REAL: Final = r"[-+]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?"
"""A C++ stream's double with six significant digits: `63742`, `66336.8`, `1.07242e+06`. `nan` and `inf` are none."""


def whole(text: str) -> int | None:
    """Return a non-negative integer, None where the text is not one."""
    return int(text) if re.fullmatch(WHOLE, text) else None


def integer(text: str) -> int | None:
    """Return an integer, with a minus sign or without, None where the text is not one."""
    size = whole(text.removeprefix("-"))
    return -size if size is not None and text.startswith("-") else size


def real(text: str) -> float | None:
    """Return a number that can be meant, None where the text is none or beyond all measure."""
    if not re.fullmatch(REAL, text):
        return None
    value = float(text)
    return value if abs(value) <= LARGEST else None


def printed(value: float) -> float:
    """Return the value as it looks after a C++ stream printed it: with six significant digits.

    Rounding keeps order, so printed bounds still bound a printed mean.
    """
    return float(f"{value:.6g}")
