"""The page of the paper's tables and figures: printed, counted and measured, told apart by words and marks.

Adds no facts: each text is that of the markdown of the same command, and beside it the number that it rounds.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from mbench.core.results import FORMAT_VERSION, JobResult
from mbench.report.charts.figures import Figure
from mbench.report.pages.drawing import MARKS
from mbench.report.pages.packed import pack
from mbench.report.pages.paper_figure import DrawnFigure, drawn_figure
from mbench.report.pages.templates import Markup, cell_attributes, joined, render_page, table_cell
from mbench.report.pages.verdict import emulated_lines, measured_facts
from mbench.report.paper.paper_table import (
    EQUAL,
    LEGEND,
    OTHERWISE,
    UNKNOWN_LEGEND,
    Origin,
    Sheet,
    SheetCell,
    SheetColumn,
    sheet_table,
)
from mbench.report.render.number_format import ABSENT, UNKNOWN, count_of
from mbench.report.render.text_table import Align
from mbench.report.results.feet.foot_lines import LATENCY_DEFINITION

SAID_ONCE: Final = (LEGEND, UNKNOWN_LEGEND, LATENCY_DEFINITION)
"""Lines that stand once, above all tables of a page."""

ORIGIN_NAMES: Final = {
    Origin.PRINTED: "printed",
    Origin.COUNTED: "counted",
    Origin.MEASURED: "measured",
    Origin.PUBLISHED: "published",
}
"""Their short names: in the page's address and for its style."""

