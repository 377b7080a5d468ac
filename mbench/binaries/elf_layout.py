"""How the structures of 32-bit and 64-bit ELF files are laid out: System V ABI (gABI), chapters 4 and 5; `elf(5)`."""

import struct
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Structures of one ELF class; `segment` says where in a program header offset, size and alignment stand."""

    bits: Literal[32, 64]
    header: struct.Struct
    program: struct.Struct
    segment: tuple[int, int, int]
    section_header: struct.Struct
    dynamic: struct.Struct


LAYOUTS: Final = {
    1: Layout(
        bits=32,
        header=struct.Struct("<HHIIIIIHHHHHH"),
        program=struct.Struct("<IIIIIIII"),
        segment=(1, 4, 7),
        section_header=struct.Struct("<IIIIIIIIII"),
        dynamic=struct.Struct("<II"),
    ),
    2: Layout(
        bits=64,
        header=struct.Struct("<HHIQQQIHHHHHH"),
        program=struct.Struct("<IIQQQQQQ"),
        segment=(2, 5, 7),
        section_header=struct.Struct("<IIQQQQIIQQ"),
        dynamic=struct.Struct("<QQ"),
    ),
}
"""By the class byte of the identification. All little-endian, without the 16 bytes of identification."""
