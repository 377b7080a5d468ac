"""CSV files of users' pasts: a header line that names columns, then one cell at one moment a line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.history.imports.rows import (
    NUMBERS,
    UNITS_US,
    WHOLE,
    ImportedRow,
    checked_row,
    parse_moment,
    parse_number,
)

OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("date", "timestamp"),
    "device": ("serial",),
    "workload": ("benchmark", "name"),
}
"""Under which a column is found, too."""

TEXTS: Final = (
    *("workload", "delegate", "device", "device_model", "branch", "status"),
    *("question", "tools", "epoch", "artifact_sha256"),
)
LATENCIES: Final[Mapping[str, str | None]] = {f"latency_{unit}": unit for unit in UNITS_US} | {"latency": None}
"""Columns of a latency, with its unit; `latency` has the one of the column `latency_unit`."""

MEMORIES: Final[Mapping[str, float]] = {
    "memory_kib": 1.0,
    "memory_mib": 1024.0,
    "memory_mb": 1e6 / 1024,
    "memory_bytes": 1 / 1024,
}
"""Columns of a peak of memory, with the KiB of their unit."""

COLUMN_OF: Final = dict.fromkeys(LATENCIES, "latency_us") | dict.fromkeys(MEMORIES, "memory_kib")

KNOWN: Final = ("time", *TEXTS, *NUMBERS, "latency_unit", *(name for name in COLUMN_OF if name not in NUMBERS))
"""Columns that a file may have."""

MOST_BYTES: Final = 512 << 20
MOST_ROWS: Final = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns of a file a column of ours is made of.

    Attributes:
        columns: those of the file, by ours. Texts are joined by blanks, numbers added.
        latency_unit: of `latency_us`; None: a column of the file says it.
        memory_kib: how many of the file's unit of memory one is.
    """

    columns: Mapping[str, tuple[str, ...]]
    latency_unit: str | None
    memory_kib: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file holds.

    Attributes:
        notes: what of it was not taken as it stands, in sentences.
    """

    rows: tuple[ImportedRow, ...]
    notes: tuple[str, ...] = field(default=())


def parse_csv(
    text: str,
    *,
    source: str,
    project: str,
    branch: str,
    columns: Mapping[str, str],
    constants: Mapping[str, str],
) -> Imported:
    """Return what a CSV file holds.

    Args:
        text: of the file.
        source: its name, for messages.
        project: that the rows become part of.
        branch: of rows that name none.
        columns: by our columns, those of the file joined by `+`, where it names them otherwise.
        constants: what holds for all rows, such as a device.

    Raises:
        UsageError: it is no such file, or a number in it cannot be; with the line.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        header = [name.strip() for name in next(lines, [])]
        layout = layout_of(header, columns, constants, source=source)
        rows: list[ImportedRow] = []
        points = _Points()
        zeros = 0
        for cells in lines:
            if not any(cells):
                continue
            where = f"{source}:{lines.line_num}"
            if len(cells) != len(header):
                raise UsageError(f"{where}: {len(cells)} fields, and the header has {len(header)}.")
            if len(rows) == MOST_ROWS:
                raise UsageError(f"{where}: more than {MOST_ROWS} rows; import it in parts.")
            fields = _fields(dict(zip(header, cells, strict=True)), layout, where=where)
            if fields.get("latency_us") == 0:
                fields["latency_us"], zeros = None, zeros + 1
            row = checked_row({"project": project, "branch": branch} | fields | dict(constants), where=where)
            if points.takes(row, lines.line_num):
                rows.append(row)
    except csv.Error as error:
        raise UsageError(f"{source}:{lines.line_num}: {error}.") from error
    _refuse_other_units(rows, source)
    noted = [f"{zeros} latencies are zero, which nothing takes: they count as unknown"] if zeros else []
    return Imported(rows=tuple(rows), notes=(*noted, *points.notes()))


