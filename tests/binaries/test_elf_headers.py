"""ELF headers are read strictly: whose processor, whole or cut, and never a crash."""

import io
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from elf_samples import MACHINES, android_arm64, host_program, linux_arm64, small_32_bit, with_machine
from hypothesis import given
from hypothesis import strategies as st

from mbench.binaries.elf import ElfFacts, parse_elf, read_elf
from mbench.binaries.records import Abi
from mbench.core.errors import ArtifactError, UsageError


def parse(data: bytes) -> ElfFacts:
    return parse_elf(io.BytesIO(data), name="sample")


def build(source: str, target: Path, *options: str) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc on this host")
    ended = subprocess.run(["gcc", "-xc", "-", "-o", str(target), *options], input=source, text=True, check=False)
    if ended.returncode:
        pytest.skip(f"this host's gcc cannot link with {' '.join(options)}")
    return target


def test_the_host_shell_is_a_whole_linux_program() -> None:
    facts = parse(host_program())

    assert (facts.bits, facts.machine, facts.abi, facts.system) == (64, "x86-64", "x86_64", "linux")
    assert facts.interpreter == "/lib64/ld-linux-x86-64.so.2"
    assert facts.is_program


def test_the_running_interpreter_is_a_program() -> None:
    assert read_elf(Path(sys.executable).resolve()).is_program


def test_the_build_id_is_what_readelf_says() -> None:
    if shutil.which("readelf") is None:
        pytest.skip("no readelf on this host")
    shell = Path("/bin/sh").resolve()
    said = subprocess.run(["readelf", "-n", str(shell)], capture_output=True, text=True, check=True).stdout

    found = re.search(r"Build ID: ([0-9a-f]+)", said)
    assert read_elf(shell).build_id == (found and found[1])


def test_an_android_program_is_known_by_its_dynamic_linker() -> None:
    facts = parse(android_arm64())

    assert (facts.abi, facts.system, facts.interpreter) == ("arm64-v8a", "android", "/system/bin/linker64")


def test_a_linux_program_of_the_same_processor_is_no_android_program() -> None:
    assert parse(linux_arm64()).system == "linux"


@pytest.mark.parametrize("abi", ["armeabi-v7a", "x86"])
def test_a_32_bit_program_is_read(abi: Abi) -> None:
    facts = parse(small_32_bit(MACHINES[abi]))

    assert (facts.bits, facts.abi, facts.elf_type, facts.system, facts.build_id) == (
        32,
        abi,
        "EXEC",
        "android",
        "ab" * 16,
    )


def test_a_program_without_a_build_id_has_none() -> None:
    data = bytearray(small_32_bit(40))
    data[data.index(b"GNU\0")] = ord("X")

    assert parse(bytes(data)).build_id is None


def test_a_static_position_independent_program_is_a_program_of_no_system(tmp_path: Path) -> None:
    facts = read_elf(build("int main(void) { return 0; }", tmp_path / "static", "-static-pie"))

    assert (facts.elf_type, facts.interpreter, facts.system, facts.is_program) == ("DYN", None, None, True)


def test_a_static_program_is_a_program(tmp_path: Path) -> None:
    facts = read_elf(build("int main(void) { return 0; }", tmp_path / "static", "-static", "-no-pie"))

    assert (facts.elf_type, facts.interpreter, facts.is_program) == ("EXEC", None, True)


def test_a_shared_library_is_no_program(tmp_path: Path) -> None:
    facts = read_elf(build("int f(void) { return 0; }", tmp_path / "lib.so", "-shared", "-fPIC"))

    assert (facts.elf_type, facts.is_program) == ("DYN", False)


def test_an_object_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="type 1, neither a program nor a shared library"):
        read_elf(build("int f(void) { return 0; }", tmp_path / "f.o", "-c"))


def test_a_library_with_androids_note_is_androids() -> None:
    data = small_32_bit(40, interpreter=b"\0").replace(b"GNU\0", b"\0\0\0\0")
    note = struct.pack("<III", 8, 4, 1) + b"Android\0" + struct.pack("<I", 21)
    position = data.index(struct.pack("<III", 4, 16, 3))
    data = data[:position] + note.ljust(32, b"\0") + data[position + 32 :]
    data = data.replace(struct.pack("<I", 3) + data[88:92], struct.pack("<I", 0) + data[88:92], 1)  # PT_INTERP: PT_NULL

    assert (parse(data).interpreter, parse(data).system) == (None, "android")


