"""A table of a paper beside what is counted and measured here: printed | counted | measured, errata as footnotes.

`=` equal at the printed precision, `~` equal by another rule, which a footnote says, else the difference in percent.
What is published elsewhere stands in columns that say so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from mbench.report.render.number_format import UNKNOWN
from mbench.report.render.text_table import Align, Cell, Column, Style, TableValues

EQUAL, OTHERWISE = "=", "~"

LEGEND: Final = (
    "= equal at the printed precision; ~ equal by another rule, see the note; a percentage: how far the count lies "
    "from what is printed. Counts are taken from the built file."
)

UNKNOWN_LEGEND: Final = f"{UNKNOWN} is not known."

MORE_DECIMALS: Final = 2
"""Of a count, beyond what is printed: enough to see what rounding did."""


class Origin(StrEnum):
    """Where the cells of a column come from."""

    PRINTED = "printed by the paper"
    COUNTED = "counted by mbench"
    MEASURED = "measured here"
    PUBLISHED = "published elsewhere"


class Exact(NamedTuple):
    """The number that a cell's text rounds, in the unit of its column; `low` and `high` bound it."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell and the notes that it refers to; equal notes share a number.

    Attributes:
        exact: None of words, and of what is not known.
    """

    text: str
    notes: tuple[str, ...] = ()
    style: Style = Style.PLAIN
    exact: Exact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetColumn:
    """A column with all its cells; a sheet is put together column by column.

    Attributes:
        name: its header where it stands alone: `Mult-adds (M), counted` of `counted`; empty: its header.
        origin: None of names.
    """

    header: str
    cells: tuple[SheetCell, ...]
    align: Align = Align.RIGHT
    spare: int = 0
    name: str = ""
    origin: Origin | None = None

    @property
    def full_name(self) -> str:
        """What it is called without its neighbours."""
        return self.name or self.header


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of the paper with all that stands beside it.

    Attributes:
        notes: on the whole table.
        foot: where all of it comes from.
    """

    title: str
    columns: tuple[SheetColumn, ...]
    notes: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()


def sheet_table(sheet: Sheet) -> TableValues:
    """Return a sheet as a table, its cells' notes numbered in reading order."""
    lines = list(zip(*(column.cells for column in sheet.columns), strict=True))
    notes = dict.fromkeys(note for line in lines for cell in line for note in cell.notes)
    numbers = {note: number for number, note in enumerate(notes, start=1)}
    marked = any(cell.text.endswith((f" {EQUAL}", f" {OTHERWISE}", " %")) for line in lines for cell in line)
    unknown = any(cell.text == UNKNOWN for line in lines for cell in line)
    legend = (LEGEND,) if marked else ()
    return TableValues(
        title=sheet.title,
        columns=tuple(Column(header=column.header, align=column.align, spare=column.spare) for column in sheet.columns),
        rows=tuple(tuple(_cell(cell, numbers) for cell in line) for line in lines),
        footnotes=tuple(f"({number}) {note}" for note, number in numbers.items()),
        foot=(*sheet.notes, *legend, *((UNKNOWN_LEGEND,) if unknown else ()), *sheet.foot),
    )


def text_column(header: str, texts: Iterable[str]) -> SheetColumn:
    """Return a column of words, on the left."""
    return SheetColumn(header=header, cells=tuple(map(SheetCell, texts)), align=Align.LEFT)


def counted_cell(
    value: Decimal, plain: Decimal, mark: str, *, printed: str, rule: str = "", otherwise: str = ""
) -> SheetCell:
    """Return a count in the unit of the printed cell, with its mark; `~` brings the note that explains it.

    Args:
        value: the count that the mark is of.
        plain: the count by the table's own rule.
        mark: `=`, `~`, or anything else for different.
        printed: what the paper prints.
        rule: the table's rule in words.
        otherwise: the other rule in words: `counted without …`, `the count of …`.
    """
    decimals = len(printed.partition(".")[2]) + MORE_DECIMALS
    exact, shown = Exact(float(value)), _rounded(value, decimals)
    if mark == EQUAL:
        return SheetCell(f"{shown} {EQUAL}", exact=exact)
    if mark == OTHERWISE:
        note = f"{printed} is {otherwise}: {shown}; {rule}: {_rounded(plain, decimals)}."
        return SheetCell(f"{shown} {OTHERWISE}", (note,), exact=exact)
    return SheetCell(f"{shown} {_deviation(value, Decimal(printed))}", exact=exact)


def share_cell(percent: float | None, mark: str, *, printed: str) -> SheetCell:
    """Return a counted share in percent; where it is not what is printed, by how many points."""
    if percent is None:
        return SheetCell(UNKNOWN)
    decimals = len(printed.partition(".")[2]) + 1
    distance = EQUAL if mark == EQUAL else f"{percent - float(printed):+.2f}"
    return SheetCell(f"{percent:.{decimals}f} {distance}", exact=Exact(percent))


def printed_cell(printed: str, note: str | None) -> SheetCell:
    """Return a number as the paper prints it."""
    return with_note(SheetCell(printed, exact=Exact(float(printed))), note)


def with_note(cell: SheetCell, note: str | None) -> SheetCell:
    """Return a cell with one note more."""
    return cell if note is None else replace(cell, notes=(*cell.notes, note))


def unknown_column(header: str, count: int, note: str | None = None, *, name: str = "", spare: int = 0) -> SheetColumn:
    """Return a column of measurements in which nothing is known."""
    cell = with_note(SheetCell(UNKNOWN), note)
    return SheetColumn(header=header, cells=(cell,) * count, spare=spare, name=name, origin=Origin.MEASURED)


def _cell(cell: SheetCell, numbers: dict[str, int]) -> Cell:
    marks = ", ".join(str(numbers[note]) for note in dict.fromkeys(cell.notes))
    return Cell(f"{cell.text} ({marks})" if marks else cell.text, cell.style)


def _rounded(value: Decimal, decimals: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)}"


def _deviation(value: Decimal, printed: Decimal) -> str:
    percent = float((value - printed) / printed) * 100
    return f"{percent:+.2f} %" if abs(percent) < 1 else f"{percent:+.1f} %"


def columns_of(*groups: Sequence[SheetColumn]) -> tuple[SheetColumn, ...]:
    """Return the columns of several groups one after the other."""
    return tuple(column for group in groups for column in group)
