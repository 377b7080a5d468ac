"""Names and messages as exports hold them: on one line, of bounded length, and each name once."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from mbench.core.plain_text import cut, one_line

LONGEST_NAME: Final = 300
"""Characters of a name; Bencher takes 1024."""

LONGEST_MESSAGE: Final = 2_000

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, however it is written (section 2.2, "Char")."""


def plain_name(text: str) -> str:
    """Return a name that every format can hold."""
    return _plain(text, LONGEST_NAME) or "(no name)"


def plain_message(text: str) -> str:
    """Return a message likewise, which may be longer."""
    return _plain(text, LONGEST_MESSAGE)


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names made plain; those that are alike then get a number each."""
    counted: Counter[str] = Counter()
    taken = set[str]()
    unique = []
    for name in map(plain_name, names):
        candidate = name
        while candidate in taken:
            counted[name] += 1
            candidate = f"{name} #{counted[name] + 1}"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def _plain(text: str, longest: int) -> str:
    return cut(_NOT_XML.sub(" ", " ".join(one_line(text).split())), longest)
