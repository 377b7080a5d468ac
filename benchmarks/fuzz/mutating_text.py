"""Mutations of texts, line by line and number by number, and of TOML, value by value."""

import re
from collections.abc import Sequence
from random import Random
from typing import Final

from benchmarks.fuzz.hostile import TEXT_VALUES, TOML_LINES, TOML_VALUES

_LARGEST: Final = 1 << 20
_NUMBER: Final = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_WORD: Final = re.compile(rb"[^\s,:=\[\]()]+")
_VALUE: Final = re.compile(rb"(?<==)[^\n]*|(?<=[\[,])[^\[\],\n]{1,200}(?=[\],])")


def mutate_text(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the text with one change."""
    hostile = rng.choice(TEXT_VALUES).encode()
    match rng.randrange(8):
        case 0 | 1 | 2:
            return _replaced(_NUMBER, data, hostile, rng)
        case 3:
            return _replaced(_WORD, data, hostile, rng)
        case _:
            return _with_other_lines(data, seeds, rng)


def mutate_toml(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the TOML text with one change."""
    match rng.randrange(8):
        case 0 | 1 | 2 | 3:
            return _replaced(_VALUE, data, b" " + rng.choice(TOML_VALUES).encode(), rng)
        case 4:
            return _with_line(data, rng.choice(TOML_LINES).encode(), rng)
        case 5:
            return _replaced(_NUMBER, data, rng.choice(TOML_VALUES).encode(), rng)
        case _:
            return _with_other_lines(data, seeds, rng)


def _replaced(form: re.Pattern[bytes], data: bytes, by: bytes, rng: Random) -> bytes:
    found = list(form.finditer(data))
    if not found:
        return data + by
    one = rng.choice(found)
    return data[: one.start()] + by + data[one.end() :]


def _with_line(data: bytes, line: bytes, rng: Random) -> bytes:
    lines = data.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _with_other_lines(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    match rng.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines[at:at] = [lines[at]] * min(rng.choice((1, 2, 1000)), _most(lines[at]))
        case 2:
            lines[at:at] = [rng.choice(rng.choice(seeds).split(b"\n"))]
        case 3:
            rng.shuffle(lines)
        case 4:
            lines[at] = lines[at] * min(rng.choice((2, 1000)), _most(lines[at]))
        case _:
            return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"", b"\n\n", b"\0", "\u2028".encode())))
    return b"\n".join(lines)


def _most(line: bytes) -> int:
    """Return how often a line may be repeated: inputs are to be odd, not large."""
    return max(1, _LARGEST // (len(line) + 1))
