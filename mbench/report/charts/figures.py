"""Accuracy against cost, as SVG, PNG and a page of its own, all from one description: Figures 4 and 5 of MobileNets.

The description is Vega-Lite, which altair writes. Every point bears its name; colour says the resolution or the way of
running, form says where the accuracy is from. Adds no facts.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mbench.files.disk import disk_errors
from mbench.files.whole import write_whole
from mbench.report.charts.label_places import ASIDE, PLACES, place_labels
from mbench.report.charts.pictures import as_html, as_png, as_svg

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's, told apart by colour-blind readers."""

FORMS: Final = ("circle", "diamond", "triangle-up", "square")

WIDTH, HEIGHT = 560, 380

LABEL_SIZE: Final = 10

_OTHERWISE: Final = "name another place with --output"

RADIUS: Final = 5
"""Of a point in pixels: its area is about 70."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One network in a picture.

    Attributes:
        label: its name, short: `0.75-160`.
        cost: in the unit of the axis; `low` and `high` bound it, None where it is exact or nobody knows how well.
        accuracy: percent.
        colour: what its colour stands for.
        source: where its accuracy is from.
        network: its whole name; empty where that is nobody's concern.
    """

    label: str
    cost: float
    accuracy: float
    colour: str
    source: str
    network: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One picture.

    Attributes:
        colours: title of what colours stand for.
        front: whether the points are joined than which no other is both cheaper and better.
    """

    title: str
    subtitle: str
    cost_title: str
    accuracy_title: str
    colours: str
    points: tuple[Point, ...]
    front: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What the axes show: costs from `least` to `most`, accuracies from `low` to `high`."""

    least: float
    most: float
    low: float
    high: float

    def pixels(self, point: Point) -> tuple[float, float]:
        """Return where a point stands, from the upper left corner."""
        across = math.log(point.cost / self.least) / math.log(self.most / self.least)
        up = (point.accuracy - self.low) / (self.high - self.low)
        return WIDTH * across, HEIGHT * (1 - up)


