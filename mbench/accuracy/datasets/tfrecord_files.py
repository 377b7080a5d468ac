"""Reads TFRecord files: records with checksums, one behind the other. It needs no tensorflow.

    uint64 length | uint32 checksum of the length | data | uint32 checksum of the data        all little-endian

A checksum is a masked CRC-32C (tensorflow/tensorflow `tensorflow/core/lib/io/record_writer.h`). What was found in a
file is noted in the caller's cache folder, so that a file is read whole only once.
"""

import os
import struct
from collections.abc import Iterator
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Final, Literal

import google_crc32c
from pydantic import ValidationError

from mbench.accuracy.datasets.hashes import note_path, write_note
from mbench.accuracy.datasets.text import brief
from mbench.accuracy.datasets.tf_example import Values, parse_example
from mbench.core.errors import DatasetError
from mbench.core.workloads import Document
from mbench.files.regular import MIB, format_limit, open_regular

FORMAT = (
    "tfrecord:GLOB is TFRecord files of tf.train.Example with image/encoded and image/class/label (or image and label)"
)

MOST_BYTES: Final = 128 * MIB
"""Of a record: ImageNet's largest picture has 15 million bytes."""

MOST_CLASSES: Final = 1 << 20
"""Labels from here on are none: a network would have an output for each."""

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")

_IMAGES = ("image/encoded", "image")
_LABELS = ("image/class/label", "label")
_SYNSET = "image/class/synset"
"""Slim's names (tensorflow/models `research/slim/datasets/`), then those of TensorFlow Datasets."""

_GZIP = b"\x1f\x8b"


class Record(Document):
    """One example of a file.

    Attributes:
        offset: of its data in the file, in bytes.
        label: as it stands there.
        sha256: of the encoded picture.
        synset: of ImageNet's records; None: it names none.
    """

    offset: int
    size_bytes: int
    label: int
    sha256: str
    synset: str | None = None


class Shard(Document):
    """All examples of a file that had this size and this time of change.

    Format history:
        1   first format.
    """

    format_version: Literal[1] = 1
    path: str
    size_bytes: int
    mtime_ns: int
    records: tuple[Record, ...]


def read_shard(path: Path, *, cache: Path | None) -> Shard:
    """Return what a file holds, every checksum of it proved, now or when it was noted.

    Raises:
        DatasetError: it cannot be read, is cut short or damaged, or an example lacks a picture or a label.
    """
    notes = note_path(cache, path) if cache is not None else None
    try:
        status = path.stat()
    except OSError as error:
        raise DatasetError(f"{FORMAT}; {path} could not be read: {error.strerror}.") from error
    known = _noted(notes)
    if known is not None and (known.path, known.size_bytes, known.mtime_ns) == (
        str(path),
        status.st_size,
        status.st_mtime_ns,
    ):
        return known
    records = tuple(_record(path, number, offset, data) for number, (offset, data) in enumerate(_records(path)))
    shard = Shard(path=str(path), size_bytes=status.st_size, mtime_ns=status.st_mtime_ns, records=records)
    if notes is not None:
        write_note(notes, shard.model_dump_json())
    return shard


def first_record(path: Path) -> Record | None:
    """Return the first example of a file, None where it holds none; the rest of the file is not read.

    Raises:
        DatasetError: as `read_shard`.
    """
    first = next(_records(path), None)
    return None if first is None else _record(path, 0, *first)


def read_image(path: Path, record: Record) -> bytes:
    """Return the encoded picture of one example.

    Raises:
        DatasetError: the file is no longer what it was.
    """
    try:
        with open_regular(path, limit_bytes=None) as stream:
            stream.seek(record.offset)
            data = stream.read(record.size_bytes)
    except OSError as error:
        raise DatasetError(f"{path} could not be read: {error.strerror}.") from error
    image = _first(_example(path, None, data), _IMAGES)
    if not isinstance(image, bytes) or sha256(image).hexdigest() != record.sha256:
        raise DatasetError(f"{path} changed while it was in use. Start again.")
    return image


def _noted(notes: Path | None) -> Shard | None:
    if notes is None:
        return None
    try:
        return Shard.model_validate_json(notes.read_bytes())
    except (OSError, ValidationError):
        return None


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield offset and data of each record, both checksums proved."""
    try:
        with open_regular(path, limit_bytes=None) as stream:
            number = 0
            while head := stream.read(_HEADER.size):
                offset = stream.tell()
                data, foot = stream.read(_length(path, number, head, stream)), stream.read(_FOOTER.size)
                if len(foot) < _FOOTER.size:
                    raise _broken(path, number, "is cut short")
                if _masked(data) != _FOOTER.unpack(foot)[0]:
                    raise _broken(path, number, "does not match its checksum")
                yield offset, data
                number += 1
    except OSError as error:
        raise DatasetError(f"{FORMAT}; {path} could not be read: {error.strerror}.") from error


def _length(path: Path, number: int, head: bytes, stream: BufferedReader) -> int:
    """Return how many bytes of data follow a record's head; they are there."""
    if number == 0 and head.startswith(_GZIP):
        raise DatasetError(f"{FORMAT}; {path} is compressed with gzip. Decompress it.")
    if len(head) < _HEADER.size:
        raise _broken(path, number, "is cut short")
    length, checksum = _HEADER.unpack(head)
    if _masked(head[:8]) != checksum:
        raise _broken(path, number, "has a length that does not match its checksum")
    left = os.fstat(stream.fileno()).st_size - stream.tell()
    if length > left:
        raise _broken(path, number, f"is cut short: it says {length} bytes, and {left} follow")
    if length > MOST_BYTES:
        raise _broken(path, number, f"has {length} bytes, and at most {format_limit(MOST_BYTES)} are read")
    return int(length)


def _masked(data: bytes) -> int:
    """Return the checksum as files hold it (tensorflow/tensorflow `tensorflow/core/lib/hash/crc32c.h`, `Mask`)."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _broken(path: Path, number: int, what: str) -> DatasetError:
    return DatasetError(f"{FORMAT}; record {number} of {path} {what}. Fetch the file again.")


def _example(path: Path, number: int | None, data: bytes) -> dict[str, Values]:
    try:
        return dict(parse_example(data))
    except ValueError as error:
        what = "a record" if number is None else f"record {number}"
        raise DatasetError(f"{FORMAT}; {what} of {path} is no such example: {error}. Write the file anew.") from None


def _record(path: Path, number: int, offset: int, data: bytes) -> Record:
    example = _example(path, number, data)
    image, label, synset = _first(example, _IMAGES), _first(example, _LABELS), _first(example, (_SYNSET,))
    if not isinstance(image, bytes) or not isinstance(label, int):
        what = "picture" if not isinstance(image, bytes) else "label"
        names = brief(", ".join(sorted(example))) or "nothing"
        raise DatasetError(
            f"{FORMAT}; record {number} of {path} has no {what}, only {names}. Write it anew with these names."
        )
    if label >= MOST_CLASSES:
        raise _broken(path, number, f"has label {label}, and at most {MOST_CLASSES} classes can be told apart")
    return Record(
        offset=offset,
        size_bytes=len(data),
        label=label,
        sha256=sha256(image).hexdigest(),
        synset=synset.decode("utf-8", "replace") if isinstance(synset, bytes) and synset else None,
    )


def _first(example: dict[str, Values], names: tuple[str, ...]) -> bytes | int | None:
    """Return the first value of the first of some features that is there."""
    return next((example[name][0] for name in names if example.get(name)), None)
