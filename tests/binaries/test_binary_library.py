"""The library keeps binaries by their SHA-256, proves them, and says what is wrong with it."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from elf_samples import HEXAGON, MACHINES, android_arm64, host_program, linux_arm64, small_32_bit
from full_disk import fill, small_disk

from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import BinaryRecord, Flavour
from mbench.core.errors import ArtifactError, DiskError, UsageError

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


class Minutes:
    """A clock that goes a minute further each time it is asked."""

    def __init__(self) -> None:
        self._now = NOON

    def __call__(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now


@pytest.fixture
def library(tmp_path: Path) -> BinaryLibrary:
    return BinaryLibrary(tmp_path / "binaries", now=Minutes())


def write(tmp_path: Path, data: bytes, name: str = "benchmark_model") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def add(library: BinaryLibrary, data: bytes, flavour: Flavour | None = "tflite", **more: str) -> BinaryRecord:
    path = library.folder.parent / "given"
    path.write_bytes(data)
    return library.add(path, flavour=flavour, abi=more.get("abi"), source="/given", version=more.get("version"))


def files_of(library: BinaryLibrary) -> list[str]:
    return sorted(
        str(path.relative_to(library.folder))
        for path in library.folder.rglob("*")
        if path.is_file() and path.parent.name != "locks"
    )


def test_an_empty_library_finds_nothing_and_makes_no_folder(library: BinaryLibrary) -> None:
    assert library.records() == ()
    assert library.find("arm64-v8a", "tflite") is None
    assert library.verify() == []
    assert not library.folder.exists()


def test_an_added_binary_is_known_by_its_bytes(library: BinaryLibrary, tmp_path: Path) -> None:
    data = android_arm64()
    path = write(tmp_path, data)

    record = library.add(path, flavour="tflite", abi="arm64-v8a", source=str(path), version="2.19")

    assert record == BinaryRecord(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        abi="arm64-v8a",
        system="android",
        flavour="tflite",
        source=str(path),
        version="2.19",
        added_at=NOON + timedelta(minutes=1),
        build_id=record.build_id,
    )


def test_a_kept_binary_has_the_same_bytes_and_can_be_started(library: BinaryLibrary) -> None:
    path = library.path_of(add(library, host_program()))

    assert path.read_bytes() == host_program()
    assert subprocess.run([path, "-c", "exit 7"], check=False).returncode == 7


def test_another_library_object_reads_what_was_kept(library: BinaryLibrary) -> None:
    record = add(library, android_arm64())

    assert BinaryLibrary(library.folder).records() == (record,)


def test_the_abi_is_read_from_the_file(library: BinaryLibrary) -> None:
    assert add(library, small_32_bit(MACHINES["armeabi-v7a"])).abi == "armeabi-v7a"


def test_a_binary_for_another_abi_than_said_is_refused(library: BinaryLibrary) -> None:
    with pytest.raises(UsageError, match=r"is for x86_64 \(x86-64\), not for arm64-v8a"):
        add(library, host_program(), abi="arm64-v8a")
    assert files_of(library) == []


def test_an_unknown_abi_is_answered_with_the_known_ones(library: BinaryLibrary) -> None:
    with pytest.raises(UsageError, match=r"unknown ABI 'arm64_v8a'.*Did you mean 'arm64-v8a'"):
        library.find("arm64_v8a", "tflite")


def test_a_cut_binary_is_refused_and_leaves_nothing(library: BinaryLibrary) -> None:
    with pytest.raises(ArtifactError, match="given was cut short"):
        add(library, host_program()[:-100])
    assert files_of(library) == []


def test_a_missing_file_is_a_users_mistake(library: BinaryLibrary, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none cannot be read: No such file"):
        library.add(tmp_path / "none", flavour=None, abi=None, source="none")


def test_a_device_file_is_no_binary(library: BinaryLibrary) -> None:
    with pytest.raises(UsageError, match="not a regular file"):
        library.add(Path("/dev/zero"), flavour=None, abi=None, source="zero")


def test_a_shared_library_is_no_binary(library: BinaryLibrary) -> None:
    shared = small_32_bit(40, interpreter=b"\0").replace(b"\x02\0\x28\0", b"\x03\0\x28\0", 1)
    position = shared.index(b"\x03\0\0\0", 52)
    shared = shared[:position] + bytes(4) + shared[position + 4 :]  # PT_INTERP becomes PT_NULL
    with pytest.raises(ArtifactError, match="is a shared library, no program"):
        add(library, shared)


def test_the_binary_added_last_is_found(library: BinaryLibrary) -> None:
    add(library, android_arm64(b"1"))
    second = add(library, android_arm64(b"2"))

    assert library.find("arm64-v8a", "tflite") == second


def test_a_binary_that_is_added_again_is_the_newest(library: BinaryLibrary) -> None:
    first = add(library, android_arm64(b"1"))
    add(library, android_arm64(b"2"))
    add(library, android_arm64(b"1"))

    found = library.find("arm64-v8a", "tflite")
    assert found is not None
    assert found.sha256 == first.sha256


def test_of_two_added_at_one_instant_the_greater_hash_is_found(tmp_path: Path) -> None:
    library = BinaryLibrary(tmp_path / "binaries", now=lambda: NOON)
    records = [add(library, android_arm64(mark)) for mark in (b"1", b"2", b"3")]

    assert library.find("arm64-v8a", "tflite") == max(records, key=lambda record: record.sha256)


def test_flavours_are_not_mixed(library: BinaryLibrary) -> None:
    tflite = add(library, android_arm64(b"1"), "tflite")
    litert = add(library, android_arm64(b"2"), "litert")

    assert (library.find("arm64-v8a", "tflite"), library.find("arm64-v8a", "litert")) == (tflite, litert)


def test_a_binary_of_unknown_flavour_serves_where_there_is_no_other(library: BinaryLibrary) -> None:
    unknown = add(library, android_arm64(b"1"), None)
    assert library.find("arm64-v8a", "litert") == unknown

    litert = add(library, android_arm64(b"2"), "litert")
    add(library, android_arm64(b"3"), None)
    assert library.find("arm64-v8a", "litert") == litert


def test_an_older_android_binary_comes_before_a_newer_linux_one(library: BinaryLibrary) -> None:
    android = add(library, android_arm64())
    add(library, linux_arm64())

    assert library.find("arm64-v8a", "tflite") == android


def test_a_linux_binary_is_not_found_for_android(library: BinaryLibrary) -> None:
    linux = add(library, linux_arm64())

    assert library.find("arm64-v8a", "tflite", system="android") is None
    assert library.find("arm64-v8a", "tflite", system="linux") == linux


def test_adding_the_same_bytes_again_keeps_what_is_not_said_anew(library: BinaryLibrary) -> None:
    add(library, android_arm64(), "tflite", version="2.19")

    again = add(library, android_arm64(), None)

    assert (again.flavour, again.version) == ("tflite", "2.19")
    assert len(library.records()) == 1


def test_one_file_is_not_of_two_flavours(library: BinaryLibrary) -> None:
    first = add(library, android_arm64(), "tflite")

    with pytest.raises(UsageError, match=r"is kept as flavour tflite .* it cannot be litert too"):
        add(library, android_arm64(), "litert")
    assert library.records() == (first,)


def test_a_companion_is_kept_with_its_binary(library: BinaryLibrary, tmp_path: Path) -> None:
    beside = write(tmp_path, android_arm64(b"beside"), "lib.so")
    binary = write(tmp_path, android_arm64())

    record = library.add(binary, flavour="litert", abi=None, source="x", companions={"libGpu.so": beside})

    assert [(name, path.read_bytes()) for name, path in library.companions_of(record)] == [
        ("libGpu.so", android_arm64(b"beside"))
    ]
    assert library.verify() == []


def test_a_companion_for_another_processor_is_refused(library: BinaryLibrary, tmp_path: Path) -> None:
    beside = write(tmp_path, host_program(), "lib.so")
    binary = write(tmp_path, android_arm64())

    with pytest.raises(UsageError, match=r"lib\.so is for x86_64, the binary it is to lie beside for arm64-v8a"):
        library.add(binary, flavour="litert", abi=None, source="x", companions={"libGpu.so": beside})
    assert files_of(library) == []


def test_a_library_for_the_signal_processor_may_lie_beside_a_program(library: BinaryLibrary, tmp_path: Path) -> None:
    beside = write(tmp_path, small_32_bit(HEXAGON), "libQnnHtpV73Skel.so")
    record = library.add(
        write(tmp_path, android_arm64()), flavour="litert", abi=None, source="x", companions={beside.name: beside}
    )
    assert [companion.name for companion in record.companions] == ["libQnnHtpV73Skel.so"]


def test_a_file_for_the_signal_processor_is_no_benchmark_program(library: BinaryLibrary, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is for Hexagon, on which no benchmark_model runs; keep it beside one"):
        add(library, small_32_bit(HEXAGON))
    assert files_of(library) == []


@pytest.mark.parametrize("name", ["..", "", "../lib.so", "a b"])
def test_a_companion_has_a_plain_file_name(library: BinaryLibrary, tmp_path: Path, name: str) -> None:
    binary = write(tmp_path, android_arm64())

    with pytest.raises(UsageError, match="is no plain file name"):
        library.add(binary, flavour="litert", abi=None, source="x", companions={name: binary})
    assert files_of(library) == []


def test_a_damaged_binary_is_not_handed_out(library: BinaryLibrary) -> None:
    record = add(library, android_arm64())
    path = library.path_of(record)
    path.write_bytes(path.read_bytes().replace(b"ELF", b"elf", 1))

    with pytest.raises(ArtifactError, match="has changed since it was kept; add or fetch it again from /given"):
        library.path_of(record)


def test_adding_a_damaged_binary_again_mends_it(library: BinaryLibrary) -> None:
    record = add(library, android_arm64())
    library.path_of(record).write_bytes(b"damaged")

    add(library, android_arm64())

    assert library.path_of(record).read_bytes() == android_arm64()


def test_verify_names_what_is_missing_damaged_stray_or_unreadable(library: BinaryLibrary) -> None:
    missing, damaged = add(library, android_arm64(b"1")), add(library, android_arm64(b"2"))
    unreadable = add(library, android_arm64(b"3"))
    library.path_of(missing).unlink()
    library.path_of(damaged).write_bytes(b"damaged")
    record_path = library.folder / "records" / f"{unreadable.sha256}.json"
    record_path.write_text(record_path.read_text().replace('"format_version": 1', '"format_version": 2'))

    found = {(finding.kind, finding.path.name) for finding in library.verify()}

    assert found == {
        ("missing", missing.sha256),
        ("damaged", damaged.sha256),
        ("unreadable", f"{unreadable.sha256}.json"),
        ("stray", unreadable.sha256),
    }


def test_a_file_whose_record_cannot_be_read_is_never_deleted(library: BinaryLibrary) -> None:
    record = add(library, android_arm64(b"1"))
    (library.folder / "records" / f"{record.sha256}.json").write_text("{")

    add(library, android_arm64(b"2"))

    assert (library.folder / "files" / record.sha256).read_bytes() == android_arm64(b"1")


def test_what_a_dead_process_left_is_removed_by_the_next_one(library: BinaryLibrary) -> None:
    record = add(library, android_arm64(b"1"))
    (library.folder / "files" / ".writing-dead").write_bytes(b"half")
    (library.folder / "records" / ".writing-dead").write_bytes(b"half")

    add(library, android_arm64(b"1"))

    assert files_of(library) == [f"files/{record.sha256}", f"records/{record.sha256}.json"]


def test_a_removed_binary_is_gone(library: BinaryLibrary) -> None:
    kept = add(library, android_arm64(b"1"))
    gone = add(library, android_arm64(b"2"))

    assert library.remove(gone.sha256[:12]) == gone
    assert library.records() == (kept,)
    assert files_of(library) == [f"files/{kept.sha256}", f"records/{kept.sha256}.json"]


def test_a_companion_that_another_binary_needs_survives_a_removal(library: BinaryLibrary, tmp_path: Path) -> None:
    beside = write(tmp_path, android_arm64(b"beside"), "lib.so")
    records = [
        library.add(
            write(tmp_path, android_arm64(mark)), flavour="litert", abi=None, source="x", companions={"a.so": beside}
        )
        for mark in (b"1", b"2")
    ]

    library.remove(records[0].sha256)

    assert library.verify() == []


@pytest.mark.parametrize("name", ["", "0", "ffffffffffff", "../../etc"])
def test_what_names_no_binary_removes_none(library: BinaryLibrary, name: str) -> None:
    record = add(library, android_arm64())

    with pytest.raises(UsageError, match=f"does not name one kept binary.*kept: {record.sha256[:12]}"):
        library.remove(name)
    assert library.records() == (record,)


ADDING = """
import sys
from pathlib import Path
from mbench.binaries.library import BinaryLibrary
library = BinaryLibrary(Path(sys.argv[1]))
for path in sorted(Path(sys.argv[2]).iterdir()):
    record = library.add(path, flavour="tflite", abi=None, source=str(path))
    library.path_of(record)
