"""The rows of one table with their notes, computed once for all ways of laying them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from mbench.core.results import JobResult
from mbench.report.results.feet.footnotes import SAID_OF_DEVICES, Footnotes, footnotes_of
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """Results that share a table, their rows, and what is noted of these."""

    results: tuple[JobResult, ...]
    rows: tuple[Row, ...]
    notes: Footnotes


def table_rows(results: Sequence[JobResult]) -> TableRows:
    """Return the rows of results, of which there is at least one."""
    rows = tuple(map(row_of, results))
    return TableRows(results=tuple(results), rows=rows, notes=footnotes_of(rows, unsaid=SAID_OF_DEVICES))
