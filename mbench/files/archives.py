"""Opens zip archives that somebody else packed: what a member unpacks to is known, and bounded, before it is unpacked.

zipfile believes a directory of any length, unpacks bzip2 and lzma without a bound, and lets the last of two members of
one name win. What is refused is a `ValueError` that says why.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MOST_MEMBERS: Final = 100_000
"""Of an archive: half a gigabyte of what zipfile keeps of them."""

_ENTRY: Final = b"PK\x01\x02"
"""What each member's line of the directory begins with (PKWARE, APPNOTE.TXT, 4.3.12)."""

_ENCRYPTED: Final = 1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, OverflowError)
"""What zipfile lets through besides `ValueError`; a method or version that it does not know is a `RuntimeError`."""


def is_archive(data: bytes) -> bool:
    """Whether bytes end like a zip archive, or begin like one."""
    return data.startswith(b"PK\x03\x04") or zipfile.is_zipfile(io.BytesIO(data))


class Archive:
    """The members of a zip archive.

    Args:
        data: all bytes of the archive.

    Raises:
        ValueError: no archive, damaged, with too many members, with two of one name, encrypted, or packed by a method
            that unpacks without a bound.
    """

    def __init__(self, data: bytes) -> None:
        if data.count(_ENTRY) > MOST_MEMBERS:
            raise ValueError(f"it has more than {MOST_MEMBERS} members")
        with _damage_is_value_error():
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._archive.infolist():
            if member.filename in self._members:
                raise ValueError(f"it holds {member.filename} twice")
            self._members[member.filename] = member

    @property
    def names(self) -> tuple[str, ...]:
        """Of all members, in the archive's order."""
        return tuple(self._members)

    def size(self, name: str) -> int:
        """Return how many bytes a member says that it unpacks to; more are never unpacked."""
        return self._members[name].file_size

    def checksum(self, name: str) -> str:
        """Return what the archive says of a member's content: size and CRC-32; of damage it says nothing."""
        return f"{self.size(name)}-{self._members[name].CRC:08x}"

    def read(self, name: str, *, limit_bytes: int) -> bytes:
        """Return a member's bytes.

        Raises:
            ValueError: it unpacks to more than the limit, or cannot be unpacked.
        """
        if self.size(name) > limit_bytes:
            raise ValueError(f"{name} unpacks to {self.size(name)} bytes, and at most {limit_bytes} are read")
        data = self.head(name, size=self.size(name))
        if len(data) != self.size(name):
            raise ValueError(f"{name} has {len(data)} bytes and says {self.size(name)}")
        return data

    def head(self, name: str, *, size: int) -> bytes:
        """Return the first bytes of a member; all of them where it has fewer.

        Raises:
            ValueError: it cannot be unpacked.
        """
        member = self._members[name]
        if member.flag_bits & _ENCRYPTED:
            raise ValueError(f"{name} is encrypted")
        if member.compress_type not in _METHODS:
            raise ValueError(f"{name} is packed by method {member.compress_type}, neither stored nor deflated")
        with _damage_is_value_error(), self._archive.open(member) as stream:
            return stream.read(size)


@contextmanager
def _damage_is_value_error() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ValueError(str(error) or "it is damaged") from error
