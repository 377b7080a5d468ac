"""The records of adb's file transfer (AOSP packages/modules/adb, SYNC.TXT and file_sync_protocol.h).

All words are little-endian; an id is four letters.
"""

import os
import stat
import struct
from typing import Final

REQUEST: Final = struct.Struct("<4sI")
"""Id and length of what follows; also of DATA, and of DONE with a time in the length's place."""

CHUNK_BYTES: Final = 64 * 1024
SHELL_ID: Final = 2000
DRY_RUN: Final = 0x80000000

_STAT_V1 = struct.Struct("<4s3I")
_STAT_V2 = struct.Struct("<4sI2Q4IQ3q")
_ENTRY_V1 = struct.Struct("<4s4I")
_ENTRY_V2 = struct.Struct("<4sI2Q4IQ3qI")


def format_stat_v1(found: os.stat_result | None) -> bytes:
    """Return the 16 bytes of STAT, all zero for a file that is not there; sizes are cut to 32 bits."""
    if found is None:
        return _STAT_V1.pack(b"STAT", 0, 0, 0)
    return _STAT_V1.pack(b"STAT", found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF)


def format_stat_v2(name: bytes, found: os.stat_result | None, error: int = 0) -> bytes:
    """Return the 72 bytes of STA2 or LST2, which also tell an error number."""
    if found is None:
        return _STAT_V2.pack(name, error, *[0] * 10)
    return _STAT_V2.pack(name, 0, *_facts(found))


def format_entry_v1(name: bytes, found: os.stat_result) -> bytes:
    """Return one DENT of LIST."""
    size, mtime = found.st_size & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF
    return _ENTRY_V1.pack(b"DENT", found.st_mode, size, mtime, len(name)) + name


def format_entry_v2(name: bytes, found: os.stat_result) -> bytes:
    """Return one DNT2 of LIS2."""
    return _ENTRY_V2.pack(b"DNT2", 0, *_facts(found), len(name)) + name


def format_end(*, v2: bool) -> bytes:
    """Return the DONE that ends a list: as long as an entry without its name."""
    return b"DONE" + bytes((_ENTRY_V2.size if v2 else _ENTRY_V1.size) - 4)


def format_fail(message: str) -> bytes:
    """Return a FAIL with its sentence."""
    text = message.encode()
    return REQUEST.pack(b"FAIL", len(text)) + text


def spread_mode(mode: int) -> int:
    """Copy the owner's bits to group and other, as adbd does: 0644 becomes 0666, 0755 becomes 0777."""
    user = mode & stat.S_IRWXU
    return user | user >> 3 | user >> 6


def _facts(found: os.stat_result) -> tuple[int, ...]:
    return (
        *(found.st_dev, found.st_ino, found.st_mode, found.st_nlink, SHELL_ID, SHELL_ID, found.st_size),
        *(int(found.st_atime), int(found.st_mtime), int(found.st_ctime)),
    )
