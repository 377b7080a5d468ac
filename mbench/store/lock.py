"""One process drives a session: a lock that dies with its holder and names it to others."""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import LockHeld, StoreError
from mbench.files.disk import OTHER_RESULTS
from mbench.files.locks import is_locked, locked
from mbench.files.regular import has_other_names
from mbench.store.files import read_regular, storing

LOCK_TIMEOUT_S: Final = 0.5
"""Longer than a reader's look at the lock, which takes it for a moment."""


_HOLDER: Final = re.compile(r"process \d{1,10} on \S{0,255}")
_HOLDER_BYTES: Final = 4096


_DRIVEN: Final = (
    "session {session} is being driven by {holder}; "
    "wait until it has ended, or leave --resume out to begin a new session."
)


@contextmanager
def held(path: Path, *, busy: str = _DRIVEN) -> Iterator[None]:
    """Hold the lock file `path` for the block; the system frees it when the process ends, however it ends.

    Args:
        path: of the lock file.
        busy: what to say where another process holds it: `{holder}` stands for that, `{session}` for the folder's name.

    Raises:
        StoreError: another process holds it; the message names that one.
    """
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a regular file, and so no lock; remove it.")
    if has_other_names(path):  # taking a lock empties its file
        raise StoreError(f"{path} is a hard link of another file, which would be written over; remove it.")
    holder = _read_holder(path)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, wait_s=LOCK_TIMEOUT_S, otherwise=OTHER_RESULTS))
        except LockHeld as error:
            who = holder or "another process"
            raise StoreError(busy.format(session=path.parent.name, holder=who)) from error
        with storing("write", path):
            path.write_text(f"process {os.getpid()} on {platform.node()}\n", encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                path.write_text("", encoding="utf-8")


def holder_of(path: Path) -> str | None:
    """Return who holds the lock now (`process 12 on workstation`); None where nobody does, or where none can tell."""
    if path.is_symlink() or not path.is_file() or has_other_names(path):
        return None
    return (_read_holder(path) or "another process") if is_locked(path) else None


def _read_holder(path: Path) -> str | None:
    try:
        said = read_regular(path, limit_bytes=_HOLDER_BYTES).decode("utf-8", "replace").strip()
    except StoreError:
        return None
    return said if _HOLDER.fullmatch(said) else None
