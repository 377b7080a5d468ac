"""Writes files and folders whole or not at all.

Everything is written under a hidden name beside its place and then renamed: readers see what was there before or all
of what is new, also where the writer is killed or the disk fills up. A killed writer leaves its hidden file behind.

Each write says whether it is flushed to the disk before it gets its name (`fsync`). With it, a power cut cannot leave
a name without its bytes: so for what nobody can make again (results, trained weights, pins, what a phone's settings
were). Without it, a power cut costs time alone: so for what is verified or made again when it is next needed (notes,
scores, pictures, copies of cached files) and for what dies with the machine anyway (leases). A flush takes
milliseconds on an idle disk and seconds on a busy one, and loads the machine that is being measured.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

WRITING: Final = ".writing-"
"""Start of the names of what is being written, or was when its writer was killed."""

_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK})
_TAKEN: Final = frozenset({errno.EEXIST, errno.ENOTEMPTY})


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Yield a free, hidden path in a folder, which is made if need be; what still has that name at the end is removed.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{WRITING}{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        _remove(path)


def place(part: Path, path: Path, *, fsync: bool, mode: int | None = None) -> None:
    """Give a file that is whole its final name, in place of what is there.

    Args:
        part: the file, on the same file system.
        path: its final name.
        fsync: see the module.
        mode: its permissions; None leaves them as they are.

    Raises:
        OSError: the disk refused; what was there before is still there.
    """
    if mode is not None:
        part.chmod(mode)
    if fsync:
        _flush(part)
    part.replace(path)
    if fsync:
        _flush_folder(path.parent)


def write_whole(path: Path, data: bytes, *, fsync: bool, mode: int | None = None) -> None:
    """Write a file in place of what is there; its folder is made if need be. Of several writers the last one stays.

    Raises:
        OSError: the disk refused; what was there before is still there.
    """
    with unfinished(path.parent) as part:
        part.write_bytes(data)
        place(part, path, fsync=fsync, mode=mode)


def write_new(path: Path, data: bytes, *, fsync: bool) -> bool:
    """Write a file that nobody has written before; return False, and touch nothing, where the name is taken.

    Raises:
        OSError: the disk refused; nothing has the name.
    """
    with unfinished(path.parent) as part:
        part.write_bytes(data)
        if fsync:
            _flush(part)
        if not _give_new_name(part, path):
            return False
    if fsync:
        _flush_folder(path.parent)
    return True


def write_new_folder(path: Path, files: Mapping[str, bytes], *, fsync: bool, private: bool = False) -> bool:
    """Write a folder of plain files that nobody has written before; return False where the name is taken.

    `files` is not empty. Renaming onto a folder fails where that one holds anything (rename(2), ENOTEMPTY), on NFS as
    well, so two writers of one name cannot both succeed. What is `private` nobody but its owner may ever read.

    Raises:
        OSError: the disk refused; nothing has the name.
    """
    with unfinished(path.parent) as part:
        part.mkdir(mode=0o700 if private else 0o777)
        for name, data in files.items():
            (part / name).touch(mode=0o600 if private else 0o666, exist_ok=False)
            (part / name).write_bytes(data)
            if fsync:
                _flush(part / name)
        if fsync:
            _flush_folder(part)
        try:
            part.rename(path)
        except OSError as error:
            if error.errno in _TAKEN and path.is_dir():
                return False
            raise
    if fsync:
        _flush_folder(path.parent)
    return True


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in `folder` and the folders below; only for who alone writes there."""
    for leftover in [*folder.rglob(f"{WRITING}*")]:
        _remove(leftover)


def _remove(path: Path) -> None:
    """Remove a file, a link or a whole folder as far as the disk lets us."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()


def _give_new_name(part: Path, path: Path) -> bool:
    """Give a file its final name unless that is taken: link(2) refuses where rename(2) would replace."""
    try:
        os.link(part, path)
    except FileExistsError:
        # NFS may do it, lose its answer, and refuse the repetition; then the file has two names (open(2), O_EXCL).
        return part.stat().st_nlink == 2
    except OSError as error:
        # FAT, some FUSE and SMB mounts have no hard links; callers hold a lock there, so look-then-rename will do.
        if error.errno not in _NO_HARD_LINKS:
            raise
        if path.exists():
            return False
        part.rename(path)
    return True


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make new names in `folder` outlive a power cut, where the system can (fsync(2) on a directory)."""
    with suppress(PermissionError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems know no fsync of a folder
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
