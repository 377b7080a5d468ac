"""The archive of a results folder, up to date; where that folder cannot be written, in a temporary one."""

import atexit
import shutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from mbench.core.errors import DiskError, UsageError
from mbench.core.nights.series import Series
from mbench.files.scratch import ScratchFolder
from mbench.history.archive import FOLDER, Archive, Source, emptied, updated
from mbench.history.deletions import Deletions, read_deletions
from mbench.history.door import ArchiveMoved, DamagedArchive
from mbench.history.past import Past
from mbench.history.points import MAIN
from mbench.workflows.history.sources import sources_of

TRIES = 5
"""At an archive that others write meanwhile."""

_T = TypeVar("_T")


class _Elsewhere:
    """A temporary folder of an archive, and whether that was said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._said = folder, False

    def say(self, note: Callable[[str], None], error: DiskError) -> None:
        """Say why it is used, once."""
        if not self._said:
            note(f"{str(error).rstrip('.')}; the archive is made in a temporary folder, by each command anew")
        self._said = True


def _quiet(_: str) -> None:
    """Say nothing."""


def current_archive(root: Path, *, note: Callable[[str], None] = _quiet) -> Archive:
    """Return the archive of a results folder as its documents are now.

    Args:
        root: the results folder.
        note: is called, once, where another process writes it, or nobody can.

    Raises:
        StoreError: documents cannot be read, or the disk refused.
        UsageError: the results are in a store, and not in a folder.
    """
    if "://" in str(root) or ":/" in str(root)[2:]:
        raise UsageError(
            f"the results {root} are a store's, and a history is made of a folder: copy its sessions here first."
        )
    sources, deleted = sources_of(root), read_deletions(root)
    if not sources and not root.is_dir():
        return Archive(folder=root / FOLDER)
    try:
        return _sound(root / FOLDER, sources, deleted, note)
    except DiskError as error:
        elsewhere = _elsewhere(root.resolve())
        elsewhere.say(note, error)
    return _sound(elsewhere.folder, sources, deleted, note)


def _sound(folder: Path, sources: Mapping[str, Source], deleted: Deletions, note: Callable[[str], None]) -> Archive:
    """Return an archive brought up to date; one of which a file is damaged that is to be written anew is made again."""
    try:
        return updated(folder, sources, deleted=deleted, note=note)
    except DamagedArchive as error:
        note(f"{str(error).rstrip('.')}; it is made again from documents")
        emptied(folder)
    return updated(folder, sources, deleted=deleted, note=note)


def asked(root: Path, question: Callable[[Archive], _T], *, note: Callable[[str], None] = _quiet) -> _T:
    """Return the answer of the current archive; one that is damaged is made again, and one that is written read again.

    Raises:
        StoreError: as `current_archive`, or it is damaged again.
    """
    for tried in range(TRIES):
        archive = current_archive(root, note=note)
        try:
            return question(archive)
        except ArchiveMoved:
            if tried + 1 == TRIES:
                raise
        except DamagedArchive as error:
            if tried + 1 == TRIES:
                raise
            note(f"{str(error).rstrip('.')}; it is made again from documents")
            emptied(archive.folder)
    raise AssertionError("a loop that returns or raises")


def load_series(
    root: Path,
    *,
    project: str,
    branch: str = MAIN,
    renamed: Mapping[str, str] | None = None,
    since: int = 0,
    note: Callable[[str], None] = _quiet,
) -> list[Series]:
    """Return the series of a project's branch, in the order of their cells; `Past.batches` needs less memory.

    Args:
        root: the results folder.
        project: of a farm file; `runs` has the sessions that no farm file made.
        branch: of the project.
        renamed: new names of workloads by old ones, as a farm file has them.
        since: index of the first night that is loaded.
        note: see `current_archive`.

    Raises:
        StoreError: as `asked`.
    """

    def question(archive: Archive) -> list[Series]:
        return Past(archive, project, branch, renamed or {}).series(since=since)

    return asked(root, question, note=note)


@lru_cache(maxsize=8)
def _elsewhere(root: Path) -> _Elsewhere:
    """Return a temporary folder with what the archive of a folder that cannot be written holds."""
    scratch = ScratchFolder("archive")
    atexit.register(scratch.close)
    folder = scratch.path / FOLDER
    if (root / FOLDER).is_dir():
        shutil.copytree(root / FOLDER, folder, ignore=shutil.ignore_patterns(".*"))
    return _Elsewhere(folder)
