"""Tables for a terminal: headers are stacked, spare columns left out, long names broken; a number never is."""

import re
from dataclasses import replace
from typing import Final

from mbench.report.render.markdown import display_width
from mbench.report.render.text_table import Align, Cell, TableValues

FRAME: Final = 3
"""A column's padding and its border; the table has one border more."""

LEAST_TEXT: Final = 12
"""Columns to which long texts on the left are broken, where nothing else helps."""

_PIECES: Final = re.compile(r"[^ _/,:@]*[ _/,:@]?")
"""Texts may be broken behind blanks and what parts names; a longer piece, behind any character."""


def fit_table(table: TableValues, width: int | None) -> TableValues:
    """Return the table as a terminal of `width` columns can show it; a foot line names what was left out.

    Headers become several lines where that makes a column narrower. Columns that do not fit are left out, those with
    the highest `spare` first. Then texts to the left, the widest first, are broken at blanks and within names.
    What does not fit even so stays too wide: no number is ever broken.

    Args:
        table: any table.
        width: None for no limit: nothing changes.
    """
    if width is None:
        return table
    fitted, left_out = fit_columns(table, width)
    if not left_out:
        return fitted
    said = f"Left out at {width} columns: {', '.join(left_out)}; a wider terminal or another format shows them."
    return replace(fitted, foot=(said, *table.foot))


def fit_columns(table: TableValues, width: int, *, breaking: int = 0) -> tuple[TableValues, tuple[str, ...]]:
    """Return the table likewise, and the headers of what was left out in place of a foot line about it.

    Args:
        table: any table.
        width: columns of the terminal.
        breaking: for columns with a `spare` of at most that, texts are broken before the column is left out.
    """
    if table_width(table) <= width:
        return table, ()
    kept = _kept_columns(table, width, breaking)
    left_out = tuple(column.header for index, column in enumerate(table.columns) if index not in kept)
    return _broken(_stacked(_only(table, kept)), width), left_out


def split_columns(table: TableValues, width: int, *, repeated: int) -> list[TableValues]:
    """Return a table that is too wide as several, each with as many of the columns as fit, the first ones in all.

    Args:
        table: any table; its footnotes and foot are in the last one.
        width: columns of the terminal.
        repeated: how many columns say what a row is.
    """
    first, others = [*range(repeated)], [*range(repeated, len(table.columns))]
    parts: list[list[int]] = [[]]
    for index in others:
        tried = _broken(_stacked(_only(table, [*first, *parts[-1], index])), width)
        if parts[-1] and table_width(tried) > width:
            parts.append([])
        parts[-1].append(index)
    tables = [_broken(_stacked(_only(table, [*first, *part])), width) for part in parts]
    return [*(replace(each, footnotes=(), foot=()) for each in tables[:-1]), tables[-1]]


def broken_text(text: str, width: int) -> list[str]:
    """Return text in lines of at most `width` columns of a terminal."""
    return _lines(text, width).split("\n")


def table_width(table: TableValues) -> int:
    """Return the columns of a terminal that a table takes."""
    return 1 + sum(FRAME + _column_width(table, index) for index in range(len(table.columns)))


def _kept_columns(table: TableValues, width: int, breaking: int) -> list[int]:
    """Return the columns that are never left out, and as many others as fit, those with the lowest `spare` first."""
    kept = [index for index, column in enumerate(table.columns) if column.spare == 0]
    others = sorted(set(range(len(table.columns))) - set(kept), key=lambda index: table.columns[index].spare)
    for index in others:
        more = sorted([*kept, index])
        stacked = _stacked(_only(table, more))
        tried = _broken(stacked, width) if table.columns[index].spare <= breaking else stacked
        if table_width(tried) <= width:
            kept = more
    return kept


def _only(table: TableValues, kept: list[int]) -> TableValues:
    return replace(
        table,
        columns=tuple(table.columns[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
    )


def _stacked(table: TableValues) -> TableValues:
    """Break headers that are wider than what stands below them."""
    columns = []
    for index, column in enumerate(table.columns):
        words = [display_width(word) for word in column.header.split()]
        columns.append(replace(column, header=_lines(column.header, max(_cell_width(table, index), *words, 0))))
    return replace(table, columns=tuple(columns))


def _broken(table: TableValues, width: int) -> TableValues:
    """Break the texts of columns to the left, the widest first, until the table fits or nothing is left to break."""
    left = {index for index, column in enumerate(table.columns) if column.align is Align.LEFT}
    while left and (excess := table_width(table) - width) > 0:
        widest = max(left, key=lambda index: _column_width(table, index))
        left.remove(widest)
        limit = max(_column_width(table, widest) - excess, LEAST_TEXT)
        rows = [
            (*row[:widest], Cell(_lines(row[widest].text, limit), row[widest].style), *row[widest + 1 :])
            for row in table.rows
        ]
        table = replace(table, rows=tuple(rows))
    return table


def _column_width(table: TableValues, index: int) -> int:
    return max(_cell_width(table, index), _text_width(table.columns[index].header))


def _cell_width(table: TableValues, index: int) -> int:
    return max((_text_width(row[index].text) for row in table.rows), default=0)


def _text_width(text: str) -> int:
    return max(map(display_width, text.split("\n")))


def _lines(text: str, width: int) -> str:
    """Return text in lines of at most `width` columns, broken between its pieces, else between characters."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and display_width(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        for character in piece:
            if lines[-1] and character != " " and display_width(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return "\n".join(line.rstrip() for line in lines)
