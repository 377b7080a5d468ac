"""Reads serialized `tf.train.Example` messages: named lists of bytes, numbers or floats. It needs no tensorflow.

Source: tensorflow/tensorflow `tensorflow/core/example/example.proto` and `feature.proto`:

    Example { Features features = 1 }     Features { map<string, Feature> feature = 1 }
    Feature { BytesList bytes_list = 1 | FloatList float_list = 2 | Int64List int64_list = 3 }
    each list { repeated value = 1 }
"""

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

Values = tuple[bytes | int, ...]
"""The first value of a feature, or none; floats are left out, since no label and no picture is one."""

MOST_FEATURES: Final = 10_000
"""Of an example; TensorFlow's data sets have some twenty."""

_BYTES_LIST: Final = 1
_INT64_LIST: Final = 3


def parse_example(data: bytes) -> Mapping[str, Values]:
    """Return the features of an example by name.

    Raises:
        ValueError: it is no such message, or cut short.
    """
    found: dict[str, Values] = {}
    for features in _messages(data, field=1):
        for entry in _messages(features, field=1):
            fields = dict(_fields(entry))
            name, feature = fields.get(1, b""), fields.get(2, b"")
            if not isinstance(name, bytes) or not isinstance(feature, bytes):
                raise ValueError("a feature is no entry of a map")
            values = _values(feature)
            found[name.decode()] = tuple(islice(values, 1))
            deque(values, maxlen=0)  # all others are looked at, and not kept: a byte of the file would take eight
            if len(found) > MOST_FEATURES:
                raise ValueError(f"it has more than {MOST_FEATURES} features")
    return found


def _values(feature: bytes) -> Iterator[bytes | int]:
    for kind, values in _fields(feature):
        if not isinstance(values, bytes):
            raise ValueError("a feature holds no list")
        if kind not in {_BYTES_LIST, _INT64_LIST}:
            continue
        for _, value in _fields(values):
            if kind == _INT64_LIST and isinstance(value, bytes):  # packed
                yield from (_signed(number) for number in _varints(value))
            else:
                yield _signed(value) if isinstance(value, int) else value


def _messages(data: bytes, *, field: int) -> Iterator[bytes]:
    for number, value in _fields(data):
        if number == field and isinstance(value, bytes):
            yield value


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and raw value of each field of a message (protobuf.dev, "Encoding")."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        match tag & 7:
            case 0:
                value, place = _varint(data, place)
                yield tag >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, place = _varint(data, place)
            case 5:
                length = 4
            case kind:
                raise ValueError(f"wire type {kind}")
        if place + length > len(data):
            raise ValueError("cut short")
        yield tag >> 3, data[place : place + length]
        place += length


def _varints(data: bytes) -> Iterator[int]:
    place = 0
    while place < len(data):
        number, place = _varint(data, place)
        yield number


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("cut short")
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
    raise ValueError("a number of more than ten bytes")


def _signed(number: int) -> int:
    """Return an int64 of its 64 bits; what a tenth byte holds above them counts for nothing, as everywhere."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >= 1 << 63 else number