"""


def test_processes_that_add_the_same_files_at_once_lose_nothing(library: BinaryLibrary, tmp_path: Path) -> None:
    given = tmp_path / "many"
    given.mkdir()
    for number in range(20):
        (given / str(number)).write_bytes(android_arm64(bytes([number])))
    command = [sys.executable, "-c", ADDING, str(library.folder), str(given)]

    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]

    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0), ("", 0)]
    assert len(library.records()) == 20
    assert library.verify() == []


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=600) as disk:
        library = BinaryLibrary(disk / "binaries")
        (tmp_path / "given").write_bytes(android_arm64())
        kept = library.add(tmp_path / "given", flavour="tflite", abi=None, source="first")
        before = files_of(library)
        fill(disk)
        (tmp_path / "given").write_bytes(android_arm64(b"2"))

        with pytest.raises(DiskError, match=r"No space left on device\. Free some space there") as caught:
            library.add(tmp_path / "given", flavour="tflite", abi=None, source="second")

        assert "\n" not in str(caught.value)
        assert files_of(library) == before
        assert library.records() == (kept,)
        assert library.verify() == []


def test_a_disk_that_is_full_when_the_record_is_written_leaves_no_file_without_one(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=160) as disk:
        library = BinaryLibrary(disk / "binaries")
        (library.folder / "files").mkdir(parents=True)
        (library.folder / "records").mkdir()
        data = android_arm64()
        (tmp_path / "given").write_bytes(data)
        filler = fill(disk)
        with filler.open("r+b") as file:  # leave room for the binary's pages alone
            file.truncate(filler.stat().st_size - -(-len(data) // 4096) * 4096)

        with pytest.raises(DiskError, match="No space left on device"):
            library.add(tmp_path / "given", flavour="tflite", abi=None, source="x")

        assert files_of(library) == []


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        blocked = tmp_path / "file"
        blocked.write_bytes(b"")  # root may write everywhere; a file in a folder's place stops it too
    else:
        blocked = tmp_path / "blocked"
        blocked.mkdir(mode=0o500)
    (tmp_path / "given").write_bytes(android_arm64())

    with pytest.raises(DiskError, match=r"could not lock .*Not a directory|could not lock .*Permission denied"):
        BinaryLibrary(blocked / "binaries").add(tmp_path / "given", flavour=None, abi=None, source="x")
