"""The table of results: one row a job, columns chosen by what varies and what is known."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mbench.core.conclusions import CLOCK_STEP_US
from mbench.core.results import JobResult, Status, WarningCode
from mbench.core.statistics import Interval
from mbench.report.render.number_format import ABSENT, KIB_PER_MIB, MILLION, UNKNOWN, legend, milliseconds, significant
from mbench.report.render.text_table import Align, Cell, Column, Style, TableValues
from mbench.report.results.accuracy_columns import TOP1_HEADER, accuracy_columns, best_rows, saturated_top5
from mbench.report.results.foot_lines import accuracy_foot, float_operator_lines, latency_only_lines, provenance_lines
from mbench.report.results.footnotes import footnotes_of
from mbench.report.results.latency_text import latency_text
from mbench.report.results.provenance import group_by_provenance
from mbench.report.results.rows import Row, row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A column and where its texts come from.

    Attributes:
        shown: whether these rows need it.
        spare: how soon a narrow terminal does without it, the highest first; 0: never.
    """

    header: str
    text: Callable[[Row], str]
    align: Align = Align.RIGHT
    shown: Callable[[Sequence[Row]], bool] = lambda rows: True
    spare: int = 0


_NO_WINNER = frozenset(
    {
        WarningCode.OUTPUT_DIFFERS,
        WarningCode.FEW_RUNS,
        WarningCode.BUSY,
        WarningCode.DRIFT,
        WarningCode.TIME_LIMITED,
        WarningCode.INVENTED,
        WarningCode.CONDITIONS,
        WarningCode.ACCURACY_DIFFERS,
        WarningCode.DELEGATE_NOT_APPLIED,
    }
)
"""Doubts that leave no row the fastest."""


def result_tables(results: Sequence[JobResult], *, by_session: bool = False) -> tuple[TableValues, ...]:
    """Return one table per provenance, none for no results.

    Args:
        results: in the order in which their rows shall stand.
        by_session: whether rows of two sessions never share a table.
    """
    return tuple(
        _result_table(group.results, title=group.heading)
        for group in group_by_provenance(results, by_session=by_session)
    )


def clear_winner(rows: Sequence[Row]) -> int | None:
    """Return the index of the fastest row if its interval overlaps no other's and no row's timing is in doubt.

    The intervals must lie apart by more than a step of the clock: a difference of one may be none. Among equally fast
    rows, of 5 to 8 runs each, one is marked in 2 % of tables of two and in less than 0.2 % of larger ones (1500
    simulated tables each of normal samples with a spread of 0.5, 2 and 4 %).
    """
    timed = [(index, row) for index, row in enumerate(rows) if row.latency_median_us is not None]
    if len(timed) < 2:
        return None
    fastest, row = min(timed, key=lambda pair: pair[1].latency_median_us or 0.0)
    intervals = {index: _interval(other) for index, other in timed}
    best = intervals.pop(fastest)
    doubtful = any(warning.code in _NO_WINNER for _, each in timed for warning in each.warnings)
    if best is None or doubtful or row.status is not Status.OK:
        return None
    apart = all(other is not None and other.low - best.high > CLOCK_STEP_US for other in intervals.values())
    return fastest if apart else None


def _result_table(results: Sequence[JobResult], *, title: str | None) -> TableValues:
    rows = [row_of(result) for result in results]
    notes = footnotes_of(rows)
    sources = _sources(rows)
    columns = [Column(header=source.header, align=source.align, spare=source.spare) for source in sources]
    cells = [[Cell(source.text(row)) for source in sources] for row in rows]
    headers = [source.header for source in sources]
    _style_latencies(rows, cells, headers.index(_LATENCY))
    if TOP1_HEADER in headers:
        _style_best(cells, headers.index(TOP1_HEADER), best_rows(results))
    if any(notes.marks):
        columns.append(Column(header="Notes", spare=1))
        cells = [[*line, Cell(mark)] for line, mark in zip(cells, notes.marks, strict=True)]
    return TableValues(
        title=title,
        columns=tuple(columns),
        rows=tuple(map(tuple, cells)),
        footnotes=notes.lines,
        foot=(
            *latency_only_lines(results),
            *float_operator_lines(results),
            *accuracy_foot(results),
            *filter(None, [saturated_top5(rows)]),
            *provenance_lines(results),
            *legend(cell.text for line in cells for cell in line),
        ),
    )


def _sources(rows: Sequence[Row]) -> list[_Source]:
    accuracies = [
        _Source(header=column.header, text=column.text, spare=column.spare) for column in accuracy_columns(rows)
    ]
    return [source for source in (*_WHAT, *accuracies, *_HOW_FAST) if source.shown(rows)]


def _style_best(cells: list[list[Cell]], column: int, best: Collection[int]) -> None:
    for index in best:
        cells[index][column] = Cell(cells[index][column].text, Style.STRONG)


def _style_latencies(rows: Sequence[Row], cells: list[list[Cell]], column: int) -> None:
    winner = clear_winner(rows)
    for index, row in enumerate(rows):
        if index == winner:
            cells[index][column] = Cell(cells[index][column].text, Style.STRONG)
        elif row.latency_median_us is None and row.status is not Status.OK:
            cells[index][column] = Cell(cells[index][column].text, Style.BAD)


def _interval(row: Row) -> Interval | None:
    return None if row.latency_ci_us is None else Interval(low=row.latency_ci_us[0], high=row.latency_ci_us[1])


def _varies(name: str) -> Callable[[Sequence[Row]], bool]:
    return lambda rows: len({getattr(row, name) for row in rows}) > 1


def _measured(text: Callable[[Row], str]) -> Callable[[Row], str]:
    """Return a text that does not exist where the job has no latency and did not end well."""
    return lambda row: ABSENT if row.latency_median_us is None and row.status is not Status.OK else text(row)


_LATENCY = "Latency (ms)"

_WHAT = (
    _Source(header="Variant", text=lambda row: row.variant, align=Align.LEFT),
    _Source(header="Delegate", text=lambda row: row.delegate, align=Align.LEFT, shown=_varies("delegate")),
    _Source(header="Threads", text=lambda row: str(row.threads), shown=_varies("threads")),
    _Source(header="Params (M)", text=lambda row: significant(row.parameters, scale=MILLION), spare=6),
    _Source(header="Mult-adds (M)", text=lambda row: significant(row.mult_adds, scale=MILLION), spare=4),
    _Source(header="File (MB)", text=lambda row: significant(row.size_bytes, scale=MILLION), spare=3),
)

_HOW_FAST = (
    _Source(header=_LATENCY, text=latency_text),
    _Source(header="p95 (ms)", text=_measured(lambda row: milliseconds(row.latency_p95_us)), spare=7),
    _Source(header="Init (ms)", text=_measured(lambda row: milliseconds(row.init_us)), spare=8),
    _Source(
        header="Peak memory (MiB)",
        text=_measured(lambda row: significant(row.peak_memory_kib, scale=KIB_PER_MIB)),
        spare=5,
    ),
    _Source(header="Delegated nodes", text=_measured(lambda row: row.delegate_nodes or UNKNOWN), spare=6),
    _Source(header="Runs", text=lambda row: str(row.runs), spare=7),
)
