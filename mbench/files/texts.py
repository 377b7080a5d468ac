"""Reads small texts that people write: UTF-8, and TOML, whose parser lets through more than its own error."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from mbench.files.regular import MIB, read_regular

MOST_BYTES: Final = MIB
"""Of a suite or a device profile; the largest that mbench ships has ten thousand."""

MOST_PARTS: Final = 4
"""Of a key or a table's name, `a.b.c`; ours have two. tomllib keeps every beginning of one: n parts take n²."""

_MOST_SAID: Final = 200
"""Characters of what the parser says: it quotes names of any length."""

_LONG_TEXT: Final = r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\Z)' + r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
_PART: Final = r'(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"?+|\'[^\'\n]*+\'?+)'
_DOT: Final = r"[ \t]*+\.[ \t]*+"
_KEYS: Final = re.compile(
    rf"#[^\n]*+|{_LONG_TEXT}|{_PART}(?:{_DOT}{_PART}){{0,{MOST_PARTS - 1}}}+(?P<more>{_DOT}{_PART})?", re.DOTALL
)
"""Comments and long texts, which hold no keys, and what may be one (TOML 1.0: Comment, String, Keys).

What is not closed ends with its line or the text, so that time is linear; tomllib refuses it later.
"""


def read_text(path: Path) -> str:
    """Return a small text.

    Raises:
        OSError: as `mbench.files.regular.open_regular`.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_regular(path, limit_bytes=MOST_BYTES).decode("utf-8")


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        ValueError: it is not TOML, nests without end, or holds a name of many parts, or a number or a date that Python
            has no room for.
    """
    if found := next(filter(lambda found: found["more"], _KEYS.finditer(text)), None):
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"a name has more than {MOST_PARTS} parts (at line {line}, column 1)")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, at, place = str(error).rpartition(" (at ")
        raise ValueError((said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…") + at + place) from None
    except RecursionError:
        raise ValueError("its tables or lists are nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a number or a date is out of range: {str(error).partition(';')[0]}") from None
