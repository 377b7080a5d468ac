"""Tables of results as a terminal shows them: as wide as that is, key columns first, with a foot of four lines.

Nothing is lost: the other columns are there on request, and the whole foot stands in the session's `report.md`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from mbench.core.results import JobResult
from mbench.report.render.fitting import FRAME, fit_columns, split_columns, table_width
from mbench.report.render.short_feet import pointer_texts
from mbench.report.render.text_table import TableValues, cleaned
from mbench.report.results.columns.accuracy_columns import ACCURACY_SPARE
from mbench.report.results.columns.latency_bars import BarMarks, bars_column, bars_said
from mbench.report.results.columns.result_columns import STATUS, chosen_columns, varying_columns
from mbench.report.results.conditions.provenance import group_by_table
from mbench.report.results.feet.short_foot import short_foot
from mbench.report.results.tables.device_grid import DeviceGrid, grid_of, grid_table
from mbench.report.results.tables.result_table import result_table
from mbench.report.results.tables.table_rows import TableRows, table_rows

KEY_COLUMNS: Final = ("latency", "accuracy", "size")
"""What a terminal shows of a row unless other columns are asked for, between what distinguishes it and its status."""

NARROWEST: Final = FRAME + 4
"""Columns of a terminal that a column of latencies takes at least: `0.01` and its frame."""

BESIDE_LATENCY: Final = "in brackets the interval over runs"
BESIDE_LATENCY_IN_GRID: Final = "± reaches the farther end of the interval over runs"


def terminal_tables(
    results: Sequence[JobResult],
    *,
    width: int,
    columns: Sequence[str] | None = None,
    by_session: bool = False,
    whole_foot: Sequence[str] = (),
    bars: BarMarks | None = None,
) -> tuple[TableValues, ...]:
    """Return the tables of results for a terminal of `width` columns, the last of them with a pointer to more.

    Args:
        results: in the order in which their rows shall stand.
        width: columns of the terminal.
        columns: names of the columns to show, however narrow the terminal is; None: the key columns.
        by_session: whether rows of two sessions never share a table.
        whole_foot: where the whole foot is, the most precise first.
        bars: what bars of latencies are made of, beside a table that leaves space for them; None: there are none.
    """
    groups = group_by_table(results, by_session=by_session)
    tables: list[TableValues] = []
    for place, group in enumerate(groups, start=1):
        where = whole_foot if place == len(groups) else ()
        tables += _tables(table_rows(group.results), group.heading, width, columns, where, bars)
    return tuple(tables)


def _tables(
    found: TableRows,
    title: str | None,
    width: int,
    columns: Sequence[str] | None,
    where: Sequence[str],
    bars: BarMarks | None,
) -> Iterator[TableValues]:
    """Yield the one table of results that share one; of a grid that is too wide its parts, the last with the foot."""
    grid = grid_of(found) if columns is None else None
    left_out: tuple[str, ...] = ()
    beside_latency = BESIDE_LATENCY if grid is None else BESIDE_LATENCY_IN_GRID
    if columns is not None:
        tables = _chosen_tables(found, title, width, columns)
    elif grid is not None:
        tables = _grid_tables(grid, title, width)
    else:
        table, left_out = _key_table(found, title, width)
        with_bars = None if bars is None else _with_bars(found, title, width, bars)
        if bars is not None and with_bars is not None:
            table, beside_latency = with_bars, bars_said(bars)
        tables = [table]
    foot = short_foot(
        found.results,
        found.notes,
        width=width,
        pointers=pointer_texts(where, left_out, more=columns is None),
        beside_latency=beside_latency,
    )
    yield from tables[:-1]
    yield replace(tables[-1], footnotes=(), foot=foot)


def _chosen_tables(found: TableRows, title: str | None, width: int, columns: Sequence[str]) -> list[TableValues]:
    """Return the chosen columns, all of them: where the terminal is too narrow, below each other."""
    table = _cleaned_table(found, title=title, columns=columns)
    if table_width(table) <= width:
        return [table]
    distinguishing = {column.header for column in chosen_columns(found.rows, varying_columns(found.rows))}
    headers = [column.header for column in table.columns]
    repeated = next((place for place, header in enumerate(headers) if header not in distinguishing), len(headers))
    return split_columns(table, width, repeated=repeated)


def _key_table(found: TableRows, title: str | None, width: int) -> tuple[TableValues, tuple[str, ...]]:
    """Return the key columns that fit and the headers of those that do not.

    Where there is no space for a status, latencies say how a job ended that has none.
    """
    names = (*varying_columns(found.rows), *KEY_COLUMNS)
    with_status = _cleaned_table(found, title=title, columns=(*names, STATUS.name))
    fitted, left_out = fit_columns(with_status, width, breaking=ACCURACY_SPARE)
    if STATUS.header not in left_out:
        return fitted, left_out
    return fit_columns(_cleaned_table(found, title=title, columns=names), width, breaking=ACCURACY_SPARE)


def _with_bars(found: TableRows, title: str | None, width: int, bars: BarMarks) -> TableValues | None:
    """Return the key columns with bars beside them; None where there is no space for both."""
    names = (*varying_columns(found.rows), *KEY_COLUMNS, STATUS.name)
    free = width - table_width(_cleaned_table(found, title=title, columns=names)) - FRAME
    column = bars_column(found.rows, free, bars)
    if column is None:
        return None
    return cleaned(result_table(found, title=title, columns=names, beside=column))


def _grid_tables(grid: DeviceGrid, title: str | None, width: int) -> list[TableValues]:
    """Return a grid, or as few parts of it as the terminal is wide enough for, each of some workloads."""
    whole = fit_columns(_cleaned_grid(grid, title=title, narrow=False), width)[0]
    if table_width(whole) <= width:
        return [whole]
    most = min(len(grid.workloads), max(width // NARROWEST, 1))

    def too_many(each: int) -> bool:
        return any(table_width(part) > width for part in _grid_parts(grid, title, width, each))

    return [*_grid_parts(grid, title, width, max(bisect_left(range(1, most + 1), True, key=too_many), 1))]


def _grid_parts(grid: DeviceGrid, title: str | None, width: int, each: int) -> Iterator[TableValues]:
    """Yield a grid in parts of so many workloads, as narrow as they can be."""
    for start in range(0, len(grid.workloads), each):
        part = _cleaned_grid(grid, title=title, narrow=True, workloads=slice(start, start + each))
        yield fit_columns(part, width)[0]


def _cleaned_table(found: TableRows, *, title: str | None, columns: Sequence[str]) -> TableValues:
    return cleaned(result_table(found, title=title, columns=columns))


def _cleaned_grid(grid: DeviceGrid, *, title: str | None, narrow: bool, workloads: slice = slice(None)) -> TableValues:
    return cleaned(grid_table(grid, title=title, workloads=workloads, narrow=narrow))
