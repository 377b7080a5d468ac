"""What a process of this machine uses in a folder, until it ends: record locks of one file.

    FOLDER/in-use     empty; the byte whose number is a name's hash is locked, shared by all that use what it names

One open file serves thousands of names. The system frees the locks when a process ends, however it ends. It also frees
them when the process closes any descriptor of the file, so none is ever closed.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import LockHeld

FILE_NAME: Final = "in-use"

_OPEN: Final[dict[str, int]] = {}
"""Descriptors of this process, by absolute path of the file."""


def hold(folder: Path, name: str) -> None:
    """Keep what `name` stands for from being removed while this process lives; waits while another one removes it.

    To be called before it is looked up or written. From a folder that cannot be written nobody removes anything either.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        fcntl.lockf(_opened(folder), fcntl.LOCK_SH, 1, _place(name))


@contextmanager
def unused(folder: Path, name: str) -> Iterator[None]:
    """Hold what `name` stands for alone while the block removes it; for processes that hold nothing themselves.

    Raises:
        LockHeld: another process uses it.
        OSError: the folder cannot be written, or its file system has no locks.
    """
    opened, place = _opened(folder), _place(name)
    try:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except BlockingIOError:
        raise LockHeld(folder / FILE_NAME, waited_s=0) from None
    try:
        yield
    finally:
        fcntl.lockf(opened, fcntl.LOCK_UN, 1, place)


def _opened(folder: Path) -> int:
    path = str((folder / FILE_NAME).absolute())
    if path not in _OPEN:
        _OPEN.setdefault(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666))
    return _OPEN[path]


def _place(name: str) -> int:
    """Return a byte's number, below 2^60, which every system's file offsets hold."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 4
