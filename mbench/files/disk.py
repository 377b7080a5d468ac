"""What a disk refuses, as one error and one line that says what to do next."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mbench.core.errors import DiskError

OTHER_HOME: Final = "let MBENCH_HOME name another folder"
OTHER_RESULTS: Final = "let --results or MBENCH_RESULTS name another folder"

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What no file is to blame for, whoever writes it."""

_MEND: Final = "Mend its permissions, or {otherwise}."
_MOVE: Final = "A part of that path is a file: move it, or {otherwise}."
_ADVICE: Final = {
    errno.ENOSPC: "Free some space there, or {otherwise}.",
    errno.EDQUOT: "Your quota there is used up: free some space, or {otherwise}.",
    errno.EACCES: _MEND,
    errno.EPERM: _MEND,
    errno.EROFS: "Make it writable, or {otherwise}.",
    errno.ENOTDIR: _MOVE,
    errno.EEXIST: _MOVE,
    errno.ENAMETOOLONG: "The path is too long: {otherwise}.",
    errno.ENOLCK: "mbench needs locks there: {otherwise}.",
    errno.ENOENT: "Was it removed meanwhile?",
}
_UNKNOWN: Final = "Look at the disk there, or {otherwise}."


@contextmanager
def disk_errors(
    action: str, path: Path | str, *, otherwise: str = OTHER_HOME, error: type[DiskError] = DiskError
) -> Iterator[None]:
    """Turn an `OSError` of the block into one typed error.

    Args:
        action: what the block does, for the message: `write`, `keep a binary in`.
        path: the file or folder that it does it to.
        otherwise: what to do where the disk cannot be mended, as a clause.
        error: the kind that the caller promises.

    Raises:
        DiskError: the disk refused.
    """
    try:
        yield
    except OSError as refused:
        advice = advise(refused.errno, otherwise=otherwise)
        message = f"could not {action} {path}: {refused.strerror or refused}. {advice}"
        raise error(message, path=Path(path), code=refused.errno) from refused
    except UnicodeEncodeError as refused:
        message = f"could not {action} {str(path)!a}: this locale has no such characters. Set LC_ALL=C.UTF-8."
        raise error(message, path=Path(path), code=None) from refused


def advise(code: int | None, *, otherwise: str, unknown: str = _UNKNOWN) -> str:
    """Return what to do about an error number of the system, as a sentence; `unknown` where there is none."""
    return _ADVICE.get(code or 0, unknown).format(otherwise=otherwise)
