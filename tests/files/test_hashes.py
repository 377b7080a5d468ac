"""SHA-256 of files: of every size, in pieces, of links to files, and of nothing that is not one."""

import hashlib
import tracemalloc
from pathlib import Path

import pytest

from mbench.files.hashes import hash_file
from mbench.files.regular import MIB


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 3 * MIB])
def test_the_hash_is_that_of_all_bytes(size: int, tmp_path: Path) -> None:
    data = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(data)

    assert hash_file(tmp_path / "file", limit_bytes=None) == hashlib.sha256(data).hexdigest()


def test_a_large_file_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(64 * MIB)
    tracemalloc.start()
    try:
        found = hash_file(tmp_path / "sparse", limit_bytes=None)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == hashlib.sha256(bytes(64 * MIB)).hexdigest()
    assert most < 2 * MIB


def test_a_link_has_the_hash_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("file")

    assert hash_file(tmp_path / "link", limit_bytes=None) == hashlib.sha256(b"bytes").hexdigest()


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hash_file(tmp_path / "none", limit_bytes=None)
