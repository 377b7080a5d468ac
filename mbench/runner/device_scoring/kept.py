"""Answers of a device that are kept on this host while examples are scored, so that nothing is scored twice.

A folder holds `about.json` (what they are the answers of), `answers.bin` (a row of bytes for each example in order,
zeros where there is no answer), `statuses.txt` (`17 0`: an example and its status, as in `shards_script`),
`seconds.txt` (what each addition took) and, per process that was looked at, its raw files. A row counts when its status
is written.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.numbers.numerals import real
from mbench.files.disk import disk_errors
from mbench.files.regular import MIB, has_other_names, read_regular
from mbench.files.whole import write_whole
from mbench.runner.device_scoring.script import ANSWERED, parse_statuses

_ABOUT: Final = "about.json"
_ROWS: Final = "answers.bin"
_STATUSES: Final = "statuses.txt"
_SECONDS: Final = "seconds.txt"

_MOST_TEXT_BYTES: Final = 256 * MIB
"""Of statuses or seconds: ten million examples have a half of that."""


class KeptAnswers:
    """One folder of answers, as far as they go.

    Attributes:
        folder: where they are kept; whoever scores may put files of its own into it.
        statuses: of the examples 0, 1, … that have been dealt with.
    """

    def __init__(self, folder: Path, *, about: Mapping[str, object], row_bytes: int) -> None:
        """Open a folder, which is made if it is not there.

        Raises:
            StoreError: it cannot be read or written, holds answers of something else, or a link, through which a file
                of somebody else would be written.
        """
        self.folder, self._row_bytes = folder, row_bytes
        with _disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._open(json.dumps(dict(about), indent=1, sort_keys=True))

    def _open(self, about: str) -> None:
        _refuse_special(self.folder)
        path = self.folder / _ABOUT
        if path.exists() and _read_text(path) != about:
            raise StoreError(f"{path} is about other answers than those that are wanted; move the folder away.")
        write_whole(path, about.encode(), fsync=False)
        text = _read_text(self.folder / _STATUSES)
        rows = self.folder / _ROWS
        rows.touch()
        whole = rows.stat().st_size // self._row_bytes
        self.statuses = list(parse_statuses(text, first=0)[:whole])
        self._cut()

    @property
    def done(self) -> int:
        """How many examples have been dealt with."""
        return len(self.statuses)

    @property
    def seconds(self) -> float:
        """What dealing with them took."""
        with _disk_errors(self.folder):
            words = _read_text(self.folder / _SECONDS).split("\n")[:-1]
        return sum(real(word) or 0.0 for word in words if not word.startswith("-"))

    def add(self, answers: bytes, statuses: Sequence[str], *, seconds: float) -> None:
        """Keep the next examples.

        Args:
            answers: rows of those that have an answer, one after the other.
            statuses: of all of them, in order.
            seconds: that they took.

        Raises:
            StoreError: they could not be written.
        """
        size, place, rows = self._row_bytes, 0, bytearray()
        for status in statuses:
            rows += answers[place : place + size] if status == ANSWERED else bytes(size)
            place += size * (status == ANSWERED)
        if (place, len(rows)) != (len(answers), size * len(statuses)):
            raise ValueError(f"{len(answers)} bytes are not the answers of {statuses}")
        lines = "".join(f"{number} {status}\n" for number, status in enumerate(statuses, start=self.done))
        with _disk_errors(self.folder):
            _append(self.folder / _ROWS, bytes(rows))
            _append(self.folder / _STATUSES, lines.encode())
            _append(self.folder / _SECONDS, f"{seconds:.3f}\n".encode())
        self.statuses += statuses

    def forget_from(self, example: int) -> None:
        """Drop the answers from an example on: what they were made with turned out to be something else.

        Raises:
            StoreError: the folder cannot be written.
        """
        del self.statuses[example:]
        with _disk_errors(self.folder):
            self._cut()

    def save(self, name: str, files: Mapping[str, bytes]) -> None:
        """Keep the raw files of a process that was looked at, in a folder of that name.

        Raises:
            StoreError: they could not be written.
        """
        with _disk_errors(self.folder):
            (self.folder / name).mkdir(exist_ok=True)
            for file, data in files.items():
                (self.folder / name / file).write_bytes(data)

    def rows(self) -> bytes:
        """Return all rows, one after the other.

        Raises:
            StoreError: the folder cannot be read.
        """
        with _disk_errors(self.folder):
            return read_regular(self.folder / _ROWS, limit_bytes=self._row_bytes * self.done)

    def _cut(self) -> None:
        """Let both files end with the examples that count."""
        with (self.folder / _ROWS).open("r+b") as file:
            file.truncate(self._row_bytes * self.done)
        lines = "".join(f"{number} {status}\n" for number, status in enumerate(self.statuses))
        write_whole(self.folder / _STATUSES, lines.encode(), fsync=False)


_disk_errors = partial(disk_errors, "keep the device's answers in")


def _refuse_special(folder: Path) -> None:
    """Refuse a folder of somebody's that would have us wait for a pipe, or write where a link leads.

    Raises:
        StoreError: it holds something besides regular files and folders.
    """
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise StoreError(f"{path} is not a regular file; move {folder} away.")
        if has_other_names(path):
            raise StoreError(f"{path} is a hard link of another file, which would be written over; move {folder} away.")


def _read_text(path: Path) -> str:
    if not path.exists():
        return ""
    return read_regular(path, limit_bytes=_MOST_TEXT_BYTES).decode("utf-8", "replace")


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