@pytest.mark.parametrize("kept", [0.999, 0.9, 0.5, 0.01])
def test_a_cut_file_is_found(kept: float) -> None:
    data = host_program()

    with pytest.raises(ArtifactError, match=f"was cut short: it has {int(len(data) * kept)} bytes"):
        parse(data[: int(len(data) * kept)])


def test_a_file_that_lacks_its_last_byte_is_cut() -> None:
    with pytest.raises(ArtifactError, match="cut short"):
        parse(host_program()[:-1])


def test_a_stripped_file_is_judged_by_its_segments() -> None:
    data = bytearray(small_32_bit(40))
    struct.pack_into("<I", data, 32, 0)  # e_shoff
    struct.pack_into("<HHH", data, 46, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    segments_end = len(data) - 80

    assert parse(bytes(data[:segments_end])).abi == "armeabi-v7a"
    with pytest.raises(ArtifactError, match="cut short"):
        parse(bytes(data[: segments_end - 1]))


def test_what_is_behind_the_elf_file_does_not_matter() -> None:
    assert parse(host_program() + b"more").abi == "x86_64"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"MZ\x90\0", "is no ELF file: it starts with b'MZ"),
        (b"<!DOCTYPE html><html>", "is no ELF file"),
        (b"#!/bin/sh\necho count=50\n", "is no ELF file"),
        (b"\x7fEL", "is no ELF file"),
        (b"\x7fELF\x02", "was cut short"),
        (b"\x7fELF\x03\x01\x01".ljust(64, b"\0"), "unknown ELF class"),
        (b"\x7fELF\x02\x02\x01".ljust(64, b"\0"), "not little-endian"),
        (b"\x7fELF\x02\x01\x09".ljust(64, b"\0"), "unknown ELF version"),
        (b"\x7fELF\x02\x01\x01".ljust(64, b"\0"), "ELF header of version 0 and 0 bytes"),
    ],
)
def test_anything_else_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=re.escape(message)) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("machine", [8, 243, 40])
def test_a_processor_that_android_does_not_name_is_refused(machine: int) -> None:
    with pytest.raises(ArtifactError, match=f"ELF machine {machine} with 64 bits"):
        parse(with_machine(host_program(), machine))


def test_a_file_without_a_loadable_segment_is_refused() -> None:
    data = bytearray(small_32_bit(40))
    struct.pack_into("<I", data, 52, 0)

    with pytest.raises(ArtifactError, match="no segment that could be loaded"):
        parse(bytes(data))


def test_a_missing_file_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_elf(tmp_path / "none")


@pytest.mark.parametrize("name", ["", "zero"])
def test_a_folder_or_a_device_is_no_binary(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a regular file"):
        read_elf(tmp_path if not name else Path("/dev/zero"))


@given(st.binary(max_size=400))
def test_any_bytes_give_facts_or_one_line(data: bytes) -> None:
    answers_plainly(data)


@given(st.binary(max_size=400), st.sampled_from([b"\x7fELF\x01\x01\x01", b"\x7fELF\x02\x01\x01"]))
def test_any_bytes_behind_an_elf_start_give_facts_or_one_line(data: bytes, start: bytes) -> None:
    answers_plainly(start + data)


@given(st.lists(st.tuples(st.integers(0, 1023), st.integers(0, 255)), max_size=8), st.integers(0, 4096))
def test_any_damage_to_a_real_file_gives_facts_or_one_line(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(host_program())
    for position, value in changes:
        data[position] = value
    answers_plainly(bytes(data[: len(data) - cut]))


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8))
def test_any_damage_to_a_small_file_gives_facts_or_one_line(changes: list[tuple[int, int]]) -> None:
    data = bytearray(small_32_bit(40))
    for position, value in changes:
        data[position % len(data)] = value
    answers_plainly(bytes(data))


def answers_plainly(data: bytes) -> None:
    try:
        facts = parse(data)
    except ArtifactError as error:
        said = str(error)
    else:
        assert facts.size_bytes == len(data)
        said = facts.interpreter or ""
    assert "\n" not in said
