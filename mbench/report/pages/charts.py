"""What the charts of a page share: rows with their places, panels of one kind with their legend, and their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.report.pages.dimensions import Place
from mbench.report.pages.drawing import Panel, Point, Series
from mbench.report.render.number_format import US_PER_MS
from mbench.report.results.rows.row import Row

OTHER: Final = "other"
"""Rows that have no value of what colours stand for."""

SHORTEST_MS: Final = 0.0005
"""Half a step of the program's clock: where an interval ends that reaches 0, which a logarithmic axis has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A row with its number on the page and where it lies in each dimension."""

    number: int
    row: Row
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Panels of one kind.

    Attributes:
        legend: number and name of each series, the same in all panels.
        legend_title: what colours and marks stand for.
        said: what is not shown, and why.
    """

    panels: tuple[Panel, ...] = ()
    legend: tuple[tuple[int, str], ...] = ()
    legend_title: str = ""
    said: tuple[str, ...] = ()


def by_device(rows: Sequence[PlacedRow], *, most: int) -> tuple[dict[str, list[PlacedRow]], tuple[str, ...]]:
    """Return rows by device, of the first devices whose rows are few enough together; and what is left out."""
    devices: dict[str, list[PlacedRow]] = {}
    for placed in rows:
        devices.setdefault(placed.row.device, []).append(placed)
    shown: dict[str, list[PlacedRow]] = {}
    left = most
    for device, members in devices.items():
        if len(members) > left and shown:
            break
        shown[device] = members[:left]
        left -= len(shown[device])
    said = []
    if len(shown) < len(devices):
        said.append(f"Drawn are the first {len(shown)} of {len(devices)} devices; the table has all of them.")
    if any(len(shown[device]) < len(devices[device]) for device in shown):
        said.append(f"Drawn are the first {most} rows; the table has all of them.")
    return shown, tuple(said)


def series_of(points: dict[str, list[Point]], values: Sequence[str]) -> tuple[Series, ...]:
    """Return points by name as series, numbered by the place of their name among `values`, others last."""
    numbers = {value: number for number, value in enumerate(values)}
    found = [(numbers.get(name, len(values)), name) for name in points]
    return tuple(Series(label=name, number=number, points=tuple(points[name])) for number, name in sorted(found))


def legend_of(values: Sequence[str], series: Sequence[Series]) -> tuple[tuple[int, str], ...]:
    """Return number and name of what colours stand for; nothing where there is but one colour."""
    others = [(len(values), OTHER)] if any(each.label == OTHER for each in series) else []
    return (*enumerate(values), *others) if values else ()


def times_ms(row: Row) -> tuple[float, float, float]:
    """Return median, low and high of a row that has a latency."""
    middle = row.latency_median_us or 0.0
    low, high = row.latency_ci_us or (middle, middle)
    return middle / US_PER_MS, max(low / US_PER_MS, SHORTEST_MS), high / US_PER_MS
