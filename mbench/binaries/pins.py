"""Which bytes an address gave when it was first fetched: `latest` moves, a measurement's binary must not.

binaries.lock.json    {"format_version": 1, "pins": {"https://…/benchmark_model": {"sha256": "…", …}}}
"""

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from mbench.binaries.library import BUSY_S
from mbench.core.errors import ArtifactError
from mbench.core.workloads import Document
from mbench.files.answers import Validators
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.whole import write_whole

FILE_NAME: Final = "binaries.lock.json"


class Pin(Document):
    """What an address gave.

    Attributes:
        pinned_at: when these bytes were first seen there.
        validators: the server's, so that an unchanged file need not be sent again.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=1)
    pinned_at: AwareDatetime
    validators: Validators = Validators()


class Pins(Document):
    """All addresses that were ever fetched.

    Format history:
        1   first format.
    """

    format_version: Literal[1] = 1
    pins: dict[str, Pin] = Field(default_factory=dict)


def read_pins(folder: Path) -> Pins:
    """Return the pins of a library's folder; none where nothing was fetched yet.

    Raises:
        ArtifactError: the file is damaged: without it nothing could be compared.
        DiskError: it cannot be read.
    """
    path = folder / FILE_NAME
    try:
        with disk_errors("read the pins in", folder):
            return Pins.model_validate_json(path.read_bytes()) if path.exists() else Pins()
    except ValidationError as error:
        raise ArtifactError(
            f"{path} cannot be read ({error.error_count()} errors), so a changed binary would go unseen; "
            "mend it, or delete it to pin anew what is fetched next."
        ) from None


def write_pin(folder: Path, url: str, *, sha256: str, size_bytes: int, validators: Validators, now: datetime) -> Pin:
    """Pin what an address gave, in the place of what it gave before; the same bytes keep their first date.

    Raises:
        ArtifactError: the file is damaged.
        DiskError: it cannot be read or written.
    """
    with disk_errors("write the pins in", folder), locked(folder / "locks" / "pins.lock", wait_s=BUSY_S):
        pins = read_pins(folder).pins
        before = pins.get(url)
        seen = before.pinned_at if before is not None and before.sha256 == sha256 else now
        pin = Pin(sha256=sha256, size_bytes=size_bytes, pinned_at=seen, validators=validators)
        document = Pins(pins={**pins, url: pin})
        write_whole(folder / FILE_NAME, document.model_dump_json(indent=1).encode() + b"\n", fsync=True)
    return pin
