"""Reads the texts that come with data sets: lists, tables with a header, JSON.

A text has a bound, and so has the number of its parts: each may take two hundred times its bytes in memory.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mbench.core.errors import DatasetError
from mbench.files.regular import MIB, format_limit, read_regular

MOST_BYTES: Final = 128 * MIB
"""Of a list or a table; CelebA's attributes, the largest here, have 27 million."""

MOST_PARTS: Final = 1 << 23
"""Of these: lines and cells; CelebA has 200 thousand lines, ImageNet's training pictures would have 1.3 million."""

MOST_JSON_BYTES: Final = 512 * MIB
"""Of a JSON file: COCO's annotations of its training pictures, the largest here, have 449 million."""

MOST_READ_BYTES: Final = 256 * MIB
MOST_VALUES: Final = 1 << 24
"""Of a JSON file without what is left out; those annotations have some 12 million values without outlines."""

_LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_MOST_DIGITS: Final = 18
_MOST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table.

    Attributes:
        where: file and line, for messages: `/data/places.csv line 3`.
        cells: by the name that we gave the column.
    """

    where: str
    cells: Mapping[str, str]


def read_text(path: Path, *, separators: str = _LINE_ENDS, limit_bytes: int = MOST_BYTES) -> str:
    """Return a text file.

    Args:
        path: of the file.
        limit_bytes: the most that are read.
        separators: characters of which more than `MOST_PARTS` are refused.

    Raises:
        DatasetError: it cannot be read, is no UTF-8, or has more bytes or parts than are read.
    """
    text = _decoded(_read(path, limit_bytes=limit_bytes), path)
    if sum(map(text.count, separators)) > MOST_PARTS:
        raise DatasetError(f"{path} has more than {MOST_PARTS} lines and cells, which are not read. Divide it.")
    return text


def _read(path: Path, *, limit_bytes: int) -> bytes:
    try:
        return read_regular(path, limit_bytes=limit_bytes)
    except OSError as error:
        raise DatasetError(f"{path} could not be read: {error.strerror}. Name a text file that can be read.") from error


def _decoded(data: bytes, path: Path) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no UTF-8 text: byte {error.start} does not fit. Store it as UTF-8.") from None
    if "\0" in text:  # UTF-16 of plain English without its mark is UTF-8 as well
        raise DatasetError(f"{path} is no UTF-8 text: byte {data.index(0)} is 0. Store it as UTF-8.")
    return text


def read_lines(path: Path) -> tuple[str, ...]:
    """Return a list's lines without blanks at their ends; empty lines at the end of the file are no lines.

    Raises:
        DatasetError: it cannot be read, or is no UTF-8.
    """
    return tuple(line.strip() for line in read_text(path).rstrip().splitlines())


def read_json(path: Path, *, without: re.Pattern[bytes]) -> Any:
    """Return the contents of a JSON file.

    Args:
        path: of the file.
        without: what is left out, a member of an object with its value, before anything takes memory: null stands
            for it.

    Raises:
        DatasetError: it cannot be read, is not JSON, or has more bytes or values than are read.
    """
    data = without.sub(b'"":null', _read(path, limit_bytes=MOST_JSON_BYTES))
    if len(data) > MOST_READ_BYTES or sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise DatasetError(
            f"{path} has more than the {MOST_VALUES} values, or {format_limit(MOST_READ_BYTES)} of them, that are "
            "read. Divide it."
        )
    try:
        return json.loads(_decoded(data, path))
    except RecursionError:
        raise DatasetError(f"{path} is JSON of lists in lists without end. Fetch it again.") from None
    except ValueError as error:  # not JSON, or a number of thousands of digits
        raise DatasetError(f"{path} is not JSON: {error}. It may be cut short; fetch it again.") from None


def whole_number(text: str) -> int | None:
    """Return a number of decimal digits; None where a text is none, or one of more digits than anything is counted."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def brief(text: str) -> str:
    """Return words of a file as a message quotes them: their beginning, where they are long."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({len(text)} characters)"


def read_table(path: Path, columns: Mapping[str, Sequence[str]], *, format_: str) -> Iterator[Row]:
    """Yield the rows of a CSV file with a header; other columns than those wanted are passed over.

    Args:
        path: of the file.
        columns: for each column, the names that a header may give it, in lower case.
        format_: a sentence on what should be there, for messages.

    Raises:
        DatasetError: it cannot be read, its header lacks a column, or a row has too few cells.
    """
    lines = _cells(path)
    _, header = next(lines, (1, []))
    places = {column: _find(header, names) for column, names in columns.items()}
    missing = [column for column, place in places.items() if place is None]
    if missing:
        raise DatasetError(
            f"{format_}; the first line of {path} is {brief(repr(','.join(header)))}, which names no "
            f"{' and no '.join(missing)}. Put a header there: {','.join(columns)}."
        )
    for number, cells in lines:
        where = f"{path} line {number}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(header):
            raise DatasetError(
                f"{format_}; {where} has {len(cells)} cells and the header {len(header)}. Mend the line."
            )
        yield Row(
            where=where, cells={name: cells[place].strip() for name, place in places.items() if place is not None}
        )


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line."""
    text = read_text(path, separators=_LINE_ENDS + ",").encode()  # io.StringIO takes four bytes for each character
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline=""))
    try:
        for cells in lines:
            yield lines.line_num, cells
    except csv.Error as error:
        raise DatasetError(f"{path} line {lines.line_num} is no line of a CSV file: {error}. Mend the line.") from None


def _find(header: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the place of the first of `names` in a header."""
    lowered = [cell.strip().lower() for cell in header]
    return next((lowered.index(name) for name in names if name in lowered), None)
