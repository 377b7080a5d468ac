"""Reads one variable of a MATLAB file of level 5: texts, numbers, cells and structures, and refuses all else.

    128 bytes of header | elements: uint32 type, uint32 size, data, up to a multiple of 8
                                    uint16 size, uint16 type, 4 bytes of data where there are no more

Source: MathWorks, "MAT-File Format", chapter 1. A variable is an element of type 14, or one that is packed in an
element of type 15; its parts are elements again: flags and class, sides, name, contents.

Native readers follow what a file says of itself: cells in cells until the stack ends, 4 MB that unpack to 4 GB.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Final

import numpy as np

from mbench.core.errors import DatasetError
from mbench.files.regular import MIB, format_limit, read_regular

Value = str | tuple["Value", ...] | tuple[float, ...] | tuple[int, ...] | Mapping[str, "Value"]
"""A text of one line; numbers or cells in the file's order; of structures a tuple of mappings by field."""

MOST_BYTES: Final = 64 * MIB
"""Of a file, and of what its variables unpack to: Stanford Dogs' lists have one."""

MOST_LEVELS: Final = 16
"""Of cells in cells."""

MOST_FIELDS: Final = 1000
"""Of a structure."""

_HEADER_BYTES: Final = 128
_ORDERS: Final = {b"IM": "<", b"MI": ">"}
_MATRIX: Final = 14
_PACKED: Final = 15
_CELL, _STRUCTURE, _TEXT = 1, 2, 4
_NUMBERS: Final = range(6, 16)
_DTYPES: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CODECS: Final = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}


def read_mat(path: Path, variable: str) -> Value | None:
    """Return one variable of a MATLAB file; None where it holds none of that name.

    Raises:
        DatasetError: it cannot be read, is no such file, is damaged, or unpacks to more than `MOST_BYTES`.
    """
    try:
        return _find(read_regular(path, limit_bytes=MOST_BYTES), variable)
    except OSError as error:
        raise DatasetError(f"{path} could not be read: {error.strerror}. Mend it or its permissions.") from error
    except (ValueError, struct.error, zlib.error) as error:
        raise DatasetError(f"{path} could not be read as a MATLAB file: {error}. Fetch it again.") from None


def _find(data: bytes, variable: str) -> Value | None:
    order = _ORDERS.get(data[126:_HEADER_BYTES])
    if order is None or struct.unpack(order + "H", data[124:126]) != (0x0100,):
        raise ValueError("it has no header of level 5")
    left = MOST_BYTES
    for kind, content in _elements(data[_HEADER_BYTES:], order):
        if kind == _PACKED:
            content = _unpacked(content, left)
            left -= len(content)
            kind, content = next(_elements(content, order), (0, b""))
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} is no variable")
        name, value = _variable(content, order, wanted=variable)
        if name == variable:
            return value
    return None


def _unpacked(content: bytes, most: int) -> bytes:
    stream = zlib.decompressobj()
    unpacked = stream.decompress(content, most + 1)
    if len(unpacked) > most:
        raise ValueError(f"it unpacks to more than {format_limit(MOST_BYTES)}")
    if not stream.eof:
        raise ValueError("it is cut short")
    return unpacked


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield type and contents of each element."""
    tag, place = struct.Struct(order + "II"), 0
    while place < len(data):
        kind, size = tag.unpack_from(data, place)
        if kind >> 16:  # size and type in one word, contents in the other
            kind, size, start, room, behind = kind & 0xFFFF, kind >> 16, place + 4, 4, place + 8
        else:
            padding = 0 if kind == _PACKED else -size % 8
            start, room, behind = place + 8, len(data) - place - 8, place + 8 + size + padding
        if size > room:
            raise ValueError("it is cut short")
        yield kind, data[start : start + size]
        place = behind


def _variable(content: bytes, order: str, *, wanted: str | None = None, level: int = 0) -> tuple[str, Value]:
    """Return name and value of a matrix; the value of another variable than the wanted one is passed over."""
    if not content:
        return "", ()
    if level > MOST_LEVELS:
        raise ValueError(f"cells lie in cells more than {MOST_LEVELS} deep")
    parts = _elements(content, order)
    flags, sides, name = (_part(parts) for _ in range(3))
    kind = struct.unpack(order + "II", flags[1])[0] & 0xFF
    called = name[1].decode("latin-1")
    if wanted is not None and called != wanted:
        return called, ()
    shape = np.frombuffer(sides[1], order + "i4").tolist()
    count = prod(shape)
    if len(shape) < 2 or min(shape) < 0 or count > len(content):
        raise ValueError(f"{called or 'a part'} has sides that do not fit into its {len(content)} bytes")
    if kind == _TEXT:
        text = _text(*_part(parts), order)
        return called, text if shape[0] < 2 else tuple(text[row :: shape[0]] for row in range(shape[0]))
    if kind in _NUMBERS:
        return called, _numbers(*_part(parts), order)
    if kind == _CELL:
        return called, tuple(_inner(parts, order, level) for _ in range(count))
    if kind == _STRUCTURE:
        return called, tuple(_structures(parts, count, order, level))
    raise ValueError(f"{called or 'a part'} is of class {kind}, neither text, numbers, cells nor structures")


def _part(parts: Iterator[tuple[int, bytes]]) -> tuple[int, bytes]:
    part = next(parts, None)
    if part is None:
        raise ValueError("it is cut short")
    return part


def _inner(parts: Iterator[tuple[int, bytes]], order: str, level: int) -> Value:
    kind, content = _part(parts)
    if kind != _MATRIX:
        raise ValueError(f"a cell is of type {kind}")
    return _variable(content, order, level=level + 1)[1]


def _structures(
    parts: Iterator[tuple[int, bytes]], count: int, order: str, level: int
) -> Iterator[Mapping[str, Value]]:
    (width,) = struct.unpack(order + "i", _part(parts)[1])
    text = _part(parts)[1]
    if width < 1 or not 1 <= len(text) // width <= MOST_FIELDS:
        raise ValueError(f"a structure has not 1 to {MOST_FIELDS} fields")
    fields = [text[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(text), width)]
    for _ in range(count):
        yield {field: _inner(parts, order, level) for field in fields}


def _text(kind: int, content: bytes, order: str) -> str:
    codec = _CODECS.get(kind)
    if codec is None:
        raise ValueError(f"a text is of type {kind}")
    endian = {"<": "-le", ">": "-be"}[order] if codec == "utf-16" else ""
    return content.decode(codec + endian)


def _numbers(kind: int, content: bytes, order: str) -> tuple[float, ...] | tuple[int, ...]:
    if kind not in _DTYPES:
        raise ValueError(f"numbers are of type {kind}")
    return tuple(np.frombuffer(content, order + _DTYPES[kind]).tolist())
