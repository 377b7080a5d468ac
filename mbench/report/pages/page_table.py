"""The table of a page: for each column a shown text and, beside it, the exact value that sorting and copying take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mbench.core.results import MeasurementWarning, Status
from mbench.core.scores import Metric
from mbench.report.accuracy.scored import TOP5, metric_header, metrics_by_header, of_column
from mbench.report.pages.delegated_share import share_of
from mbench.report.pages.templates import Markup, cell_attributes, joined, table_cell
from mbench.report.render.number_format import ABSENT
from mbench.report.render.text_table import cell_text
from mbench.report.results.columns.accuracy_columns import metric_text, saturated_top5
from mbench.report.results.columns.latency_text import below_clock, latency_value
from mbench.report.results.columns.result_columns import (
    ACCURACY,
    ALL,
    LATENCY,
    ResultColumn,
    chosen_columns,
    column_names,
)
from mbench.report.results.feet.footnotes import SAID_OF_DEVICES
from mbench.report.results.rows.row import Row


@dataclass(frozen=True, slots=True)
class Value:
    """What a cell says exactly, in the unit of its machine-readable name; `low` and `high` bound it."""

    exact: float | None
    low: float | None = None
    high: float | None = None


NOTHING: Final = Value(None)

DOUBTS: Final = "doubts"

_FIRST: Final = ("variant", "device", "delegate", "threads", "latency", ACCURACY, "status", DOUBTS)
"""What must be seen without scrolling sideways; the other columns follow in their own order."""

_ORDER: Final = (*_FIRST, *(name for name in column_names() if name not in (*_FIRST, ALL)))

_LATER: Final = frozenset({"params", "init"})
"""Columns that a wide table has and a page at first has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageColumn:
    """A column.

    Attributes:
        name: in the page's address and in copied CSV: that of `--format json` where there is one.
        shown: whether it is there at first; each can be chosen.
        value: None of a column of words.
    """

    name: str
    header: str
    text: Callable[[Row], str]
    value: Callable[[Row], Value] | None = None
    shown: bool = True
    interval: bool = False


class PageCells(NamedTuple):
    """The cells of a row: the first apart, which opens the row, the others as they stand in the page; and all texts."""

    first_attributes: str
    first: str
    others: str
    texts: tuple[str, ...]


def page_columns(rows: Sequence[Row]) -> tuple[PageColumn, ...]:
    """Return all columns, of which those are shown at first that these rows need."""
    needed = {column.name for column in chosen_columns(rows, [ALL])} - _LATER
    known = chosen_columns(rows, [name for name in _ORDER if name not in {ACCURACY, DOUBTS}])
    found: list[PageColumn] = []
    for name in _ORDER:
        if name == ACCURACY:
            found.extend(_accuracies(rows))
        elif name == DOUBTS:
            found.append(PageColumn(name="warnings", header="Doubts", text=doubts_text))
        else:
            found.extend(_column(column, shown=name in needed) for column in known if column.name == name)
    return tuple(found)


def page_cells(row: Row, columns: Sequence[PageColumn], *, fastest: bool) -> PageCells:
    """Return the cells of a row."""
    texts = tuple(column.text(row) for column in columns)
    attributes = [_attributes(row, column) for column in columns]
    cells = [
        table_cell(about, text, fastest and column.header == LATENCY)
        for about, text, column in zip(attributes[1:], texts[1:], columns[1:], strict=True)
    ]
    return PageCells(attributes[0], cell_text(texts[0]), joined(cells), texts)


def _attributes(row: Row, column: PageColumn) -> Markup:
    value = NOTHING if column.value is None else column.value(row)
    kind = "n" if column.value else "w" if column.name == "warnings" else ""
    return cell_attributes(value.exact, value.low, value.high, kind, not column.shown)


def doubts_of(row: Row) -> tuple[MeasurementWarning, ...]:
    """Return the doubts of a row that are not said once for all rows."""
    return tuple(warning for warning in row.warnings if warning.code not in SAID_OF_DEVICES)


def doubts_text(row: Row) -> str:
    """Return the kinds of a row's doubts in words; empty without any."""
    return ", ".join(dict.fromkeys(warning.code.replace("_", " ") for warning in doubts_of(row)))


def _column(column: ResultColumn, *, shown: bool) -> PageColumn:
    named = _VALUES.get(column.name)
    if named is None:
        return PageColumn(name=column.name, header=column.header, text=column.text, shown=shown)
    name, value = named
    text = _latency if column.header == LATENCY else column.text
    return PageColumn(
        name=name,
        header=column.header,
        text=text,
        value=value,
        shown=shown,
        interval=column.header == LATENCY,
    )


def _latency(row: Row) -> str:
    """Return the latency, which stands beside a status: a job that did not end well may have none."""
    if row.latency_median_us is None and row.status is not Status.OK and not below_clock(row):
        return ABSENT
    return latency_value(row)


def _accuracies(rows: Sequence[Row]) -> list[PageColumn]:
    """Return a column per metric that some row has, and the first one's on the device where the host has it, too."""
    likes = [*metrics_by_header(metric for row in rows for metric in row.metrics).values()]
    saturated = {TOP5} if saturated_top5(rows) is not None else set()
    found = [_accuracy(like, on_device=False, shown=like.name not in saturated) for like in likes]
    if any(row.metrics_device and row.top1_place == "host" for row in rows):
        found.append(_accuracy(likes[0], on_device=True))
    return found


def _accuracy(like: Metric, *, on_device: bool, shown: bool = True) -> PageColumn:
    def value(row: Row) -> Value:
        metric = _metric(row, like, on_device=on_device)
        return NOTHING if metric is None else Value(metric.value, metric.low, metric.high)

    where = " on device" if on_device else ""
    return PageColumn(
        name=f"{like.name}_device" if on_device else like.name,
        header=metric_header(like, where),
        text=lambda row: metric_text(row, _metric(row, like, on_device=on_device)),
        value=value,
        shown=shown,
        interval=True,
    )


def _metric(row: Row, like: Metric, *, on_device: bool) -> Metric | None:
    return of_column(row.metrics_device if on_device else row.metrics, like)


def _latency_value(row: Row) -> Value:
    low, high = row.latency_ci_us or (None, None)
    return Value(row.latency_median_us, low, high)


_VALUES: Final[Mapping[str, tuple[str, Callable[[Row], Value]]]] = {
    "threads": ("threads", lambda row: Value(row.threads)),
    "params": ("parameters", lambda row: Value(row.parameters)),
    "mult-adds": ("mult_adds", lambda row: Value(row.mult_adds)),
    "size": ("size_bytes", lambda row: Value(row.size_bytes)),
    "latency": ("latency_median_us", _latency_value),
    "p95": ("latency_p95_us", lambda row: Value(row.latency_p95_us)),
    "mean": ("latency_mean_us", lambda row: Value(row.latency_mean_us)),
    "init": ("init_us", lambda row: Value(row.init_us)),
    "first": ("first_us", lambda row: Value(row.first_us)),
    "memory": ("peak_memory_kib", lambda row: Value(row.peak_memory_kib)),
    "nodes": ("delegate_nodes", lambda row: Value(share_of(row.delegate_nodes))),
    "runs": ("runs", lambda row: Value(row.runs)),
}
"""The machine-readable name of each column of numbers, and its exact value."""
