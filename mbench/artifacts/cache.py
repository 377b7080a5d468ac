"""Keeps built artifacts, found by what they were built from, and proves each one on reading.

    CACHE/recipes/<recipe digest>.json     a `CacheRecord`: which file, its facts, how it was built
    CACHE/files/<sha256>.tflite            the bytes; several recipes may lead to one file, to a user's own file none
    CACHE/locks/<recipe digest>.lock       held while that recipe is being built
    CACHE/pins/<owner>.json                what is never pruned, and why (`mbench.artifacts.pins`)
    CACHE/in-use.lock                      which files are used by a process that lives (`mbench.files.in_use`)

Everything appears under its final name whole or not at all. What has changed since is removed, so that it is built
again: a cache may lose entries, it never lies.
"""

import hashlib
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, Field, JsonValue, ValidationError

from mbench.artifacts.pins import pins_in, pins_of, write_pins
from mbench.core.errors import ArtifactError, LockHeld
from mbench.core.workloads import ArtifactFacts, Document
from mbench.files import in_use
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.whole import WRITING, write_whole

_LOG = logging.getLogger(__name__)

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

BUILD_TIMEOUT_S: Final = 1800.0
"""Longest wait for another process that builds the same: far above any build, below a night."""


class CacheRecord(Document):
    """What the cache knows of one artifact.

    Format history:
        1   mbench 0.1: first format.

    Attributes:
        digest: of the recipe.
        recipe: the recipe itself, for people.
        build_s: how long the build took, None where nobody measured it.
    """

    format_version: Literal[1] = 1
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    facts: ArtifactFacts
    recipe: dict[str, JsonValue]
    created_at: AwareDatetime
    build_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedArtifact:
    """An artifact that was whole when it was looked up: its file and what is known of it."""

    path: Path
    record: CacheRecord

    @property
    def facts(self) -> ArtifactFacts:
        """Identity and counts."""
        return self.record.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """What a cache's folder holds of one thing.

    Attributes:
        name: of an artifact its SHA-256, or the file name of what a process that died left half written.
        paths: all that goes with it: of an artifact its file, as far as it is there, and the records that lead to it.
        size_bytes: of all of them together.
        used_s: when it was last written or looked up, in seconds since 1970.
        pinned: why it is not to be pruned; None: it may be.
    """

    name: str
    paths: tuple[Path, ...]
    size_bytes: int
    used_s: float
    pinned: str | None = None


class _Changed(Exception):
    """An entry is not what was put; the message says in what."""


class _Gone(_Changed):
    """Its file is not there."""


