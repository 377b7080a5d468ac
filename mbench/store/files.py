"""How results are read and written: whole, flushed to the disk, never through a link, and errors as one line."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.files import regular, whole
from mbench.files.disk import OTHER_RESULTS, disk_errors

storing = partial(disk_errors, otherwise=OTHER_RESULTS)
"""Turns the OSErrors of a block that does something (`write`, `read`) to a path into `DiskError`."""


def refuse_links(root: Path, path: Path) -> None:
    """Refuse a path below `root` that leads through a symbolic link: a session holds what it holds itself.

    A folder that comes from somebody else could else have files of the user's read, or written over.

    Raises:
        StoreError: one of its parts is a link; the message names that.
    """
    for part in (path, *path.parents):
        if part == root:
            return
        if part.is_symlink():
            raise StoreError(_link(part))


def _link(path: Path) -> str:
    return (
        f"{path} is a symbolic link, which leads out of its session: it is neither read nor written. "
        "Put what it leads to in its place, or remove it."
    )


def read_regular(path: Path, *, limit_bytes: int) -> bytes:
    """Return the bytes of a regular file, which no link stands for.

    Raises:
        StoreError: it is another thing (a pipe would never end), is larger, or cannot be read.
    """
    if path.is_symlink():
        raise StoreError(_link(path))
    with storing("read", path):
        return regular.read_regular(path, limit_bytes=limit_bytes)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, in place of what is there.

    Raises:
        StoreError: it could not be written; what was there is unchanged.
    """
    with storing("write", path):
        whole.write_whole(path, data, fsync=True)


def write_new_file(path: Path, data: bytes) -> bool:
    """Write a file that nobody has written before; return False, and touch nothing, where the name is taken.

    Raises:
        StoreError: it could not be written; nothing bears the name.
    """
    with storing("write", path):
        return whole.write_new(path, data, fsync=True)


def write_new_folder(path: Path, files: Mapping[str, bytes]) -> bool:
    """Write a folder of plain files that nobody has written before; return False where the name is taken.

    Raises:
        StoreError: it could not be written; nothing bears the name.
    """
    with storing("write", path):
        return whole.write_new_folder(path, files, fsync=True)


def list_text(names: Sequence[str]) -> bytes:
    """Return names, one a line; bytes of a file's name that are not UTF-8 stay as they are.

    A name that is no line by itself is written as a JSON string.
    """
    return "".join(f"{_line(name)}\n" for name in names).encode("utf-8", "surrogateescape")


def _line(name: str) -> str:
    plain = name.splitlines() == [name] and name == name.strip() and not name.startswith('"')
    return name if plain else json.dumps(name)
