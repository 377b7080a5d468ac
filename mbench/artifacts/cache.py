"""Keeps built artifacts, found by what they were built from, and proves each one on reading.

    CACHE/recipes/<recipe digest>.json     a `CacheRecord`: which file, its facts, how it was built
    CACHE/files/<sha256>.tflite            the bytes; several recipes may lead to one file, to a user's own file none
    CACHE/locks/<recipe digest>.lock       held while that recipe is being built

Everything appears under its final name whole or not at all. What has changed since is removed, so that it is built
again: a cache may lose entries, it never lies.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, Field, JsonValue, ValidationError

from mbench.core.errors import ArtifactError
from mbench.core.workloads import ArtifactFacts, Document
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


class _Changed(Exception):
    """An entry is not what was put; the message says in what."""


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
            write_whole(self._file_path(sha256), data, fsync=True)
            write_whole(self._record_path(digest), record.model_dump_json(indent=1).encode(), fsync=True)
        return CachedArtifact(path=self._file_path(sha256), record=record)

    def keep_file(self, data: bytes) -> Path:
        """Keep a file under its own SHA-256 alone, such as one that a user brought; return where it lies.

        Raises:
            DiskError: the disk did not take it; nothing is left then.
        """
        path = self._file_path(hashlib.sha256(data).hexdigest())
        with disk_errors(f"write {len(data)} bytes to the artifact cache", self._folder):
            write_whole(path, data, fsync=True)
        return path

    def find_file(self, sha256: str) -> Path | None:
        """Return the file of these bytes, checked; None where it is gone, or has changed and is removed.

        Raises:
            DiskError: the folder cannot be read.
        """
        path = self._file_path(sha256)
        with disk_errors("read from the artifact cache", self._folder):
            try:
                _check_file(path, sha256)
            except _Changed as reason:
                _LOG.warning("cache %s: %s", self._folder, reason)
                return None
        return path

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

    def entries(self) -> tuple[CacheRecord, ...]:
        """Return all readable records, the oldest first; their files are not checked.

        Raises:
            DiskError: the folder cannot be read.
        """
        with disk_errors("read from the artifact cache", self._folder):
            found = (_parse_record(path) for path in _listed(self._folder / "recipes", ".json"))
            return tuple(sorted((record for record in found if record is not None), key=lambda r: r.created_at))

    @property
    def size_bytes(self) -> int:
        """Bytes of all kept files, each counted once.

        Raises:
            DiskError: the folder cannot be read.
        """
        with disk_errors("read from the artifact cache", self._folder):
            return sum(path.stat().st_size for path in _listed(self._folder / "files", ".tflite"))

    def remove(self, *, older_than: datetime) -> int:
        """Forget what was built before a time, users' files kept before it, and what dead processes left half written.

        Returns:
            Bytes that this freed.

        Raises:
            DiskError: the folder cannot be written.
        """
        with disk_errors("remove from the artifact cache", self._folder):
            records = self.entries()
            for record in records:
                if record.created_at < older_than:
                    self._record_path(record.digest).unlink(missing_ok=True)
            kept = {record.facts.sha256 for record in records if record.created_at >= older_than}
            return sum(
                _unlink(path)
                for path in (*_listed(self._folder / "files", ""), *_leftovers(self._folder / "recipes"))
                if path.stem not in kept and path.stat().st_mtime < older_than.timestamp()
            )

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
        path = self._file_path(record.facts.sha256)
        _check_file(path, record.facts.sha256)
        return CachedArtifact(path=path, record=record)

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
        raise _Changed(f"file {path.name} is gone") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        path.unlink(missing_ok=True)
        raise _Changed(f"file {path.name} has changed: it has {len(data)} bytes of another SHA-256")


def _parse_record(path: Path) -> CacheRecord | None:
    try:
        return CacheRecord.model_validate_json(path.read_bytes())
    except (ValidationError, FileNotFoundError):
        return None


def _listed(folder: Path, suffix: str) -> list[Path]:
    """Return a folder's files by ending, sorted; nothing where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith(suffix) and path.is_file())


def _leftovers(folder: Path) -> list[Path]:
    return [path for path in _listed(folder, "") if path.name.startswith(WRITING)]


def _unlink(path: Path) -> int:
    size = path.stat().st_size
    path.unlink(missing_ok=True)
    return size
