"""A forest plot in the rows of a table: each change with its interval on one axis, and the line of no change.

The axis is logarithmic and the same on both sides of that line: twice as long lies as far from it as half as long, and
a picture read the other way is its mirror image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.report.compare.comparison import ComparedCell
from mbench.report.pages.drawing import Tick
from mbench.report.pages.templates import Markup, short_number

WIDTH: Final = 240
HEIGHT: Final = 18
MIDDLE: Final = WIDTH / 2

LEAST_REACH: Final = math.log(1.02)
"""A picture shows 2 % at least in both directions, so that nothing is not drawn as much."""

FEW: Final = 20
"""Cells, of which all are shown whole; of more, one in twenty may end at the edge, and the others stay legible."""

_MARGIN: Final = 1.08
_SHARE: Final = 0.95

_TICKS: Final = (
    *((1 / 10, "÷10"), (1 / 5, "÷5"), (1 / 2, "÷2"), (0.8, "\u221220"), (0.9, "\u221210"), (0.95, "\u22125")),
    *((0.98, "\u22122"), (0.99, "\u22121"), (1.0, "0 %"), (1.01, "+1"), (1.02, "+2"), (1.05, "+5"), (1.1, "+10")),
    *((1.25, "+25"), (2.0, "×2"), (5.0, "×5"), (10.0, "×10")),
)
"""Ratios that an axis may name, in percent, and as factors where they are large."""

_APART: Final = 30
"""Pixels between two names at least."""

_MARKS: Final = {
    "slower": "m0-5.5l5 9.5h-10z",
    "faster": "m0 5.5l5-9.5h-10z",
    "no difference shown": "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
}
"""A triangle that points up, one that points down, and a ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The axis of a table: it reaches from `exp(-reach)` to `exp(reach)`."""

    reach: float

    def __call__(self, ratio: float) -> float:
        """Return the place of a ratio in pixels, at the edge where it lies beyond."""
        share = math.log(ratio) / self.reach
        return MIDDLE * (1 + min(max(share, -1.0), 1.0))

    def ticks(self) -> tuple[Tick, ...]:
        """Return the ratios that the axis names: no change, and what fits beside it."""
        within = [(ratio, text) for ratio, text in _TICKS if abs(math.log(ratio)) <= self.reach]
        found = [Tick(at=MIDDLE, text="0 %")]
        for side in (-1, 1):
            last = MIDDLE
            ordered = sorted((self(ratio), text) for ratio, text in within if side * math.log(ratio) > 0)
            for at, text in ordered[::-1] if side < 0 else ordered:
                if abs(at - last) >= _APART and _APART / 2 <= at <= WIDTH - _APART / 2:
                    found.append(Tick(at=at, text=text))
                    last = at
        return tuple(sorted(found, key=lambda tick: tick.at))


def forest_of(cells: Sequence[ComparedCell]) -> Forest:
    """Return the axis for all of them: all are shown whole, or of many all but the widest twentieth."""
    far = sorted(max(abs(math.log(end)) for end in _ends(cell)) for cell in cells if cell.ratio)
    if not far:
        return Forest(reach=LEAST_REACH * _MARGIN)
    most = far[-1] if len(far) <= FEW else far[math.ceil(_SHARE * len(far)) - 1]
    return Forest(reach=max(most, LEAST_REACH) * _MARGIN)


def forest_marks(forest: Forest, cell: ComparedCell) -> Markup:
    """Return a cell's interval, its mark, and arrows where it goes beyond the axis; empty without a ratio."""
    if cell.ratio is None:
        return Markup("")
    low, high = _ends(cell)
    middle = HEIGHT / 2
    line = f"M{short_number(forest(low))} {short_number(middle)}H{short_number(forest(high))}" if low < high else ""
    beyond = math.exp(forest.reach)
    line += f"M5 {short_number(middle - 4)}l-4 4 4 4" if low < 1 / beyond else ""
    line += f"M{WIDTH - 5} {short_number(middle - 4)}l4 4-4 4" if high > beyond else ""
    mark = f"M{short_number(forest(cell.ratio))} {short_number(middle)}{_MARKS[cell.verdict]}"
    bounds = f'<path class="ci" d="{line}"/>' if line else ""
    return Markup(f'{bounds}<path d="{mark}"/>')  # numbers and marks of our own alone


def _ends(cell: ComparedCell) -> tuple[float, float]:
    ratio = cell.ratio or 1.0
    return cell.ratio_ci or (ratio, ratio)