def pareto_front(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the points than which no other is as cheap and better, or as good and cheaper; the cheapest first."""
    front: list[Point] = []
    for point in sorted(points, key=lambda each: (each.cost, -each.accuracy)):
        if not front or point.accuracy > front[-1].accuracy:
            front.append(point)
    return tuple(front)


def describe_figure(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite description; costs are on a logarithmic axis, as in the paper."""
    altair = _altair()
    frame = _frame(figure.points)
    axis = altair.Axis(gridColor="#e6e6e6")
    x_scale = altair.Scale(type="log", domain=[frame.least, frame.most], nice=False)
    x = altair.X("cost:Q", title=figure.cost_title, axis=axis, scale=x_scale)
    y_scale = altair.Scale(domain=[frame.low, frame.high], nice=False)
    y = altair.Y("accuracy:Q", title=figure.accuracy_title, axis=axis, scale=y_scale)
    base = altair.Chart(altair.Data(values=list(_rows(figure.points))), width=WIDTH, height=HEIGHT)
    layers = [_front(altair, figure, x, y)] if figure.front else []
    if any(point.low is not None for point in figure.points):
        low = altair.X("low:Q", title=figure.cost_title, axis=axis, scale=x_scale)
        layers.append(base.mark_rule(color="#999999", clip=True).encode(x=low, x2="high:Q", y=y))
    layers.append(base.mark_point(filled=True, size=70, opacity=1).encode(x=x, y=y, **_marks(altair, figure)))
    layers.extend(_labels(altair, figure, frame, x, y))
    title = altair.TitleParams(figure.title, subtitle=figure.subtitle, anchor="start", offset=12)
    chart = altair.layer(*layers, title=title, background="white").configure_view(stroke=None)
    described: dict[str, Any] = json.loads(chart.interactive().to_json())
    return described


def write_pictures(figure: Figure, folder: Path, name: str) -> tuple[Path, ...]:
    """Write `NAME.svg`, `NAME.png` and `NAME.html` into a folder, which is made if need be; return their paths.

    Raises:
        DiskError: one could not be written.
    """
    described = describe_figure(figure)
    pictures = {
        folder / f"{name}.svg": as_svg(described).encode(),
        folder / f"{name}.png": as_png(described),
        folder / f"{name}.html": as_html(described).encode(),
    }
    for path, data in pictures.items():
        with disk_errors("write", path, otherwise=_OTHERWISE):
            write_whole(path, data, fsync=False)
    return tuple(pictures)


def write_svg(figure: Figure, path: Path) -> None:
    """Write the picture as SVG.

    Raises:
        DiskError: it could not be written.
    """
    with disk_errors("write", path, otherwise=_OTHERWISE):
        write_whole(path, as_svg(describe_figure(figure)).encode(), fsync=False)


def _altair() -> Any:
    import altair

    return altair


def _rows(points: Sequence[Point]) -> Iterator[Mapping[str, Any]]:
    for point in points:
        yield {
            "label": point.label,
            "cost": point.cost,
            "accuracy": point.accuracy,
            "colour": point.colour,
            "source": point.source,
            "low": point.cost if point.low is None else point.low,
            "high": point.cost if point.high is None else point.high,
        }


def _marks(altair: Any, figure: Figure) -> dict[str, Any]:
    colours = list(dict.fromkeys(point.colour for point in figure.points))
    sources = list(dict.fromkeys(point.source for point in figure.points))
    palette = [COLOURS[place % len(COLOURS)] for place in range(len(colours))]
    forms = [FORMS[place % len(FORMS)] for place in range(len(sources))]
    legend = altair.Legend(orient="bottom", direction="vertical", labelLimit=320, titleLimit=320)
    return {
        "color": altair.Color(
            "colour:N", title=figure.colours, scale=altair.Scale(domain=colours, range=palette), legend=legend
        ),
        "shape": altair.Shape(
            "source:N", title="Accuracy", scale=altair.Scale(domain=sources, range=forms), legend=legend
        ),
        "tooltip": [
            altair.Tooltip("label:N", title="Network"),
            altair.Tooltip("cost:Q", title=figure.cost_title, format=",.4~r"),
            altair.Tooltip("accuracy:Q", title=figure.accuracy_title, format=".1f"),
            altair.Tooltip("colour:N", title=figure.colours),
            altair.Tooltip("source:N", title="Accuracy"),
        ],
    }


def _labels(altair: Any, figure: Figure, frame: _Frame, x: Any, y: Any) -> Iterator[Any]:
    """Yield the names of the points, those that stand alike to their points in one layer."""
    places = place_labels(
        [(*frame.pixels(point), point.label) for point in figure.points],
        width=WIDTH,
        height=HEIGHT,
        size=LABEL_SIZE,
        radius=RADIUS,
        places=ASIDE if figure.front else PLACES,
    )
    for place in dict.fromkeys(places):
        named = [point for point, its in zip(figure.points, places, strict=True) if its == place]
        text = altair.Chart(altair.Data(values=list(_rows(named))), width=WIDTH, height=HEIGHT).mark_text(
            align=place.align, baseline="middle", dx=place.dx, dy=place.dy, fontSize=LABEL_SIZE, color="#333333"
        )
        yield text.encode(x=x, y=y, text="label:N")


def _frame(points: Sequence[Point]) -> _Frame:
    costs = [point.cost for point in points]
    accuracies = [point.accuracy for point in points]
    margin = max(1.0, (max(accuracies) - min(accuracies)) / 12)
    aside = max(1.1, (max(costs) / min(costs)) ** (1 / 12))
    return _Frame(
        least=min(costs) / aside,
        most=max(costs) * aside,
        low=max(0.0, min(accuracies) - margin),
        high=min(100.0, max(accuracies) + margin),
    )


def _front(altair: Any, figure: Figure, x: Any, y: Any) -> Any:
    values = list(_rows(pareto_front(figure.points)))
    return (
        altair.Chart(altair.Data(values=values), width=WIDTH, height=HEIGHT)
        .mark_line(interpolate="step-after", color="#999999", strokeDash=[5, 3])
        .encode(x=x, y=y)
    )
