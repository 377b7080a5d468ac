"""Reads the headers of an ELF file strictly: whose processor it is for, how it starts, and whether it is whole.

Layout: System V ABI, "Object Files" (the gABI, chapters 4 and 5), and `elf(5)`. Contents are never run or mapped.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from mbench.binaries.contents import MOST_BYTES
from mbench.binaries.elf_layout import LAYOUTS, Layout
from mbench.binaries.records import Abi, System
from mbench.core.errors import ArtifactError, UsageError
from mbench.files.regular import open_regular

ElfType = Literal["EXEC", "DYN"]

_MAGIC: Final = b"\x7fELF"
_IDENT_BYTES: Final = 16
_LITTLE_ENDIAN: Final = 1
_VERSION: Final = 1
_TYPES: Final[dict[int, ElfType]] = {2: "EXEC", 3: "DYN"}

_ABIS: Final[dict[tuple[int, int], tuple[str, Abi]]] = {
    (64, 183): ("AArch64", "arm64-v8a"),
    (32, 40): ("ARM", "armeabi-v7a"),
    (64, 62): ("x86-64", "x86_64"),
    (32, 3): ("80386", "x86"),
}
"""(bits, e_machine): the machine's name and Android's name of the ABI (developer.android.com/ndk/guides/abis)."""

_HEXAGON: Final = (32, 164)
"""Qualcomm's signal processor, which has no ABI of Android's: e_machine QDSP6 (LLVM `BinaryFormat/ELF.h`)."""

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_SHT_NULL, _SHT_NOBITS = 0, 8
_NT_GNU_BUILD_ID: Final = 3
_DT_NULL, _DT_FLAGS_1, _DF_1_PIE = 0, 0x6FFFFFFB, 0x08000000

_PART_LIMIT_BYTES: Final = 1 << 16
"""Interpreter names, notes and dynamic sections are far smaller; more is not read."""

_ANDROID_LINKERS: Final = ("/system/bin/linker", "/apex/com.android.runtime/bin/linker", "/system/bin/bootstrap/linker")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfFacts:
    """What an ELF file's headers say.

    Attributes:
        bits: its class, 32 or 64.
        machine: such as `AArch64`.
        abi: Android's name of it; None where its programs run on no core that Android knows (`Hexagon`).
        elf_type: `DYN` is a shared library as well as a position-independent program.
        interpreter: path of the dynamic linker that starts it, None where it needs none.
        system: whose dynamic linker or note it has, None where nothing says so (a static program).
        is_program: whether it can be started, as a library cannot.
        build_id: GNU build id in hexadecimal, None where it has none.
    """

    bits: Literal[32, 64]
    machine: str
    abi: Abi | None
    elf_type: ElfType
    interpreter: str | None
    system: System | None
    is_program: bool
    build_id: str | None
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    kind: int
    offset: int
    size: int
    align: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The fields of the ELF header that are needed, in bytes and counts."""

    elf_type: int
    machine: int
    version: int
    program_offset: int
    section_offset: int
    size: int
    program_size: int
    programs: int
    section_size: int
    sections: int


