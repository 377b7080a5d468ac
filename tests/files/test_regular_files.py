"""Files of other people: what is not a regular file is named and neither waited for nor read without end."""

import os
import socket
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from mbench.files.hashes import hash_file
from mbench.files.regular import format_limit, has_other_names, open_regular, read_regular


def make_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def make_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
    return folder / "socket"


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_fifo, r"a pipe \(FIFO\)"),
        (make_socket, "a socket"),
        (lambda folder: folder, "a folder"),
        (lambda _: Path("/dev/zero"), "a character device"),
    ],
)
@pytest.mark.parametrize("reader", [partial(read_regular, limit_bytes=10), partial(hash_file, limit_bytes=10)])
def test_what_is_not_a_regular_file_is_named(
    make: Callable[[Path], Path], kind: str, reader: Callable[[Path], object], tmp_path: Path
) -> None:
    with pytest.raises(OSError, match=f"it is {kind}, not a regular file") as caught:
        reader(make(tmp_path))
    assert caught.value.strerror is not None


def test_a_link_to_a_pipe_is_a_pipe_and_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "pipe").symlink_to(make_fifo(tmp_path))
    (tmp_path / "real").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert read_regular(tmp_path / "link", limit_bytes=5) == b"bytes"
    with pytest.raises(OSError, match="a pipe"):
        read_regular(tmp_path / "pipe", limit_bytes=5)


def test_a_file_is_read_up_to_its_limit_and_refused_a_byte_later(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1024)
    assert len(read_regular(path, limit_bytes=1024)) == 1024
    with pytest.raises(OSError, match="it has 1024 bytes, and at most 1023 bytes are read"):
        read_regular(path, limit_bytes=1023)
    with open_regular(path, limit_bytes=None) as stream:
        assert stream.read() == b"x" * 1024


def test_a_file_that_hides_its_size_is_bounded_as_it_is_read() -> None:
    hidden = Path("/proc/self/status")
    assert hidden.stat().st_size == 0
    with pytest.raises(OSError, match="it has more, and at most 100 bytes are read"):
        read_regular(hidden, limit_bytes=100)


def test_a_sparse_file_of_a_terabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match="it has 1099511627776 bytes, and at most 64 MiB are read"):
        read_regular(path, limit_bytes=64 << 20)
    with pytest.raises(OSError, match="it has 1099511627776 bytes, and at most 64 MiB are read"):
        hash_file(path, limit_bytes=64 << 20)


def test_a_file_is_hashed_up_to_its_limit_and_refused_a_byte_later(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1024)
    assert hash_file(path, limit_bytes=1024) == sha256(b"x" * 1024).hexdigest()
    with pytest.raises(OSError, match="at most 1023 bytes are read"):
        hash_file(path, limit_bytes=1023)


def test_only_a_regular_file_of_several_names_has_other_names(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert not has_other_names(path)
    path.write_bytes(b"x")
    (tmp_path / "link").symlink_to(path)
    assert not any(map(has_other_names, (path, tmp_path / "link", tmp_path)))
    (tmp_path / "other").hardlink_to(path)
    assert has_other_names(path)
    assert has_other_names(tmp_path / "other")
    assert not has_other_names(tmp_path / "link")


def test_no_descriptor_is_left_open_by_a_refusal(tmp_path: Path) -> None:
    fifo = make_fifo(tmp_path)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a Path would hold one itself
    for _ in range(20):
        with pytest.raises(OSError, match="pipe"):
            open_regular(fifo, limit_bytes=None)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(("size", "text"), [(1 << 30, "1 GiB"), (3 << 20, "3 MiB"), (1023, "1023 bytes")])
def test_limits_are_said_in_whole_units(size: int, text: str) -> None:
    assert format_limit(size) == text
