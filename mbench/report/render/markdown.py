"""Tables as GitHub-flavoured markdown, aligned so that they also read well as plain text."""

import re
import unicodedata

from mbench.core.plain_text import one_line
from mbench.report.render.text_table import Align, Cell, Column, Style, TableValues, cell_text

_ESCAPED = re.compile(
    r"[\\|`*~]"  # may begin markup, or end the cell
    r"|<(?!\d+(?:\.\d+)?$)"  # a tag or a link, unless the cell is `<` and a number
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis, unless inside a word (CommonMark, rule 2)
    r"|(?<=\])[(\[]|(?<=\[)\^"  # links and footnotes
    r"|&(?=#?\w+;)"  # entities
    r"|(?<=#)#(?=[\w.-]*\[)"  # `##[error]`: GitHub's and Azure's runners obey it wherever it stands in a line of a log
)

_BEGINS_BLOCK = re.compile(
    r"(?P<number>\d{1,9}(?=[.)](?:\s|$)))"  # an item of a numbered list
    r"|#{1,6}(?:\s|$)|>|[+-](?:\s|$)|[-=]+\s*$"  # heading, quotation, item, rule
    r"|\[[^\]]*\]:"  # where a link of that name leads to
)
"""What is markup at the beginning of a line only."""


def table_markdown(table: TableValues) -> str:
    """Return one table with its title, footnotes and foot lines; ends with a newline."""
    parts = [f"### {escape_markdown(table.title)}"] if table.title else []
    parts.append(_grid(table))
    if notes := (*table.footnotes, *table.foot):
        parts.append("\n".join(f"- {escape_line(line)}" for line in notes))
    return "\n\n".join(parts) + "\n"


def escape_markdown(text: str) -> str:
    r"""Return text that markdown shows as it is, on one line: `a|b` as `a\|b`."""
    return _ESCAPED.sub(lambda match: f"\\{match[0]}", one_line(text))


def escape_line(text: str) -> str:
    """Return text that markdown shows as it is where a line, or an item of a list, begins with it."""
    line = escape_markdown(text).strip()
    begun = _BEGINS_BLOCK.match(line)
    if begun is None:
        return line
    digits = begun["number"] or ""
    return f"{digits}\\{line[len(digits) :]}"


def display_width(text: str) -> int:
    """Return the columns that text takes in a terminal: 2 for East Asian wide characters, 0 for combining ones.

    Source: Unicode Standard Annex 11.
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _grid(table: TableValues) -> str:
    header = [escape_markdown(column.header) for column in table.columns]
    body = [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(3, *(display_width(line[index]) for line in (header, *body))) for index in range(len(header))]
    rule = [_rule(column, width) for column, width in zip(table.columns, widths, strict=True)]
    padded = [
        [_pad(text, width, column.align) for text, width, column in zip(line, widths, table.columns, strict=True)]
        for line in (header, *body)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (padded[0], rule, *padded[1:]))


def _cell(cell: Cell) -> str:
    text = escape_markdown(cell_text(cell.text)).strip()
    return f"**{text}**" if cell.style is Style.STRONG and text else text


def _rule(column: Column, width: int) -> str:
    return "-" * (width - 1) + ":" if column.align is Align.RIGHT else "-" * width


def _pad(text: str, width: int, align: Align) -> str:
    gap = " " * (width - display_width(text))
    return gap + text if align is Align.RIGHT else text + gap


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
