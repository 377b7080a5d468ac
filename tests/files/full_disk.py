"""A small disk of its own, which can be filled."""

import errno
import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, *, size_kib: int) -> Iterator[Path]:
    """Mount a memory disk; skips where this user may not."""
    at.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(at)], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("this system has no mount")
    if mounted.returncode:
        pytest.skip(f"no memory disk may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def fill(disk: Path) -> Path:
    """Take all space that is left; return the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        _write_for_ever(file)
    return filler


def _write_for_ever(file: io.FileIO) -> None:
    while True:
        file.write(bytes(4096))
