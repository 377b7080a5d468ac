"""All tables of results: rows that may be compared share one, few phones as rows and many as a grid."""

from collections.abc import Sequence
from typing import Final

from mbench.core.results import JobResult
from mbench.report.render.text_table import TableValues
from mbench.report.results.conditions.provenance import group_by_table
from mbench.report.results.tables.device_grid import grid_markdown_table, grid_of
from mbench.report.results.tables.result_table import result_table
from mbench.report.results.tables.table_rows import TableRows, table_rows

MOST_ROWS: Final = 24
"""Jobs of several devices that have a row each, with all of their columns; more are laid out as a grid."""


def result_tables(
    results: Sequence[JobResult], *, by_session: bool = False, columns: Sequence[str] | None = None
) -> tuple[TableValues, ...]:
    """Return one table for all results that may share one, none for no results.

    Args:
        results: in the order in which their rows shall stand.
        by_session: whether rows of two sessions never share a table.
        columns: names of the columns to show, a row a job; None: all that the rows need.
    """
    return tuple(
        _table(table_rows(group.results), title=group.heading, columns=columns)
        for group in group_by_table(results, by_session=by_session)
    )


def _table(found: TableRows, *, title: str | None, columns: Sequence[str] | None) -> TableValues:
    if columns is None and len(found.rows) > MOST_ROWS and (grid := grid_of(found)) is not None:
        return grid_markdown_table(grid, found.results, title=title)
    return result_table(found, title=title, columns=columns)
