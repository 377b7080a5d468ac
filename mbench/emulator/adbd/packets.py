"""adb's packets: a header of 24 bytes and a payload (AOSP packages/modules/adb, protocol.txt).

A header is six little-endian words: command, arg0, arg1, payload length, payload checksum, command ^ 0xffffffff.
"""

import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct("<6I")

MAX_PAYLOAD: Final = 1 << 20
VERSION_SKIP_CHECKSUM: Final = 0x01000001
"""From this version on, on both sides, the checksum is 0 and not looked at."""

AUTH_TOKEN: Final = 1
AUTH_SIGNATURE: Final = 2
AUTH_RSA_PUBLIC_KEY: Final = 3


def _word(name: bytes) -> int:
    return int.from_bytes(name, "little")


CNXN: Final = _word(b"CNXN")
AUTH: Final = _word(b"AUTH")
OPEN: Final = _word(b"OPEN")
OKAY: Final = _word(b"OKAY")
WRTE: Final = _word(b"WRTE")
CLSE: Final = _word(b"CLSE")


class BadPacket(Exception):
    """What came is no adb packet."""


@dataclass(frozen=True, slots=True)
class Header:
    """A packet's header without its guards."""

    command: int
    arg0: int
    arg1: int
    length: int


def format_packet(command: int, arg0: int, arg1: int, payload: bytes = b"", *, checksum: bool = False) -> bytes:
    """Return the bytes of a packet."""
    total = sum(payload) & 0xFFFFFFFF if checksum else 0
    return HEADER.pack(command, arg0, arg1, len(payload), total, command ^ 0xFFFFFFFF) + payload


def parse_header(data: bytes) -> Header:
    """Return the header that 24 bytes hold.

    Raises:
        BadPacket: the guard does not match, or the payload would be too long.
    """
    command, arg0, arg1, length, _, guard = HEADER.unpack(data)
    if command ^ 0xFFFFFFFF != guard:
        raise BadPacket(f"no adb packet: command {command:#010x}, guard {guard:#010x}")
    if length > MAX_PAYLOAD:
        raise BadPacket(f"a payload of {length} bytes is longer than {MAX_PAYLOAD}")
    return Header(command, arg0, arg1, length)
