"""Files that appear under their final name whole or not at all, and disk trouble told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mbench.core.errors import ArtifactError
from mbench.core.ports import Progress


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