class _File:
    """Bytes at offsets, with an error where the file ends before them."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self.name = name
        self.size_bytes = stream.seek(0, 2)

    def read(self, offset: int, size: int) -> bytes:
        self.need(offset + size)
        self._stream.seek(offset)
        data = self._stream.read(size)
        if len(data) != size:
            raise ArtifactError(f"{self.name} became shorter while it was read; try again when nobody writes it.")
        return data

    def need(self, end: int) -> None:
        if end > self.size_bytes:
            raise ArtifactError(
                f"{self.name} was cut short: it has {self.size_bytes} bytes, its ELF headers describe at least {end}. "
                "Fetch or copy it again."
            )

    def refuse(self, why: str) -> ArtifactError:
        return ArtifactError(f"{self.name} {why}; a benchmark_model for a device is needed.")


def read_elf(path: Path, *, name: str | None = None) -> ElfFacts:
    """Return what the file's headers say; see `parse_elf`.

    Args:
        path: the file.
        name: what messages call it; None means its path.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ArtifactError: it is no whole ELF file of an Android ABI.
    """
    try:
        with open_regular(path, limit_bytes=MOST_BYTES) as stream:
            return parse_elf(stream, name=name or str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}. Name a benchmark_model file.") from error


def is_for_hexagon(path: Path) -> bool:
    """Whether a file is for Qualcomm's signal processor, as `libQnnHtpV73Skel.so` is.

    Raises:
        UsageError: there is no such file, or it cannot be read.
        ArtifactError: it is no whole ELF file of a phone's.
    """
    return read_elf(path).machine == "Hexagon"


def parse_elf(stream: BinaryIO, *, name: str) -> ElfFacts:
    """Return what the headers of an ELF file say, having checked that all they describe lies within the file.

    Args:
        stream: seekable; read from its beginning.
        name: what messages call the file.

    Raises:
        ArtifactError: no ELF, cut short, inconsistent, or for something that Android has no ABI name for.
    """
    file = _File(stream, name)
    layout = _read_layout(file)
    header = _read_header(file, layout)
    machine, abi = _identify(file, layout, header)
    segments = _read_segments(file, layout, header)
    _check_whole(file, layout, header, segments)
    interpreter = _read_interpreter(file, segments)
    notes = tuple(_read_notes(file, segments))
    return ElfFacts(
        bits=layout.bits,
        machine=machine,
        abi=abi,
        elf_type=_TYPES[header.elf_type],
        interpreter=interpreter,
        system=_system_of(interpreter, notes),
        is_program=header.elf_type == 2 or interpreter is not None or _is_pie(file, layout, segments),
        build_id=next((data.hex() for owner, kind, data in notes if (owner, kind) == ("GNU", _NT_GNU_BUILD_ID)), None),
        size_bytes=file.size_bytes,
    )


def _read_layout(file: _File) -> Layout:
    start = file.read(0, min(_IDENT_BYTES, file.size_bytes))
    if not start.startswith(_MAGIC):
        what = "is empty" if not start else f"is no ELF file: it starts with {start[:8]!r}"
        raise file.refuse(what)
    ident = file.read(0, _IDENT_BYTES)
    layout = LAYOUTS.get(ident[4])
    if layout is None:
        raise file.refuse(f"has an unknown ELF class ({ident[4]})")
    if ident[5] != _LITTLE_ENDIAN:
        raise file.refuse("is not little-endian, as all of Android's processors are")
    if ident[6] != _VERSION:
        raise file.refuse(f"has an unknown ELF version ({ident[6]})")
    return layout


def _read_header(file: _File, layout: Layout) -> _Header:
    fields = layout.header.unpack(file.read(_IDENT_BYTES, layout.header.size))
    header = _Header(
        elf_type=fields[0],
        machine=fields[1],
        version=fields[2],
        program_offset=fields[4],
        section_offset=fields[5],
        size=fields[7],
        program_size=fields[8],
        programs=fields[9],
        section_size=fields[10],
        sections=fields[11],
    )
    if header.version != _VERSION or header.size != _IDENT_BYTES + layout.header.size:
        raise file.refuse(f"has an ELF header of version {header.version} and {header.size} bytes")
    if header.programs and header.program_size != layout.program.size:
        raise file.refuse(f"has program headers of {header.program_size} bytes, not {layout.program.size}")
    if header.sections and header.section_size != layout.section_header.size:
        raise file.refuse(f"has section headers of {header.section_size} bytes, not {layout.section_header.size}")
    return header


def _identify(file: _File, layout: Layout, header: _Header) -> tuple[str, Abi | None]:
    if header.elf_type not in _TYPES:
        raise file.refuse(f"is an ELF file of type {header.elf_type}, neither a program nor a shared library")
    if (layout.bits, header.machine) == _HEXAGON:
        return "Hexagon", None
    found = _ABIS.get((layout.bits, header.machine))
    if found is None:
        raise file.refuse(f"is for ELF machine {header.machine} with {layout.bits} bits, which is none of Android's")
    return found


def _read_segments(file: _File, layout: Layout, header: _Header) -> tuple[_Segment, ...]:
    table = file.read(header.program_offset, header.programs * layout.program.size)
    offset, size, align = layout.segment
    segments = tuple(
        _Segment(kind=fields[0], offset=fields[offset], size=fields[size], align=fields[align])
        for fields in layout.program.iter_unpack(table)
    )
    if not any(segment.kind == _PT_LOAD for segment in segments):
        raise file.refuse("has no segment that could be loaded")
    return segments


def _check_whole(file: _File, layout: Layout, header: _Header, segments: tuple[_Segment, ...]) -> None:
    """Raise where a segment, the section header table or a section ends beyond the file.

    A file stripped of its section headers (`sstrip`) is judged by its segments alone. Linkers put the section header
    table last, so that nearly every cut is seen by it.
    """
    sections_end = header.section_offset + header.sections * layout.section_header.size
    file.need(max(sections_end, *(segment.offset + segment.size for segment in segments)))
    table = file.read(header.section_offset, sections_end - header.section_offset)
    for fields in layout.section_header.iter_unpack(table):
        if fields[1] not in (_SHT_NULL, _SHT_NOBITS):
            file.need(fields[4] + fields[5])


def _read_interpreter(file: _File, segments: tuple[_Segment, ...]) -> str | None:
    for segment in segments:
        if segment.kind == _PT_INTERP:
            text, end, _ = file.read(segment.offset, min(segment.size, _PART_LIMIT_BYTES)).partition(b"\0")
            if not end or not text.startswith(b"/") or not text.isascii() or not text.decode("ascii").isprintable():
                raise file.refuse("names no readable dynamic linker")
            return text.decode("ascii")
    return None


def _read_notes(file: _File, segments: tuple[_Segment, ...]) -> Iterator[tuple[str, int, bytes]]:
    """Yield owner, type and contents of all notes; one that does not add up ends its segment."""
    for segment in segments:
        if segment.kind == _PT_NOTE:
            data = file.read(segment.offset, min(segment.size, _PART_LIMIT_BYTES))
            yield from _parse_notes(data, align=8 if segment.align == 8 else 4)


def _parse_notes(data: bytes, *, align: int) -> Iterator[tuple[str, int, bytes]]:
    position = 0
    while position + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, position)
        start = _aligned(position + 12 + name_size, align)
        if start + size > len(data):
            return
        owner = data[position + 12 : position + 12 + name_size].rstrip(b"\0")
        yield owner.decode("ascii", "replace"), kind, data[start : start + size]
        position = _aligned(start + size, align)


def _aligned(position: int, align: int) -> int:
    return -(-position // align) * align


def _system_of(interpreter: str | None, notes: tuple[tuple[str, int, bytes], ...]) -> System | None:
    """Bionic's linkers have their own names, and the NDK leaves a note called Android; any other linker is Linux'."""
    if interpreter is not None:
        return "android" if interpreter.startswith(_ANDROID_LINKERS) else "linux"
    return "android" if any(owner == "Android" for owner, _, _ in notes) else None


def _is_pie(file: _File, layout: Layout, segments: tuple[_Segment, ...]) -> bool:
    """Whether the dynamic section has the flag that tells a static position-independent program from a library."""
    for segment in segments:
        if segment.kind == _PT_DYNAMIC:
            size = min(segment.size, _PART_LIMIT_BYTES) // layout.dynamic.size * layout.dynamic.size
            for tag, value in layout.dynamic.iter_unpack(file.read(segment.offset, size)):
                if tag == _DT_NULL:
                    break
                if tag == _DT_FLAGS_1:
                    return bool(value & _DF_1_PIE)
    return False
