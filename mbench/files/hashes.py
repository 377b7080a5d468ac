"""SHA-256 of files: what everything that is kept is known by. Read in pieces, so that no size takes memory."""

import hashlib
from pathlib import Path

from mbench.files.regular import open_regular


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a regular file of any size, in hexadecimal.

    Raises:
        OSError: as `mbench.files.regular.open_regular`.
    """
    with open_regular(path, limit_bytes=None) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
