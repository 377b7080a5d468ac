"""A table as plain values: formatted cells that markdown and the terminal lay out each in its way."""

from dataclasses import dataclass
from enum import StrEnum


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
        title: what tells it from its neighbours; None where it has none.
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
