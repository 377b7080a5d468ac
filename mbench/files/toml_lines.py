"""Lines of a TOML text: in which one a key stands, which the parser does not say."""

import re
from itertools import pairwise
from typing import Final


def line_of(text: str, place: tuple[str | int, ...]) -> int:
    """Return the line of a TOML text, from 1, that a key, or the nearest table around it, stands in.

    Args:
        text: a whole TOML text.
        place: keys, and indices of lists, from the outside in.
    """
    keys = [part for part in place if isinstance(part, str)]
    counts = {name: index for name, index in pairwise(place) if isinstance(index, int)}
    best, seen, table = (0, 1), dict[str, int](), tuple[str, ...]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = tuple(_plain(part) for part in header[2].split("."))
            if header[1] == "[[":
                seen[table[-1]] = seen.get(table[-1], -1) + 1
            found = table
        elif key := _KEY.match(line):
            found = (*table, *(_plain(part) for part in key[1].split(".")))
        else:
            continue
        inside = all(seen.get(name) == index for name, index in counts.items() if name in table and name in seen)
        depth = len(found)
        if inside and tuple(keys[:depth]) == found and depth > best[0]:
            best = (depth, number)
    return best[1]


_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def _plain(part: str) -> str:
    return part.strip().strip("\"'")
