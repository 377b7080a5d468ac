"""Imports that are kept beside the sessions: documents like these, of which the archive is made again at any time.

RESULTS/imports/0123456789ab.csv     one import each, under the columns of `ImportedRow`, named by its content
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from mbench.core.errors import UsageError
from mbench.core.nights.series import PointState
from mbench.files.disk import OTHER_RESULTS, disk_errors
from mbench.files.regular import read_regular
from mbench.files.whole import write_new
from mbench.history.archive import Read, Source, read_or_note
from mbench.history.imports.csv_file import MOST_BYTES
from mbench.history.imports.rows import LAB, MISSING, WELL, ImportedRow, checked_row
from mbench.history.keys import UNKNOWN, cell_key, key_of
from mbench.history.manifest import ArchivedNight
from mbench.history.points import Point

FOLDER: Final = "imports"
_COLUMNS: Final = tuple(ImportedRow.model_fields)


def kept_imports(root: Path) -> Mapping[str, Source]:
    """Return the imports of a results folder as sources of its archive.

    Raises:
        DiskError: the folder cannot be read.
    """
    folder = root / FOLDER
    with disk_errors("read", folder, otherwise=OTHER_RESULTS):
        paths = sorted(folder.glob("*.csv")) if folder.is_dir() else []
        marks = {path: path.stat() for path in paths}
    return {
        f"import {path.stem}": Source(
            mark=f"{found.st_size} {found.st_mtime_ns}",
            read=partial(read_or_note, partial(_read_import, path), f"import {path.name}"),
        )
        for path, found in marks.items()
    }


class Kept(NamedTuple):
    """How many rows of an import are new, how many were there before, and how many are there with other values."""

    new: int
    known: int
    other: int


def keep_import(root: Path, rows: Sequence[ImportedRow]) -> Kept:
    """Keep rows beside the sessions whose cell and moment no import before has; what is there stays as it is.

    Raises:
        UsageError: the unit of a cell's latencies is another one than in an import before.
        DiskError: the disk refused.
    """
    there: dict[tuple[object, ...], set[ImportedRow]] = {}
    units: dict[tuple[object, ...], str] = {}
    for row in _kept_rows(root):
        there.setdefault(_point_of(row), set()).add(row)
        units[row.project, *row.cell] = row.latency_unit
    for row in rows:
        before = units.get((row.project, *row.cell), row.latency_unit)
        if before != row.latency_unit:
            raise UsageError(
                f"the unit of {row.workload} on {row.device} was {before} in an import before, and is "
                f"{row.latency_unit} here: one of them may be wrong. Convert the file to {before}."
            )
    new = [row for row in rows if _point_of(row) not in there]
    known = sum(row in there.get(_point_of(row), ()) for row in rows)
    if new:
        data = _text(new).encode()
        path = root / FOLDER / f"{hashlib.sha256(data).hexdigest()[:12]}.csv"
        with disk_errors("write", path, otherwise=OTHER_RESULTS):
            write_new(path, data, fsync=True)
    return Kept(new=len(new), known=known, other=len(rows) - len(new) - known)


def _point_of(row: ImportedRow) -> tuple[object, ...]:
    return (row.project, row.branch, *row.cell, row.time)


def _kept_rows(root: Path) -> Iterator[ImportedRow]:
    folder = root / FOLDER
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        yield from _rows(path)


def _rows(path: Path) -> Iterator[ImportedRow]:
    with disk_errors("read", path, otherwise=OTHER_RESULTS):
        text = read_regular(path, limit_bytes=2 * MOST_BYTES).decode("utf-8", "replace")
    lines = csv.DictReader(io.StringIO(text))
    for cells in lines:
        fields = {name: value for name, value in cells.items() if name is not None and value}
        yield checked_row(fields, where=f"{path}:{lines.line_num}")


def _text(rows: Sequence[ImportedRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(row.model_dump(mode="json").values() for row in rows)
    return text.getvalue()


def _read_import(path: Path) -> Read:
    try:
        rows = list(_rows(path))
    except UsageError as error:
        return Read(nights=(), points=(), note=f"import {path.name} is not in the archive: {error}")
    nights: dict[str, ArchivedNight] = {}
    points = []
    for number, row in enumerate(rows):
        session = f"import-{path.stem}-{row.branch}-{row.time:%Y%m%dT%H%M%S.%f}"
        if session not in nights:
            nights[session] = ArchivedNight(
                session=session, project=row.project, branch=row.branch, day=row.time.date(), begun_at=row.time
            )
        points.append(_point(row, session, number))
    return Read(nights=tuple(nights.values()), points=tuple(points))


def _point(row: ImportedRow, session: str, number: int) -> Point:
    state = _state(row)
    measured = state is PointState.NUMBER
    return Point(
        cell=cell_key(row.project, row.branch, row.workload, row.delegate, row.threads, row.device, row.device_model),
        session=session,
        project=row.project,
        branch=row.branch,
        farm=None,
        day=row.time.date(),
        begun_at=row.time,
        host="import",
        job=f"{number:08d}",
        workload=row.workload,
        variant=row.workload,
        delegate=row.delegate,
        threads=row.threads,
        serial=row.device,
        profile="import",
        device_model=row.device_model or row.device,
        soc=None,
        emulated=False,
        state=state,
        status=row.status or ("ok" if measured else "unknown"),
        latency_us=row.latency_us if measured else None,
        half_width_us=row.half_width_us if measured else None,
        runs=row.runs or int(measured),
        init_us=row.init_us,
        memory_kib=row.memory_kib,
        size_bytes=row.size_bytes,
        correct=row.correct,
        examples=row.examples,
        question=row.question,
        dataset=UNKNOWN if row.correct is None else key_of("imported", row.question),
        delegated=row.delegated,
        nodes=row.nodes,
        partitions=row.partitions,
        artifact_sha256=row.artifact_sha256,
        tools=row.tools,
        thing=key_of("imported", row.artifact_sha256, row.tools),
        conditions_asked=row.epoch,
        epoch=key_of("imported", row.epoch),
    )


def _state(row: ImportedRow) -> PointState:
    status = row.status.strip().casefold()
    if status in MISSING:
        return PointState.MISSING
    if status in LAB:
        return PointState.LAB
    if row.latency_us is not None:
        return PointState.NUMBER if status in WELL else PointState.FAILED
    return PointState.LAB if status in WELL else PointState.FAILED
