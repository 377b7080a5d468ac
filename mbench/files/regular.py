"""Opens files that somebody else may have made: regular files alone, and no more of them than a stated bound.

A FIFO waits for a writer, a terminal for a person, `/dev/zero` never ends. What is refused is an `OSError` whose
`strerror` says what the path is, so that whoever reports a file that cannot be read reports these alike.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final, NoReturn

KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30

_CHUNK_BYTES: Final = 64 * KIB

_KINDS: Final = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting, for a path that became a FIFO since it was looked at; regular files read as ever."""


def open_regular(path: Path, *, limit_bytes: int | None) -> BufferedReader:
    """Open a file to be read; a symbolic link to a regular file counts as one.

    Args:
        path: of the file.
        limit_bytes: the largest size that is opened; None: any, for readers that keep no more than a part in memory.

    Raises:
        OSError: not there, not readable, not a regular file, or larger than the limit; `strerror` says which.
    """
    _check(path, path.stat(), limit_bytes)  # before it is opened, because opening some devices does things to them
    descriptor = os.open(path, _FLAGS)
    try:
        _check(path, os.fstat(descriptor), limit_bytes)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, *, limit_bytes: int) -> bytes:
    """Return a file's bytes, as `open_regular`.

    Raises:
        OSError: as `open_regular`, or the file grew beyond the limit while it was read.
    """
    with open_regular(path, limit_bytes=limit_bytes) as stream:
        size = os.fstat(stream.fileno()).st_size  # a read takes the memory for all that it is asked for
        parts: list[bytes] = []
        while part := stream.read(size + 1 if not parts else _CHUNK_BYTES):  # files of /proc say that they are empty
            parts.append(part)
            if sum(map(len, parts)) > limit_bytes:
                _refuse_size(path, "more", limit_bytes)
    return b"".join(parts)


def format_limit(size_bytes: int) -> str:
    """Return a bound as messages say it: `64 MiB`."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size_bytes % unit == 0 and size_bytes:
            return f"{size_bytes // unit} {name}"
    return f"{size_bytes} bytes"


def kind_of(path: Path) -> str:
    """Return what a path is: `a folder`, `a pipe (FIFO)`, …, `a regular file`, or `not there`."""
    try:
        return _kind(path.stat())
    except OSError:
        return "not there"


def has_other_names(path: Path) -> bool:
    """Whether a regular file is there by several names (hard links), so that what is written into it is in all of them.

    Whoever writes in place into a folder of somebody else asks first; a file that is replaced harms no other.
    """
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "of no known kind")


def _check(path: Path, status: os.stat_result, limit_bytes: int | None) -> None:
    if not stat.S_ISREG(status.st_mode):
        code = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(code, f"it is {_kind(status)}, not a regular file", str(path))
    if limit_bytes is not None and status.st_size > limit_bytes:
        _refuse_size(path, f"{status.st_size} bytes", limit_bytes)


def _refuse_size(path: Path, size: str, limit_bytes: int) -> NoReturn:
    raise OSError(errno.EFBIG, f"it has {size}, and at most {format_limit(limit_bytes)} are read", str(path))
