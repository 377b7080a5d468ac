"""Reads small texts that people write: UTF-8, and TOML, whose parser lets through more than its own error."""

import tomllib
from pathlib import Path
from typing import Any, Final

from mbench.files.regular import MIB, read_regular

MOST_BYTES: Final = 4 * MIB
"""Of a suite or a device profile; the largest that mbench ships has ten thousand."""

_MOST_SAID: Final = 200
"""Characters of what the parser says: it quotes names of any length."""


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
        ValueError: it is not TOML, nests without end, or holds a number or a date that Python has no room for.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, at, place = str(error).rpartition(" (at ")
        raise ValueError((said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…") + at + place) from None
    except RecursionError:
        raise ValueError("its tables or lists are nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a number or a date is out of range: {str(error).partition(';')[0]}") from None
