"""Writes small data sets of real files."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.examples import Examples, Split

SYNSETS = tuple(f"n{number:08d}" for number in range(1_440_764, 1_440_764 + 13 * 1000, 13))
"""A thousand names of the right form, sorted."""


def write_picture(path: Path, level: int, *, size: tuple[int, int] = (12, 8)) -> Path:
    """Write a picture of one grey level; JPEG or PNG by its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, level, level)).save(path)
    return path


def write_lines(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def examples_of(reference: str, split: Split = Split.TEST, *, cache: Path | None = None) -> Examples:
    return open_dataset(reference, cache=cache).split(split)


def shown(examples: Examples) -> list[tuple[str, object]]:
    """Return name and truth of each example."""
    return [(examples.name(index), examples.truth(index)) for index in range(len(examples))]


def level_of(examples: Examples, index: int) -> int:
    """Return the grey level of a picture that `write_picture` wrote."""
    return int(np.median(examples.picture(index)))


def levels_of(examples: Examples) -> list[int]:
    return [level_of(examples, index) for index in range(len(examples))]


def slow_crc32c(data: bytes) -> int:
    """Return the checksum bit by bit, as RFC 3720 defines it."""
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def tf_records(*messages: bytes) -> bytes:
    """Return the contents of a TFRecord file."""
    return b"".join(_checked(struct.pack("<Q", len(message))) + _checked(message) for message in messages)


def tf_example(**features: int | bytes | float) -> bytes:
    """Return a tf.train.Example; `__` in a name stands for a slash."""
    entries = b"".join(
        _field(1, _field(1, name.replace("__", "/").encode()) + _field(2, _feature(value)))
        for name, value in features.items()
    )
    return _field(1, entries)


def _checked(data: bytes) -> bytes:
    crc = slow_crc32c(data)
    return data + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _feature(value: int | bytes | float) -> bytes:
    match value:
        case bytes():
            return _field(1, _field(1, value))
        case float():
            return _field(2, _field(1, struct.pack("<f", value)))
        case int():
            return _field(3, _field(1, _varint(value & (1 << 64) - 1)))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])
