"""Keeps benchmark_model binaries by their SHA-256, and proves each one whenever it is asked for.

    FOLDER/files/<sha256>            the bytes of a binary or of a file that belongs beside it
    FOLDER/records/<sha256>.json     a `BinaryRecord`
    FOLDER/locks/                    held while one process writes
    FOLDER/downloads/                what `fetching` has not whole yet

Everything appears under its final name whole or not at all. Nothing that is damaged is ever handed out.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.binaries.contents import MOST_BYTES
from mbench.binaries.elf import ElfFacts, read_elf
from mbench.binaries.records import Abi, BinaryRecord, Companion, Finding, FindingKind, Flavour, System, parse_abi
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.ports import utc_now
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.locks import locked
from mbench.files.regular import open_regular
from mbench.files.whole import WRITING, place, unfinished, write_whole

_LOG = logging.getLogger(__name__)

BUSY_S: Final = 120.0
"""Longest wait for another process that writes the library: far above copying a binary."""

_SHORTEST_PREFIX: Final = 6


class BinaryLibrary:
    """Binaries in a folder, which is made when the first one is added. Safe for several processes and threads."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._now = now

    @property
    def folder(self) -> Path:
        """Where the library lies."""
        return self._folder

    def add(
        self,
        path: Path,
        *,
        flavour: Flavour | None,
        abi: str | None,
        source: str,
        version: str | None = None,
        companions: Mapping[str, Path] | None = None,
    ) -> BinaryRecord:
        """Keep a binary, which is then the newest; the same bytes added again keep what is not said anew.

        Args:
            path: the file; it is copied.
            flavour: None where it is not known.
            abi: what the file must be for; None takes the file's own word.
            source: path or URL it came from.
            version: label of the release.
            companions: files that belong beside it on the device, by the name they have there.

        Raises:
            UsageError: no such file, not for `abi`, or kept as another flavour.
            ArtifactError: no whole program of an Android ABI, or the disk did not take it; nothing is left then.
        """
        wanted = None if abi is None else parse_abi(abi)
        with self._writing(f"keep {path.name} in"):
            sha256, elf = self._keep_file(path)
            try:
                found = _abi_of_program(path, elf, wanted)
                beside = tuple(self._keep_companion(name, file, found) for name, file in (companions or {}).items())
                record = BinaryRecord(
                    sha256=sha256,
                    size_bytes=elf.size_bytes,
                    abi=found,
                    system=elf.system,
                    flavour=flavour,
                    source=source,
                    version=version,
                    added_at=self._now(),
                    build_id=elf.build_id,
                    companions=beside,
                )
                merged = record.with_what_is_known(self._read(sha256))
                write_whole(self._record_path(sha256), merged.model_dump_json(indent=1).encode() + b"\n", fsync=True)
            finally:
                self._drop_strays()
        return merged

    def records(self) -> tuple[BinaryRecord, ...]:
        """Return all readable records, the oldest first; files are not checked, see `verify`.

        Raises:
            DiskError: the folder cannot be read.
        """
        with disk_errors("read the binaries in", self._folder):
            found = [self._read(path.stem) for path in _listed(self._folder / "records") if path.suffix == ".json"]
        return tuple(sorted((r for r in found if r is not None), key=lambda r: (r.added_at, r.sha256)))

    def find(self, abi: str, flavour: Flavour, *, system: System | None = None) -> BinaryRecord | None:
        """Return the binary to use on a device; None where none is kept.

        Of several: those whose flavour is known come before those where nobody has said it, then Android's and static
        programs before Linux', then the one added last, then the greatest SHA-256.

        Args:
            abi: the device's.
            flavour: which of the two programs.
            system: only programs that start there; a static one starts on both. None takes either.

        Raises:
            UsageError: unknown ABI.
            DiskError: the folder cannot be read.
        """
        wanted = parse_abi(abi)
        fitting = [
            record
            for record in self.records()
            if record.abi == wanted
            and record.flavour in (flavour, None)
            and (system is None or record.system in (system, None))
        ]
        return max(
            fitting,
            key=lambda r: (r.flavour is not None, r.system != "linux", r.added_at, r.sha256),
            default=None,
        )

    def path_of(self, record: BinaryRecord) -> Path:
        """Return the binary's file, proved by its SHA-256 just now.

        Raises:
            ArtifactError: the file is gone or has changed.
        """
        return self._proved(record.sha256, record)

    def companions_of(self, record: BinaryRecord) -> tuple[tuple[str, Path], ...]:
        """Return name and file of all that belongs beside the binary, proved as `path_of` does.

        Raises:
            ArtifactError: a file is gone or has changed.
        """
        return tuple((companion.name, self._proved(companion.sha256, record)) for companion in record.companions)

    def whole_file(self, sha256: str) -> Path | None:
        """Return the file of these bytes, proved; None where it is not there whole.

        Raises:
            DiskError: the folder cannot be read.
        """
        path = self._file_path(sha256)
        with disk_errors("read the binaries in", self._folder):
            return path if _fault(path, sha256) is None else None

    def verify(self) -> list[Finding]:
        """Return what is wrong with the library, having read every file.

        Raises:
            DiskError: the folder cannot be read.
        """
        with disk_errors("read the binaries in", self._folder):
            return [*self._unreadable_records(), *self._faulty_files(), *self._stray_files()]

    def remove(self, sha256: str) -> BinaryRecord:
        """Forget a binary and all files that no other one needs; what its address gave stays pinned.

        Args:
            sha256: in full, or its first digits (6 or more) where they are one binary's alone.

        Raises:
            UsageError: none or several of that name.
            DiskError: the folder cannot be written.
        """
        with self._writing("remove a binary from"):
            record = self._named(sha256)
            self._record_path(record.sha256).unlink()
            kept = {needed for other in self.records() for needed in other.files}
            for unneeded in record.files - kept:
                self._file_path(unneeded).unlink(missing_ok=True)
        return record

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        with disk_errors(what, self._folder), locked(self._folder / "locks" / "library.lock", wait_s=BUSY_S):
            yield

    def _keep_file(self, path: Path) -> tuple[str, ElfFacts]:
        """Copy a file in; what was hashed and read is the copy, so nobody can change it in between."""
        with unfinished(self._folder / "files") as copy:
            _copy(path, copy)
            elf, sha256 = read_elf(copy, name=str(path)), hash_file(copy, limit_bytes=None)
            place(copy, self._file_path(sha256), fsync=True, mode=0o755)
        return sha256, elf

    def _keep_companion(self, name: str, path: Path, abi: Abi) -> Companion:
        """Keep a library for the program's processor, or for the signal processor beside it."""
        sha256, elf = self._keep_file(path)
        if elf.abi not in (abi, None):
            raise UsageError(f"{path} is for {elf.abi}, the binary it is to lie beside for {abi}.")
        try:
            return Companion(name=name, sha256=sha256, size_bytes=elf.size_bytes)
        except ValidationError:
            raise UsageError(f"{name!r} is no plain file name; a companion lies in its binary's own folder.") from None

    def _drop_strays(self) -> None:
        """Remove what belongs to no record and what dead processes left; the lock is held, so nobody writes them."""
        strays = [path for path in _listed(self._folder / "records") if path.name.startswith(WRITING)]
        if not self._unreadable_records():  # a record that cannot be read may need any of them
            strays += [finding.path for finding in self._stray_files()]
        for path in strays:
            path.unlink(missing_ok=True)

    def _read(self, sha256: str) -> BinaryRecord | None:
        path = self._record_path(sha256)
        try:
            record = BinaryRecord.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            _LOG.warning("%s cannot be read; its binary is not used", path)
            return None
        if record.sha256 != sha256:
            _LOG.warning("%s is the record of %s; its binary is not used", path, record.sha256[:12])
            return None
        return record

    def _named(self, sha256: str) -> BinaryRecord:
        named = [record for record in self.records() if record.sha256.startswith(sha256)]
        if len(named) == 1 and len(sha256) >= _SHORTEST_PREFIX:
            return named[0]
        known = ", ".join(record.sha256[:12] for record in self.records()) or "none"
        raise UsageError(
            f"{sha256!r} does not name one kept binary ({_SHORTEST_PREFIX} digits or more); kept: {known}."
        )

    def _proved(self, sha256: str, record: BinaryRecord) -> Path:
        path = self._file_path(sha256)
        with disk_errors("read the binaries in", self._folder):
            fault = _fault(path, sha256)
        if fault is not None:
            raise ArtifactError(f"{path} {_FAULTS[fault]}; add or fetch it again from {record.source}.")
        return path

    def _unreadable_records(self) -> list[Finding]:
        return [
            Finding(
                kind="unreadable",
                path=path,
                message=f"{path} cannot be read as a record; delete it and add its binary again.",
            )
            for path in _listed(self._folder / "records")
            if path.suffix == ".json" and self._read(path.stem) is None
        ]

    def _faulty_files(self) -> Iterator[Finding]:
        for record in self.records():
            for sha256 in (record.sha256, *(companion.sha256 for companion in record.companions)):
                path = self._file_path(sha256)
                fault = _fault(path, sha256)
                if fault is not None:
                    message = f"{path} {_FAULTS[fault]}; add or fetch it again from {record.source}."
                    yield Finding(kind=fault, path=path, message=message)

    def _stray_files(self) -> Iterator[Finding]:
        needed = {sha256 for record in self.records() for sha256 in record.files}
        for path in _listed(self._folder / "files"):
            if path.name not in needed:
                yield Finding(kind="stray", path=path, message=f"{path} belongs to no record; it can be deleted.")

    def _file_path(self, sha256: str) -> Path:
        return self._folder / "files" / sha256

    def _record_path(self, sha256: str) -> Path:
        return self._folder / "records" / f"{sha256}.json"


_FAULTS: Final[dict[FindingKind, str]] = {"missing": "is gone", "damaged": "has changed since it was kept"}


def _fault(path: Path, sha256: str) -> FindingKind | None:
    try:
        return None if hash_file(path, limit_bytes=None) == sha256 else "damaged"
    except FileNotFoundError:
        return "missing"


def _abi_of_program(path: Path, elf: ElfFacts, abi: Abi | None) -> Abi:
    if elf.abi is None:
        raise UsageError(
            f"{path} is for {elf.machine}, on which no benchmark_model runs; keep it beside one by --with."
        )
    if not elf.is_program:
        raise ArtifactError(f"{path} is a shared library, no program; add the benchmark_model itself.")
    if abi is not None and elf.abi != abi:
        raise UsageError(f"{path} is for {elf.abi} ({elf.machine}), not for {abi}; give the file built for {abi}.")
    return elf.abi


def _copy(path: Path, target: Path) -> None:
    """Copy a file's bytes."""
    try:
        source = open_regular(path, limit_bytes=MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}. Name a benchmark_model file.") from error
    with source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)


def _listed(folder: Path) -> list[Path]:
    """Return a folder's files, sorted; nothing where there is no folder."""
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
