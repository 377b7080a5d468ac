"""Reads the small files that come with data sets: lists, tables with a header, JSON, `.mat`."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.core.errors import DatasetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table.

    Attributes:
        where: file and line, for messages: `/data/places.csv line 3`.
        cells: by the name that we gave the column.
    """

    where: str
    cells: Mapping[str, str]


def read_text(path: Path) -> str:
    """Return a text file.

    Raises:
        DatasetError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path} could not be read: {error.strerror}. Mend it or its permissions.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no UTF-8 text: byte {error.start} does not fit. Store it as UTF-8.") from None


def read_lines(path: Path) -> tuple[str, ...]:
    """Return a list's lines without blanks at their ends; empty lines at the end of the file are no lines.

    Raises:
        DatasetError: it cannot be read, or is no UTF-8.
    """
    return tuple(line.strip() for line in read_text(path).rstrip().splitlines())


def read_json(path: Path) -> Any:
    """Return the contents of a JSON file.

    Raises:
        DatasetError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path} is no JSON: {error}. It may be cut short; fetch it again.") from None


def read_table(path: Path, columns: Mapping[str, Sequence[str]], *, format_: str) -> Iterator[Row]:
    """Yield the rows of a CSV file with a header; other columns than those wanted are passed over.

    Args:
        path: of the file.
        columns: for each column, the names that a header may give it, in lower case.
        format_: a sentence on what should be there, for messages.

    Raises:
        DatasetError: it cannot be read, its header lacks a column, or a row has too few cells.
    """
    lines = csv.reader(io.StringIO(read_text(path)))
    header = next(lines, [])
    places = {column: _find(header, names) for column, names in columns.items()}
    missing = [column for column, place in places.items() if place is None]
    if missing:
        raise DatasetError(
            f"{format_}; the first line of {path} is {','.join(header)!r}, which names no {' and no '.join(missing)}. "
            f"Put a header there: {','.join(columns)}."
        )
    for cells in lines:
        where = f"{path} line {lines.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < len(header):
            raise DatasetError(
                f"{format_}; {where} has {len(cells)} cells and the header {len(header)}. Mend the line."
            )
        yield Row(
            where=where, cells={name: cells[place].strip() for name, place in places.items() if place is not None}
        )


def _find(header: Sequence[str], names: Sequence[str]) -> int | None:
    """Return the place of the first of `names` in a header."""
    lowered = [cell.strip().lower() for cell in header]
    return next((lowered.index(name) for name in names if name in lowered), None)
