"""Programs of users' own that nights were measured by, kept by their SHA-256: a later night compares with them.

A file that `[program] binary` names is built anew, often every day, at the same place. They are none of the library's:
what is kept there is chosen for devices, and these are started only where a plan names their hash.
"""

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Final

from mbench.core.numbers.limits import MOST_PROGRAM_BYTES
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.locks import locked
from mbench.files.regular import read_regular
from mbench.files.whole import write_whole
from mbench.workflows.home import home

OWN_PROGRAM: Final = "benchmark_model"

PROGRAM_DAYS: Final = 30
"""How long one that no night has used is kept: twice the fortnight that a suspect's file of before is looked for."""

BRING_S: Final = 1800.0
"""Longest wait for another process that writes there."""


def programs_folder() -> Path:
    """Return where they lie, each in a folder that is called by its SHA-256."""
    return home() / "farm" / "programs"


def own_program_file(sha256: str) -> Path | None:
    """Return the file of a program that is kept, verified; None where it is not there whole."""
    path = programs_folder() / sha256 / OWN_PROGRAM
    try:
        return path if hash_file(path, limit_bytes=MOST_PROGRAM_BYTES) == sha256 else None
    except OSError:
        return None


def keep_own_program(source: Path, sha256: str) -> bool:
    """Keep a program as it was measured with, or for longer where it is there; whether it is.

    It is not where the file is another one by now.

    Raises:
        DiskError: the folder cannot be written.
    """
    folder = programs_folder()
    with locked(folder / ".bringing.lock", wait_s=BRING_S), disk_errors("keep a program in", folder):
        if own_program_file(sha256) is None:
            try:
                data = read_regular(source, limit_bytes=MOST_PROGRAM_BYTES)
            except OSError:
                return False
            if hashlib.sha256(data).hexdigest() != sha256:
                return False
            write_program(sha256, data)
        use_own_program(sha256)
        remove_unused()
    return True


def write_program(sha256: str, data: bytes) -> Path:
    """Write a program's file, whole or not at all; whoever calls this holds the folder's lock."""
    path = programs_folder() / sha256 / OWN_PROGRAM
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data, fsync=True)
    return path


def use_own_program(sha256: str) -> None:
    """Say that a program is used now: it is kept for as long again."""
    os.utime(programs_folder() / sha256 / OWN_PROGRAM)


def remove_unused() -> None:
    """Remove programs that nothing has used for long: one that is built every night would fill the disk."""
    for path in programs_folder().glob(f"*/{OWN_PROGRAM}"):
        if path.stat().st_mtime < time.time() - PROGRAM_DAYS * 86_400:
            shutil.rmtree(path.parent, ignore_errors=True)
