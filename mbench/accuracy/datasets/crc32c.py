"""CRC-32C (Castagnoli), the checksum of TFRecord files, fast enough for gigabytes without a library of its own.

The checksum is linear: many stretches of the data are computed side by side by numpy and then joined, each moved past
those behind it by tables. Polynomial 0x1EDC6F41, reflected 0x82F63B78 (RFC 3720, appendix B.4).
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL: Final = 0x82F63B78
_ONES: Final = 0xFFFFFFFF

_SHORT: Final = 512
"""Bytes below which a plain loop is as quick."""

_STRETCH: Final = 32
"""Words of 4 bytes that are computed one after the other."""

_Words = NDArray[np.uint32]


def crc32c(data: bytes) -> int:
    """Return the checksum of some bytes."""
    if len(data) < _SHORT:
        return _ONES ^ _run(_ONES, data)
    padded = np.zeros(-(-len(data) // (4 * _STRETCH)) * 4 * _STRETCH, np.uint8)  # zeros in front change nothing
    message = padded[len(padded) - len(data) :]
    message[:] = np.frombuffer(data, np.uint8)
    message[:4] ^= 0xFF  # the same as beginning with all ones
    words = padded.view("<u4").astype(np.uint32, copy=False).reshape(-1, _STRETCH)
    states = np.zeros(len(words), np.uint32)
    for column in np.ascontiguousarray(words.T):
        states = _past_word(states ^ column)
    return _ONES ^ _join(states)


def _run(state: int, data: bytes) -> int:
    table = _byte_table()
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state


@cache
def _byte_table() -> tuple[int, ...]:
    """Return what each byte makes of an empty state."""
    table = []
    for byte in range(256):
        state = byte
        for _ in range(8):
            state = (state >> 1) ^ (_POLYNOMIAL if state & 1 else 0)
        table.append(state)
    return tuple(table)


@cache
def _half_tables() -> tuple[_Words, _Words]:
    """Return what four bytes make of the lower and of the upper half of a state, (65536,) each."""
    bytes_ = np.array(_byte_table(), np.uint32)
    states = np.arange(1 << 16, dtype=np.uint32)
    for _ in range(2):
        states = bytes_[states & 0xFF] ^ (states >> 8)
    upper = states
    for _ in range(2):
        states = bytes_[states & 0xFF] ^ (states >> 8)
    return states, upper


def _past_word(states: _Words) -> _Words:
    """Return states after four more bytes, which were xored into them."""
    lower, upper = _half_tables()
    past: _Words = lower[states & 0xFFFF] ^ upper[states >> 16]
    return past


def _join(states: _Words) -> int:
    """Return the state of all stretches in a row, neighbours joined level by level."""
    power = _STRETCH.bit_length() - 1
    while len(states) > 1:
        if len(states) % 2:
            states = np.concatenate([np.zeros(1, np.uint32), states])
        states = _past_words(states[::2], power) ^ states[1::2]
        power += 1
    return int(states[0])


def _past_words(states: _Words, power: int) -> _Words:
    """Return states after 2 ** power words of zeros."""
    tables = _zero_tables(power)
    moved: _Words = tables[0][states & 0xFF]
    for place in range(1, 4):
        moved ^= tables[place][(states >> (8 * place)) & 0xFF]
    return moved


@cache
def _zero_tables(power: int) -> _Words:
    """Return what 2 ** power words of zeros make of each byte of a state, (4, 256)."""
    if power == 0:
        each = np.arange(256, dtype=np.uint32)
        return np.stack([_past_word(each << np.uint32(8 * place)) for place in range(4)])
    half = _zero_tables(power - 1)
    return np.stack([_past_words(row, power - 1) for row in half])
