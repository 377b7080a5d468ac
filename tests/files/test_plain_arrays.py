"""Users' `.npz` files are plain arrays, or one line."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mbench.core.errors import ArtifactError
from mbench.files import plain_arrays
from mbench.files.plain_arrays import read_plain_arrays


def packed(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def test_arrays_are_read_by_name_from_a_path_and_from_memory(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.npz", x=np.arange(6).reshape(2, 3), y=np.zeros(2))
    for file in (path, io.BytesIO(path.read_bytes())):
        found = read_plain_arrays(file, source="a.npz")
        assert {name: array.shape for name, array in found.items()} == {"x": (2, 3), "y": (2,)}


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.npz", x=np.zeros((1, 4096), np.uint8))
    with zipfile.ZipFile(path) as file:
        (size,) = (entry.file_size for entry in file.infolist())
    monkeypatch.setattr(plain_arrays, "MOST_UNPACKED_BYTES", size)
    assert read_plain_arrays(path, source="a.npz")["x"].size == 4096
    monkeypatch.setattr(plain_arrays, "MOST_UNPACKED_BYTES", size - 1)
    with pytest.raises(ArtifactError, match=r"^a\.npz unpacks to 0\.0 GiB, more than 0; give fewer examples\.$"):
        read_plain_arrays(path, source="a.npz")


def test_rows_must_be_as_many_and_objects_are_never_unpickled(tmp_path: Path) -> None:
    uneven = packed(tmp_path / "uneven.npz", x=np.zeros(2), y=np.zeros(3))
    with pytest.raises(ArtifactError, match=re.escape("one row an example, and x has 2, y has 3.")):
        read_plain_arrays(uneven, source="it")
    objects = packed(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    with pytest.raises(ArtifactError, match=r"^it is not a \.npz file of plain arrays: Object arrays"):
        read_plain_arrays(objects, source="it")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_what_is_no_such_file_is_one_line(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(ArtifactError, match=r"^it is not a \.npz file of plain arrays: .*\.$"):
        read_plain_arrays(tmp_path / "a.npz", source="it")
