"""Nights: documents of a farm's night, beside the plan of the session in which it is measured.

SESSION/night.json       written before the first phone is measured
SESSION/night-end.json   written once, when nothing of it is measured any more
SESSION/health.json      what was seen of its phones before and after
SESSION/cancel           there where somebody wants it to end
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from mbench.core.errors import StoreError
from mbench.core.nights.nights import Night, NightEnd
from mbench.core.results import JobResult
from mbench.core.workloads import Document
from mbench.store.documents import format_document, read_document
from mbench.store.files import read_regular, refuse_links, replace_file, write_new_file
from mbench.store.identity import REMEDY
from mbench.store.lock import held, holder_of
from mbench.store.session import name_part, session_folders
from mbench.store.session_store import SessionStore

NIGHT_FILE: Final = "night.json"
END_FILE: Final = "night-end.json"
HEALTH_FILE: Final = "health.json"
CANCEL_FILE: Final = "cancel"

MOST_HEALTH_BYTES: Final = 64 << 20
"""A phone's note takes some 10 KB."""

_Note = TypeVar("_Note", bound=Document)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNight:
    """A night that is kept.

    Attributes:
        path: of its session's folder.
        end: None where it was never concluded.
    """

    path: Path
    night: Night
    end: NightEnd | None


def save_night(path: Path, night: Night) -> None:
    """Keep a night beside its session's plan.

    Raises:
        StoreError: there is one already, or it could not be written.
    """
    _save(path / NIGHT_FILE, night)


def save_end(path: Path, end: NightEnd) -> None:
    """Keep how a night ended.

    Raises:
        StoreError: that is kept already, or could not be written.
    """
    _save(path / END_FILE, end)


def save_health(path: Path, notes: Mapping[str, Document]) -> None:
    """Keep what was seen of a night's phones, by serial, in the place of what was kept before.

    Raises:
        StoreError: it could not be written.
    """
    refuse_links(path, path / HEALTH_FILE)
    by_serial = {serial: note.model_dump(mode="json") for serial, note in notes.items()}
    replace_file(path / HEALTH_FILE, json.dumps(by_serial, indent=1).encode() + b"\n")


def read_health(path: Path, kind: type[_Note]) -> dict[str, _Note]:
    """Return what was seen of a night's phones, by serial; nothing where nobody looked.

    Args:
        path: of the session's folder.
        kind: the document of one phone.

    Raises:
        StoreError: it is damaged.
    """
    file = path / HEALTH_FILE
    if not os.path.lexists(file):
        return {}
    refuse_links(path, file)
    try:
        found = json.loads(read_regular(file, limit_bytes=MOST_HEALTH_BYTES))
        return {serial: kind.model_validate_json(json.dumps(note)) for serial, note in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        said = str(error).splitlines()[0]
        raise StoreError(f"{file}: it is not what mbench keeps of phones: {said}") from error


def read_night(path: Path) -> StoredNight:
    """Return the night of a session's folder.

    Raises:
        StoreError: there is none, or it is damaged, or of another session.
    """
    refuse_links(path, path / NIGHT_FILE)
    refuse_links(path, path / END_FILE)
    night = read_document(path / NIGHT_FILE, Night)
    end = read_document(path / END_FILE, NightEnd) if os.path.lexists(path / END_FILE) else None
    for document, file in ((night, NIGHT_FILE), (end, END_FILE)):
        if document is not None and document.session != path.resolve().name:
            raise StoreError(f"{path / file}: it is of session {document.session!r}. {REMEDY}")
    return StoredNight(path=path, night=night, end=end)


def shown_results(store: SessionStore) -> tuple[JobResult, ...]:
    """Return a session's results as people and machines are shown them; those of a night under the names that last.

    A user's own file is called in each document by its content, which may change from night to night.

    Raises:
        StoreError: something cannot be read.
    """
    results = store.results()
    if not os.path.lexists(store.path / NIGHT_FILE):
        return results
    names = read_night(store.path).night.names
    return tuple(_called(result, names[result.job]) if result.job in names else result for result in results)


def _called(result: JobResult, name: str) -> JobResult:
    artifact = result.workload.artifact.model_copy(update={"name": name})
    return result.model_copy(update={"workload": result.workload.model_copy(update={"artifact": artifact})})


def list_nights(root: Path, farm: str | None = None) -> tuple[StoredNight, ...]:
    """Return the nights of a results folder that are not packed, or those of one farm file, the earliest first.

    Raises:
        StoreError: the folder or a night cannot be read.
    """
    bears = f"-{name_part(farm)}-" if farm is not None else ""  # in the name of each of its sessions
    names = (name for name in session_folders(root) if bears in name)
    paths = [root / name for name in names if os.path.lexists(root / name / NIGHT_FILE)]
    found = [read_night(path) for path in paths]
    chosen = [one for one in found if farm is None or one.night.farm == farm]
    return tuple(sorted(chosen, key=lambda one: (one.night.begun_at, one.night.session)))


@contextmanager
def driving(root: Path, farm: str) -> Iterator[None]:
    """Be the one process that drives the nights of a farm file, for the block.

    Raises:
        StoreError: another process does; the message names it.
    """
    with held(_lock(root, farm), busy=f"a night of {farm} is being driven by {{holder}}; wait until it has ended."):
        yield


def driver_of(root: Path, farm: str) -> str | None:
    """Return who drives a night of a farm file now, None where nobody does."""
    return holder_of(_lock(root, farm))


def ask_to_cancel(path: Path) -> None:
    """Ask whoever drives a night to end it.

    Raises:
        StoreError: it could not be written.
    """
    refuse_links(path, path / CANCEL_FILE)
    replace_file(path / CANCEL_FILE, b"")


def is_cancelled(path: Path) -> bool:
    """Whether somebody asked for a night to end."""
    return os.path.lexists(path / CANCEL_FILE)


def _lock(root: Path, farm: str) -> Path:
    return root / ".nights" / f"{farm}.lock"


def _save(path: Path, document: Night | NightEnd) -> None:
    refuse_links(path.parent, path)
    if not write_new_file(path, format_document(document)):
        raise StoreError(f"{path} is kept already; it is never edited.")
