"""Our own folders on devices: nothing is made or removed by a name that leads out of them."""

import re
from pathlib import PurePosixPath

from mbench.core.errors import TransportError
from mbench.core.numbers.bounds import SESSION_NAME
from mbench.core.numbers.limits import LONGEST_NAME


def session_part(session: str, *, serial: str) -> str:
    """Return a session's name, as a part of paths on a device.

    Raises:
        TransportError: it is none, and what is called so would not lie where it should.
    """
    if len(session) > LONGEST_NAME or not re.fullmatch(SESSION_NAME, session):
        raise TransportError(f"{serial}: {session[:LONGEST_NAME]!r} is not a session's name; no folder is made for it.")
    return session


def refuse_outside(path: str, root: str, *, serial: str) -> None:
    """Refuse to remove what does not lie below our folder.

    Raises:
        TransportError: it lies elsewhere, or its path goes up.
    """
    if ".." in PurePosixPath(path).parts or PurePosixPath(root) not in PurePosixPath(path).parents:
        raise TransportError(f"{serial}: {path} does not lie below {root}; it is not removed.")
