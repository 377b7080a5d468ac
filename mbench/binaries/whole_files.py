"""Files that appear under their final name whole or not at all, and disk trouble told in one line."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from filelock import FileLock, Timeout

from mbench.core.errors import ArtifactError
from mbench.core.ports import Progress

TEMPORARY: Final = ".writing-"
"""Prefix of files that are not whole yet; a process that died leaves them behind."""


@contextmanager
def disk_errors(what: str, folder: Path) -> Iterator[None]:
    """Turn an `OSError` into one line.

    Raises:
        ArtifactError: the disk refused.
    """
    try:
        yield
    except OSError as error:
        raise ArtifactError(
            f"could not {what} {folder}: {error.strerror or error}. "
            "Free some space there, mend its permissions, or let MBENCH_HOME name another folder."
        ) from error


@contextmanager
def temporary_in(folder: Path) -> Iterator[BinaryIO]:
    """Open a new file in a folder, removed at the end unless `make_final` has given it a name.

    Raises:
        OSError: the disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=TEMPORARY)
    os.close(handle)  # opened again by name, which `make_final` then finds in the stream
    try:
        with Path(name).open("w+b") as stream:
            yield stream
    finally:
        Path(name).unlink(missing_ok=True)


def make_final(stream: BinaryIO, path: Path, *, mode: int = 0o644) -> None:
    """Give a file of `temporary_in` its final name in the same folder, so that it lasts when the power fails.

    Raises:
        OSError: the disk refused.
    """
    stream.flush()
    temporary = Path(stream.name)
    temporary.chmod(mode)
    os.fsync(stream.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file.

    Raises:
        OSError: the disk refused; what was there before is still there.
    """
    with temporary_in(path.parent) as stream:
        stream.write(data)
        make_final(stream, path)


@contextmanager
def held_alone(path: Path, *, timeout_s: float, doing: str, progress: Progress | None = None) -> Iterator[None]:
    """Hold a lock that the system frees when its holder dies.

    Args:
        path: of the lock.
        timeout_s: longest wait for another holder.
        doing: what it is held for, for messages: `write the library`.
        progress: told when another holder is waited for.

    Raises:
        ArtifactError: somebody else has held it for `timeout_s`.
        OSError: the disk refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        _acquire(lock, timeout_s, doing, progress)
    except Timeout:
        raise ArtifactError(
            f"could not {doing}: another process has held {path} for {timeout_s:.0f} s; "
            "see what it does, end it if it hangs, then try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, timeout_s: float, doing: str, progress: Progress | None) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if progress is not None:
            progress.note(f"waiting for another process to {doing}")
        lock.acquire(timeout=timeout_s)


def _sync_folder(folder: Path) -> None:
    """Make a rename last; systems that cannot open a folder keep it without this."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
