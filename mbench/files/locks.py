"""Locks between processes and threads: files that the system frees when their holder ends, however it ends."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mbench.core.errors import DiskError, LockHeld
from mbench.files.disk import OTHER_HOME, disk_errors


@contextmanager
def locked(
    path: Path,
    *,
    wait_s: float | None = 0,
    waiting: Callable[[], object] | None = None,
    removed: bool = False,
    otherwise: str = OTHER_HOME,
    error: type[DiskError] = DiskError,
) -> Iterator[None]:
    """Hold the lock of a file for the block; file and folder are made if need be.

    Args:
        path: of the lock file.
        wait_s: longest wait for another holder, 0 for none, None without end.
        waiting: called once where another holder is waited for.
        removed: whether the file goes at the end; for locks of one use.
        otherwise: see `disk_errors`.
        error: see `disk_errors`.

    Raises:
        LockHeld: somebody else has held it for so long.
        DiskError: the disk refused, or its file system has no locks.
    """
    lock = FileLock(path, thread_local=False)
    with disk_errors("lock", path, otherwise=otherwise, error=error):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _acquire(lock, wait_s, waiting)
        except Timeout:
            raise LockHeld(path, waited_s=wait_s or 0) from None
        except NotImplementedError:
            raise OSError(errno.ENOLCK, "its file system has no locks") from None
    try:
        yield
    finally:
        if removed:
            with suppress(OSError):
                path.unlink()
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether somebody holds a lock now; False where that is unknown. It is taken for a moment, and nothing is made."""
    if not path.exists():
        return False
    try:
        with locked(path):
            return False
    except LockHeld:
        return True
    except DiskError:  # somebody else's folder, or no locks on this file system
        return False


def _acquire(lock: FileLock, wait_s: float | None, waiting: Callable[[], object] | None) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if wait_s == 0:
            raise
        if waiting is not None:
            waiting()
        lock.acquire(timeout=-1 if wait_s is None else wait_s)
