"""Real ELF files of this host, and copies of them patched to be another processor's."""

import platform
import struct
import sys
from pathlib import Path

import pytest

from mbench.binaries.records import Abi

HOST_INTERPRETER = b"/lib64/ld-linux-x86-64.so.2\0"
ANDROID_INTERPRETER = b"/system/bin/linker64\0"
HEXAGON = 164
MACHINES: dict[Abi, int] = {"arm64-v8a": 183, "armeabi-v7a": 40, "x86_64": 62, "x86": 3}


def host_program() -> bytes:
    """Return the bytes of this host's shell."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        pytest.skip("the samples are made from a Linux x86-64 shell, which this host does not have")
    data = Path("/bin/sh").resolve().read_bytes()
    assert HOST_INTERPRETER in data
    return data


def with_machine(data: bytes, machine: int) -> bytes:
    """Return a copy for another processor: `e_machine` stands at byte 18."""
    return data[:18] + struct.pack("<H", machine) + data[20:]


def for_android(data: bytes) -> bytes:
    """Return a copy that asks for Android's dynamic linker."""
    return data.replace(HOST_INTERPRETER, ANDROID_INTERPRETER.ljust(len(HOST_INTERPRETER), b"\0"))


def android_arm64(mark: bytes = b"") -> bytes:
    """Return a program for Android phones; `mark` behind it makes it another file."""
    return with_machine(for_android(host_program()), MACHINES["arm64-v8a"]) + mark


def linux_arm64() -> bytes:
    """Return a program for Linux boards with the same processor as Android phones."""
    return with_machine(host_program(), MACHINES["arm64-v8a"])


def small_32_bit(
    machine: int, *, interpreter: bytes = b"/system/bin/linker\0", build_id: bytes = b"\xab" * 16
) -> bytes:
    """Return a 32-bit program of one loadable segment, an interpreter, a note, and a section header table."""
    note = struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id
    start = 52 + 3 * 32
    note_at = start + len(interpreter)
    sections_at = note_at + len(note)
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, 0x8000, 52, sections_at, 0, 52, 32, 3, 40, 2, 0)
    segments = struct.pack("<IIIIIIII", 1, 0, 0x8000, 0x8000, sections_at, sections_at, 5, 4096)
    segments += struct.pack("<IIIIIIII", 3, start, 0, 0, len(interpreter), len(interpreter), 4, 1)
    segments += struct.pack("<IIIIIIII", 4, note_at, 0, 0, len(note), len(note), 4, 4)
    sections = bytes(40) + struct.pack("<IIIIIIIIII", 0, 7, 0, 0, note_at, len(note), 0, 0, 4, 0)
    return header + segments + interpreter + note + sections
