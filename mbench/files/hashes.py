"""SHA-256 of files: what everything that is kept is known by. Read in pieces, so that no size takes memory."""

import hashlib
from pathlib import Path

from mbench.files.regular import open_regular


def hash_file(path: Path, *, limit_bytes: int | None) -> str:
    """Return the SHA-256 of a regular file, in hexadecimal.

    Args:
        path: the file.
        limit_bytes: None for what mbench wrote itself. Hashing what is sparse can take hours.

    Raises:
        OSError: as `mbench.files.regular.open_regular`.
    """
    with open_regular(path, limit_bytes=limit_bytes) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
