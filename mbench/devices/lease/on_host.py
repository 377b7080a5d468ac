"""The host's half of a lease: a lock per phone that the system frees when its holder dies, and a record beside it."""

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import HostDiskError, LockHeld
from mbench.devices.lease.records import LeaseRecord, format_record, parse_record
from mbench.files.disk import disk_errors
from mbench.files.locks import is_locked, locked
from mbench.files.names import file_name
from mbench.files.whole import write_whole

LOCK_TIMEOUT_S: Final = 0.5
"""Longer than a reader's look at the lock, which takes it for a moment."""

_NAMED_WITHIN_S: Final = 1.0
"""A holder writes its record right after it has the lock, and a reader's look ends at once: both are over by then."""

_LOOK_AGAIN_S: Final = 0.02

_DOMAIN_FILE: Final = "domain"


class HostLock:
    """The lock of one device in one folder; whoever shares the folder is kept out. `what` is it for messages."""

    def __init__(self, folder: Path, serial: str, *, what: str = "the phone's lease") -> None:
        self._folder, self._what = folder, what
        name = file_name(serial)
        self._lock = folder / f"{name}.lock"
        self._record = folder / f"{name}.json"

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock for the block where it is free: yields whether it is.

        Raises:
            TransportError: the folder cannot be written, or its file system has no locks.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock, wait_s=LOCK_TIMEOUT_S, error=HostDiskError))
            except LockHeld:
                free = False
            else:
                free = True
                stack.callback(self._forget)
            yield free

    def is_held(self) -> bool:
        """Whether somebody holds the lock; False where nobody can tell."""
        return is_locked(self._lock)

    def _forget(self) -> None:
        with suppress(OSError):
            self._record.unlink()

    def write(self, record: LeaseRecord) -> None:
        """Tell the others who holds it; only for who does.

        Raises:
            TransportError: it could not be written.
        """
        with self._disk_errors("write"):
            write_whole(self._record, format_record(record), fsync=False)

    def read(self) -> LeaseRecord | None:
        """Return what the last holder wrote, None where it wrote nothing."""
        with suppress(OSError):
            return parse_record(self._record.read_bytes())
        return None

    def holder(self) -> LeaseRecord | None:
        """Return the record of who holds the lock now, None where nobody does or that one does not name itself.

        One that has only just got the lock is given the time to write its record over that of a killed one.
        """
        until = time.monotonic() + _NAMED_WITHIN_S
        while self.is_held():
            record = self.read()
            if (record is not None and not record.holder_is_dead()) or time.monotonic() >= until:
                return record
            time.sleep(_LOOK_AGAIN_S)
        return None

    def known_domain(self) -> str | None:
        """Return the text of `domain`, None where nobody has asked for it yet."""
        with suppress(OSError):
            return (self._folder / _DOMAIN_FILE).read_text(encoding="ascii")
        return None

    def domain(self) -> str:
        """Return the random text that names this folder of locks.

        Raises:
            TransportError: it could not be written.
        """
        path = self._folder / _DOMAIN_FILE
        with self._disk_errors("write"), locked(path.with_suffix(".lock"), wait_s=None, error=HostDiskError):
            if not path.exists():
                write_whole(path, secrets.token_hex(16).encode(), fsync=False)
            return path.read_text(encoding="ascii")

    def _disk_errors(self, action: str) -> AbstractContextManager[None]:
        return disk_errors(f"{action} {self._what} in", self._folder, error=HostDiskError)
