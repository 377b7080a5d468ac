"""Temporary folders of ours: gone with their process, and swept by the next one after one that was killed.

A living process holds a lock in its folder, which the system frees when it dies.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import DiskError, LockHeld
from mbench.files.disk import disk_errors
from mbench.files.locks import locked

_PREFIX: Final = "mbench-"
_LOCK: Final = ".held.lock"
_OTHERWISE: Final = "let TMPDIR name another folder"
_YOUNG_S: Final = 60.0
"""A folder is without its lock for a moment after it was made."""


class ScratchFolder:
    """A temporary folder that is this process' own until it is closed.

    Attributes:
        path: the folder.
    """

    def __init__(self, what: str) -> None:
        """Make it, and remove those of processes that were killed.

        Raises:
            DiskError: it could not be made.
        """
        sweep()
        self._held = ExitStack()
        with disk_errors("make a temporary folder in", tempfile.gettempdir(), otherwise=_OTHERWISE):
            self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{what}-"))
        self._held.enter_context(locked(self.path / _LOCK, otherwise=_OTHERWISE))

    def close(self) -> None:
        """Remove it."""
        _remove(self.path)
        self._held.close()


@contextmanager
def scratch_folder(what: str) -> Iterator[Path]:
    """Yield a temporary folder that is gone afterwards.

    Raises:
        DiskError: it could not be made.
    """
    folder = ScratchFolder(what)
    try:
        yield folder.path
    finally:
        folder.close()


def sweep() -> None:
    """Remove the temporary folders of this user that processes which were killed have left."""
    with suppress(OSError):
        for path in sorted(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*")):
            with suppress(OSError, DiskError, LockHeld):
                _sweep_one(path)


def _sweep_one(path: Path) -> None:
    found = path.lstat()
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if path.is_symlink() or not path.is_dir() or not ours or not (path / _LOCK).is_file():
        return
    if time.time() - found.st_mtime < _YOUNG_S and _is_new(path):
        return
    with locked(path / _LOCK):
        _remove(path)


def _is_new(path: Path) -> bool:
    """Whether a folder holds nothing but its lock: its process may be about to take that."""
    return all(each.name == _LOCK for each in path.iterdir())


def _remove(path: Path) -> None:
    """Remove a folder, also one with folders that may not be written, such as an emulated phone's."""
    for folder, _, _ in os.walk(path):
        with suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
