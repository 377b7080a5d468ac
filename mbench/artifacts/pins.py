"""Pins: artifacts that are not pruned although nobody uses them now, each with the reason.

    CACHE/pins/<owner>.json     one owner's, such as a project's; replaced as a whole

The files of a level that is compared with must outlive a cache quota: without them nobody can measure them again.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from mbench.core.errors import ArtifactError
from mbench.core.numbers.bounds import FILE_NAME, Sha256
from mbench.core.workloads import Document
from mbench.files.disk import disk_errors
from mbench.files.whole import write_whole

LONGEST_REASON: Final = 500


class PinFile(Document):
    """What one owner keeps: reasons by SHA-256.

    Format history:
        1   mbench 0.2: first format.
    """

    format_version: Literal[1] = 1
    pins: dict[Sha256, str] = Field(max_length=1_000_000)


def write_pins(cache: Path, owner: str, reasons: Mapping[str, str]) -> None:
    """Replace what an owner pins.

    Raises:
        ArtifactError: the owner's name or a SHA-256 is not one.
        DiskError: the folder cannot be written.
    """
    if not re.fullmatch(FILE_NAME, owner):
        raise ArtifactError(f"{owner!r} cannot own pins: it names no file.")
    try:
        pins = PinFile(pins={sha256: reason[:LONGEST_REASON] for sha256, reason in reasons.items()})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ArtifactError(f"{owner} cannot pin {first['loc'][1]}: {first['msg']}.") from error
    path = _folder(cache) / f"{owner}.json"
    with disk_errors("write the pins of the artifact cache", path):
        write_whole(path, pins.model_dump_json(indent=1).encode(), fsync=True)


def pins_of(cache: Path, owner: str) -> dict[str, str]:
    """Return what one owner pins, with its reasons by SHA-256; nothing where it pins nothing.

    Raises:
        ArtifactError: its file of pins is damaged.
        DiskError: it cannot be read.
    """
    path = _folder(cache) / f"{owner}.json"
    with disk_errors("read the pins of the artifact cache", path):
        return _read(path) if path.exists() else {}


def pins_in(cache: Path) -> dict[str, str]:
    """Return why artifacts are pinned, by SHA-256; of several owners the first in alphabetical order says it.

    Raises:
        ArtifactError: a file of pins cannot be read: nothing may be pruned as long as nobody knows what is pinned.
        DiskError: the folder cannot be read.
    """
    found: dict[str, str] = {}
    folder = _folder(cache)
    with disk_errors("read the pins of the artifact cache", folder):
        for path in sorted(folder.glob("[!.]*.json")):
            pins = _read(path)
            found = {sha256: f"{path.stem}: {reason}" for sha256, reason in pins.items()} | found
    return found


def _read(path: Path) -> dict[str, str]:
    try:
        return PinFile.model_validate_json(path.read_bytes()).pins
    except ValidationError as error:
        raise ArtifactError(
            f"{path}: damaged ({error.error_count()} errors); restore it, or remove it so that what it pins "
            "may be pruned."
        ) from error


def _folder(cache: Path) -> Path:
    return cache / "pins"
