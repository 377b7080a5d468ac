"""Derived texts: what was made of sessions' documents, kept until one of these changes.

RESULTS/archive/report/SESSION.json     a line with the mark of what it was made of and its own hash, then the text

Documents stay the truth: what is cut off, was made of other documents or by other code is nothing. Whoever makes it
writes it whole; of several writers the last one stays. It may be removed at any time.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.files.whole import write_whole
from mbench.store.documents import LARGEST_BYTES
from mbench.store.files import read_regular, refuse_links
from mbench.store.nights import END_FILE, NIGHT_FILE
from mbench.store.packs import packed_sessions
from mbench.store.session import session_folders
from mbench.store.session_store import PLAN_FILE

FOLDER: Final = Path("archive") / "report"

_LOG = logging.getLogger(__name__)


class DerivedTexts:
    """The texts of a results folder's sessions, as long as nothing that they were made of has changed."""

    def __init__(self, root: Path, *, made_by: str) -> None:
        """Look at the documents of all sessions, before any is read.

        Args:
            root: the results folder.
            made_by: changes with the code that makes the texts.

        Raises:
            StoreError: the folder, or a pack of sessions, cannot be read.
        """
        self._folder, self._refused = root / FOLDER, False
        self._trusted = _who_may_write(root)
        marks: dict[str, str | None] = {name: _mark_of_pack(path) for name, path in packed_sessions(root).items()}
        marks |= {name: _mark(root / name) for name in session_folders(root)}
        self._marks = {name: _hash(f"{made_by} {name} {mark}".encode()) for name, mark in marks.items() if mark}

    def read(self, session: str) -> bytes | None:
        """Return a session's text; None where there is none, or it is of other documents, by other code or damaged."""
        path = self._path(session)
        if session not in self._marks or not self._is_ours(path):
            return None
        try:
            head, _, text = read_regular(path, limit_bytes=LARGEST_BYTES).partition(b"\n")
        except StoreError as error:
            _LOG.info("%s is made again: %s", path, error)
            return None
        return text if head == self._head(session, text) else None

    def keep(self, session: str, text: bytes) -> None:
        """Keep a session's text; where the disk refuses, it is made again by the next command."""
        if self._refused or session not in self._marks:
            return
        try:
            refuse_links(self._folder.parent.parent, self._folder)
            write_whole(self._path(session), self._head(session, text) + b"\n" + text, fsync=False)
        except (OSError, StoreError) as error:
            _LOG.info("nothing is kept in %s: %s", self._folder, error)
            self._refused = True

    def forget_others(self, sessions: Collection[str]) -> None:
        """Remove the texts of sessions that are not there any more."""
        try:
            refuse_links(self._folder.parent.parent, self._folder)
            for path in self._folder.glob("*.json"):
                if path.stem not in sessions:
                    path.unlink(missing_ok=True)
        except (OSError, StoreError) as error:
            _LOG.info("%s is not tidied up: %s", self._folder, error)

    def _is_ours(self, path: Path) -> bool:
        """Return whether a text lies in the results folder itself, written by somebody who may write all of it.

        Who may write some of a shared folder knows the marks of all documents, and could say anything of them.
        """
        try:
            refuse_links(self._folder.parent.parent, path)
            return path.lstat().st_uid in self._trusted
        except (OSError, StoreError):
            return False

    def _path(self, session: str) -> Path:
        return self._folder / f"{session}.json"

    def _head(self, session: str, text: bytes) -> bytes:
        return f"{self._marks[session]} {_hash(text)}".encode()


def _who_may_write(root: Path) -> frozenset[int]:
    """Return the users whose texts count: who reads, the superuser, and who owns the results folder."""
    owners = {os.geteuid(), 0}
    with suppress(OSError):
        owners.add(root.stat().st_uid)
    return frozenset(owners)


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _mark(folder: Path) -> str | None:
    """Return what changes with the documents in a session's folder; None where something else is there than they.

    A file is known by its inode and both of its times: whoever writes in place and sets the time back is seen.
    """
    try:
        if folder.is_symlink() or (folder / "jobs").is_symlink():
            return None
        found = [(name, entry) for name, entry in _files(folder)]
    except OSError:  # who reads it says why
        return None
    if not all(stat.S_ISREG(entry.st_mode) for _, entry in found):
        return None
    lines = sorted(f"{name} {_state(entry)}" for name, entry in found)
    return _hash("\n".join(lines).encode("utf-8", "surrogateescape"))


def _mark_of_pack(path: Path) -> str | None:
    """Return what changes with a pack, without unpacking it; None where it is gone."""
    try:
        return f"packed {_state(path.lstat())}"
    except OSError:
        return None


def _state(entry: os.stat_result) -> str:
    return f"{entry.st_size} {entry.st_mtime_ns} {entry.st_ctime_ns} {entry.st_ino}"


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the documents of a session's folder by their names."""
    for name in (PLAN_FILE, NIGHT_FILE, END_FILE):
        if os.path.lexists(folder / name):
            yield name, (folder / name).lstat()
    if (folder / "jobs").is_dir():
        with os.scandir(folder / "jobs") as entries:
            for entry in entries:
                yield f"jobs/{entry.name}", entry.stat(follow_symlinks=False)
