"""A disk that is full, or may not be written, ends a fetch with one line and leaves the library as it was."""

import os
from pathlib import Path

import pytest
from elf_samples import android_arm64
from fetching_lab import TFLITE, get, parts, refused
from full_disk import fill, small_disk
from storage_server import Item, Storage

from mbench.binaries.library import BinaryLibrary
from mbench.core.errors import DiskError

pytestmark = pytest.mark.usefixtures("no_proxies")


def test_a_full_disk_is_one_line_and_keeps_what_was_there(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=800) as disk:
        library = BinaryLibrary(disk / "binaries")
        get(storage, library)
        fill(disk)
        storage.items[TFLITE] = Item(android_arm64(b"new"), etag='"second"')

        said = refused(storage, library, accept_new=True)

        assert "No space left on device" in said
        assert parts(library) == []


def test_a_disk_that_fills_while_a_download_comes_is_given_back(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=64) as disk:
        library = BinaryLibrary(disk / "binaries")

        assert "could not write the download in" in refused(storage, library)

        assert parts(library) == []


def test_a_disk_that_is_full_after_the_download_keeps_no_download_on_it(storage: Storage, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=200) as disk:  # one copy of the binary, not two
        library = BinaryLibrary(disk / "binaries")

        assert "No space left on device" in refused(storage, library)

        assert parts(library) == []
        assert not (library.folder / "records").exists()


def test_a_folder_that_may_not_be_written_is_one_line(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(
        DiskError, match=r"could not lock .*Not a directory\. A part of that path is a file: move it"
    ) as caught:
        get(storage, BinaryLibrary(tmp_path / "file" / "binaries"))
    assert os.linesep not in str(caught.value)
