"""A session's folder on this host: held while the session lives; what a killed one left is removed by the next."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from mbench.core.errors import DiskError, HostDiskError, LockHeld, TransportError
from mbench.core.processes.run_marks import RUN_FOLDER
from mbench.devices.host.facts import machine_name
from mbench.devices.own_folders import session_part
from mbench.files.disk import disk_errors
from mbench.files.locks import locked

LOCK_TIMEOUT_S: Final = 0.5
"""Longer than another process' look for folders of dead sessions, which takes each lock for a moment."""


@contextmanager
def work_folder(root: Path, session: str) -> Iterator[str]:
    """Yield the path of `root/work-SESSION`, which is gone afterwards; nobody else's clean-up touches it meanwhile.

    Raises:
        TransportError: `root` cannot be written, or the session's name would lead out of it.
        LockHeld: another process has a session of that name.
    """
    folder = root / f"work-{session_part(session, serial=machine_name())}"
    if folder.is_symlink():
        raise TransportError(f"the work folder {folder} is a symbolic link; remove it.")
    with locked(_lock_of(folder), wait_s=LOCK_TIMEOUT_S, removed=True, error=HostDiskError):
        with disk_errors("make the work folder", folder, error=HostDiskError):
            folder.mkdir(exist_ok=True)
        try:
            yield str(folder)
        finally:
            _remove(folder)


def remove_stale(root: Path) -> None:
    """Remove the folders of sessions that died, and end what they have left running, known by its mark."""
    for path in sorted(root.glob("work-*.lock")):
        with suppress(LockHeld, DiskError, OSError), locked(path, removed=True):
            _end_processes_of(_folder_of(path))
            _remove(_folder_of(path))


def _folder_of(lock: Path) -> Path:
    """Return the folder of `work-SESSION.lock`; a session's name may hold dots."""
    return lock.with_name(lock.name.removesuffix(".lock"))


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove(folder: Path) -> None:
    """Remove a work folder; a link in its place stays, and what it leads to with it (shutil.rmtree)."""
    shutil.rmtree(folder, ignore_errors=True)


def _end_processes_of(folder: Path) -> None:
    """End processes whose environment names a run's folder in `folder`; whoever merely has gone there is not ours.

    Nor is one that has a terminal: a run's processes have none (setsid(2)), and a person's shell, whose environment may
    come from a program of a run, has.
    """
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            marked = process.environ().get(RUN_FOLDER)
            if marked and not _has_terminal(process.pid) and Path(marked).resolve().is_relative_to(folder.resolve()):
                process.kill()


def _has_terminal(pid: int) -> bool:
    """Whether a terminal controls a process (proc(5), stat, tty_nr); psutil names those alone that lie in /dev."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:  # gone, or no Linux
        return False
    return int(fields[4]) != 0
