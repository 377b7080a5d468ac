"""The latencies of many devices as a grid: a row a device, a column a workload, each model's median above its devices.

What is a property of the file stands once, in the rows above; what else there is of each job, in other formats.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from mbench.core.coverage import coverage_in_short
from mbench.core.results import JobResult, Status
from mbench.report.render.number_format import ABSENT, SHORT_SHA, UNKNOWN, legend
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column
from mbench.report.results.columns.accuracy_columns import TOP1_HEADER
from mbench.report.results.columns.latency_text import short_latency_text
from mbench.report.results.columns.result_columns import DEVICE, ResultColumn, columns_of
from mbench.report.results.columns.workload_labels import Workload, WorkloadLabels, workload_labels
from mbench.report.results.feet.foot_lines import grid_lines
from mbench.report.results.feet.footnotes import Footnotes
from mbench.report.results.rows.fastest import fastest_rows
from mbench.report.results.rows.phone_medians import (
    PhoneMedian,
    median_label,
    median_over_phones,
    model_name,
)
from mbench.report.results.rows.row import Row
from mbench.report.results.tables.result_table import about_files, best_by_device, latency_style, workload_key
from mbench.report.results.tables.table_rows import TableRows

LATENCY_IN_GRID: Final = (
    "Latency: median over runs of each run's median ± the farther end of its 95 % bootstrap interval"
)

MEDIAN_IN_GRID: Final = "Rows named median: of phones that ended well (low–high)."

ELSEWHERE: Final = "More: --columns all."

RANGE_DEFINITION: Final = "Accuracies with a dash: the lowest and the highest of the devices."

_OF_FILES: Final = frozenset({"size", "accuracy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrid:
    """Results of several devices, by device and workload.

    Attributes:
        models: places of rows by name of the model, in order of appearance.
        workloads: in order of appearance, with the names above their columns.
        cells: place of the row of a device and a workload.
        best: places of the rows whose file is the most accurate, `fastest` of those that are the fastest of a device.
    """

    rows: tuple[Row, ...]
    notes: Footnotes
    models: dict[str, list[int]]
    workloads: tuple[Workload, ...]
    labels: WorkloadLabels
    cells: dict[tuple[str, Workload], int]
    best: frozenset[int]
    fastest: frozenset[int]


def grid_of(found: TableRows) -> DeviceGrid | None:
    """Return the results as a grid; None of one device, or where a device has two results of one workload."""
    rows, results = found.rows, found.results
    cells = {(row.device, workload_key(row)): place for place, row in enumerate(rows)}
    if len(cells) < len(rows) or len({row.device for row in rows}) < 2:
        return None
    models: dict[str, list[int]] = {}
    for place, result in enumerate(results):
        models.setdefault(model_name(result.device.profile, result.device.model), []).append(place)
    workloads = tuple(dict.fromkeys(map(workload_key, rows)))
    return DeviceGrid(
        rows=rows,
        notes=found.notes,
        models=models,
        workloads=workloads,
        labels=workload_labels(workloads),
        cells=cells,
        best=best_by_device(results),
        fastest=fastest_rows(rows),
    )


def grid_markdown_table(grid: DeviceGrid, results: Sequence[JobResult], *, title: str | None) -> TableValues:
    """Return a grid with all of its rows and its whole foot."""
    sha256 = (sha256[:SHORT_SHA] if sha256 else UNKNOWN for _, sha256, _, _ in grid.workloads)
    files = _Line(cells=(Cell("sha256"), *map(Cell, sha256)), kind=_Kind.FILE)
    lines = [files, *_lines(grid, grid.workloads)]
    table = _table(grid, lines, grid.labels.labels, title=title)
    return replace(
        table,
        footnotes=grid.notes.lines,
        foot=(
            *about_files(results, grid.rows),
            *grid_lines(results),
            _definitions(results, lines),
            *((RANGE_DEFINITION,) if any(line.kind is _Kind.RANGE for line in lines) else ()),
            *legend(cell.text for line in lines for cell in line.cells),
        ),
    )


def _definitions(results: Sequence[JobResult], lines: Sequence["_Line"]) -> str:
    """Return what stands in a grid and what does not, in one line: a page of fifty phones has few."""
    said = [f"{LATENCY_IN_GRID}{coverage_in_short(result.rules for result in results)}."]
    said += [MEDIAN_IN_GRID] if any(line.kind is _Kind.MEDIAN for line in lines) else []
    return " ".join((*said, ELSEWHERE))


def grid_table(
    grid: DeviceGrid, *, title: str | None, workloads: slice = slice(None), narrow: bool = False
) -> TableValues:
    """Return a grid without footnotes and foot.

    Args:
        grid: what is laid out.
        title: how the table differs from others.
        workloads: those that have a column.
        narrow: whether medians and their spread have a row each, and a failed job only its status.
    """
    lines = _lines(grid, grid.workloads[workloads], narrow=narrow)
    return _table(grid, lines, grid.labels.labels[workloads], title=title)


class _Kind(Enum):
    FILE = auto()
    RANGE = auto()
    MEDIAN = auto()
    DEVICE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    cells: tuple[Cell, ...]
    kind: _Kind
    marks: str = ""


def _table(grid: DeviceGrid, lines: Sequence[_Line], labels: Sequence[str], *, title: str | None) -> TableValues:
    of = f" of {grid.labels.common}" if grid.labels.common else ""
    noted = any(line.marks for line in lines)
    return TableValues(
        title="; ".join(filter(None, (title, f"Latency (ms){of}"))),
        columns=(Column(header=DEVICE), *map(right_column, labels), *([Column(header="Notes")] if noted else [])),
        rows=tuple((*line.cells, *([Cell(line.marks)] if noted else [])) for line in lines),
    )


def _lines(grid: DeviceGrid, keys: Sequence[Workload], *, narrow: bool = False) -> list[_Line]:
    columns = [column for column in columns_of(grid.rows) if column.name in _OF_FILES]
    places: dict[Workload, list[int]] = {}
    for (_, key), place in grid.cells.items():
        places.setdefault(key, []).append(place)
    files = [_file_line(grid, column, [places[key] for key in keys]) for column in columns]
    return [*files, *_latency_lines(grid, keys, narrow=narrow)]


def _file_line(grid: DeviceGrid, column: ResultColumn, workloads: Sequence[Sequence[int]]) -> _Line:
    """Return a property of the files, which is the same on all devices; of one that is not, its range."""
    cells, kind = [], _Kind.FILE
    for places in workloads:
        texts = [*dict.fromkeys(column.text(grid.rows[place]) for place in places)]
        text = _of_several(texts)
        best = column.header == TOP1_HEADER and all(place in grid.best for place in places)
        cells.append(Cell(text, Style.STRONG if best else Style.PLAIN))
        kind = kind if text in texts else _Kind.RANGE
    return _Line(cells=(Cell(column.header), *cells), kind=kind)


def _of_several(texts: Sequence[str]) -> str:
    """Return what devices say of one file: the text of all, or the lowest and the highest number."""
    known = [text for text in texts if text not in (ABSENT, UNKNOWN)]
    if len(known) > 1:
        numbers = sorted((text.partition(" ")[0] for text in known), key=_number)
        known = [f"{numbers[0]}–{numbers[-1]}"]
    unknown = [UNKNOWN] if UNKNOWN in texts else []
    return ", ".join((*known, *unknown)) or ABSENT


def _number(text: str) -> float:
    """Return the number that a text begins with: of `33/40` that is 33."""
    return float(text.partition("/")[0])


def _latency_lines(grid: DeviceGrid, keys: Sequence[Workload], *, narrow: bool) -> Iterator[_Line]:
    """Yield each model's median where it has several devices, and its devices below it."""
    several = len(grid.models) > 1
    for model, places in grid.models.items():
        serials = [*dict.fromkeys(grid.rows[place].device for place in places)]
        medians = [_median(grid, key, serials) for key in keys]
        known = [median for median in medians if median is not None]
        if known:
            label = median_label(known, model=model if several else None)
            yield from _median_lines(medians, label, narrow=narrow)
        for serial in serials:
            label = f"{serial} ({model})" if several and not known else serial
            yield _device_line(grid, keys, serial, label=label, narrow=narrow)


