"""Two axes of a sweep against each other, such as width over resolution: the one door to pandas."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pandas as pd

from mbench.core.builds.own_variants import quantization_of
from mbench.core.builds.sweeps import Axis
from mbench.core.builds.variants import format_alpha, parse_variant
from mbench.core.errors import UsageError
from mbench.core.results import JobResult, Status, WarningCode
from mbench.core.suggestions import did_you_mean
from mbench.report.accuracy.scored import TOP1, TOP5
from mbench.report.render.markdown import table_markdown
from mbench.report.render.number_format import KIB_PER_MIB, MILLION, UNKNOWN, legend, milliseconds, significant
from mbench.report.render.text_table import Cell, Column, TableValues, right_column
from mbench.report.results.columns.accuracy_columns import metric_text, row_metric
from mbench.report.results.columns.latency_text import latency_value
from mbench.report.results.conditions.provenance import comparable, differing
from mbench.report.results.feet.foot_lines import (
    accuracy_foot,
    built_lines,
    float_operator_lines,
    latency_only_lines,
    provenance_lines,
)
from mbench.report.results.feet.origin_lines import origin_lines
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row

AXES: Final[dict[str, Callable[[Row], str]]] = {
    Axis.ALPHA: lambda row: format_alpha(parse_variant(row.variant).size.alpha),
    Axis.RESOLUTION: lambda row: str(parse_variant(row.variant).size.resolution),
    Axis.QUANTIZATION: lambda row: quantization_of(row.variant) or parse_variant(row.variant).quantization,
    Axis.THREADS: lambda row: str(row.threads),
    Axis.DELEGATE: lambda row: row.delegate,
}

VALUES: Final[dict[str, tuple[str, Callable[[Row], str]]]] = {
    "latency_median_us": ("latency (ms)", latency_value),
    "latency_p95_us": ("p95 (ms)", lambda row: milliseconds(row.latency_p95_us)),
    "latency_mean_us": ("mean (ms)", lambda row: milliseconds(row.latency_mean_us)),
    "init_us": ("init (ms)", lambda row: milliseconds(row.init_us)),
    "first_us": ("first inference (ms)", lambda row: milliseconds(row.first_us)),
    "peak_memory_kib": ("peak memory (MiB)", lambda row: significant(row.peak_memory_kib, scale=KIB_PER_MIB)),
    "size_bytes": ("file (MB)", lambda row: significant(row.size_bytes, scale=MILLION)),
    "mult_adds": ("mult-adds (M)", lambda row: significant(row.mult_adds, scale=MILLION)),
    "parameters": ("params (M)", lambda row: significant(row.parameters, scale=MILLION)),
    TOP1: ("top-1 (%)", lambda row: metric_text(row, row_metric(row, TOP1))),
    TOP5: ("top-5 (%)", lambda row: metric_text(row, row_metric(row, TOP5))),
}
"""Stable row name to what a person reads."""

_ACCURACIES: Final = (TOP1, TOP5)
_ABOUT_ACCURACY: Final = frozenset({WarningCode.NO_ACCURACY, WarningCode.ACCURACY_DIFFERS})


def pivot(results: Sequence[JobResult], *, index: str, columns: str, value: str = "latency_median_us") -> str:
    """Return a markdown table of one value over two axes, the axes' values in order of first appearance.

    A job that did not end well shows its status, an unknown number or a missing job `?`, an accuracy that a file cannot
    have `–`.

    Args:
        results: of one provenance.
        index: axis down the side: `alpha`, `resolution`, `quantization`, `threads` or `delegate`.
        columns: axis across the top.
        value: a name of `VALUES`.

    Raises:
        UsageError: unknown names, no results, several provenances, several results for one cell, or an axis that the
            name of a user's own file does not say.
    """
    _check_names(index, columns, value)
    _check_provenance(results)
    title, text = VALUES[value]
    rows = [row_of(result) for result in results]
    frame = pd.DataFrame(
        {
            "index": [AXES[index](row) for row in rows],
            "columns": [AXES[columns](row) for row in rows],
            "text": [text(row) if row.status is Status.OK else str(row.status) for row in rows],
        },
        dtype=object,
    )
    _check_unique(frame, rows, index, columns)
    grid = frame.pivot(index="index", columns="columns", values="text")
    grid = grid.reindex(index=frame["index"].unique(), columns=frame["columns"].unique()).fillna(UNKNOWN)
    return table_markdown(
        TableValues(
            title=f"{title}: {index} by {columns}",
            columns=(
                Column(header=f"{index} / {columns}"),
                *(right_column(str(name)) for name in grid.columns),
            ),
            rows=tuple(
                (Cell(str(name)), *(Cell(str(cell)) for cell in cells))
                for name, cells in zip(grid.index, grid.to_numpy(), strict=True)
            ),
            footnotes=tuple(_notes(rows, value)),
            foot=(
                *legend(map(str, grid.to_numpy().flat)),
                *_of_sessions(results),
                *latency_only_lines(results),
                *origin_lines(results),
                *built_lines(results),
                *float_operator_lines(results),
                *(accuracy_foot(results) if value in _ACCURACIES else ()),
                *provenance_lines(results),
            ),
        )
    )


def _notes(rows: Sequence[Row], value: str) -> Iterator[str]:
    """Yield why a cell has no number, and its doubts: a grid has no space for them, and they must not be lost.

    Doubts about a timing say nothing about an accuracy.
    """
    for row in rows:
        noted = [warning for warning in row.warnings if warning.code is not WarningCode.LATENCY_ONLY]
        doubts = [each.message for each in noted if value not in _ACCURACIES or each.code in _ABOUT_ACCURACY]
        if row.status is not Status.OK:
            doubts = [": ".join(filter(None, (row.error_class or row.status, row.message)))]
        if doubts:
            yield f"{row.label} {row.delegate} ×{row.threads}: {'; '.join(doubts)}"


def _of_sessions(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield that cells were not measured in turn: what a device did in between stands between them."""
    if len({result.session for result in results}) > 1:
        yield "The cells are of several sessions, not measured in turn: differences between sessions are in them too."


def _check_names(index: str, columns: str, value: str) -> None:
    for axis in (index, columns):
        if axis not in AXES:
            raise UsageError(f"unknown axis {axis!r}.{did_you_mean(axis, list(AXES))}")
    if index == columns:
        raise UsageError(f"both axes are {index}; a table needs two.")
    if value not in VALUES:
        raise UsageError(f"unknown value {value!r}.{did_you_mean(value, list(VALUES))}")


def _check_provenance(results: Sequence[JobResult]) -> None:
    if not results:
        raise UsageError("there are no results to lay out; name a session that has some.")
    keys = [*dict.fromkeys(map(comparable, results))]
    if len(keys) > 1:
        what = ", ".join(differing(keys))
        raise UsageError(f"the results are of {len(keys)} provenances, which differ in {what}; choose one session.")


def _check_unique(frame: pd.DataFrame, rows: Sequence[Row], index: str, columns: str) -> None:
    twice = frame.duplicated(["index", "columns"], keep=False)
    if twice.any():
        meeting = [f"{row.label} {row.delegate} ×{row.threads}" for row, met in zip(rows, twice, strict=True) if met]
        raise UsageError(
            f"{len(meeting)} results share cells of {index} by {columns}, such as {meeting[0]} and {meeting[1]}; "
            "choose the other axes' values first."
        )