ORIGIN_MARKS: Final = {
    Origin.PRINTED: "M-5-5h10v10h-10z",
    Origin.COUNTED: "M-5-5h10v10h-10zM-3 0h6M0-3v6",
    Origin.MEASURED: "M0-5a5 5 0 1 0 .01 0zM0-3v3l2 2",
    Origin.PUBLISHED: "M0-5l5.5 10h-11z",
}
"""A sheet, an abacus' square, a clock and a flag, drawn as lines: what tells columns apart without colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPart:
    """One suite of the page.

    Attributes:
        name: short, such as `table-6`: its place in the page.
        commands: each with what it does.
        figure: None where it has none, or nothing of it is known.
        results: what was measured of it.
    """

    name: str
    title: str
    sheets: tuple[Sheet, ...]
    commands: tuple[tuple[str, str], ...]
    is_figure: bool = False
    figure: Figure | None = None
    results: tuple[JobResult, ...] = ()


class _Row(NamedTuple):
    first: str
    first_attributes: str
    others: str


def paper_page(parts: Sequence[PaperPart], *, title: str, command: str, about: Sequence[str] = ()) -> bytes:
    """Return the page; equal values give equal bytes.

    Args:
        parts: in their order.
        title: of the page.
        command: that makes the same page again.
        about: what it shows, in sentences.
    """
    figures: dict[str, DrawnFigure] = {}
    points: list[dict[str, Any]] = []
    for part in parts:
        if part.figure is not None:
            figures[part.name] = drawn_figure(part.figure, name=part.name, first=len(points))
            points.extend(figures[part.name].points)
    results = [*{(each.session, each.job): each for part in parts for each in part.results}.values()]
    return render_page(
        "paper.html",
        {
            "title": title,
            "command": command,
            "format_version": FORMAT_VERSION,
            "about": about,
            "verdict": (*_verdict(parts), *emulated_lines(results)),
            "measured": measured_facts(results),
            "origins": [(ORIGIN_NAMES[origin], origin.value, ORIGIN_MARKS[origin]) for origin in _origins(parts)],
            "said_once": _said_once(parts),
            "parts": [_part(part, figures.get(part.name)) for part in parts],
            "marks": MARKS,
            "packed": pack({"points": points}) if points else "",
        },
        scripts=("paper.js",),
        styles=("paper.css",),
    )


def _verdict(parts: Sequence[PaperPart]) -> Iterator[tuple[str, str]]:
    """Yield how counts stand to what is printed, and how much was measured."""
    marks = Counter(mark for part in parts for sheet in part.sheets for mark in compared(sheet))
    if total := marks.total():
        said = (
            f"{count_of(total, 'count')} beside printed ones: {marks['equal']} equal at the printed precision, "
            f"{marks['otherwise']} equal by another rule, {marks['different']} different, {marks['unknown']} unknown."
        )
        yield "ok" if not (marks["different"] or marks["unknown"]) else "counts", said
    cells = [cell for part in parts for sheet in part.sheets for cell in _cells(sheet, Origin.MEASURED)]
    known = sum(cell.text != UNKNOWN for cell in cells)
    if not known:
        yield "unknown", "Nothing of it was measured here: every measured cell is shown as unknown."
    elif known == len(cells):
        yield "measurements", f"All of {count_of(known, 'measured cell')} known here."
    else:
        yield "measurements", f"{known} of {len(cells)} measured cells known here; the others are shown as unknown."
    if doubtful := [
        part.title for part in parts if any("Advice:" in note for sheet in part.sheets for note in sheet.notes)
    ]:
        yield "doubt", f"Timings with doubts, said under the tables: {count_of(len(doubtful), 'table')}."


def compared(sheet: Sheet) -> Iterator[str]:
    """Yield how each count beside a printed cell stands to it: `equal`, `otherwise`, `different` or `unknown`."""
    for before, column in zip(sheet.columns, sheet.columns[1:], strict=False):
        if column.origin is Origin.COUNTED and before.origin is Origin.PRINTED:
            for cell in column.cells:
                if cell.text != ABSENT:
                    yield _standing(cell)


def _standing(cell: SheetCell) -> str:
    if cell.text == UNKNOWN:
        return "unknown"
    if cell.text.endswith(f" {EQUAL}"):
        return "equal"
    return "otherwise" if cell.text.endswith(f" {OTHERWISE}") else "different"


def _cells(sheet: Sheet, origin: Origin) -> Iterator[SheetCell]:
    for column in sheet.columns:
        if column.origin is origin:
            yield from (cell for cell in column.cells if cell.text != ABSENT)


def _origins(parts: Sequence[PaperPart]) -> list[Origin]:
    there = {column.origin for part in parts for sheet in part.sheets for column in sheet.columns}
    return [origin for origin in Origin if origin in there]


def _said_once(parts: Sequence[PaperPart]) -> list[str]:
    there = {line for part in parts for sheet in part.sheets for line in sheet_table(sheet).foot}
    return [line for line in SAID_ONCE if line in there]


def _part(part: PaperPart, figure: DrawnFigure | None) -> dict[str, Any]:
    return {
        "name": part.name,
        "title": part.title,
        "commands": part.commands,
        "is_figure": part.is_figure,
        "figure": figure,
        "measured": any(cell.text != UNKNOWN for sheet in part.sheets for cell in _cells(sheet, Origin.MEASURED)),
        "tables": [_table(part, sheet, place) for place, sheet in enumerate(part.sheets)],
    }


def _table(part: PaperPart, sheet: Sheet, place: int) -> dict[str, Any]:
    values = sheet_table(sheet)
    lines = zip(values.rows, zip(*(column.cells for column in sheet.columns), strict=True), strict=True)
    return {
        "id": f"{part.name}.{place}",
        "title": sheet.title,
        "shown_title": "" if sheet.title.casefold() == part.title.casefold() else sheet.title,
        "columns": [_column(column) for column in sheet.columns],
        "rows": [_row([cell.text for cell in texts], cells, sheet.columns) for texts, cells in lines],
        "footnotes": values.footnotes,
        "foot": [line for line in values.foot if line not in SAID_ONCE],
    }


def _column(column: SheetColumn) -> dict[str, Any]:
    origin = column.origin
    return {
        "header": column.header,
        "name": column.full_name,
        "numeric": column.align is Align.RIGHT or any(cell.exact for cell in column.cells),
        "interval": any(cell.exact is not None and cell.exact.low is not None for cell in column.cells),
        "origin": "" if origin is None else ORIGIN_NAMES[origin],
        "words": "" if origin is None else origin.value,
        "mark": "" if origin is None else ORIGIN_MARKS[origin],
    }


def _row(texts: Sequence[str], cells: Sequence[SheetCell], columns: Sequence[SheetColumn]) -> _Row:
    attributes = [_attributes(cell, column) for cell, column in zip(cells, columns, strict=True)]
    others = (table_cell(about, text, False) for about, text in zip(attributes[1:], texts[1:], strict=True))
    return _Row(texts[0], attributes[0], joined(others))


def _attributes(cell: SheetCell, column: SheetColumn) -> Markup:
    value, low, high = cell.exact or (None, None, None)
    return cell_attributes(value, low, high, "n" if column.align is Align.RIGHT else "", False)
