"""What the cache holds, kind by kind: all of it can be made or fetched again. Nothing else is ever removed here.

HOME/cache                           artifacts
HOME/prepared                        pictures of data sets, decoded and resized
HOME/scores                          scores of this host
HOME/datasets                        notes on files of data sets that were hashed or indexed
HOME/weights/mobilenet_*.h5          published weights; what they were when first fetched stays noted beside them
HOME/weights/downloads               what was fetched of them before the network failed
HOME/binaries/downloads              what was fetched of a binary before the network failed
HOME/phones/emulated_*               stand-in programs of emulated phones
HOME/device_answers/SESSION          answers of devices whose scores are not stored yet
HOME/arrays/KEY                      users' own examples, laid out for scoring
HOME/build_logs                      what builders of users' own networks, and their metrics, printed
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from mbench.accuracy.host.eviction import KeptArray, kept_arrays, remove_unused
from mbench.artifacts.cache import ArtifactCache, CacheEntry
from mbench.core.errors import LockHeld
from mbench.files import in_use
from mbench.files.disk import disk_errors
from mbench.files.locks import locked


class Kind(Protocol):
    """One kind of what the cache holds.

    Attributes:
        name: what users call it.
        what: the same in a few words.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def what(self) -> str: ...  # noqa: D102

    def entries(self) -> Sequence[CacheEntry]:
        """Return all that there is."""
        ...

    def remove(self, entry: CacheEntry) -> bool:
        """Remove an entry; say whether it was used by no process, and so is gone."""
        ...


class Artifacts:
    """Built files, and those that users brought."""

    name, what = "artifacts", "built .tflite files, and copies of your own"

    def __init__(self, home: Path) -> None:
        self._cache = ArtifactCache(home / "cache")

    def entries(self) -> Sequence[CacheEntry]:
        """Return a file and the records that lead to it as one entry."""
        return self._cache.entries()

    def remove(self, entry: CacheEntry) -> bool:
        """Remove a file, unless a process has put it or looked it up."""
        return self._cache.remove(entry)


class Pictures:
    """Prepared pictures."""

    name, what = "pictures", "pictures of data sets, decoded and resized"

    def __init__(self, home: Path) -> None:
        self._folder = home / "prepared"

    def entries(self) -> Sequence[CacheEntry]:
        """Return an array and its record as one entry."""
        return [
            CacheEntry(name=kept.path.stem, paths=(kept.path,), size_bytes=kept.size_bytes, used_s=kept.used_ns / 1e9)
            for kept in kept_arrays(self._folder)
        ]

    def remove(self, entry: CacheEntry) -> bool:
        """Remove an array, unless a process makes or uses it."""
        return remove_unused(
            KeptArray(path=entry.paths[0], size_bytes=entry.size_bytes, used_ns=round(entry.used_s * 1e9))
        )


class Marked:
    """Files or folders whose users say so by `in_use.hold`; what is read at one go needs no such mark."""

    def __init__(self, name: str, what: str, folder: Path, pattern: str) -> None:
        self.name, self.what = name, what
        self._folder, self._pattern = folder, pattern

    def entries(self) -> Sequence[CacheEntry]:
        """Return each as an entry."""
        return [_entry(path.name, (path,)) for path in sorted(self._folder.glob(self._pattern))]

    def remove(self, entry: CacheEntry) -> bool:
        """Remove one, unless a process holds it."""
        try:
            with disk_errors("remove from", self._folder), in_use.unused(self._folder, entry.name):
                _remove_all(entry.paths)
        except LockHeld:
            return False
        return True


class PublishedWeights(Marked):
    """Downloaded weights, with what a fetch that died has left of them."""

    def __init__(self, home: Path) -> None:
        super().__init__("weights", "published weights that were fetched", home / "weights", "mobilenet_*.h5")

    def entries(self) -> Sequence[CacheEntry]:
        """Return a weights file and its parts as one entry, held by the file's name."""
        found: dict[str, list[Path]] = {}
        for path in (*self._folder.glob(self._pattern), *self._folder.glob(f"downloads/{self._pattern}.*")):
            if path.suffix != ".lock":
                found.setdefault(path.name.partition(".h5")[0] + ".h5", []).append(path)
        return [_entry(name, paths) for name, paths in sorted(found.items())]


class Downloads:
    """Unfinished downloads of binaries."""

    name, what = "downloads", "binaries that were fetched in part"

    def __init__(self, home: Path) -> None:
        self._folder = home / "binaries"

    def entries(self) -> Sequence[CacheEntry]:
        """Return a part and what is noted of it as one entry."""
        parts = sorted((self._folder / "downloads").glob("*.part"))
        return [_entry(part.stem, (part, part.with_suffix(".json"))) for part in parts]

    def remove(self, entry: CacheEntry) -> bool:
        """Remove a part, unless a process fetches: its lock does not say which parts it writes."""
        try:
            with ExitStack() as locks, disk_errors("remove from", self._folder):
                for path in (self._folder / "locks").glob("fetch-*.lock"):
                    locks.enter_context(locked(path))
                _remove_all(entry.paths)
        except LockHeld:
            return False
        return True


def kinds(home: Path) -> tuple[Kind, ...]:
    """Return all kinds, in the order in which they are shown."""
    return (
        Artifacts(home),
        Pictures(home),
        PublishedWeights(home),
        Downloads(home),
        Marked("scores", "accuracies that were computed on this host", home / "scores", "*.json"),
        Marked("notes", "hashes and indexes of your data sets' files", home / "datasets", "*.json"),
        Marked("answers", "devices' answers of unfinished sessions", home / "device_answers", "*/"),
        Marked("stand-ins", "programs for emulated phones", home / "phones", "emulated_*"),
        Marked("arrays", "your own arrays, laid out for scoring", home / "arrays", "*/"),
        Marked("build-logs", "what was printed while your own networks were built", home / "build_logs", "*.log"),
    )


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links are not followed, what vanishes is nothing."""
    if path.is_symlink() or not path.is_dir():
        with suppress(FileNotFoundError):
            return path.lstat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(folder, name).lstat().st_size
    return total


def _entry(name: str, paths: Sequence[Path]) -> CacheEntry:
    used = [0.0]
    for path in paths:
        with suppress(FileNotFoundError):
            used.append(path.lstat().st_mtime)
    return CacheEntry(name=name, paths=tuple(paths), size_bytes=sum(map(size_of, paths)), used_s=max(used))


def _remove_all(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
