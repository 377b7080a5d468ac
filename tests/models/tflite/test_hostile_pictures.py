"""Pictures to calibrate with, teachers and their outputs, of other people."""

import io
import os
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.models.tflite.calibration import MOST_PIXELS, choose_images, describe_folder, read_image
from mbench.models.training.teachers import KerasTeacher, StoredTeacher, teacher_outputs, write_outputs
from mbench.models.training.teaching import lesson_of
from mbench.models.weights.weight_groups import check_contained

PICTURES = np.zeros((3, 32, 32, 3), np.uint8)
FACTS = DatasetFacts(
    name="digits", task=Task.CLASSIFICATION, split=Split.TRAIN, sha256="a" * 64, examples=3, classes=10
)


def png(width: int, height: int, *more: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in (header, *more, (b"IEND", b"")))


def test_a_pipe_among_pictures_is_named_and_not_waited_for(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "b.png")
    (tmp_path / "c.png").mkdir()
    (tmp_path / "d.png").symlink_to("/nowhere")
    assert [path.name for path in choose_images(tmp_path, 9)] == ["a.png", "b.png"]
    with pytest.raises(UsageError, match=r"b\.png cannot be read: it is a pipe"):
        describe_folder(tmp_path)
    with pytest.raises(UsageError, match=r"b\.png cannot be read: it is a pipe"):
        read_image(tmp_path / "b.png", 32)


@pytest.mark.parametrize("side", [MOST_PIXELS // 8192 + 1, 20_000, 100_000])
def test_a_picture_of_more_pixels_than_are_decoded_is_refused(side: int, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(side, 8192, (b"IDAT", zlib.compress(bytes(100)))))
    with pytest.raises(UsageError, match=r"x\.png cannot be read as a picture: [^\n]+\.$"):
        read_image(tmp_path / "x.png", 32)


def test_a_picture_is_never_given_to_another_program(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n%%EOF\n")
    with pytest.raises(UsageError, match=r"x\.png cannot be read as a picture: cannot identify image file"):
        read_image(tmp_path / "x.png", 32)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "PPM"])
def test_every_cut_of_a_picture_is_read_or_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)).save(stream, kind)
    whole, path = stream.getvalue(), tmp_path / "x.png"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with suppress(UsageError):
            assert read_image(path, 32).shape == (32, 32, 3)


def keras(path: Path, **files: bytes) -> KerasTeacher:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return KerasTeacher(path=path)


def groups(change: Any) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/dense/vars/0"] = np.zeros(3)
        change(file)
    return stream.getvalue()


def outward(file: h5py.File) -> None:
    file["layers/dense/vars/1"] = h5py.ExternalLink("/dev/zero", "/x")


def elsewhere(file: h5py.File) -> None:
    file["layers/dense/vars"].create_dataset("1", (8,), "u1", external=[("/etc/hostname", 0, 8)])


def packed(file: h5py.File) -> None:
    file["layers/dense/vars"].create_dataset("1", (1 << 30,), "u1", compression="gzip", chunks=(1 << 20,))


def circle(file: h5py.File) -> None:
    file["layers/dense/again"] = file["layers"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (outward, "layers/dense/vars/1 is a link to another place or file"),
        (elsewhere, "layers/dense/vars/1 lies in another file"),
        (packed, "layers/dense/vars/1 is packed"),
    ],
)
def test_a_teacher_whose_weights_lead_out_of_it_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    teacher = keras(tmp_path / "x.keras", config__json=b"{}", model__weights__h5=groups(change))
    with zipfile.ZipFile(teacher.path) as archive:
        assert archive.namelist() == ["config.json", "model.weights.h5"]
    with pytest.raises(UsageError, match=rf"x\.keras is no \.keras file: {message}"):
        teacher_outputs(teacher, PICTURES)


def test_groups_in_a_circle_are_walked_once() -> None:
    check_contained(groups(circle))


def test_a_teacher_that_is_a_pipe_or_none_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.keras")
    teacher = KerasTeacher(path=tmp_path / "x.keras")
    with pytest.raises(UsageError, match=r"x\.keras is no \.keras file, or not there: it is a pipe"):
        teacher_outputs(teacher, PICTURES)
    with pytest.raises(UsageError, match=r"x\.keras cannot be read: it is a pipe"):
        lesson_of(teacher, Task.CLASSIFICATION, temperature=1.0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"\x93NUMPY\x01\x00\x10\x00" + b"(" * 16,
        b"\x93NUMPY\x01\x00\x47\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 10), }\n",
        b"PK\x05\x06" + bytes(18),
    ],
)
def test_stored_outputs_that_are_no_array_are_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    write_outputs(np.zeros((3, 10), np.float32), path, FACTS)
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"^stored outputs [^\n]+x\.npy are [^\n]+\.$"):
        teacher_outputs(StoredTeacher(path=path, dataset=FACTS), PICTURES)


@pytest.mark.parametrize("name", ["x.npy", "x.npy.json"])
def test_stored_outputs_that_are_pipes_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    write_outputs(np.zeros((3, 10), np.float32), path, FACTS)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match="it is a pipe"):
        teacher_outputs(StoredTeacher(path=path, dataset=FACTS), PICTURES)
