"""Room for prepared pictures: arrays that nobody uses go, the one that was not used for longest first.

A process holds each array that it was given until it ends (`mbench.files.in_use`), because it hands the path on to
workers, to trainings and to builds. An array's `.lock`, which is held while it is made or looked up, is tried as well,
and never waited for.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.core.errors import DiskError, LockHeld
from mbench.files import in_use
from mbench.files.locks import locked
from mbench.files.whole import WRITING

_LOG = logging.getLogger(__name__)

LIMIT_BYTES: Final = 20 << 30
"""Of all arrays together: ImageNet's 50 000 validation pictures at 224, 192, 160 and 128 pixels take 19.3 GB."""

SPARE_BYTES: Final = 64 << 20
"""Room that is left on the disk for others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptArray:
    """One array with its record: `path` is the `.npy`, whether it is there or not."""

    path: Path
    size_bytes: int
    used_ns: int


def hold(path: Path) -> None:
    """Keep an array from being removed for as long as this process lives, and note that it was used now.

    To be called while its `.lock` is held.
    """
    in_use.hold(path.parent, path.name)
    with suppress(PermissionError):  # somebody else's: it counts as used when it was made
        os.utime(path.with_suffix(".json"))


def make_room(path: Path, needed_bytes: int, *, limit_bytes: int = LIMIT_BYTES) -> int:
    """Remove unused arrays until another one fits below the limit and on the disk; return the bytes that are free then.

    Where it would not fit on the disk without all others either, none is removed.

    Args:
        path: of the array that is to come; it stays whatever its age.
        needed_bytes: that it takes.
        limit_bytes: of all arrays of the folder together, this one included.
    """
    others = [kept for kept in kept_arrays(path.parent) if kept.path != path]
    total = needed_bytes + sum(kept.size_bytes for kept in others)
    free = shutil.disk_usage(path.parent).free
    if needed_bytes + SPARE_BYTES > free + sum(kept.size_bytes for kept in others):
        return free
    for kept in sorted(others, key=lambda one: one.used_ns):
        if total <= limit_bytes and needed_bytes + SPARE_BYTES <= free:
            break
        if remove_unused(kept):
            _LOG.info("removed %s (%d MiB), not used for longest, to make room", kept.path, kept.size_bytes >> 20)
            total -= kept.size_bytes
            free = shutil.disk_usage(path.parent).free
    return free


def kept_bytes(folder: Path) -> int:
    """Return what the arrays of a folder take, half-made ones included; a folder that is not there holds none."""
    return sum(kept.size_bytes for kept in kept_arrays(folder))


def kept_arrays(folder: Path) -> Iterator[KeptArray]:
    """Yield what a folder keeps under each key: files that vanish meanwhile are somebody else's to count."""
    files: dict[str, list[os.stat_result]] = {}
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            if not entry.name.endswith(".lock") and not entry.name.startswith(WRITING):
                with suppress(FileNotFoundError):
                    files.setdefault(entry.name.partition(".")[0], []).append(entry.stat())
    for key, found in files.items():
        yield KeptArray(
            path=folder / f"{key}.npy",
            size_bytes=sum(status.st_size for status in found),
            used_ns=max(status.st_mtime_ns for status in found),
        )


def remove_unused(kept: KeptArray) -> bool:
    """Remove an array if nobody makes or uses it, and say so; its empty `.lock` stays: others may be waiting for it."""
    try:
        with locked(kept.path.with_suffix(".lock")), in_use.unused(kept.path.parent, kept.path.name):
            for suffix in (".json", ".npy", ".part", ".json.part"):
                kept.path.with_suffix(suffix).unlink(missing_ok=True)
    except (LockHeld, OSError, DiskError):  # somebody makes it, uses it, or owns it
        return False
    return True
