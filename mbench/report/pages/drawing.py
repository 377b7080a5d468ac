"""Pictures as plain values: panels with axes and series, which a template turns into SVG.

Drawn here and not by a chart library: `docs/decisions.md` has sizes and times. The points of a series are one path, so
that six thousand runs take a hundred kilobytes; the page's script reads their places from it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MARKS: Final = (
    "h0",  # a dot, by round ends of a line
    "m-3.5-3.5h7v7h-7z",
    "m0-4.5l4.5 4.5-4.5 4.5-4.5-4.5z",
    "m0-4.5l4.2 7.5h-8.4z",
    "m0 4.5l4.2-7.5h-8.4z",
    "m-4.5-1.2h3.3v-3.3h2.4v3.3h3.3v2.4h-3.3v3.3h-2.4v-3.3h-3.3z",
)
"""What a point looks like beside its colour, for who does not see that; relative to its place."""

LEFT: Final = 52
RIGHT: Final = 12
TOP: Final = 8
BOTTOM: Final = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point: its place in the panel, its bounds in both directions, and which row (and run) of the page it is.

    Attributes:
        key: `12` of a row, `12.3` of its run 3.
        across, up: ends of its intervals in pixels; None: no interval.
    """

    x: float
    y: float
    key: str
    across: tuple[float, float] | None = None
    up: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points of one colour and one mark; `number` chooses both, or `mark` the latter."""

    label: str
    number: int
    points: tuple[Point, ...]
    mark: int | None = None

    @property
    def form(self) -> int:
        """Which of the marks its points have."""
        return (self.number if self.mark is None else self.mark) % len(MARKS)

    @property
    def dots(self) -> str:
        """The path of all points."""
        mark = MARKS[self.form]
        return "".join(f"M{_short(point.x)} {_short(point.y)}{mark}" for point in self.points)

    @property
    def bounds(self) -> str:
        """The path of all intervals, a piece for each point; empty where no point has one."""
        if all(point.across is None and point.up is None for point in self.points):
            return ""
        return "".join(map(_bounds, self.points))

    @property
    def keys(self) -> str:
        """What each point is, in the paths' order."""
        return " ".join(point.key for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the grid with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The name of a point beside it; `anchor` is SVG's: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture, in pixels from the upper left corner of what the axes bound.

    Attributes:
        summary: what the picture shows, for who does not see it.
        lines: paths that join points, with the number of their series.
        front: whether the page joins the points than which no other is both further left and higher.
        notes: what should be known beside the picture.
    """

    title: str
    summary: str
    width: int
    height: int
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[Series, ...]
    lines: tuple[tuple[int, str], ...] = ()
    names: tuple[Name, ...] = ()
    front: bool = False
    notes: tuple[str, ...] = ()

    @property
    def view(self) -> str:
        """The picture's corner and size with its axes."""
        return f"{-LEFT} {-TOP} {self.width + LEFT + RIGHT} {self.height + TOP + (BOTTOM if self.x_title else TOP)}"

    @property
    def line_paths(self) -> tuple[tuple[int, str], ...]:
        """The same with one path for all lines of a series."""
        numbers = dict.fromkeys(number for number, _ in self.lines)
        return tuple((each, "".join(path for number, path in self.lines if number == each)) for each in numbers)

    @property
    def pareto(self) -> str:
        """The path that joins the front, as steps; empty where there is none."""
        return front_path([point for series in self.series for point in series.points]) if self.front else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear or logarithmic axis from values to pixels.

    Attributes:
        low, high: what it shows, `high` above `low`; of a logarithmic one both above 0.
        length: in pixels.
        upward: whether larger values stand higher, as on the y axis.
    """

    low: float
    high: float
    length: float
    logarithmic: bool = False
    upward: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value, at the edge where it lies beyond."""
        place = math.log if self.logarithmic else float
        value = min(max(value, self.low), self.high)
        share = (place(value) - place(self.low)) / (place(self.high) - place(self.low))
        return self.length * (1 - share if self.upward else share)

    def ticks(self, most: int = 6) -> tuple[Tick, ...]:
        """Return round values with their places."""
        found = _log_steps(self.low, self.high, most) if self.logarithmic else _steps(self.low, self.high, most)
        return tuple(Tick(at=self(value), text=f"{value:.6g}") for value in found)


def scale_over(
    values: Sequence[float], *, length: float, logarithmic: bool = False, upward: bool = False, margin: float = 0.05
) -> Scale:
    """Return a scale that shows all values, of which there is at least one, with a margin on both sides."""
    low, high = min(values), max(values)
    if logarithmic:
        factor = max((high / low) ** margin, 1.02)
        return Scale(low=low / factor, high=high * factor, length=length, logarithmic=True, upward=upward)
    beside = (high - low) * margin or max(abs(high) * margin, 0.5)
    return Scale(low=low - beside, high=high + beside, length=length, upward=upward)


def front_path(points: Sequence[Point]) -> str:
    """Return steps along the points than which none lies further left and as high, or higher and as far left."""
    front: list[Point] = []
    for point in sorted(points, key=lambda each: (each.x, each.y)):
        if not front or point.y < front[-1].y:
            front.append(point)
    if len(front) < 2:
        return ""
    first, *others = front
    return f"M{_short(first.x)} {_short(first.y)}" + "".join(f"H{_short(each.x)}V{_short(each.y)}" for each in others)


def joined(points: Sequence[Point]) -> str:
    """Return the path from point to point."""
    return "M" + "L".join(f"{_short(point.x)} {_short(point.y)}" for point in points)


def _bounds(point: Point) -> str:
    """Return the one piece of a path that shows a point's intervals."""
    if point.across is None:
        low, high = point.up or (point.y, point.y)
        return f"M{_short(point.x)} {_short(low)}V{_short(high)}"
    path = f"M{_short(point.across[0])} {_short(point.y)}H{_short(point.across[1])}"
    if point.up is not None:
        path += f"H{_short(point.x)}V{_short(point.up[0])}V{_short(point.up[1])}"
    return path


def _steps(low: float, high: float, most: int) -> list[float]:
    raw = (high - low) / most
    if raw <= 0 or not math.isfinite(raw):
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_steps(low: float, high: float, most: int) -> list[float]:
    """Return 1, 2 and 5 of each power of ten between both, fewer where those are too many; of a narrow range, more."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            break
    return found if len(found) > 2 else _steps(low, high, most)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
