"""The table of results: one row a job, columns chosen by what varies and what is known.

Jobs of several phones stand workload by workload, and below each workload the median over a model's phones.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mbench.core.results import JobResult, Status
from mbench.core.workloads import ArtifactFacts
from mbench.report.render.number_format import ABSENT, legend
from mbench.report.render.text_table import Cell, Column, Style, TableValues
from mbench.report.results.columns.accuracy_columns import TOP1_HEADER, best_rows, saturated_top5
from mbench.report.results.columns.latency_text import below_clock, latency_value
from mbench.report.results.columns.result_columns import (
    DEVICE_NAME,
    LATENCY,
    STATUS,
    ResultColumn,
    chosen_columns,
    columns_of,
)
from mbench.report.results.feet.foot_lines import (
    accuracy_foot,
    built_lines,
    float_operator_lines,
    latency_only_lines,
    provenance_lines,
    subgraph_lines,
)
from mbench.report.results.feet.footnotes import Footnotes
from mbench.report.results.feet.origin_lines import origin_lines
from mbench.report.results.rows.fastest import fastest_rows
from mbench.report.results.rows.phone_medians import (
    MEDIAN_DEFINITION,
    PhoneMedian,
    median_label,
    median_over_phones,
    model_name,
)
from mbench.report.results.rows.row import Row
from mbench.report.results.tables.table_rows import TableRows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a table: a job's row, or the median over those of one model, of which one stands for its file."""

    row: Row
    place: int
    median: PhoneMedian | None = None
    label: str = ""


def result_table(
    found: TableRows,
    *,
    title: str | None,
    columns: Sequence[str] | None = None,
    beside: ResultColumn | None = None,
) -> TableValues:
    """Return results that share a table as one, a row a job.

    Args:
        found: the results and their rows.
        title: how the table differs from others.
        columns: names of the columns to show, in their order; None: all that the rows need.
        beside: one more column, such as of bars.
    """
    rows = found.rows
    shown = columns_of(rows) if columns is None else chosen_columns(rows, columns)
    shown += [] if beside is None else [beside]
    lines = _lines(found.results, rows)
    with_status = STATUS in shown
    cells = [[_cell(line, column, found.notes, with_status=with_status) for column in shown] for line in lines]
    headers = [column.header for column in shown]
    if LATENCY in headers:
        _style_latencies(lines, rows, cells, headers.index(LATENCY))
    if TOP1_HEADER in headers:
        _style_best(lines, cells, headers.index(TOP1_HEADER), best_by_device(found.results))
    values = [Column(header=column.header, align=column.align, spare=column.spare) for column in shown]
    if any(found.notes.marks) and not with_status:
        values.append(Column(header="Notes", spare=1))
        marks = ("" if line.median else found.notes.marks[line.place] for line in lines)
        cells = [[*texts, Cell(mark)] for texts, mark in zip(cells, marks, strict=True)]
    return TableValues(
        title=title,
        columns=tuple(values),
        rows=tuple(map(tuple, cells)),
        footnotes=found.notes.lines,
        foot=(
            *about_files(found.results, rows),
            *provenance_lines(found.results),
            *(column.definition for column in shown if column.definition),
            *((MEDIAN_DEFINITION,) if any(line.median for line in lines) else ()),
            *legend(cell.text for line in cells for cell in line),
        ),
    )


def about_files(results: Sequence[JobResult], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the foot lines about the files of a table: what they compute, and how well."""
    files: dict[ArtifactFacts, JobResult] = {}
    for result in results:
        files.setdefault(result.workload.artifact, result)
    each = [*files.values()]  # of ten thousand jobs a hundred: what is said of files alone is found there
    return (
        *latency_only_lines(results),
        *origin_lines(each),
        *built_lines(each),
        *float_operator_lines(each),
        *accuracy_foot(results),
        *filter(None, [saturated_top5(rows)]),
        *subgraph_lines(results),
    )


def best_by_device(results: Sequence[JobResult]) -> frozenset[int]:
    """Return the places of the rows whose file is better than each other one on the same device."""
    devices: dict[str, list[int]] = {}
    for place, result in enumerate(results):
        devices.setdefault(result.device.serial, []).append(place)
    return frozenset(
        places[index] for places in devices.values() for index in best_rows([results[place] for place in places])
    )


def _lines(results: Sequence[JobResult], rows: Sequence[Row]) -> list[_Line]:
    """Return the rows in their order; of several devices by workload and model, with a median below each model's."""
    if len({row.device for row in rows}) == 1:
        return [_Line(row=row, place=place) for place, row in enumerate(rows)]
    names = [model_name(result.device.profile, result.device.model) for result in results]
    several = len(set(names)) > 1
    workloads: dict[object, dict[str, list[_Line]]] = {}
    models = dict.fromkeys(names)
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        groups = workloads.setdefault(workload_key(row), {model: [] for model in models})
        groups[name].append(_Line(row=row, place=place))
    lines = []
    for groups in workloads.values():
        for name, members in groups.items():
            lines += members
            if (median := median_over_phones(line.row for line in members)) is not None:
                label = median_label([median], model=name if several else None)
                lines.append(_Line(row=members[0].row, place=members[0].place, median=median, label=label))
    return lines


def workload_key(row: Row) -> tuple[str, str | None, str, int]:
    """Return what rows of several devices have in common where they are of one workload."""
    return row.label, row.artifact_sha256, row.delegate, row.threads


def _cell(line: _Line, column: ResultColumn, notes: Footnotes, *, with_status: bool) -> Cell:
    """Return a row's cell; beside a status, which has the marks of its notes, a latency is a number or none."""
    row, median = line.row, line.median
    if median is not None:
        return Cell(_median_text(line, median, column))
    if column is STATUS:
        marks = f" ({notes.marks[line.place]})" if notes.marks[line.place] else ""
        return Cell(f"{column.text(row)}{marks}", Style.PLAIN if row.status is Status.OK else Style.BAD)
    if with_status and column.header == LATENCY and row.status is not Status.OK:
        unknown = row.latency_median_us is None and not below_clock(row)
        return Cell(ABSENT if unknown else latency_value(row))
    return Cell(column.text(row))


def _median_text(line: _Line, median: PhoneMedian, column: ResultColumn) -> str:
    if column.name == DEVICE_NAME:
        return line.label
    if column.header == LATENCY:
        return median.text
    return column.text(line.row) if column.of_file or column.name in _OF_WORKLOAD else ""


_OF_WORKLOAD = frozenset({"variant", "delegate", "threads"})


def _style_best(lines: Sequence[_Line], cells: list[list[Cell]], column: int, best: Collection[int]) -> None:
    for index, line in enumerate(lines):
        if line.place in best and line.median is None:
            cells[index][column] = Cell(cells[index][column].text, Style.STRONG)


def _style_latencies(lines: Sequence[_Line], rows: Sequence[Row], cells: list[list[Cell]], column: int) -> None:
    fastest = fastest_rows(rows)
    for index, line in enumerate(lines):
        style = Style.PLAIN if line.median else latency_style(line.row, fastest=line.place in fastest)
        cells[index][column] = Cell(cells[index][column].text, style)


def latency_style(row: Row, *, fastest: bool) -> Style:
    """Return how a latency stands out: as the fastest, or as one that does not exist."""
    if fastest:
        return Style.STRONG
    return Style.BAD if row.latency_median_us is None and row.status is not Status.OK else Style.PLAIN
