"""Files and folders that a user names to be written: what is there already is replaced only where mbench wrote it."""

from pathlib import Path

from mbench.core.errors import UsageError
from mbench.files.regular import kind_of, open_regular, read_regular


def refuse_foreign_file(path: Path, *, option: str, begins: bytes, what: str, instead: str = "") -> None:
    """Refuse a path at which something stands that mbench did not write there; nothing, and an empty file, are free.

    Args:
        path: of the file to be written.
        option: that named it, as typed: `--predictions`.
        begins: the first bytes of such a file.
        what: such a file is, for the message: `predictions of mbench`.
        instead: what else may be asked for where it is not a regular file, as a clause.

    Raises:
        UsageError: it would be lost, is no regular file, or lies in no folder.
    """
    if not path.exists():
        refuse_taken_folder(path.parent, option=option)
        return
    if not path.is_file():
        raise UsageError(f"{option} {path} is {kind_of(path)}, not a regular file; name another file{instead}.")
    try:
        with open_regular(path, limit_bytes=None) as stream:
            found = stream.read(len(begins))
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be read: {error.strerror or error}; name another file.") from error
    if found not in (b"", begins):
        raise UsageError(f"{option} {path} is there and not {what}: it would be lost. Name another file, or remove it.")


def refuse_other_contents(path: Path, data: bytes, *, option: str) -> None:
    """Refuse to write a file in place of one that holds anything else; it has no mark by which mbench knows its own.

    Raises:
        UsageError: another file, or none that is regular, has the name.
    """
    if not path.exists():
        return
    try:
        same = path.is_file() and read_regular(path, limit_bytes=len(data)) == data
    except OSError:  # larger, or not to be read
        same = False
    if not same:
        raise UsageError(f"{option}: {path} is there and holds something else. Name another folder, or remove it.")


def refuse_taken_folder(folder: Path, *, option: str) -> None:
    """Refuse a folder that cannot be made, since it or a part of its path is there and not a folder.

    Raises:
        UsageError: it names that part.
    """
    there = next((part for part in (folder, *folder.parents) if part.exists()), None)
    if there is not None and not there.is_dir():
        raise UsageError(f"{option}: {there} is {kind_of(there)}, and a folder is wanted; name another one.")
