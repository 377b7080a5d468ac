"""Readers of data sets: their folders and lists, records, pictures, and the table of cells."""

import io
import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import google_crc32c
import numpy as np
from PIL import Image

from benchmarks.fuzz.folders import pack, unpack
from benchmarks.fuzz.reader import Form, Reader
from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.hashes import hash_files, note_path
from mbench.accuracy.datasets.tf_example import parse_example
from mbench.accuracy.pictures.decoding import decode
from mbench.accuracy.tasks.cells import read_cells

_PICTURES: Final = 4


def picture(level: int, form: str = "PNG") -> bytes:
    """Return a small picture of one grey level."""
    stream = io.BytesIO()
    Image.new("RGB", (9, 7), (level, level, level)).save(stream, form)
    return stream.getvalue()


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _folder() -> dict[str, bytes]:
    return {f"{kind}/{number}.png": picture(60 * number + 20 * (kind == "b")) for kind in "ab" for number in range(4)}


def _split_folder() -> dict[str, bytes]:
    return {f"{part}/{name}": data + part.encode() for part in ("train", "test") for name, data in _folder().items()}


def _coco() -> dict[str, bytes]:
    annotations = [
        {"id": number, "image_id": number, "category_id": 1, "bbox": [1, 1, 4.5, 3], "iscrowd": number % 2}
        for number in range(_PICTURES)
    ]
    listed = {
        "images": [{"id": number, "file_name": f"{number}.png"} for number in range(_PICTURES)],
        "categories": [{"id": 1, "name": "a"}, {"id": 90, "name": "b"}],
        "annotations": annotations,
    }
    pictures = {f"val2017/{number}.png": picture(number) for number in range(_PICTURES)}
    return {
        "annotations/instances_val2017.json": json.dumps(listed).encode(),
        "mscoco_minival_ids.txt": _lines("0", "2"),
        **pictures,
    }


def _celeba() -> dict[str, bytes]:
    names = [f"{number:06d}.png" for number in range(_PICTURES)]
    return {
        "list_attr_celeba.txt": _lines(str(len(names)), "red green", *(f"{name} 1 -1" for name in names)),
        "list_eval_partition.txt": _lines(*(f"{name} {2 * (place % 2)}" for place, name in enumerate(names))),
        **{f"img_align_celeba/{name}": picture(place) for place, name in enumerate(names)},
    }


def _faces() -> dict[str, bytes]:
    pictures = {f"{number}.png": picture(number) for number in range(_PICTURES)}
    return {"pairs.csv": _lines("first,second,same", "0.png,1.png,1", "2.png,3.png,0"), **pictures}


def _lfw() -> dict[str, bytes]:
    pictures = {f"{who}/{who}_{number:04d}.jpg": picture(number, "JPEG") for who in ("A", "B") for number in (1, 2)}
    return {"pairs.txt": _lines("1\t1", "A\t1\t2", "A\t1\tB\t2"), **pictures}


def _geo() -> dict[str, bytes]:
    pictures = {f"{number}.png": picture(number) for number in range(2)}
    return {"test.csv": _lines("image,latitude,longitude", "0.png,48.8,2.3", "1.png,-33,151.2"), **pictures}


def _imagenet() -> dict[str, bytes]:
    synsets = [f"n{number:08d}" for number in range(1_440_764, 1_440_764 + 13 * 1000, 13)]
    pictures = {f"val/ILSVRC2012_val_{number:08d}.JPEG": picture(number, "JPEG") for number in (1, 2)}
    return {
        "synset_words.txt": _lines(*(f"{synset} word" for synset in synsets)),
        "val.txt": _lines("ILSVRC2012_val_00000001.JPEG 65", "ILSVRC2012_val_00000002.JPEG 970"),
        **pictures,
    }


