"""Packs: concluded nights of a month in one file, which every command reads as if they were folders.

ROOT/packed/2026-11.zip holds two files: `sessions.txt`, the names of its nights, and `sessions.zip.xz`, which unpacks
to an archive with SESSION.zip of each, which holds its documents (plan, night, jobs, report) as they were. Both
archives are stored, so that xz finds what the documents of all nights have in common. A month of more than 64 MiB has
several packs: 2026-11-2.zip. Raw evidence of runs is not packed. Older packs have the SESSION.zip themselves, each
deflated by itself; they are read as well, and nothing is added to them.
"""

import atexit
import io
import lzma
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.numbers.bounds import FILE_NAME, JOB_NAME, SESSION_NAME
from mbench.files.archives import Archive
from mbench.files.disk import OTHER_RESULTS
from mbench.files.locks import locked
from mbench.files.scratch import ScratchFolder
from mbench.files.whole import WRITING
from mbench.store.files import read_regular, refuse_links, replace_file, storing

FOLDER: Final = "packed"
RAW: Final = "runs"
"""Of a session's folder: what is not packed."""

MOST_PACK_BYTES: Final = 512 << 20
"""Of one pack; a month that needs more has several."""

NAMES: Final = "sessions.txt"
SOLID: Final = "sessions.zip.xz"

MOST_SOLID_BYTES: Final = 64 << 20
"""Of what one pack holds, unpacked, unless that is one session: to read one, all are unpacked."""

_DICTIONARY_BYTES: Final = (1 << 20, 16 << 20)
"""Of xz, least and most: packing takes some twelve times as much memory (xz(1), -0 … -9), unpacking once."""

_MOST_MEMORY_BYTES: Final = 256 << 20
"""Of unpacking xz."""

MOST_SESSION_BYTES: Final = 1 << 30
"""Of all documents of one night, unpacked."""

MOST_NAMES_BYTES: Final = 16 << 20

MOST_DOCUMENT_BYTES: Final = 256 << 20

REMOVING: Final = ".removing-"
"""Start of the names of folders that are on their way out."""

_PACK = re.compile(r"\d{4}-\d{2}(-\d+)?\.zip")
_PART = re.compile(rf"({FILE_NAME.strip('^$')})|({JOB_NAME.strip('^$')})")
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""A time that every archive has: equal documents give equal packs."""


def packed_sessions(root: Path) -> Mapping[str, Path]:
    """Return the packs of a results folder by the sessions that they hold.

    Raises:
        StoreError: a pack is damaged, or cannot be read.
    """
    found: dict[str, Path] = {}
    for path in _packs(root):
        for name in _names(path, path.stat().st_mtime_ns):
            found.setdefault(name, path)
    return found


def packed_marks(root: Path) -> Mapping[str, str]:
    """Return for each packed session a text that changes with its documents.

    Raises:
        StoreError: a pack is damaged, or cannot be read.
    """
    found: dict[str, str] = {}
    for path in _packs(root):
        for name, mark in _marks(path, path.stat().st_mtime_ns):
            found.setdefault(name, mark)
    return found


def unpacked(root: Path, session: str) -> Path:
    """Return a folder that holds a packed session's documents, in a temporary place that ends with this process.

    Raises:
        StoreError: no pack holds it, or it is damaged.
    """
    path = packed_sessions(root).get(session)
    if path is None:
        raise StoreError(f"no pack in {root / FOLDER} holds session {session}.")
    folder = _scratch() / session
    if folder.is_dir():
        return folder
    files = _documents(path, session)
    part = folder.with_name(f"{WRITING}{session}")
    with storing("write", folder):
        shutil.rmtree(part, ignore_errors=True)
        for name, data in files.items():
            target = part / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        part.rename(folder)
    return folder


def is_unpacked(path: Path) -> bool:
    """Whether a session's folder is a temporary one, of a packed session."""
    return _scratch.cache_info().currsize > 0 and path.parent == _scratch()


