"""Text of others, made fit to be shown: the one place that cleans what leaves for a terminal, a table or a picture.

Names of files and phones, answers of servers and outputs of programs may hold what a terminal obeys instead of
showing: escape sequences, a carriage return that overwrites the line, a mark that turns the order of letters. Machines
read JSON, where the same characters are escaped and nothing is lost.
"""

import re
from collections.abc import Sequence
from typing import Final

LONGEST_WORD: Final = 500
"""Characters between two blanks: a path is mostly shorter, and no name that is meant is longer."""
LONGEST_CELL: Final = 200
"""Characters in a table's cell, which widens each row by as many."""
LONGEST_LINE: Final = 4000
"""Characters of an error, which may list what there is."""

_CUT: Final = " […] "

_CONTROL: Final = "\x00-\x1f\x7f-\x9f"
"""Unicode category Cc."""
_SEPARATOR: Final = "\u2028\u2029"
"""Categories Zl and Zp: line and paragraph."""
_DIRECTION: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks, embeddings, overrides and isolates: all of UAX 9, table 4, "Implicit", "Explicit" and "Isolate"."""
_UNSEEN: Final = "\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
"""Of category Cf, what shows nothing and shapes no text, so that two names look alike."""
_NO_CHARACTER: Final = "\ud800-\udfff"
"""Surrogates: bytes of a file's name that are not UTF-8 (PEP 383), or half a character of a JSON text."""

_OBEYED: Final = re.compile(f"[{_CONTROL}{_SEPARATOR}{_DIRECTION}{_UNSEEN}]")
_OBEYED_IN_LINES: Final = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_SEPARATOR}{_DIRECTION}{_UNSEEN}]")
_LONG_WORD: Final = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_SHORT: Final = 80
"""Characters of a command that stands in a message."""

_ENCODED: Final = re.compile(f"[{_NO_CHARACTER}]")
_QUOTED_BYTE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\udc([89a-f][0-9a-f])")
"""The same as `repr` writes it, which escapes a backslash itself by another one."""
_ESCAPED_IN_JSON: Final = re.compile(f"[\x7f-\x9f{_SEPARATOR}{_DIRECTION}{_UNSEEN}{_NO_CHARACTER}]")


def one_line(text: str) -> str:
    r"""Return text as one line that shows what it says: a blank for each character that would be obeyed.

    A byte that is not UTF-8 becomes `\xe9`, in quoted names too, so that a file is found by what was printed. A word
    without end loses its middle.
    """
    if len(text) <= LONGEST_WORD and text.isascii() and text.isprintable() and "\\" not in text:
        return text  # as nearly all are
    return _LONG_WORD.sub(lambda match: cut(match[0], LONGEST_WORD), _bytes_shown(_OBEYED.sub(" ", text)))


def whole_seconds(seconds: float) -> str:
    """Return a time in whole seconds, at least one: nothing takes `0 s`."""
    return f"{max(1, round(seconds))} s"


def whole_mib(size_bytes: int) -> str:
    """Return a size in whole MiB, rounded down: where that is none, how much it is less than."""
    return f"{size_bytes >> 20} MiB" if size_bytes >> 20 else "less than 1 MiB"


def cut(text: str, longest: int) -> str:
    """Return text without its middle where it is longer; what is left, mark included, is as long as asked for."""
    if len(text) <= longest:
        return text
    left = longest - len(_CUT)
    return text[: left - left // 2] + _CUT + text[len(text) - left // 2 :]


def plain_lines(text: str) -> str:
    """Return text of several lines as `one_line` does each; line feeds stay."""
    return _bytes_shown(_OBEYED_IN_LINES.sub(" ", text))


def shown_command(argv: Sequence[str]) -> str:
    """Return what a message calls a command: its program, or the shell script, where that is short."""
    if tuple(argv[:2]) != ("sh", "-c") or len(argv) < 3:
        return argv[0]
    text = argv[2].strip()
    return f"`{text}`" if len(text) <= _SHORT and "\n" not in text else "a script of mbench's"


def without_name(message: str, name: str) -> str:
    """Return a message without the device's name that it begins with, where the text around it names the device."""
    return message.removeprefix(f"{name}: ")


def ended(message: str) -> str:
    """Return a message as a sentence: with a full stop, unless it ends one already."""
    text = message.rstrip()
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def escaped_json(text: str) -> str:
    r"""Return a JSON text of the same value in which `one_line` would find nothing but line feeds: `\u202e`.

    Args:
        text: JSON, in which such characters can stand in strings only; those below U+0020 are escaped there already.
    """
    return _ESCAPED_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _bytes_shown(text: str) -> str:
    return _QUOTED_BYTE.sub(r"\1\\x\2", _ENCODED.sub(_byte, text))


def _byte(match: re.Match[str]) -> str:
    """Return the byte that a surrogate stands for, or what the surrogate is where it stands for none."""
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
