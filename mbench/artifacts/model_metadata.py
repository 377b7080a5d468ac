"""What a file's own metadata says of its picture: the normalization that its author wrote into it.

TFLite metadata is a flatbuffer within the flatbuffer, of which only the way to the normalization is walked
(tensorflow/tflite-support `tensorflow_lite_support/metadata/metadata_schema.fbs`).
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table

from mbench.core.numbers.limits import LARGEST_LEVEL, LEAST_DEVIATION
from mbench.core.workloads import Normalization

METADATA_NAME: Final = "TFLITE_METADATA"
"""Of the entry in the model's list of metadata."""

IDENTIFIER: Final = b"M001"

NORMALIZATION: Final = 1
"""`ProcessUnitOptions.NormalizationOptions`."""

CHANNELS: Final = 3

MOST_ITEMS: Final = 64
"""Subgraphs, inputs or process units that are looked at; honest files have one or two."""

_SUBGRAPHS, _INPUTS, _UNITS = 3, 2, 4
"""Numbers of the fields ModelMetadata.subgraph_metadata, SubGraphMetadata.input_tensor_metadata and
TensorMetadata.process_units."""

_OPTIONS_KIND, _OPTIONS = 0, 1
_MEAN, _STD = 0, 1


def read_normalization(metadata: bytes) -> Normalization | None:
    """Return the normalization of the first input; None where none is written, or no usable one.

    Args:
        metadata: the buffer that the entry `METADATA_NAME` names; where it is damaged, it says nothing.
    """
    try:
        return _find_normalization(metadata) if metadata[4:8] == IDENTIFIER else None
    except (struct.error, IndexError, ValueError, TypeError, OverflowError):  # an offset leads outside
        return None


def _find_normalization(metadata: bytes) -> Normalization | None:
    root = Table(metadata, encode.Get(packer.uoffset, metadata, 0))
    for subgraph in _first(_tables(root, _SUBGRAPHS)):
        for entry in _first(_tables(subgraph, _INPUTS)):
            for unit in _tables(entry, _UNITS):
                if (found := _normalization(unit)) is not None:
                    return found
    return None


def _normalization(unit: Table) -> Normalization | None:
    place = _field(unit, _OPTIONS_KIND)
    options = _field(unit, _OPTIONS)
    if not place or not options or unit.Get(number_types.Uint8Flags, unit.Pos + place) != NORMALIZATION:
        return None
    table = Table(unit.Bytes, unit.Indirect(unit.Pos + options))
    mean, std = (_channels(table, field) for field in (_MEAN, _STD))
    if mean is None or std is None or min(std) < LEAST_DEVIATION:
        return None
    if not all(abs(number) <= LARGEST_LEVEL for number in (*mean, *std)):  # NaN is not, either
        return None
    return Normalization(mean=mean, std=std)


def _channels(table: Table, field: int) -> tuple[float, float, float] | None:
    """Return a number for each channel; one number stands for all."""
    place = _field(table, field)
    if not place or (count := table.VectorLen(place)) not in {1, CHANNELS}:
        return None
    start = table.Vector(place)
    values = [float(table.Get(number_types.Float32Flags, start + 4 * index)) for index in range(count)]
    first, second, third = values * (CHANNELS // count)
    return first, second, third


def _tables(table: Table, field: int) -> Iterator[Table]:
    """Yield the tables of a vector, at most `MOST_ITEMS`."""
    place = _field(table, field)
    if place:
        start = table.Vector(place)
        for index in range(min(table.VectorLen(place), MOST_ITEMS)):
            yield Table(table.Bytes, table.Indirect(start + 4 * index))


def _first(tables: Iterator[Table]) -> list[Table]:
    return list(islice(tables, 1))


def _field(table: Table, number: int) -> Any:
    return table.Offset(4 + 2 * number)