class ArtifactCache:
    """Artifacts in a folder, which is made when the first one is put. Safe for several processes and threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the cache lies."""
        return self._folder

    def get(self, digest: str) -> CachedArtifact | None:
        """Return the artifact of a recipe, its bytes checked against their SHA-256; None where it must be built.

        An entry that has changed is removed, with a logged warning.

        Raises:
            DiskError: the folder cannot be read.
        """
        record_path = self._record_path(digest)
        with disk_errors("read from the artifact cache", self._folder):
            try:
                return self._read(digest)
            except _Changed as reason:
                _LOG.warning("cache %s: %s; the entry is removed and will be built again", self._folder, reason)
                record_path.unlink(missing_ok=True)
                return None

    def put(
        self,
        digest: str,
        data: bytes,
        facts: ArtifactFacts,
        *,
        recipe: Mapping[str, JsonValue],
        created_at: datetime,
        build_s: float | None = None,
    ) -> CachedArtifact:
        """Keep an artifact under its recipe's digest, in the place of an older one.

        Raises:
            ArtifactError: `facts` are not of these bytes.
            DiskError: the disk did not take them; nothing is left then.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if facts.sha256 != sha256 or facts.size_bytes != len(data):
            raise ArtifactError(f"facts of {facts.name} are of other bytes than those to be kept; inspect them again.")
        record = CacheRecord(digest=digest, facts=facts, recipe=dict(recipe), created_at=created_at, build_s=build_s)
        with disk_errors(f"write {facts.name} ({len(data)} bytes) to the artifact cache", self._folder):
            self.hold(sha256)
            write_whole(self._file_path(sha256), data, fsync=True)
            write_whole(self._record_path(digest), record.model_dump_json(indent=1).encode(), fsync=True)
        return CachedArtifact(path=self._file_path(sha256), record=record)

    def keep_file(self, data: bytes) -> Path:
        """Keep a file under its own SHA-256 alone, such as one that a user brought; return where it lies.

        Raises:
            DiskError: the disk did not take it; nothing is left then.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._file_path(sha256)
        with disk_errors(f"write {len(data)} bytes to the artifact cache", self._folder):
            self.hold(sha256)
            write_whole(path, data, fsync=True)
        return path

    def has_file(self, sha256: str) -> bool:
        """Whether there is a file for these bytes; whether it is them still is not checked."""
        return self._file_path(sha256).is_file()

    def find_file(self, sha256: str) -> Path | None:
        """Return the file of these bytes, checked; None where it is gone, or has changed and is removed.

        Raises:
            DiskError: the folder cannot be read.
        """
        with disk_errors("read from the artifact cache", self._folder):
            try:
                return self._use(sha256)
            except _Gone:  # whoever needs it says so
                return None
            except _Changed as reason:
                _LOG.warning("cache %s: %s", self._folder, reason)
                return None

    @contextmanager
    def building(self, digest: str, *, timeout_s: float = BUILD_TIMEOUT_S) -> Iterator[None]:
        """Hold the right to build a recipe: whoever comes second waits, and then looks it up before building.

        The system frees the lock when its holder dies.

        Raises:
            LockHeld: somebody else has held it for `timeout_s`.
            DiskError: the folder cannot be written.
        """
        with locked(
            self._folder / "locks" / f"{_checked(digest)}.lock",
            wait_s=timeout_s,
            waiting=lambda: _LOG.info("waiting for another process that builds recipe %s", digest[:12]),
        ):
            yield

    def hold(self, sha256: str) -> None:
        """Keep a file of this cache from being removed for as long as this process lives."""
        in_use.hold(self._folder, sha256)

    def pin(self, owner: str, reasons: Mapping[str, str]) -> None:
        """Keep files from being pruned, whoever uses them or not, in place of what the same owner pinned before.

        Look each up first (`find_file`): then it is not removed before its pin is written.

        Args:
            owner: who pins, in a word that names a file: a project.
            reasons: why, by SHA-256; none: the owner pins nothing any more.

        Raises:
            ArtifactError: the owner's name or a SHA-256 is not one.
            DiskError: the folder cannot be written.
        """
        write_pins(self._folder, owner, reasons)

    def pins_of(self, owner: str) -> dict[str, str]:
        """Return what an owner pins, with its reasons by SHA-256.

        Raises:
            ArtifactError: its file of pins is damaged.
            DiskError: it cannot be read.
        """
        return pins_of(self._folder, owner)

    def entries(self) -> tuple[CacheEntry, ...]:
        """Return what the folder holds, by name; the files are not checked.

        Raises:
            ArtifactError: a file of pins is damaged.
            DiskError: the folder cannot be read.
        """
        pinned = pins_in(self._folder)
        found: dict[str, list[tuple[Path, os.stat_result]]] = {}
        with disk_errors("read from the artifact cache", self._folder):
            for path in (*_listed(self._folder / "files"), *_listed(self._folder / "recipes")):
                with suppress(FileNotFoundError):  # another process has just removed it
                    if (name := _name_of(path)) is not None:
                        found.setdefault(name, []).append((path, path.stat()))
        return tuple(
            CacheEntry(
                name=name,
                paths=tuple(path for path, _ in files),
                size_bytes=sum(stat.st_size for _, stat in files),
                used_s=max(stat.st_mtime for _, stat in files),
                pinned=pinned.get(name),
            )
            for name, files in sorted(found.items())
        )

    def remove(self, entry: CacheEntry) -> bool:
        """Remove a file and the records that lead to it; say whether it was used by no process, and so is gone.

        Raises:
            DiskError: the folder cannot be written.
        """
        try:
            with (
                disk_errors("remove from the artifact cache", self._folder),
                in_use.unused(self._folder, entry.name),
            ):
                for path in entry.paths:
                    path.unlink(missing_ok=True)
        except LockHeld:
            return False
        return True

    def _read(self, digest: str) -> CachedArtifact | None:
        try:
            text = self._record_path(digest).read_bytes()
        except FileNotFoundError:
            return None
        try:
            record = CacheRecord.model_validate_json(text)
        except ValidationError as error:
            raise _Changed(f"record {digest[:12]} cannot be read ({error.error_count()} errors)") from None
        if record.digest != digest:
            raise _Changed(f"record {digest[:12]} is that of recipe {record.digest[:12]}")
        if record.facts.sha256 is None:
            raise _Changed(f"record {digest[:12]} names no file")
        path = self._use(record.facts.sha256)
        return CachedArtifact(path=path, record=record)

    def _use(self, sha256: str) -> Path:
        """Return a file's path, its bytes checked; it is not removed while this process lives."""
        path = self._file_path(sha256)
        if path.exists():
            self.hold(sha256)
        _check_file(path, sha256)
        with suppress(OSError):  # a disk that can only be read: it counts as used when it was built
            os.utime(path)
        return path

    def _record_path(self, digest: str) -> Path:
        return self._folder / "recipes" / f"{_checked(digest)}.json"

    def _file_path(self, sha256: str) -> Path:
        return self._folder / "files" / f"{_checked(sha256)}.tflite"


def _checked(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise ArtifactError(f"{digest!r} is no SHA-256 in hexadecimal; a cache entry is named by one.")
    return digest


def _check_file(path: Path, sha256: str) -> None:
    """Raise where the file is not the one that was put; a file that is another one is removed."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _Gone(f"file {path.name} is gone") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        path.unlink(missing_ok=True)
        raise _Changed(f"file {path.name} has changed: it has {len(data)} bytes of another SHA-256")


def _name_of(path: Path) -> str | None:
    """Return what a file of the cache belongs to: a SHA-256, or itself where nobody can be writing it any more."""
    if path.name.startswith(WRITING):
        return path.name if path.stat().st_mtime < time.time() - BUILD_TIMEOUT_S else None
    if path.suffix == ".tflite":
        return path.stem
    try:
        return CacheRecord.model_validate_json(path.read_bytes()).facts.sha256 or path.name
    except ValidationError:
        return path.name


def _listed(folder: Path) -> list[Path]:
    """Return a folder's files; nothing where there is no folder."""
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
