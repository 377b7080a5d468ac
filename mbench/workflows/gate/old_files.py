"""The files that a suspect is compared with: what its cell was measured with on the night before it became one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.nights.cells import Cell
from mbench.core.results import JobResult, Status
from mbench.store.session import open_session, session_folder
from mbench.workflows.gate.cells import MeasuredCells, measured_cells
from mbench.workflows.gate.stored import night_of

LOOKED_AT: Final = 14
"""Nights before the suspect's first: a cell that was not measured for a fortnight has no level of yesterday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A cell's last good result before a night."""

    session: str
    result: JobResult


class EarlierResults:
    """Reads what cells were measured with in nights before, each night once."""

    def __init__(self, root: Path, nights: Sequence[str], measured: MeasuredCells, note: Callable[[str], None]) -> None:
        """Look in a results folder at nights by their sessions' names, the earliest first."""
        self._root, self._nights, self._measured, self._note = root, tuple(nights), measured, note
        self._read: dict[str, MeasuredCells | None] = {}

    def before(self, cell: Cell, since: str) -> Before | None:
        """Return what a cell was measured with, and came to, on the last good night before a night."""
        if since not in self._nights:
            return None
        place = self._nights.index(since)
        for session in reversed(self._nights[max(0, place - LOOKED_AT) : place]):
            cells = self._cells(session)
            result = None if cells is None else cells.of(cell)
            if result is not None and result.status is Status.OK:
                return Before(session=session, result=result)
        return None

    def _cells(self, session: str) -> MeasuredCells | None:
        if session not in self._read:
            try:
                folder = session_folder(self._root, session)
                store = open_session(folder)
                self._read[session] = measured_cells(
                    store.results(), night_of(folder), store.plan.names, self._measured.renamed
                )
            except StoreError as error:
                self._note(f"an earlier night was passed over: {error}")
                self._read[session] = None
        return self._read[session]
