"""Marks: whether a session's documents are still those that somebody read before, without reading them again."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from mbench.store.files import storing
from mbench.store.lock import holder_of
from mbench.store.nights import END_FILE, NIGHT_FILE
from mbench.store.packs import packed_marks
from mbench.store.session import session_folders
from mbench.store.session_store import PLAN_FILE

_LOCK: Final = ".lock"


def session_marks(root: Path) -> Mapping[str, str]:
    """Return a mark for each session of a results folder, packed ones too; it changes when a document does.

    Names, sizes and times of files are looked at. Whoever writes a document writes it whole, under a new name or in the
    place of another, so that its time is another one.

    Raises:
        StoreError: a folder or a pack cannot be read.
    """
    folders = {name: _mark(root / name) for name in session_folders(root)}
    return dict(packed_marks(root)) | folders


def is_driven(folder: Path) -> bool:
    """Whether somebody drives a session now."""
    lock = folder / _LOCK
    try:
        named = lock.stat().st_size > 0  # whoever ended by himself has emptied it
    except OSError:
        return False
    return named and holder_of(lock) is not None


def _mark(folder: Path) -> str:
    with storing("read", folder):
        lines = [f"{name} {size} {time_ns}" for name, size, time_ns in sorted(_files(folder))]
    lines.append(f"driven {is_driven(folder)}")
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield name, size and time of the documents of a session's folder."""
    for name in (PLAN_FILE, NIGHT_FILE, END_FILE):
        if os.path.lexists(folder / name):
            found = (folder / name).lstat()
            yield name, found.st_size, found.st_mtime_ns
    if (folder / "jobs").is_dir():
        with os.scandir(folder / "jobs") as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                yield entry.name, found.st_size, found.st_mtime_ns
