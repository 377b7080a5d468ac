"""Turns of nights on one host: a phone that a night of higher priority waits for is left to it when it comes free.

A night that is under way says in `MBENCH_HOME/farm/turns/SESSION.json` which phones it still has to measure on, and
holds a lock beside it. The word of a process that has died counts for nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from mbench.core.nights.nights import FarmName
from mbench.core.numbers.bounds import SessionName
from mbench.core.workloads import Document
from mbench.files.disk import disk_errors
from mbench.files.locks import is_locked, locked
from mbench.files.regular import KIB, read_regular
from mbench.files.whole import write_whole
from mbench.workflows.home import home

_LIMIT_BYTES: Final = 256 * KIB


class Turn(Document):
    """What one night says of itself.

    Attributes:
        serials: phones that it still has to measure on.
    """

    session: SessionName
    farm: FarmName
    priority: int = Field(ge=-100, le=100)
    serials: tuple[str, ...]


class Turns:
    """The turn of one night, and what others say of theirs.

    Args:
        folder: of all turns of this host.
        session: the night's.
        farm: name of its farm file.
        priority: of the farm file.
    """

    def __init__(self, folder: Path, *, session: str, farm: str, priority: int) -> None:
        self._folder, self._session, self._farm, self._priority = folder, session, farm, priority

    def say(self, serials: Collection[str]) -> None:
        """Say which phones this night still has to measure on.

        Raises:
            DiskError: it could not be written.
        """
        turn = Turn(session=self._session, farm=self._farm, priority=self._priority, serials=tuple(sorted(serials)))
        path = self._path(self._session)
        with disk_errors("write", path):
            write_whole(path, turn.model_dump_json().encode(), fsync=False)

    def ahead(self) -> Mapping[str, Turn]:
        """Return the phones that living nights of higher priority wait for, with whose turn it is."""
        found: dict[str, Turn] = {}
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []:
            turn = _read(path)
            if turn is None or turn.session == self._session or turn.priority <= self._priority:
                continue
            if is_locked(path.with_suffix(".lock")):
                found |= {serial: turn for serial in turn.serials if _over(turn, found.get(serial))}
        return found

    def _path(self, session: str) -> Path:
        return self._folder / f"{session}.json"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Be one of the nights under way, for the block.

        Raises:
            DiskError: the disk takes no word of it.
        """
        path = self._path(self._session)
        try:
            with locked(path.with_suffix(".lock"), removed=True):
                yield
        finally:
            with suppress(OSError):
                path.unlink()


def turns_of(session: str, farm: str, priority: int) -> Turns:
    """Return the turns of a night on this host."""
    return Turns(home() / "farm" / "turns", session=session, farm=farm, priority=priority)


def _over(turn: Turn, other: Turn | None) -> bool:
    return other is None or turn.priority > other.priority


def _read(path: Path) -> Turn | None:
    """Return what a file says; nothing where it has just gone, or is none of ours."""
    try:
        return Turn.model_validate_json(read_regular(path, limit_bytes=_LIMIT_BYTES))
    except (OSError, ValidationError):
        return None
