"""Latencies as bars beside a table in a terminal, on one axis from 0, each with the interval at its end."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from mbench.report.render.number_format import milliseconds
from mbench.report.render.text_table import Align
from mbench.report.results.columns.result_columns import ResultColumn
from mbench.report.results.rows.row import Row

LEAST_WIDTH: Final = 16
"""Columns of a terminal below which a bar shows nothing that a number does not."""

MOST_WIDTH: Final = 48


class BarMarks(NamedTuple):
    """What bars are made of: up to the interval, and within it."""

    sure: str
    interval: str


BLOCKS: Final = BarMarks("█", "▒")
ASCII: Final = BarMarks("#", "=")
"""For terminals whose character set has no blocks."""


def bars_column(rows: Sequence[Row], free: int, marks: BarMarks) -> ResultColumn | None:
    """Return a column of bars, or None where fewer than two rows have a latency or there is no space for it.

    Args:
        rows: of one table.
        free: columns of the terminal that are left.
        marks: what bars are made of.
    """
    ends = [end for row in rows if (end := _end_us(row)) is not None]
    if len(ends) < 2 or free < LEAST_WIDTH:
        return None
    longest, width = max(ends), min(free, MOST_WIDTH)
    return ResultColumn(
        name="bars",
        header=f"0 to {milliseconds(longest)} ms",
        text=lambda row: bar_text(row, longest, width, marks),
        align=Align.LEFT,
    )


def bar_text(row: Row, longest_us: float, width: int, marks: BarMarks) -> str:
    """Return a row's bar: as long as its latency, the interval at its end at least one column; empty without one."""
    if row.latency_median_us is None:
        return ""

    def place(value_us: float) -> int:
        return min(int(width * value_us / longest_us), width - 1)

    if row.latency_ci_us is None:
        return marks.sure * (place(row.latency_median_us) + 1)
    low, high = map(place, row.latency_ci_us)
    return marks.sure * low + marks.interval * (high - low + 1)


def bars_said(marks: BarMarks) -> str:
    """Return what a foot says of the bars."""
    return f"in brackets, and {marks.interval} in bars, the interval over runs"


def _end_us(row: Row) -> float | None:
    return row.latency_median_us if row.latency_ci_us is None else row.latency_ci_us[1]
