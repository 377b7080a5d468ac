"""Rows of the nights before one, out of the archive: for outputs that hold whole series."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from mbench.core.nights.cells import Cell, PointState
from mbench.history.archive import Archive
from mbench.history.latencies import Latency, latencies_of
from mbench.history.past import Past
from mbench.report.exports.cell_rows import CellRow
from mbench.report.exports.otava import NightRows
from mbench.workflows.history.archives import asked

NIGHTS: Final = 365
"""Before the one that is judged."""


def earlier_rows(
    root: Path,
    session: str,
    rows: tuple[CellRow, ...],
    renamed: Mapping[str, str],
    *,
    note: Callable[[str], None],
) -> tuple[NightRows, ...]:
    """Return the rows that nights before a session have of its cells, the oldest night first.

    Args:
        root: the results folder.
        session: of the night.
        rows: its own.
        renamed: new names of workloads by old ones.
        note: gets what could not be read.

    Raises:
        StoreError: the archive cannot be read.
    """
    if not rows:
        return ()
    own = {row.cell: row for row in rows}
    first = rows[0].cell

    def found(archive: Archive) -> tuple[NightRows, ...]:
        past = Past(archive, first.project, first.branch, renamed)
        nights = [night.session for night in past.nights if night.session is not None]
        before = nights[: nights.index(session)][-NIGHTS:]
        cell_of: dict[int, Cell] = {key: each.cell for each in past.cells if each.cell in own for key in each.keys}
        of_night: dict[str, list[CellRow]] = {name: [] for name in before}
        for one in latencies_of(archive.segments, list(cell_of), before):
            of_night[one.session].append(_row(own[cell_of[one.cell]], one))
        return tuple(NightRows(night=name, rows=tuple(of_night[name])) for name in before)

    return asked(root, found, note=note)


def _row(tonight: CellRow, one: Latency) -> CellRow:
    """Return a row of an earlier night: what a series holds of it, and nothing else of tonight's but its place."""
    return replace(
        tonight,
        state=PointState.NUMBER,
        latency_us=one.latency_us,
        low_us=None,
        high_us=None,
        size_bytes=one.size_bytes,
        peak_memory_kib=one.memory_kib,
        top1=None,
        artifact_sha256=one.artifact_sha256,
        binary_sha256=one.binary_sha256,
        error_class=None,
        message=None,
        ended_at=one.begun_at,
    )
