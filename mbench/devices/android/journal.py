"""The journal of what was changed on a phone: written before the change, on the phone and on this host.

The phone's copy is found by whoever meets the phone next, from any host; this host's is for a phone whose folder was
cleared meanwhile. Each is written whole or not at all.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from mbench.core.errors import HostDiskError, TransportError
from mbench.core.ports import Transport
from mbench.core.workloads import Document
from mbench.files.disk import disk_errors
from mbench.files.whole import write_whole

_NAME: Final = "borrowed-settings"
_LIMIT_BYTES: Final = 1 << 16

Knob = Annotated[str, StringConstraints(pattern=r"^(stay_on|screen|fixed_performance|governor:policy\d+)$")]
Value = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
"""What is written back in a shell: nothing else gets in, whoever wrote the file."""


class Change(Document):
    """One setting: what it was, and what we set. `before` is what is put back, also where it could not be read."""

    knob: Knob
    before: Value
    ours: Value
    readable: bool = True


class Journal(Document):
    """Settings that are to be put back, in the order in which they were changed."""

    format_version: Literal[1] = 1
    serial: str
    changes: tuple[Change, ...] = Field(min_length=1)


def write_journal(transport: Transport, host_folder: Path, journal: Journal) -> None:
    """Write both copies, this host's first: without it nothing may be changed.

    Raises:
        TransportError: one of them could not be written; then neither is left.
    """
    data = (journal.model_dump_json(indent=2) + "\n").encode()
    path = _host_path(host_folder, transport.serial)
    with disk_errors("write", path, error=HostDiskError):
        write_whole(path, data, fsync=True)
    try:
        transport.write(journal_path(transport), data)
    except TransportError:
        path.unlink(missing_ok=True)
        raise


def read_journals(transport: Transport, host_folder: Path) -> tuple[Journal, ...]:
    """Return the phone's copy and this host's, without repetition; one that is damaged counts as none.

    Raises:
        TransportError: the phone cannot be asked.
    """
    return known_journals(transport.pull(journal_path(transport), limit_bytes=_LIMIT_BYTES), transport, host_folder)


def known_journals(on_phone: bytes | None, transport: Transport, host_folder: Path) -> tuple[Journal, ...]:
    """Return what the phone's copy, read already, and this host's say, without repetition; damaged counts as none."""
    path = _host_path(host_folder, transport.serial)
    texts = [on_phone, path.read_bytes() if path.is_file() else None]
    found: list[Journal] = []
    for text in texts:
        journal = None if text is None else _parsed(text)
        if journal is not None and journal.serial == transport.serial and journal not in found:
            found.append(journal)
    return tuple(found)


def remove_journals(transport: Transport, host_folder: Path) -> None:
    """Remove both copies; the phone's first, so that a lost link leaves this host's to tell of it.

    Raises:
        TransportError: the command does not reach the phone.
    """
    transport.remove(journal_path(transport))
    _host_path(host_folder, transport.serial).unlink(missing_ok=True)


def _parsed(data: bytes) -> Journal | None:
    try:
        return Journal.model_validate_json(data)
    except ValidationError:
        return None


def journal_path(transport: Transport) -> str:
    """Return where the phone's copy lies."""
    return f"{transport.root}/{_NAME}.json"


def _host_path(folder: Path, serial: str) -> Path:
    return folder / f"{_NAME}-{''.join(one if one.isalnum() or one in '.-' else '_' for one in serial)}.json"
