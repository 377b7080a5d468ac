"""A ratio as a signed change in percent, as the page's script writes it, too, when it reads a ratio the other way."""

from typing import Final

MINUS: Final = "\u2212"


def change_text(ratio: float, interval: tuple[float, float] | None) -> str:
    """Return `+4.3 [+3.1, +5.2]`: percent, with the interval's ends where there are some.

    One decimal; two where the interval is narrower than 0.2 %, none where it is wider than 20 %, or from 100 % on.
    """
    percents = [100 * (each - 1) for each in (ratio, *(interval or ()))]
    decimals = _decimals(percents)
    value, *ends = (signed(each, decimals) for each in percents)
    return f"{value} [{', '.join(ends)}]" if ends else value


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, `+4.3` or `−4.3`; what is rounded to 0 has none."""
    text = f"{abs(value):.{decimals}f}"
    if not float(text):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def _decimals(percents: list[float]) -> int:
    value, low, high = percents if len(percents) > 1 else (percents[0], 0.0, 1.0)
    width = high - low
    if width > 20 or abs(value) >= 100:
        return 0
    return 2 if width < 0.2 else 1