def pack(root: Path, month: str, sessions: Sequence[Path]) -> None:
    """Put sessions into a month's pack, and remove their folders once they can be read from it.

    A pack is written whole before any folder goes: what is interrupted leaves both, and the next call ends it.

    Args:
        root: the results folder.
        month: `2026-11`.
        sessions: their folders.

    Raises:
        StoreError: something could not be read or written; no folder whose session is not packed is gone.
    """
    with locked(root / ".nights" / "packing.lock", wait_s=None, otherwise=OTHER_RESULTS):
        waiting: dict[Path, dict[str, bytes]] = {}
        for folder in sessions:
            waiting[folder] = dict(_files_of(folder))
            if sum(len(data) for files in waiting.values() for data in files.values()) > MOST_SOLID_BYTES:
                _pack_these(root, month, waiting)
                waiting = {}
        _pack_these(root, month, waiting)


def _pack_these(root: Path, month: str, sessions: Mapping[Path, Mapping[str, bytes]]) -> None:
    """Put the documents of sessions' folders into a month's packs, and remove each that can be read from one."""
    known = packed_sessions(root)
    new = {folder.name: _archive(files) for folder, files in sessions.items() if folder.name not in known}
    _add(root, month, new)
    known = packed_sessions(root)
    for folder, files in sessions.items():
        path = known[folder.name]
        if _documents(path, folder.name) != files:
            raise StoreError(f"{path} holds another session {folder.name} than {folder}; move one of them.")
        _remove_whole(folder)


def remove_raw(session: Path) -> None:
    """Remove the raw evidence of a concluded night; its documents hold every run's numbers.

    Raises:
        StoreError: it could not be removed.
    """
    _remove_whole(session / RAW)


def _remove_whole(path: Path) -> None:
    """Remove a folder so that nobody ever sees a part of it, and what a killed process left of others."""
    if os.path.lexists(path):
        refuse_links(path.parent, path)
        with storing("remove", path):
            path.rename(path.with_name(f"{REMOVING}{path.name}"))
    with storing("read", path.parent):
        left = [each for each in path.parent.iterdir() if each.name.startswith(REMOVING)]
    for each in left:
        with storing("remove", each):
            shutil.rmtree(each)


def _add(root: Path, month: str, sessions: Mapping[str, bytes]) -> None:
    """Add archives of sessions to the packs of a month, in order, each where there is room."""
    left, number = dict(sessions), 0
    with storing("write", root / FOLDER):
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
    while left:
        number += 1
        path = root / FOLDER / f"{month}{'' if number == 1 else f'-{number}'}.zip"
        before: dict[str, bytes] = {}
        if path.exists():
            if SOLID not in _opened(path).names:
                continue
            archive = _inside(path)
            before = {name: archive.read(name, limit_bytes=MOST_SESSION_BYTES) for name in archive.names}
        room, added = MOST_SOLID_BYTES - sum(map(len, before.values())), dict[str, bytes]()
        for session in list(left):
            if len(left[session]) > room and (before or added):
                break
            room -= len(left[session])
            added[f"{session}.zip"] = left.pop(session)
        if added:
            replace_file(path, _solid(before | added))


def _solid(sessions: Mapping[str, bytes]) -> bytes:
    """Return a pack of these archives."""
    inside, (least, most) = _archive(sessions), _DICTIONARY_BYTES
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": min(most, max(least, len(inside)))}]
    names = "".join(f"{name.removesuffix('.zip')}\n" for name in sorted(sessions))
    return _archive({NAMES: names.encode(), SOLID: lzma.compress(inside, filters=filters)})


def _archive(files: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), files[name])
    return data.getvalue()


def _files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the documents of a session's folder by their place in it; raw evidence and what is hidden stays out."""
    with storing("read", folder):
        paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if name.startswith(f"{RAW}/") or any(part.startswith(".") for part in name.split("/")):
            continue
        refuse_links(folder, path)
        if not _fits(name):
            raise StoreError(f"{path} is no document of a session; move it, so that the session can be packed.")
        yield name, read_regular(path, limit_bytes=MOST_DOCUMENT_BYTES)


