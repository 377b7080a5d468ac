"""SHA-256 of many files, each hashed again only after it changed.

The 50000 validation pictures of ImageNet are 6.7 GB, tens of seconds to hash, so what was hashed is noted in the
caller's cache folder, one JSON file per data set folder. A note counts while size and time of change are the file's.
Notes may be lost or removed at any time; they only save work.
"""

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from mbench.core.errors import DatasetError
from mbench.core.workloads import Document
from mbench.files.hashes import hash_file
from mbench.files.whole import write_whole

_LOG = logging.getLogger(__name__)

MOST_NAMED: Final = 10
"""Files that cannot be read, in one line."""


class FileHash(Document):
    """The hash of a file when it had this size and this time of change."""

    size_bytes: int
    mtime_ns: int
    sha256: str


class HashNotes(Document):
    """Hashes of files below one folder.

    Format history:
        1   first format.

    Attributes:
        files: by path relative to `folder`.
    """

    format_version: Literal[1] = 1
    folder: str
    files: Mapping[str, FileHash]


def hash_files(folder: Path, names: Sequence[str], *, cache: Path | None, limit_bytes: int) -> tuple[bytes, ...]:
    """Return the SHA-256 of each file, 32 bytes, in order.

    Args:
        folder: that names are relative to.
        names: of the files.
        cache: folder for notes; None: none are kept.
        limit_bytes: the largest size of a file that is read.

    Raises:
        DatasetError: files are gone, cannot be read, or are larger; all of them are named.
    """
    notes = note_path(cache, folder) if cache is not None else None
    known = _read_notes(notes, folder) if notes is not None else {}
    changed = [name for name in dict.fromkeys(names) if not _is_noted(folder / name, known.get(name))]
    with ThreadPoolExecutor() as pool:  # reading and hashing release the interpreter's lock
        found = dict(zip(changed, pool.map(lambda name: _hash(folder / name, limit_bytes), changed), strict=True))
    _refuse_unread([(folder / name, one) for name, one in found.items() if isinstance(one, OSError)])
    fresh = {name: one for name, one in found.items() if isinstance(one, FileHash)}
    current = {**known, **fresh}
    if notes is not None and fresh:
        write_note(notes, HashNotes(folder=str(folder), files=current).model_dump_json())
    return tuple(bytes.fromhex(current[name].sha256) for name in names)


def note_path(cache: Path, of: Path) -> Path:
    """Return where notes on a file or folder lie in a cache folder."""
    return cache / f"{hashlib.sha256(os.fsencode(of)).hexdigest()[:24]}.json"


def write_note(path: Path, text: str) -> None:
    """Write a note; where that fails nobody loses more than time, so a log line says it."""
    try:
        write_whole(path, text.encode(), fsync=False)
    except OSError as error:
        _LOG.warning("hashes could not be noted in %s: %s; they will be computed again", path, error)


def _is_noted(path: Path, known: FileHash | None) -> bool:
    """Whether a note is still that of the file; a missing file is left to `_hash`, which names it."""
    if known is None:
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    return (known.size_bytes, known.mtime_ns) == (status.st_size, status.st_mtime_ns)


def _hash(path: Path, limit_bytes: int) -> FileHash | OSError:
    try:  # one that is changed in between is hashed again next time
        status, sha256 = path.stat(), hash_file(path, limit_bytes=limit_bytes)
    except OSError as error:
        return error
    return FileHash(size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=sha256)


def _refuse_unread(unread: Sequence[tuple[Path, OSError]]) -> None:
    """Refuse files that cannot be read, if there are any.

    Raises:
        DatasetError: it names them.
    """
    if not unread:
        return
    said = [f"{path} could not be read: {error.strerror or error}" for path, error in unread[:MOST_NAMED]]
    more = f"; and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
    raise DatasetError(
        f"{'; '.join(said)}{more}. Mend them or move them away; out of a folder: data set --skip-unreadable leaves "
        "them."
    )


def _read_notes(path: Path, folder: Path) -> Mapping[str, FileHash]:
    try:
        notes = HashNotes.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
    return notes.files if notes.folder == str(folder) else {}
