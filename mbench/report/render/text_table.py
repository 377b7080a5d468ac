"""A table as plain values: formatted cells that markdown and the terminal lay out each in its way."""

from dataclasses import dataclass, replace
from enum import StrEnum

from mbench.core.plain_text import LONGEST_CELL, cut, one_line


class Align(StrEnum):
    """Which side of its column a cell keeps to."""

    LEFT = "left"
    RIGHT = "right"


class Style(StrEnum):
    """What a cell wants to look like; a renderer may ignore it."""

    PLAIN = "plain"
    STRONG = "strong"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's header, unit included, and its alignment.

    Attributes:
        spare: how soon a narrow terminal does without it, the highest first; 0: never.
    """

    header: str
    align: Align = Align.LEFT
    spare: int = 0


def right_column(header: str, *, spare: int = 0) -> Column:
    """Return a column that keeps to the right, as numbers do."""
    return Column(header=header, align=Align.RIGHT, spare=spare)


@dataclass(frozen=True, slots=True)
class Cell:
    """A formatted text that knows nothing of markup."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class TableValues:
    """One table.

    Attributes:
        title: how it differs from its neighbours; None where it has none.
        rows: each as long as `columns`.
        footnotes: lines that cells refer to, each beginning with its mark, `(1)`.
        foot: lines that say where all of it comes from.
    """

    title: str | None = None
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    footnotes: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row does not have {len(self.columns)} cells")


def cell_text(text: str) -> str:
    """Return a cell's text on one line, free of what a terminal would obey, and not wider than a screen."""
    return cut(one_line(text), LONGEST_CELL)


def cleaned(table: TableValues) -> TableValues:
    """Return the table with each of its texts on one line and free of what a terminal would obey."""
    return TableValues(
        title=None if table.title is None else one_line(table.title),
        columns=tuple(replace(column, header=one_line(column.header)) for column in table.columns),
        rows=tuple(tuple(replace(cell, text=cell_text(cell.text)) for cell in row) for row in table.rows),
        footnotes=tuple(map(one_line, table.footnotes)),
        foot=tuple(map(one_line, table.foot)),
    )