class _Points:
    """The cells and moments that lines of a file are of: each should have one line."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], tuple[int, ImportedRow]] = {}
        self._same: list[tuple[int, int]] = []
        self._others: list[tuple[int, int]] = []

    def takes(self, row: ImportedRow, line: int) -> bool:
        """Whether a line says something that no line before it says, word for word."""
        point = (row.project, row.branch, row.workload, row.delegate, row.threads, row.device, row.time)
        first, before = self._first.setdefault(point, (line, row))
        if first == line:
            return True
        (self._same if row == before else self._others).append((line, first))
        return row != before

    def notes(self) -> Iterator[str]:
        """Yield what lines are of a cell and moment that have one already."""
        if self._same:
            line, first = self._same[0]
            yield f"line {line} says what line {first} says{_more(self._same)}: such lines count once"
        if self._others:
            line, first = self._others[0]
            yield (
                f"line {line} has the cell and the moment of line {first}, and other values{_more(self._others)}: all "
                "count; where a column tells them apart, make it a part of the name: --column workload=NAME+COLUMN"
            )


def _more(found: Sequence[tuple[int, int]]) -> str:
    return f", and {len(found) - 1} more likewise" if len(found) > 1 else ""


def layout_of(
    header: Sequence[str], columns: Mapping[str, str], constants: Mapping[str, str], *, source: str
) -> Layout:
    """Return where a file has what.

    Raises:
        UsageError: a column that is named is not there, or one that is needed is missing.
    """
    if twice := next((name for name in header if name and header.count(name) > 1), None):
        raise UsageError(f"{source}:1: two columns are called {twice!r}.")
    found: dict[str, tuple[str, ...]] = {}
    for ours, said in columns.items():
        if ours not in KNOWN:
            raise UsageError(f"--column {ours}={said}: unknown column {ours!r}.{did_you_mean(ours, list(KNOWN))}")
        theirs = tuple(part.strip() for part in said.split("+"))
        if absent := next((name for name in theirs if name not in header), None):
            raise UsageError(f"--column {ours}={said}: {source} has no column {absent!r}; it has {', '.join(header)}.")
        found[ours] = theirs
    for ours in KNOWN:
        if not any(_same(ours, other) for other in found):
            there = next((name for name in (ours, *OTHER_NAMES.get(ours, ())) if name in header), None)
            found |= {} if there is None else {ours: (there,)}
    latency, memory = (next((name for name in found if name in names), "") for names in (LATENCIES, MEMORIES))
    unit = None if "latency_unit" in found else LATENCIES.get(latency)
    found = {COLUMN_OF.get(name, name): theirs for name, theirs in found.items()}
    for needed in ("time", "workload", "device", "latency_us"):
        if needed not in found and needed not in constants:
            raise UsageError(
                f"{source}: no column is {needed}; name the one that is: --column {needed}=NAME. "
                f"It has {', '.join(header) or 'no header'}."
            )
    return Layout(columns=found, latency_unit=unit, memory_kib=MEMORIES.get(memory, 1.0))


def _same(ours: str, other: str) -> bool:
    """Whether two names are one column, in whatever unit."""
    return COLUMN_OF.get(ours, ours) == COLUMN_OF.get(other, other)


def _fields(cells: Mapping[str, str], layout: Layout, *, where: str) -> dict[str, object]:
    """Return the fields of a row that a line has."""
    fields: dict[str, object] = {}
    for ours, theirs in layout.columns.items():
        if ours == "time":
            fields[ours] = parse_moment(" ".join(cells[name] for name in theirs), where=f"{where}: {theirs[0]}")
        elif ours in NUMBERS:
            fields[ours] = _number(cells, theirs, whole=ours in WHOLE, where=where)
        elif ours == "tools":
            said = (f"{name} {cells[name]}" for name in theirs if cells[name].strip())
            fields[ours] = ", ".join(said) or None
        elif (joined := " ".join(part for name in theirs if (part := cells[name].strip()))) or ours == "status":
            fields[ours] = joined
    _in_our_units(fields, layout, where=where)
    return fields


def _in_our_units(fields: dict[str, object], layout: Layout, *, where: str) -> None:
    unit = layout.latency_unit or str(fields.get("latency_unit", "us"))
    if unit not in UNITS_US:
        raise UsageError(f"{where}: latency_unit {unit!r}; it is one of {', '.join(UNITS_US)}.")
    fields["latency_unit"] = "us" if unit == "µs" else unit
    if isinstance(value := fields.get("latency_us"), float):
        fields["latency_us"] = value * UNITS_US[unit]
    if isinstance(value := fields.get("memory_kib"), float):
        fields["memory_kib"] = value * layout.memory_kib


def _number(cells: Mapping[str, str], theirs: Sequence[str], *, whole: bool, where: str) -> float | int | None:
    values = [parse_number(cells[name], where=f"{where}: {name}") for name in theirs]
    known = [value for value in values if value is not None]
    if not known:
        return None
    total = sum(known)
    if not whole:
        return float(total)
    if total != int(total):
        raise UsageError(f"{where}: {'+'.join(theirs)}: {total:g} is not a whole number.")
    return int(total)


def _refuse_other_units(rows: Sequence[ImportedRow], source: str) -> None:
    """Refuse a file that gives one cell's latencies in two units.

    Raises:
        UsageError: it names the cell.
    """
    units: dict[tuple[str, str, int | None, str], str] = {}
    for row in rows:
        if units.setdefault(row.cell, row.latency_unit) != row.latency_unit:
            raise UsageError(
                f"{source}: the unit of {row.workload} on {row.device} changes from {units[row.cell]} to "
                f"{row.latency_unit}: one of them may be wrong. Convert the file to one unit."
            )
