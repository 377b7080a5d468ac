"""What is known of a kept binary."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import AwareDatetime, Field

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.core.workloads import Document

Abi = Literal["arm64-v8a", "armeabi-v7a", "x86_64", "x86"]
"""Android's names; used for Linux programs of the same processor too."""

System = Literal["android", "linux"]
"""Whose C library a program was linked with: neither's programs start on the other."""

Flavour = Literal["tflite", "litert"]
"""Which of the two programs called benchmark_model: `//tflite/tools/benchmark` or `//litert/tools`."""

ABIS: Final[tuple[Abi, ...]] = get_args(Abi)

_SHA256: Final = r"^[0-9a-f]{64}$"


class Companion(Document):
    """A file that belongs beside a binary on the device, such as an accelerator library."""

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
    sha256: str = Field(pattern=_SHA256)
    size_bytes: int = Field(ge=1)


class BinaryRecord(Document):
    """One kept binary.

    Format history:
        1   first format.

    Attributes:
        system: None where the file does not say (a static program).
        flavour: None where nobody has said; its help text tells.
        source: path or URL that it came from.
        version: label of the release, such as `latest` or `2.2.0`; None where nobody has said.
        added_at: when it was last added or fetched.
        build_id: GNU build id in hexadecimal; None where the file has none.
    """

    format_version: Literal[1] = 1
    sha256: str = Field(pattern=_SHA256)
    size_bytes: int = Field(ge=1)
    abi: Abi
    system: System | None
    flavour: Flavour | None
    source: str
    version: str | None
    added_at: AwareDatetime
    build_id: str | None
    companions: tuple[Companion, ...] = ()

    @property
    def files(self) -> frozenset[str]:
        """SHA-256 of every file that this record stands on."""
        return frozenset({self.sha256, *(companion.sha256 for companion in self.companions)})

    def with_what_is_known(self, older: "BinaryRecord | None") -> "BinaryRecord":
        """Return this record, with what only an older one of the same bytes knows.

        Raises:
            UsageError: they tell different flavours; one file has one.
        """
        if older is None:
            return self
        if None not in (older.flavour, self.flavour) and older.flavour != self.flavour:
            raise UsageError(
                f"{self.source} is kept as flavour {older.flavour} ({older.sha256[:12]}), it cannot be {self.flavour} "
                "too; remove it first if that was wrong."
            )
        beside = {companion.name: companion for companion in (*older.companions, *self.companions)}
        known = {
            "flavour": self.flavour or older.flavour,
            "version": self.version or older.version,
            "companions": tuple(beside.values()),
        }
        return self.model_copy(update=known)


FindingKind = Literal["missing", "damaged", "unreadable", "stray"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with one file of the library.

    Attributes:
        kind: a file is gone or has changed, a record cannot be read, or a file belongs to no record.
        message: one line for people, with what to do.
    """

    kind: FindingKind
    path: Path
    message: str


def parse_abi(text: str) -> Abi:
    """Return the ABI that a user or a device named.

    Raises:
        UsageError: unknown.
    """
    for abi in ABIS:
        if abi == text:
            return abi
    raise UsageError(f"unknown ABI {text!r}.{did_you_mean(text, ABIS)}")
