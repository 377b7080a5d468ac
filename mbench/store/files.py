"""Writes that happen whole or not at all, and OSErrors as one line that says what to do next.

Everything is written under a name that readers pass over (it starts with a dot), flushed to the disk, and only then
given its final name. A process that is killed in between leaves such a leftover, never half a document.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.files import regular

WRITING: Final = ".writing-"
"""Start of the names of what is being written, or was when its writer was killed."""

_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK})
_TAKEN = frozenset({errno.EEXIST, errno.ENOTEMPTY})

_ADVICE = {
    errno.ENOSPC: "Free some space there, or name another folder in MBENCH_RESULTS.",
    errno.EDQUOT: "Your quota there is used up: free some space, or name another folder in MBENCH_RESULTS.",
    errno.EACCES: "Ask for the right to write there, or name another folder in MBENCH_RESULTS.",
    errno.EPERM: "Ask for the right to write there, or name another folder in MBENCH_RESULTS.",
    errno.EROFS: "Name a folder that can be written in MBENCH_RESULTS.",
    errno.ENOTDIR: "Part of that path is a file: name a folder in MBENCH_RESULTS.",
    errno.EEXIST: "Part of that path is a file: name a folder in MBENCH_RESULTS.",
    errno.ENAMETOOLONG: "Name a shorter path in MBENCH_RESULTS.",
    errno.ENOENT: "Was it removed meanwhile?",
}


@contextmanager
def storing(action: str, path: Path) -> Iterator[None]:
    """Turn the OSErrors of a block that does `action` (`write`, `read`) on `path` into `StoreError`."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "Look at the disk there, or name another folder in MBENCH_RESULTS.")
        raise StoreError(f"cannot {action} {path}: {error.strerror or error}. {advice}") from error
    except UnicodeEncodeError as error:
        raise StoreError(
            f"cannot {action} {str(path)!a}: this locale has no such characters. Set LC_ALL=C.UTF-8."
        ) from error


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
        temporary = _new_name(path.parent)
        try:
            _write_through(temporary, data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _flush_folder(path.parent)


def write_new_file(path: Path, data: bytes) -> bool:
    """Write a file that nobody has written before; return False, and touch nothing, where the name is taken.

    Raises:
        StoreError: it could not be written; nothing bears the name.
    """
    with storing("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_name(path.parent)
        try:
            _write_through(temporary, data)
            if not _give_new_name(temporary, path):
                return False
        finally:
            temporary.unlink(missing_ok=True)
        _flush_folder(path.parent)
        return True


def write_new_folder(path: Path, files: Mapping[str, bytes]) -> bool:
    """Write a folder of plain files that nobody has written before; return False where the name is taken.

    `files` is not empty. Renaming onto a folder fails where that one holds anything (rename(2), ENOTEMPTY), on NFS as
    well, so two writers of one name cannot both succeed.

    Raises:
        StoreError: it could not be written; nothing bears the name.
    """
    with storing("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_name(path.parent)
        try:
            temporary.mkdir()
            for name, data in files.items():
                _write_through(temporary / name, data)
            _flush_folder(temporary)
            temporary.rename(path)
        except OSError as error:
            if error.errno in _TAKEN and path.is_dir():
                return False
            raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        _flush_folder(path.parent)
        return True


def remove_leftovers(folder: Path) -> None:
    """Remove what killed writers left in `folder` and the folders below; only for who alone writes there."""
    for leftover in [*folder.rglob(f"{WRITING}*")]:
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            with suppress(OSError):
                leftover.unlink()


def _new_name(folder: Path) -> Path:
    return folder / f"{WRITING}{secrets.token_hex(8)}"


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _give_new_name(temporary: Path, path: Path) -> bool:
    """Give a file its final name unless that is taken: link(2) refuses where rename(2) would replace."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        # NFS may do it, lose its answer, and refuse the repetition; then the file has two names (open(2), O_EXCL).
        return temporary.stat().st_nlink == 2
    except OSError as error:
        # FAT, some FUSE and SMB mounts have no hard links; one process drives a session, so look-then-rename will do.
        if error.errno not in _NO_HARD_LINKS:
            raise
        if path.exists():
            return False
        temporary.rename(path)
    return True


def _flush_folder(folder: Path) -> None:
    """Make new names in `folder` outlive a power cut, where the system can (fsync(2) on a directory)."""
    with suppress(PermissionError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems know no fsync of a folder
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
