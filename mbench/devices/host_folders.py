"""A session's folder on this host: held while the session lives; what a killed one left is removed by the next."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mbench.core.errors import TransportError


@contextmanager
def work_folder(root: Path, session: str) -> Iterator[str]:
    """Yield the path of `root/work-SESSION`, which is gone afterwards; nobody else's clean-up touches it meanwhile.

    Raises:
        TransportError: `root` cannot be written.
    """
    folder = root / f"work-{session}"
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except (OSError, Timeout) as error:
        raise TransportError(f"could not make the work folder {folder}: {error}. Is MBENCH_HOME writable?") from error
    try:
        yield str(folder)
    finally:
        _remove(folder, lock)


def remove_stale(root: Path) -> None:
    """Remove the folders of sessions that died, and end what still runs in them."""
    for path in sorted(root.glob("work-*.lock")):
        lock = FileLock(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _end_processes_in(path.with_suffix(""))
            _remove(path.with_suffix(""), lock)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()


def _end_processes_in(folder: Path) -> None:
    for process in psutil.process_iter(["cwd"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd).is_relative_to(folder):
            with suppress(psutil.Error):
                process.kill()
