"""One process drives a session: a lock that dies with its holder and names it to others."""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from mbench.core.errors import StoreError
from mbench.store.files import read_regular, storing

LOCK_TIMEOUT_S: Final = 0.5
"""Longer than a reader's look at the lock, which takes it for a moment."""


_HOLDER: Final = re.compile(r"process \d{1,10} on \S{0,255}")
_HOLDER_BYTES: Final = 4096


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the block; the system frees it when the process ends, however it ends.

    Raises:
        StoreError: another process holds it; the message names that one.
    """
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a regular file, and so no lock; remove it.")
    lock = FileLock(path)
    holder = _read_holder(path)
    with storing("lock", path):
        try:
            lock.acquire(timeout=LOCK_TIMEOUT_S)
        except Timeout as error:
            raise StoreError(
                f"session {path.parent.name} is being driven by {holder or 'another process'}; "
                "wait until it has ended, or leave --resume out to begin a new session."
            ) from error
        except NotImplementedError as error:
            raise StoreError(
                f"cannot lock {path}: its file system has no locks. Name a folder on another one in MBENCH_RESULTS."
            ) from error
    try:
        with storing("write", path):
            path.write_text(f"process {os.getpid()} on {platform.node()}\n", encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            path.write_text("", encoding="utf-8")
        lock.release()


def holder_of(path: Path) -> str | None:
    """Return who holds the lock now (`process 12 on workstation`); None where nobody does, or where none can tell."""
    if path.is_symlink() or not path.is_file():
        return None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_holder(path) or "another process"
    except (OSError, NotImplementedError):  # somebody else's folder, or no locks on this file system
        return None
    lock.release()
    return None


def _read_holder(path: Path) -> str | None:
    try:
        said = read_regular(path, limit_bytes=_HOLDER_BYTES).decode("utf-8", "replace").strip()
    except StoreError:
        return None
    return said if _HOLDER.fullmatch(said) else None
