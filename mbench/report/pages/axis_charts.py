"""Latency over width, resolution, threads, quantization and delegate: small multiples, a panel a device and axis.

Points are joined that differ in the axis alone, so that a line is one network in all its widths, say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.report.pages.charts import OTHER, Chart, PlacedRow, by_device, legend_of, series_of, times_ms
from mbench.report.pages.dimensions import AXES, Dimension, Place, hue_of, in_order
from mbench.report.pages.drawing import Panel, Point, Tick, joined, scale_over

MOST_POINTS: Final = 3000
"""Of all panels of one axis."""

_WIDTH, _HEIGHT = 270, 190

_APART: Final = 14.0
"""Pixels over which points of one value lie beside each other, colour by colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisChart:
    """The chart of one axis."""

    axis: Dimension
    chart: Chart


def axis_charts(rows: Sequence[PlacedRow]) -> tuple[AxisChart, ...]:
    """Return a chart for each axis in which rows with a latency differ."""
    timed = [each for each in rows if each.row.latency_median_us]
    found = []
    for axis in AXES:
        having = [each for each in timed if each.place[axis] is not None]
        values = in_order([each.place[axis] for each in having])
        if len(values) > 1:
            found.append(AxisChart(axis=axis, chart=_chart(having, axis, values)))
    return tuple(found)


def _chart(rows: Sequence[PlacedRow], axis: Dimension, across: Sequence[str]) -> Chart:
    devices, said = by_device(rows, most=MOST_POINTS)
    drawn = [each for members in devices.values() for each in members]
    hue = hue_of([each.place for each in drawn], beside=axis)
    values = in_order([each.place[hue] for each in drawn]) if hue else ()
    panels = tuple(_panel(device, members, axis, across, hue, values) for device, members in devices.items())
    series = [each for panel in panels for each in panel.series]
    return Chart(panels=panels, legend=legend_of(values, series), legend_title=str(hue or ""), said=said)


def _panel(
    device: str,
    members: Sequence[PlacedRow],
    axis: Dimension,
    across: Sequence[str],
    hue: Dimension | None,
    values: Sequence[str],
) -> Panel:
    up = scale_over(
        [end for each in members for end in times_ms(each.row)], length=_HEIGHT, logarithmic=True, upward=True
    )
    places = {value: _WIDTH * (number + 0.5) / len(across) for number, value in enumerate(across)}
    found: dict[str, list[Point]] = {}
    alike: dict[tuple[str | None, ...], list[Point]] = {}
    numbers: dict[tuple[str | None, ...], int] = {}
    for each in members:
        name = (each.place[hue] if hue else None) or OTHER
        number = values.index(name) if name in values else len(values)
        beside = (number - (len(values) - 1) / 2) * _APART / len(values) if values else 0.0
        time, fast, slow = map(up, times_ms(each.row))
        point = Point(x=places[_value(each.place, axis)] + beside, y=time, key=str(each.number), up=(slow, fast))
        found.setdefault(name, []).append(point)
        others = (*each.place.without(axis), each.row.artifact_sha256 if _one_file(axis) else None)
        alike.setdefault(others, []).append(point)
        numbers[others] = number
    lines = tuple(
        (numbers[others], joined(sorted(points, key=lambda point: point.x)))
        for others, points in alike.items()
        if len({point.x for point in points}) > 1
    )
    return Panel(
        title=device,
        summary=f"Latency of {len(members)} rows on {device} over {axis}, with intervals.",
        width=_WIDTH,
        height=_HEIGHT,
        x_title=str(axis).capitalize(),
        y_title="Latency (ms)",
        x_ticks=tuple(Tick(at=places[value], text=_short(value)) for value in across),
        y_ticks=up.ticks(),
        series=series_of(found, values),
        lines=lines,
    )


def _one_file(axis: Dimension) -> bool:
    """Whether rows that differ in this alone are of one file, which a line must not leave."""
    return axis in (Dimension.THREADS, Dimension.DELEGATE)


def _value(place: Place, axis: Dimension) -> str:
    return place[axis] or OTHER


def _short(text: str) -> str:
    return text if len(text) <= 12 else f"{text[:11]}…"
