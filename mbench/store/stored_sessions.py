"""Stored sessions as one command reads them: each is opened once, and each of its documents read once."""

from collections.abc import Iterable
from pathlib import Path

from mbench.core.results import JobResult
from mbench.store.nights import shown_results
from mbench.store.session import open_session


class StoredSessions:
    """The results of sessions, read when they are first asked for and then remembered."""

    def __init__(self) -> None:
        """Begin with none read."""
        self._read: dict[Path, tuple[JobResult, ...]] = {}

    def results(self, paths: Iterable[Path]) -> tuple[JobResult, ...]:
        """Return the results of sessions by their folders; one that is named twice, by whatever path, counts once.

        Those of a night bear the names that last.

        Raises:
            StoreError: one cannot be read.
        """
        folders: dict[Path, Path] = {}
        for path in paths:
            folders.setdefault(path.resolve(), path)
        for folder, path in folders.items():
            if folder not in self._read:
                self._read[folder] = shown_results(open_session(path))
        return tuple(result for folder in folders for result in self._read[folder])