def _fits(name: str) -> bool:
    parts = name.split("/")
    return len(parts) <= 4 and all(_PART.fullmatch(part) for part in parts)


def _packs(root: Path) -> list[Path]:
    folder = root / FOLDER
    with storing("read", folder):
        return sorted(path for path in folder.iterdir() if _PACK.fullmatch(path.name)) if folder.is_dir() else []


@lru_cache(maxsize=64)
def _names(path: Path, _: int) -> tuple[str, ...]:
    """Return the sessions of a pack that has not been written since."""
    archive = _opened(path)
    if SOLID in archive.names:
        try:
            names = archive.read(NAMES, limit_bytes=MOST_NAMES_BYTES).decode("ascii").splitlines()
        except (ValueError, KeyError) as error:
            raise StoreError(f"{path}: damaged: {error}. Restore it, or remove it.") from error
    else:
        names = [name.removesuffix(".zip") for name in archive.names]
    if odd := next((name for name in names if not re.fullmatch(SESSION_NAME, name)), None):
        raise StoreError(f"{path}: it holds {odd!r}, which is no session's name. Restore it, or remove it.")
    return tuple(names)


@lru_cache(maxsize=64)
def _marks(path: Path, changed_ns: int) -> tuple[tuple[str, str], ...]:
    """Return the sessions of a pack that has not been written since, each with the checksum of its documents."""
    archive = _inside(path)
    return tuple((name, archive.checksum(f"{name}.zip")) for name in _names(path, changed_ns))


def _inside(path: Path) -> Archive:
    """Return the archive with the sessions of a pack, whichever kind it is of."""
    stat = path.stat()
    return _unpacked_inside(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)  # sessions are read in the order of their names, which is that of packs
def _unpacked_inside(path: Path, *_: int) -> Archive:
    archive = _opened(path)
    if SOLID not in archive.names:
        return archive
    try:
        packed = archive.read(SOLID, limit_bytes=MOST_PACK_BYTES)
        unpacking, limit = (
            lzma.LZMADecompressor(lzma.FORMAT_XZ, _MOST_MEMORY_BYTES),
            MOST_SESSION_BYTES + MOST_SOLID_BYTES,
        )
        data = unpacking.decompress(packed, limit)
        if not unpacking.eof:
            raise ValueError(f"{SOLID} is cut off, or unpacks to more than {limit} bytes")
        return Archive(data)
    except (ValueError, lzma.LZMAError) as error:
        raise StoreError(f"{path}: damaged: {error}. Restore it, or remove it.") from error


def _opened(path: Path) -> Archive:
    data = read_regular(path, limit_bytes=MOST_PACK_BYTES + (64 << 20))
    try:
        return Archive(data)
    except ValueError as error:
        raise StoreError(f"{path}: no pack of sessions: {error}. Restore it, or remove it.") from error


def _documents(path: Path, session: str) -> dict[str, bytes]:
    """Return the documents of a packed session by their place."""
    try:
        inner = Archive(_inside(path).read(f"{session}.zip", limit_bytes=MOST_SESSION_BYTES))
        if sum(map(inner.size, inner.names)) > MOST_SESSION_BYTES:
            raise ValueError(f"{session} unpacks to more than {MOST_SESSION_BYTES} bytes")
        if odd := next((name for name in inner.names if not _fits(name)), None):
            raise ValueError(f"{session} holds {odd!r}, which is no document's place")
        return {name: inner.read(name, limit_bytes=MOST_DOCUMENT_BYTES) for name in inner.names}
    except (ValueError, KeyError) as error:
        raise StoreError(f"{path}: damaged: {error}. Restore it, or remove it.") from error


@lru_cache(maxsize=1)
def _scratch() -> Path:
    folder = ScratchFolder("packed")
    atexit.register(folder.close)
    return folder.path
