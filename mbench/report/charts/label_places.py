"""Where the names of points stand in a picture, so that none lies on another, on a point, or outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Align = Literal["left", "center", "right"]

LETTER_WIDTH: Final = 0.56
"""Of a letter of a sans serif, as a share of its size."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands from its point: pixels to the right and down of its anchor, and the side that is anchored."""

    dx: float
    dy: float
    align: Align


PLACES: Final = (
    Place(8, 0, "left"),
    Place(-8, 0, "right"),
    Place(6, 11, "left"),
    Place(-6, -11, "right"),
    Place(6, -11, "left"),
    Place(-6, 11, "right"),
    Place(0, -13, "center"),
    Place(0, 14, "center"),
)
"""In the order in which they are tried."""

ASIDE: Final = (*PLACES[2:4], *PLACES[:2], *PLACES[4:])
"""The same for points that lie on a line of steps, which runs off to the right and comes from below."""

_Box = tuple[float, float, float, float]


def place_labels(
    points: Sequence[tuple[float, float, str]],
    *,
    width: float,
    height: float,
    size: float,
    radius: float,
    places: Sequence[Place] = PLACES,
) -> tuple[Place, ...]:
    """Return a place for each point's name; where no place is free, the one that covers least.

    Args:
        points: x and y in pixels from the upper left corner, and the name.
        width: of the picture in pixels, and `height`.
        height: see `width`.
        size: of letters in pixels.
        radius: of points in pixels.
        places: to be tried, in that order.
    """
    taken: list[_Box] = [(x - radius, y - radius, x + radius, y + radius) for x, y, _ in points]
    chosen: list[Place] = []
    for x, y, text in points:
        boxes = [_box(x, y, text, place, size) for place in places]
        costs = [sum(_shared(box, other) for other in taken) + _outside(box, width, height) for box in boxes]
        best = costs.index(min(costs))
        chosen.append(places[best])
        taken.append(boxes[best])
    return tuple(chosen)


def _box(x: float, y: float, text: str, place: Place, size: float) -> _Box:
    long = len(text) * size * LETTER_WIDTH
    left = x + place.dx - {"left": 0.0, "center": long / 2, "right": long}[place.align]
    middle = y + place.dy
    return left, middle - size / 2, left + long, middle + size / 2


def _shared(one: _Box, other: _Box) -> float:
    """Return the area that two boxes share."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)


def _outside(box: _Box, width: float, height: float) -> float:
    """Return how much of a box lies outside of the picture."""
    left, top, right, bottom = box
    return (right - left) * (bottom - top) - _shared(box, (0, 0, width, height))
