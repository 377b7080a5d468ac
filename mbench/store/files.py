"""How results are read and written: whole, flushed to the disk, never through a link, and errors as one line."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.files import regular, whole

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
