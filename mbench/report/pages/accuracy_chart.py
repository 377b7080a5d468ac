"""Accuracy against latency: a panel a device, with intervals in both directions and the Pareto front."""

from collections.abc import Sequence
from typing import Final

from mbench.core.choices import MetricBetter
from mbench.core.scores import Metric
from mbench.report.accuracy.scored import metric_header, metric_name, of_column
from mbench.report.pages.charts import OTHER, Chart, PlacedRow, by_device, legend_of, series_of, times_ms
from mbench.report.pages.dimensions import Dimension, hue_of, in_order
from mbench.report.pages.drawing import Panel, Point, Scale, scale_over
from mbench.report.results.rows.row import Row

MOST_POINTS: Final = 2000
"""Of all panels; nobody could tell more apart."""

_LARGE: Final = (560, 300)
_SMALL: Final = (330, 220)
"""Where there are several devices."""


def accuracy_chart(rows: Sequence[PlacedRow]) -> Chart:
    """Return the panels of rows that may be compared; none, and why, where no row has latency and accuracy."""
    metric = next((metric for placed in rows for metric in placed.row.metrics), None)
    if metric is None:
        return Chart(said=("No file here was scored, so there is no accuracy to draw.",))
    both = [each for each in rows if each.row.latency_median_us and of_column(each.row.metrics, metric)]
    if not both:
        return Chart(said=("No row has both a latency and an accuracy.",))
    devices, said = by_device(both, most=MOST_POINTS)
    drawn = [each for members in devices.values() for each in members]
    hue = hue_of([each.place for each in drawn])
    values = in_order([each.place[hue] for each in drawn]) if hue else ()
    size = _SMALL if len(devices) > 1 else _LARGE
    up = scale_over([end for each in drawn for end in _shown(each.row, metric)], length=size[1], upward=True)
    panels = tuple(_panel(device, members, metric, up, size, hue, values) for device, members in devices.items())
    series = [each for panel in panels for each in panel.series]
    return Chart(panels=panels, legend=legend_of(values, series), legend_title=str(hue or ""), said=said)


def _panel(
    device: str,
    members: Sequence[PlacedRow],
    metric: Metric,
    up: Scale,
    size: tuple[int, int],
    hue: Dimension | None,
    values: Sequence[str],
) -> Panel:
    across = scale_over([end for each in members for end in times_ms(each.row)], length=size[0], logarithmic=True)
    found: dict[str, list[Point]] = {}
    for each in members:
        time, fast, slow = map(across, times_ms(each.row))
        accuracy, worst, best = map(up, _shown(each.row, metric))
        point = Point(x=time, y=accuracy, key=str(each.number), across=(fast, slow), up=(worst, best))
        found.setdefault((each.place[hue] if hue else None) or OTHER, []).append(point)
    name, lower = metric_name(metric), metric.better is MetricBetter.LOWER
    front = " and Pareto front"
    return Panel(
        title=device,
        summary=f"{name} against latency of {len(members)} rows on {device}, with intervals{'' if lower else front}.",
        width=size[0],
        height=size[1],
        x_title="Latency (ms), left is better",
        y_title=f"{metric_header(metric)}, up is better" if metric.kind == "share" else metric_header(metric),
        x_ticks=across.ticks(),
        y_ticks=up.ticks(),
        series=series_of(found, values),
        front=not lower,  # the front is drawn towards the upper left
    )


def _shown(row: Row, like: Metric) -> tuple[float, float, float]:
    """Return a metric, its low and its high end as its column shows them, of a row that has it."""
    metric = of_column(row.metrics, like)
    assert metric is not None
    low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
    scale = 100 if metric.kind == "share" else 1
    return scale * metric.value, scale * low, scale * high
