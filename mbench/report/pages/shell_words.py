"""Commands of others as text that is safe to paste: cleaned and shortened word by word, and quoted afterwards.

A line that is shortened after it was quoted may lose a quote, and what a name holds would be a command.
"""

import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mbench.core.plain_text import cut, one_line

_LONGEST: Final = 80
"""Characters of a word in a line that holds too long ones: quoted, each may be five, which `one_line` leaves whole."""


def shell_text(argv: Sequence[str]) -> str:
    """Return a command as a shell takes it, word for word, in which `one_line` finds nothing to change."""
    return _shell_text(tuple(argv))


@lru_cache(maxsize=4096)
def _shell_text(argv: tuple[str, ...]) -> str:
    """Do the same, once for many jobs of a session."""
    words = [one_line(word) for word in argv]
    text = shlex.join(words)
    return text if one_line(text) == text else shlex.join(cut(word, _LONGEST) for word in words)
