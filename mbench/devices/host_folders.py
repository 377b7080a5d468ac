"""A session's folder on this host: held while the session lives; what a killed one left is removed by the next."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mbench.core.errors import TransportError
from mbench.devices.host_facts import machine_name
from mbench.devices.own_folders import session_part


@contextmanager
def work_folder(root: Path, session: str) -> Iterator[str]:
    """Yield the path of `root/work-SESSION`, which is gone afterwards; nobody else's clean-up touches it meanwhile.

    Raises:
        TransportError: `root` cannot be written, or the session's name would lead out of it.
    """
    folder = root / f"work-{session_part(session, serial=machine_name())}"
    if folder.is_symlink():
        raise TransportError(f"the work folder {folder} is a symbolic link; remove it.")
    lock = FileLock(f"{folder}.lock")
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
            _end_processes_in(_folder_of(path))
            _remove(_folder_of(path), lock)


def _folder_of(lock: Path) -> Path:
    """Return the folder of `work-SESSION.lock`; a session's name may hold dots."""
    return lock.with_name(lock.name.removesuffix(".lock"))


def _remove(folder: Path, lock: FileLock) -> None:
    """Remove a work folder and its lock; a link in its place stays, and what it leads to with it (shutil.rmtree)."""
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
