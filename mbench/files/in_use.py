"""What a process of this machine uses in a folder, until it ends: record locks of one file.

    FOLDER/in-use.lock     empty; the byte whose number is a name's hash is locked, shared by all that use what it names

One open file serves thousands of names. The system frees the locks when a process ends, however it ends. It also frees
them when the process closes any descriptor of the file, so none is ever closed.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import LockHeld

FILE_NAME: Final = "in-use.lock"

_OPEN: Final[dict[str, int]] = {}
"""Descriptors of this process, by absolute path of the file."""

_HELD: Final[set[tuple[int, int]]] = set()
"""What this process holds, by descriptor and place: its own record locks are never in its way."""

_TURN: Final = threading.RLock()
"""Of the threads of this process: a record lock of one is converted, not waited for, by another."""


def hold(folder: Path, name: str) -> None:
    """Keep what `name` stands for from being removed while this process lives; waits while another one removes it.

    To be called before it is looked up or written. In another user's folder its file must be there already; where
    nobody can write, nobody removes anything either.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with _TURN:
            opened, place = _opened(folder), _place(name)
            fcntl.lockf(opened, fcntl.LOCK_SH, 1, place)
            _HELD.add((opened, place))


@contextmanager
def unused(folder: Path, name: str) -> Iterator[None]:
    """Hold what `name` stands for alone while the block removes it.

    Threads of this process that hold or remove anything meanwhile wait for the end of the block.

    Raises:
        LockHeld: a process uses it, be it this one.
        OSError: the folder cannot be written, or its file system has no locks.
    """
    with _TURN:
        opened, place = _opened(folder), _place(name)
        if (opened, place) in _HELD:
            raise LockHeld(folder / FILE_NAME, waited_s=0)
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
        try:
            opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:  # another user's, or on a disk that can only be read: enough to hold
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _OPEN.setdefault(path, opened)
    return _OPEN[path]


def _place(name: str) -> int:
    """Return a byte's number, below 2^60, which every system's file offsets hold."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 4
