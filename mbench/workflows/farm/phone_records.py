"""What this host keeps of each phone from night to night: `MBENCH_HOME/farm/phones/SERIAL.json`.

Each is written whole or not at all, under a lock of its own, and read as a stranger's file: what is not a phone's
record is refused in one line and never overwritten. Phones that share a serial share a record.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.core.error_classes import ErrorClass
from mbench.core.errors import NewerFormat, StoreError, UsageError
from mbench.devices.health import credit
from mbench.devices.health.credit import PhoneRecord
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.names import file_name
from mbench.files.regular import KIB, read_regular
from mbench.files.whole import write_whole

_LIMIT_BYTES: Final = 256 * KIB
_FORMAT: Final = 1
_LOCK_S: Final = 10.0
"""Longest wait for another process that writes the same record, which takes milliseconds."""


class PhoneRecords:
    """The records of one host.

    Args:
        home: mbench's folder, `MBENCH_HOME`.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "farm" / "phones"

    def get(self, serial: str) -> PhoneRecord:
        """Return a phone's record; of one that nothing is known of, a clean one.

        Raises:
            StoreError: the file cannot be read, or is no record of this phone.
            UsageError: the serial is empty.
        """
        path = self._path(serial)
        try:
            data = read_regular(path, limit_bytes=_LIMIT_BYTES)
        except FileNotFoundError:
            return PhoneRecord(serial=serial)
        except OSError as error:
            raise StoreError(f"could not read {path}: {error.strerror or error}. {_advice(serial)}") from error
        return _parsed(data, path, serial)

    def every(self) -> tuple[PhoneRecord, ...]:
        """Return all records that are kept, by serial.

        Raises:
            StoreError: a file cannot be read, or is no record.
        """
        with disk_errors("look into", self._folder):
            paths = sorted(self._folder.glob("*.json"))
        return tuple(sorted(map(self._named_by, paths), key=lambda record: record.serial))

    def note_failure(
        self, serial: str, failure_class: ErrorClass, message: str, at: datetime, *, night: str | None = None
    ) -> PhoneRecord:
        """Note that a phone failed in a night, or that its check did while it is left out; see `credit.failed_night`.

        Raises:
            StoreError: the record cannot be read or written.
        """
        return self._change(
            serial, lambda record: credit.failed_night(record, failure_class, message, at=at, night=night)
        )

    def note_good(self, serial: str, at: datetime, *, night: str | None = None) -> PhoneRecord:
        """Note that a phone's night was well, or its check where it is left out; see `credit.good_night`.

        Raises:
            StoreError: the record cannot be read or written.
        """
        return self._change(serial, lambda record: credit.good_night(record, at=at, night=night))

    def hold(self, serial: str, *, until: datetime, by: str, reason: str | None = None) -> PhoneRecord:
        """Keep a phone out of nights until then.

        Raises:
            StoreError: the record cannot be read or written.
        """
        return self._change(serial, lambda record: credit.hold(record, until=until, by=by, reason=reason))

    def release(self, serial: str) -> PhoneRecord:
        """End a phone's hold and its quarantine, and forget its failures.

        Raises:
            StoreError: the record cannot be read or written.
        """
        return self._change(serial, credit.release)

    def unusable(self, serial: str, now: datetime) -> str | None:
        """Return why a phone must not be taken now, as a clause; None where it may.

        Raises:
            StoreError: the record cannot be read.
        """
        return credit.unusable(self.get(serial), now)

    def _change(self, serial: str, change: Callable[[PhoneRecord], PhoneRecord]) -> PhoneRecord:
        path = self._path(serial)
        with locked(path.with_suffix(".lock"), wait_s=_LOCK_S):
            before = self.get(serial)
            after = change(before)
            if after != before:
                with disk_errors("write", path):
                    write_whole(path, (after.model_dump_json(indent=2) + "\n").encode(), fsync=True)
        return after

    def _named_by(self, path: Path) -> PhoneRecord:
        """Return the record in a file, which must be the one of the phone that it names."""
        try:
            record = _parsed(read_regular(path, limit_bytes=_LIMIT_BYTES), path, None)
        except OSError as error:
            raise StoreError(f"could not read {path}: {error.strerror or error}. {_advice(path.stem)}") from error
        if self._path(record.serial) != path:
            raise StoreError(f"could not read {path}: it is the record of {record.serial!r}. {_advice(path.stem)}")
        return record

    def _path(self, serial: str) -> Path:
        if not serial:
            raise UsageError("a phone without a serial has no record; mbench devices shows the serials.")
        return self._folder / f"{file_name(serial)}.json"


def _parsed(data: bytes, path: Path, serial: str | None) -> PhoneRecord:
    name = serial or path.stem
    try:
        record = PhoneRecord.model_validate_json(data)
    except ValidationError as error:
        if (version := _version(data)) is not None and version > _FORMAT:
            raise NewerFormat(
                f"could not read {path}: its format is {version}, this mbench knows {_FORMAT}. Update this mbench."
            ) from error
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(
            f"could not read {path}: it is no record of a phone ({where and f'{where}: '}{first['msg']}). "
            f"{_advice(name)}"
        ) from error
    if serial is not None and record.serial != serial:
        raise StoreError(f"could not read {path}: it is the record of {record.serial!r}. {_advice(name)}")
    return record


def _version(data: bytes) -> int | None:
    """Return the format that a record names, None where it names none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    version = found.get("format_version") if isinstance(found, dict) else None
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def _advice(name: str) -> str:
    return f"Move it away: then nothing is held against {name}, and its failures are counted anew."
