"""Mutations of zip archives, and of folders that are packed into one: of members, their names and their kinds."""

import copy
import functools
import io
import lzma
import struct
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from random import Random
from typing import Final
from urllib.parse import quote

from benchmarks.fuzz.folders import FIFO, FOLDER, LINK
from benchmarks.fuzz.hostile import TEXTS
from benchmarks.fuzz.mutating_bytes import mutate_bytes
from benchmarks.fuzz.mutating_json import mutate_json
from benchmarks.fuzz.mutating_text import mutate_text

Members = list[tuple[zipfile.ZipInfo, bytes]]

_NO_ARCHIVE: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, OverflowError),
    *(NotImplementedError, RuntimeError),
)
"""What `zipfile` raises of an archive whose bytes were changed."""
_TEXTS: Final = frozenset({".txt", ".csv", ".toml", ""})
_BOMB_BYTES: Final = 640 << 20
_BOMB_SHARE: Final = 0.003


def mutate_archive(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the archive with one change of one member; what is no archive is mutated as bytes."""
    try:
        members, others = _members(data), _members(rng.choice(seeds))
    except _NO_ARCHIVE:
        return mutate_bytes(data, seeds, rng)
    if members and rng.random() < _BOMB_SHARE:
        return _with_bomb(members, rng.randrange(len(members)))
    return _packed(_changed(members, others, rng, kinds=False))


def mutate_folder(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the packed folder with one change of one file: of its content, name or kind."""
    return _packed(_changed(_members(data), _members(rng.choice(seeds)), rng, kinds=True))


def _changed(members: Members, others: Members, rng: Random, *, kinds: bool) -> Members:
    if not members:
        return others
    at = rng.randrange(len(members))
    info, content = members[at]
    match rng.randrange(10):
        case 0:
            del members[at]
        case 1:
            members[at] = info, rng.choice(others)[1]
        case 2:
            members[at] = _renamed(info, _odd_name(info.filename, rng)), content
        case 3:
            members.append((_renamed(info, _odd_name(info.filename, rng)), content))
        case 4 if kinds:
            special = copy.copy(info)
            special.comment = rng.choice((FIFO, FOLDER, LINK))
            members[at] = special, rng.choice((content[:100], b"/dev/zero", info.filename.encode()))
        case _:
            members[at] = info, _mutated(info.filename, content, [each for _, each in others], rng)
    return members


def _mutated(name: str, content: bytes, others: Sequence[bytes], rng: Random) -> bytes:
    suffix = PurePosixPath(name).suffix
    if suffix == ".json":
        return mutate_json(content, [content], rng)
    return (mutate_text if suffix in _TEXTS else mutate_bytes)(content, others, rng)


def _odd_name(name: str, rng: Random) -> str:
    odd = rng.choice((*map(quote, TEXTS), "%FF%FE", "%C3", "%0A", name + "%00", name.upper(), f"a/{name}"))
    return odd[:200] or "x"


def _members(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info, archive.read(info)) for info in archive.infolist() if info.file_size < 1 << 24]


def _renamed(info: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    renamed = zipfile.ZipInfo(name)
    renamed.comment = info.comment
    return renamed


def _packed(members: Members) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w") as archive:  # two of a name are meant
        for info, content in members:
            archive.writestr(_renamed(info, info.filename), content)
    return stream.getvalue()


def _with_bomb(members: Members, at: int) -> bytes:
    """Return the archive with a member that unpacks to more than any bound."""
    name = members[at][0].filename
    bomb = _bomb(name)
    stream = io.BytesIO(bomb)
    with zipfile.ZipFile(stream, "a") as archive:
        for place, (info, content) in enumerate(members):
            if place != at:
                archive.writestr(_renamed(info, info.filename), content)
    return stream.getvalue()


@functools.cache
def _bomb(name: str) -> bytes:
    """Return an archive of one member of zeros; its compressed blocks are copies of one, as compressing all is slow."""
    stream, info, zeros = io.BytesIO(), zipfile.ZipInfo(name), bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    data = block * (_BOMB_BYTES >> 20) + packer.flush()
    info.compress_type, info.compress_size, info.file_size = zipfile.ZIP_DEFLATED, len(data), _BOMB_BYTES
    info.header_offset = info.CRC = 0
    for _ in range(_BOMB_BYTES >> 20):
        info.CRC = zlib.crc32(zeros, info.CRC)
    with zipfile.ZipFile(stream, "w") as archive:
        stream.write(info.FileHeader(False) + data)
        archive.filelist.append(info)
        archive.NameToInfo[name] = info
        archive.start_dir = stream.tell()
        archive._didModify = True  # type: ignore[attr-defined]  # nothing public writes what is compressed already
    return stream.getvalue()
