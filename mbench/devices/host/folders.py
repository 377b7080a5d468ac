"""A session's folder on this host: held while the session lives; what a killed one left is removed by the next."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mbench.core.errors import TransportError
from mbench.core.run_marks import RUN_FOLDER
from mbench.devices.host.facts import machine_name
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
    """Remove the folders of sessions that died, and end what they have left running, known by its mark."""
    for path in sorted(root.glob("work-*.lock")):
        lock = FileLock(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _end_processes_of(_folder_of(path))
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


def _end_processes_of(folder: Path) -> None:
    """End processes whose environment names a run's folder in `folder`; whoever merely has gone there is not ours."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            marked = process.environ().get(RUN_FOLDER)
            if marked and Path(marked).resolve().is_relative_to(folder.resolve()):
                process.kill()
