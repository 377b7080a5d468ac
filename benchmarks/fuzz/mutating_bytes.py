"""Mutations that know nothing of an input but its bytes."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from benchmarks.fuzz.hostile import BROKEN_UTF8, INTEGERS

_LARGEST: Final = 4 << 20


def mutate_bytes(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the input with one change."""
    at = rng.randrange(len(data) + 1)
    length = min(len(data) - at, rng.choice((1, 2, 4, 8, 16, 64, 1024)))
    match rng.randrange(9):
        case 0:
            return _changed(data, at, lambda byte: byte ^ (1 << rng.randrange(8)))
        case 1:
            return _changed(data, at, lambda _: rng.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF)))
        case 2:
            return data[:at]
        case 3:
            return data[:at] + data[at + length :]
        case 4:
            repeated = data[at : at + length] * rng.choice((2, 3, 100))
            return (data[:at] + repeated + data[at + length :])[:_LARGEST]
        case 5:
            return data[:at] + rng.choice(BROKEN_UTF8) * rng.choice((1, 1, 1000)) + data[at:]
        case 6:
            other = rng.choice(seeds)
            return data[:at] + other[rng.randrange(len(other) + 1) :]
        case 7:
            return data[:at] + rng.randbytes(length) + data[at + length :]
        case _:
            return _with_integer(data, at, rng)


def _changed(data: bytes, at: int, change: Callable[[int], int]) -> bytes:
    if not data:
        return b"\0"
    at = min(at, len(data) - 1)
    return data[:at] + bytes([change(data[at])]) + data[at + 1 :]


def _with_integer(data: bytes, at: int, rng: Random) -> bytes:
    """Put an integer that overflows something where one may stand."""
    size = rng.choice((1, 2, 4, 8))
    at -= at % rng.choice((1, size))
    value = rng.choice(INTEGERS) & (1 << 8 * size) - 1
    return data[:at] + value.to_bytes(size, rng.choice(("little", "little", "big"))) + data[at + size :]
