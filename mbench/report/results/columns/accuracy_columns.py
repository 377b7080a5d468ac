"""Columns of accuracy: which ones a table's rows need, what stands in them, and which row is the best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from mbench.core.results import JobResult, WarningCode
from mbench.core.scores import Metric
from mbench.report.accuracy.paired_scores import alike, compare_all
from mbench.report.accuracy.scored import (
    TOP1,
    TOP5,
    chosen_score,
    metric_header,
    metric_label,
    metrics_by_header,
    of_column,
    scored_of,
)
from mbench.report.render.number_format import ABSENT, UNKNOWN, metric_number
from mbench.report.results.rows.row import Row

SATURATED: Final = 0.99
"""A top-5 above it in every row distinguishes no two rows, and has no column."""

ACCURACY_SPARE: Final = 2
"""How soon a narrow terminal does without the first column of accuracy: after the file's size, before the status."""

TOP1_HEADER: Final = f"{metric_label(TOP1)} (%)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyColumn:
    """One column: its header, where a row's text comes from, and how soon a narrow terminal does without it."""

    header: str
    text: Callable[[Row], str]
    spare: int


def accuracy_columns(rows: Sequence[Row]) -> tuple[AccuracyColumn, ...]:
    """Return a column per metric that some row has, top-1 first, then top-1 on the device; none without scores."""
    found = metrics_by_header(metric for row in rows for metric in row.metrics)
    saturated = saturated_top5(rows) is not None
    likes = [metric for metric in found.values() if not (saturated and metric.name == TOP5)]
    columns = [
        AccuracyColumn(
            header=metric_header(like),
            text=_text(like, attrgetter("metrics")),
            spare=ACCURACY_SPARE if place == 0 else 4,
        )
        for place, like in enumerate(likes)
    ]
    if any(row.metrics_device and row.top1_place == "host" for row in rows):
        columns.extend(
            AccuracyColumn(
                header=metric_header(like, " on device"),
                text=_text(like, attrgetter("metrics_device")),
                spare=3 + place,
            )
            for place, like in enumerate(likes[:1])
        )
    return tuple(columns)


def saturated_top5(rows: Sequence[Row]) -> str | None:
    """Return what is said of a top-5 without a column, above 99 % in every row; None where it has one."""
    found = [metric for row in rows for metric in row.metrics if metric.name == TOP5]
    if not found or any(metric.value <= SATURATED for metric in found):
        return None
    low = min(found, key=lambda metric: metric.value)
    least = "" if low.value == 1 else "at least "
    return f"{metric_label(TOP5)}: {least}{100 * low.value:.1f} % in every row, so it has no column."


def best_rows(results: Sequence[JobResult]) -> frozenset[int]:
    """Return the indices of the rows whose file is better than each other scored one; empty where none is.

    A file has as many rows as it has jobs, of other threads or delegates. No row is the best where files were scored on
    different examples, or where it was not kept which answers were right.
    """
    scored = scored_of(results)
    groups = alike(scored)
    comparison = compare_all(groups[0]) if len(groups) == 1 else None
    if comparison is None or comparison.best is None or len(groups[0]) < len(scored):
        return frozenset()
    best = comparison.best.score.artifact_sha256
    chosen = [chosen_score(result) for result in results]
    return frozenset(index for index, score in enumerate(chosen) if score is not None and score.artifact_sha256 == best)


def metric_text(row: Row, metric: Metric | None) -> str:
    """Return a metric with its interval; `–` where outputs mean nothing, `?` where nobody scored them."""
    if metric is not None:
        return metric_number(metric)
    meaningless = any(warning.code is WarningCode.LATENCY_ONLY for warning in row.warnings)
    return ABSENT if meaningless or row.artifact_sha256 is None else UNKNOWN


def row_metric(row: Row, name: str) -> Metric | None:
    """Return one of a row's metrics; None where it was not taken."""
    return next((metric for metric in row.metrics if metric.name == name), None)


def _text(like: Metric, metrics: Callable[[Row], Sequence[Metric]]) -> Callable[[Row], str]:
    return lambda row: metric_text(row, of_column(metrics(row), like))
