"""MATLAB files as scipy writes them are read, and those that are made to exhaust a reader are refused."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from mbench.accuracy.datasets.mat import MOST_LEVELS, read_mat
from mbench.core.errors import DatasetError


def cells(*values: Any) -> np.ndarray:
    found = np.empty((len(values), 1), object)
    found[:, 0] = values
    return found


def saved(path: Path, variables: dict[str, Any], *, packed: bool = True) -> Path:
    savemat(path, variables, do_compression=packed)
    return path


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(kind: int, sides: tuple[int, int], *parts: bytes, name: bytes = b"") -> bytes:
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack("<ii", *sides)) + element(1, name)
    return element(14, head + b"".join(parts))


def level_5(path: Path, *elements: bytes) -> Path:
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + b"".join(elements))
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_cells_of_texts_are_read_in_order_whatever_else_the_file_holds(packed: bool, tmp_path: Path) -> None:
    names = [f"n0208562{index}-Breed/{'x' * index}.jpg" for index in range(40)]
    variables = {"labels": np.ones((40, 1)), "file_list": cells(*names), "z": {"a": 1}}
    assert read_mat(saved(tmp_path / "x.mat", variables, packed=packed), "file_list") == tuple(names)


@pytest.mark.parametrize("packed", [False, True])
def test_structures_are_mappings_of_their_fields(packed: bool, tmp_path: Path) -> None:
    records = np.zeros((2, 1), [("id", "O"), ("name", "O"), ("big", "O")])
    records[0, 0] = (np.array([[1]]), "one", np.array([[0.5, -2.0]]))
    records[1, 0] = (np.array([[300]]), "zwei und dreißig", np.array([[1]], np.uint8))
    path = saved(tmp_path / "x.mat", {"s": records}, packed=packed)
    assert read_mat(path, "s") == (
        {"id": (1,), "name": "one", "big": (0.5, -2.0)},
        {"id": (300,), "name": "zwei und dreißig", "big": (1,)},
    )


@pytest.mark.parametrize("value", ["a text", np.array(["several", "lines"])])
def test_texts_have_one_line_or_several(value: Any, tmp_path: Path) -> None:
    found = read_mat(saved(tmp_path / "x.mat", {"t": value}), "t")
    assert found == "a text" or [line.strip() for line in found] == ["several", "lines"]


def test_a_variable_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_mat(saved(tmp_path / "x.mat", {"x": 1}), "y") is None


def test_four_megabytes_that_unpack_to_four_gigabytes_are_refused(tmp_path: Path) -> None:
    stream, packed = zlib.compressobj(9), BytesIO()
    head = struct.pack("<II", 14, 0xFFFFFFF0)
    packed.write(stream.compress(head))
    for _ in range(80):
        packed.write(stream.compress(bytes(1 << 20)))
    packed.write(stream.flush())
    path = level_5(tmp_path / "x.mat", element(15, packed.getvalue()))
    with pytest.raises(DatasetError, match=r"x\.mat could not be read .*unpacks to more than 64 MiB"):
        read_mat(path, "x")


def test_cells_in_cells_do_not_end_the_process(tmp_path: Path) -> None:
    nested = matrix(6, (1, 1), element(9, struct.pack("<d", 1.0)))
    for _ in range(20_000):
        nested = matrix(1, (1, 1), nested) if len(nested) < 1 << 16 else nested
    with pytest.raises(DatasetError, match=f"cells lie in cells more than {MOST_LEVELS} deep"):
        read_mat(level_5(tmp_path / "x.mat", matrix(1, (1, 1), nested, name=b"x")), "x")


@pytest.mark.parametrize(
    "variable",
    [
        matrix(1, (2**31 - 1, 2**31 - 1), name=b"x"),
        matrix(1, (-1, -1), name=b"x"),
        matrix(2, (2**31 - 1, 2), element(5, struct.pack("<i", 8)), element(1, b"a".ljust(8)), name=b"x"),
        matrix(2, (1, 1), element(5, struct.pack("<i", 0)), element(1, b""), name=b"x"),
        matrix(2, (1, 1), element(5, struct.pack("<i", 1)), element(1, b"a" * 5000), name=b"x"),
        matrix(4, (1, 4), element(4, b"\x00\xd8" * 4), name=b"x"),
        matrix(4, (1, 4), element(9, bytes(32)), name=b"x"),
        matrix(6, (1, 1), element(9, b"123"), name=b"x"),
        matrix(5, (1, 1), name=b"x"),
        matrix(3, (1, 1), element(1, b"object"), name=b"x"),
        matrix(1, (1, 1), element(9, bytes(8)), name=b"x"),
        matrix(1, (3, 1), name=b"x")[:-1],
        element(9, bytes(8)),
        element(15, b"not packed"),
        element(15, zlib.compress(matrix(6, (1, 1), element(9, bytes(8)), name=b"x"))[:-8]),
        struct.pack("<II", 14, 0xFFFFFFFF),
        b"abc",
    ],
)
def test_a_file_that_is_not_what_it_says_is_one_line(variable: bytes, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"x\.mat could not be read as a MATLAB file: [^\n]+ Fetch it again\.$"):
        read_mat(level_5(tmp_path / "x.mat", variable), "x")


def test_other_formats_are_refused_by_their_header(tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<H", 0x0200) + b"IM")
    with pytest.raises(DatasetError, match="no header of level 5"):
        read_mat(tmp_path / "x.mat", "x")


def test_every_cut_of_a_file_is_refused_or_lacks_the_variable(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.mat", {"x": cells("a", "bcd")}, packed=False).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut.mat").write_bytes(whole[:length])
        with suppress(DatasetError):
            assert read_mat(tmp_path / "cut.mat", "x") is None