def _median(grid: DeviceGrid, key: Workload, serials: Sequence[str]) -> PhoneMedian | None:
    places = (grid.cells.get((serial, key)) for serial in serials)
    return median_over_phones(grid.rows[place] for place in places if place is not None)


def _median_lines(medians: Sequence[PhoneMedian | None], label: str, *, narrow: bool) -> Iterator[_Line]:
    texts = [("", "", "") if each is None else (each.text, each.middle, each.spread) for each in medians]
    both, middles, spreads = ([text or ABSENT for text in column] for column in zip(*texts, strict=True))
    parts = [(label, middles), ("low–high", spreads)] if narrow else [(label, both)]
    for name, shown in parts:
        yield _Line(cells=(Cell(name), *map(Cell, shown)), kind=_Kind.MEDIAN)


def _device_line(grid: DeviceGrid, keys: Sequence[Workload], serial: str, *, label: str, narrow: bool) -> _Line:
    places = [grid.cells.get((serial, key)) for key in keys]
    cells = [Cell(ABSENT) if place is None else _latency_cell(grid, place, narrow=narrow) for place in places]
    marks = {mark for place in places if place is not None for mark in grid.notes.marks[place].split(", ") if mark}
    return _Line(cells=(Cell(label), *cells), kind=_Kind.DEVICE, marks=", ".join(sorted(marks, key=int)))


def _latency_cell(grid: DeviceGrid, place: int, *, narrow: bool) -> Cell:
    row = grid.rows[place]
    failed = row.latency_median_us is None and row.status is not Status.OK
    text = str(row.status) if failed and narrow else short_latency_text(row)
    return Cell(text, latency_style(row, fastest=place in grid.fastest))
