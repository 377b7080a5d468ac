"""A figure of the paper as a picture of a page: costs on a logarithmic axis, names beside points, two legends.

Colour says the resolution or the way of running, form says where the accuracy is from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mbench.report.charts.figures import Figure
from mbench.report.charts.figures import Point as FigurePoint
from mbench.report.charts.label_places import ASIDE, PLACES, place_labels
from mbench.report.pages.drawing import MARKS, Name, Panel, Point, Series, scale_over

WIDTH: Final = 640
HEIGHT: Final = 400
COLOURS: Final = 7
"""That the page's style has; further series have them again."""

_LETTERS: Final = 11
_RADIUS: Final = 5
_BASELINE: Final = 4
"""Pixels from the middle of a name down to its baseline."""

_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a legend: its key in the page's address, and the colour and form that it explains."""

    key: str
    text: str
    colour: int
    form: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFigure:
    """A figure.

    Attributes:
        legends: titles with their entries.
        points: what the script says of each point, in the order of their numbers.
    """

    title: str
    subtitle: str
    panel: Panel
    legends: tuple[tuple[str, tuple[Entry, ...]], ...]
    points: tuple[dict[str, Any], ...]


def drawn_figure(figure: Figure, *, name: str, first: int) -> DrawnFigure:
    """Return a figure as the page draws it.

    Args:
        figure: with at least one point.
        name: of its suite, for keys.
        first: number of its first point on the page.
    """
    across = scale_over(
        [end for point in figure.points for end in (point.cost, point.low, point.high) if end],
        length=WIDTH,
        logarithmic=True,
        margin=0.08,
    )
    up = scale_over([point.accuracy for point in figure.points], length=HEIGHT, upward=True, margin=0.1)
    colours = [*dict.fromkeys(point.colour for point in figure.points)]
    sources = [*dict.fromkeys(point.source for point in figure.points)]
    placed = [
        Point(
            x=across(point.cost),
            y=up(point.accuracy),
            key=str(first + number),
            across=None if point.low is None or point.high is None else (across(point.low), across(point.high)),
        )
        for number, point in enumerate(figure.points)
    ]
    panel = Panel(
        title="",
        summary=f"{figure.title}: {figure.accuracy_title} against {figure.cost_title} of {len(placed)} points.",
        width=WIDTH,
        height=HEIGHT,
        x_title=f"{figure.cost_title}, logarithmic, left is better",
        y_title=f"{figure.accuracy_title}, up is better",
        x_ticks=across.ticks(8),
        y_ticks=up.ticks(),
        series=tuple(_series(figure.points, placed, colours, sources)),
        names=tuple(_names(figure, placed)),
        front=figure.front,
    )
    legends = (
        (figure.colours, tuple(_entries(name, "c", colours, form=None))),
        ("Accuracy", tuple(_entries(name, "s", sources, form=0))),
    )
    points = tuple(_said(figure, point, name, colours, sources) for point in figure.points)
    return DrawnFigure(title=figure.title, subtitle=figure.subtitle, panel=panel, legends=legends, points=points)


def _series(
    points: Sequence[FigurePoint], placed: Sequence[Point], colours: Sequence[str], sources: Sequence[str]
) -> Iterator[Series]:
    for colour, hue in enumerate(colours):
        for form, source in enumerate(sources):
            mine = tuple(
                at for point, at in zip(points, placed, strict=True) if (point.colour, point.source) == (hue, source)
            )
            if mine:
                yield Series(label=f"{hue}, {source}", number=colour % COLOURS, mark=form, points=mine)


def _names(figure: Figure, placed: Sequence[Point]) -> Iterator[Name]:
    places = place_labels(
        [(at.x, at.y, point.label) for point, at in zip(figure.points, placed, strict=True)],
        width=WIDTH,
        height=HEIGHT,
        size=_LETTERS,
        radius=_RADIUS,
        places=ASIDE if figure.front else PLACES,
    )
    for point, at, place in zip(figure.points, placed, places, strict=True):
        yield Name(
            x=at.x + place.dx,
            y=at.y + place.dy + _BASELINE,
            text=point.label,
            anchor=_ANCHORS[place.align],
            key=at.key,
        )


def _entries(name: str, letter: str, texts: Sequence[str], *, form: int | None) -> Iterator[Entry]:
    """Yield the lines of a legend: colours with the first form, or forms without a colour of their own."""
    for number, text in enumerate(texts):
        colour, mark = (number % COLOURS, 0) if form is None else (COLOURS, number % len(MARKS))
        yield Entry(key=f"{name}.{letter}{number}", text=text, colour=colour, form=mark)


def _said(
    figure: Figure, point: FigurePoint, name: str, colours: Sequence[str], sources: Sequence[str]
) -> dict[str, Any]:
    return {
        "suite": name,
        "label": point.label,
        "network": point.network,
        "keys": [f"{name}.c{colours.index(point.colour)}", f"{name}.s{sources.index(point.source)}"],
        "lines": [
            [figure.cost_title, point.cost, point.low, point.high],
            [figure.accuracy_title, point.accuracy, None, None],
            [figure.colours, point.colour, None, None],
            ["Accuracy", point.source, None, None],
        ],
    }