def _dogs() -> dict[str, bytes]:
    import scipy.io

    names = [f"n0{kind}-dog/n0{kind}_{number}.jpg" for kind in (1, 2) for number in (1, 2)]
    files: dict[str, bytes] = {f"Images/{name}": picture(place, "JPEG") for place, name in enumerate(names)}
    for split, chosen in (("train", names[::2]), ("test", names[1::2])):
        stream = io.BytesIO()
        cells = np.array([[name] for name in chosen], object)
        scipy.io.savemat(stream, {"file_list": cells})
        files[f"{split}_list.mat"] = stream.getvalue()
    return files


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    data = b""
    while number > 0x7F:
        data, number = data + bytes([number & 0x7F | 0x80]), number >> 7
    return data + bytes([number])


def _example(label: int, encoded: bytes) -> bytes:
    features = {
        "image/encoded": _field(1, _field(1, encoded)),
        "image/class/label": _field(3, _field(1, _varint(label))),
    }
    entries = b"".join(_field(1, _field(1, name.encode()) + _field(2, value)) for name, value in features.items())
    return _field(1, entries)


def _examples() -> Sequence[bytes]:
    return [_example(label, picture(label)) for label in (1, 2)]


def _records(messages: Sequence[bytes]) -> bytes:
    return b"".join(_summed(struct.pack("<Q", len(message))) + _summed(message) for message in messages)


def _summed(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return data + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _tfrecords() -> dict[str, bytes]:
    return {"a-00000-of-00001": _records([_example(label, picture(label)) for label in (1, 2, 3)])}


def _opened(reference: Callable[[Path], str]) -> Callable[[bytes, Path], object]:
    def read(data: bytes, folder: Path) -> object:
        opened = open_dataset(reference(unpack(data, folder)))
        found: list[object] = []
        for split in opened.readers:
            examples = opened.split(split)
            for index in range(min(len(examples), _PICTURES)):
                found.append((examples.name(index), examples.truth(index), examples.picture(index), examples.facts))
        return found

    return read


def _read_cells(data: bytes, folder: Path) -> object:
    path = folder / "cells.csv"
    path.write_bytes(data)
    return read_cells(path)


def _notes() -> Sequence[bytes]:
    hashed = {"size_bytes": 1, "mtime_ns": 1, "sha256": "0" * 64}
    return [json.dumps({"format_version": 1, "folder": "/data", "files": {"a": hashed}}).encode()]


def _read_notes(data: bytes, folder: Path) -> object:
    (folder / "a").write_bytes(b"x")
    note = note_path(folder, folder)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_bytes(data)
    return hash_files(folder, ["a"], cache=folder, limit_bytes=100)


def _of(name: str, *sets: Callable[[], dict[str, bytes]]) -> Reader:
    def seeds() -> Sequence[bytes]:
        return [pack(files()) for files in sets]

    return Reader(
        name=f"dataset-{name}", form=Form.FOLDER, seeds=seeds, read=_opened(lambda folder: f"{name}:{folder}")
    )


def _decode(data: bytes, _: Path) -> Any:
    return decode(data, source="the picture")


READERS: Final = (
    _of("folder", _folder, _split_folder),
    _of("imagenet", _imagenet),
    _of("dogs", _dogs),
    _of("celeba", _celeba),
    _of("coco", _coco),
    _of("geo", _geo),
    _of("faces", _faces, _lfw),
    Reader(
        name="dataset-tfrecord",
        form=Form.FOLDER,
        seeds=lambda: [pack(_tfrecords())],
        read=_opened(lambda folder: f"tfrecord:{folder}/a-*"),
    ),
    Reader(
        name="tf-example",
        form=Form.BINARY,
        seeds=_examples,
        read=lambda data, _: parse_example(data),
        refusals=(ValueError,),
    ),
    Reader(
        name="picture",
        form=Form.BINARY,
        seeds=lambda: [picture(7, form) for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")],
        read=_decode,
    ),
    Reader(
        name="cells",
        form=Form.TEXT,
        seeds=lambda: [_lines("token,latitude,longitude", "c0,48.8,2.3", "c1,-33.8,151.2")],
        read=_read_cells,
    ),
    Reader(name="hash-notes", form=Form.JSON, seeds=_notes, read=_read_notes),
)
