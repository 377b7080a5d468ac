"""Files and folders that are there whole or not at all: killed writers, several writers, full disks, real ones all."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from full_disk import fill, small_disk

from mbench.files.regular import MIB
from mbench.files.whole import WRITING, place, remove_leftovers, unfinished, write_new, write_new_folder, write_whole

OLD, NEW = b"old" * 1000, b"new" * 1000
Write = Callable[[Path, bytes], object]
WRITES: list[Write] = [
    lambda path, data: write_whole(path, data, fsync=True),
    lambda path, data: write_whole(path, data, fsync=False),
    lambda path, data: write_new(path, data, fsync=True),
    lambda path, data: write_new(path, data, fsync=False),
    lambda path, data: write_new_folder(path, {"one": data, "two": data}, fsync=True),
    lambda path, data: write_new_folder(path, {"one": data, "two": data}, fsync=False),
]
IDS = [f"{what}-{how}" for what in ("file", "new-file", "new-folder") for how in ("flushed", "not-flushed")]


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


@pytest.mark.parametrize("write", WRITES, ids=IDS)
def test_what_was_written_is_there_and_nothing_else(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "written"

    write(path, NEW)

    found = [path / "one", path / "two"] if path.is_dir() else [path]
    assert [one.read_bytes() for one in found] == [NEW] * len(found)
    assert names(tmp_path) == {"a", "b", "written", *(one.name for one in found)}


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)

    write_whole(tmp_path / "file", NEW, fsync=False)

    assert (tmp_path / "file").read_bytes() == NEW


def test_permissions_are_those_that_are_asked_for(tmp_path: Path) -> None:
    write_whole(tmp_path / "program", NEW, fsync=False, mode=0o755)
    write_whole(tmp_path / "plain", NEW, fsync=False)
    (tmp_path / "as-ever").write_bytes(NEW)

    assert (tmp_path / "program").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "as-ever").stat().st_mode


def test_a_new_file_leaves_one_of_its_name_alone(tmp_path: Path) -> None:
    assert write_new(tmp_path / "file", OLD, fsync=False)

    assert not write_new(tmp_path / "file", NEW, fsync=False)

    assert (tmp_path / "file").read_bytes() == OLD
    assert names(tmp_path) == {"file"}


def test_a_new_folder_leaves_one_of_its_name_alone(tmp_path: Path) -> None:
    assert write_new_folder(tmp_path / "folder", {"one": OLD}, fsync=False)

    assert not write_new_folder(tmp_path / "folder", {"one": NEW, "two": NEW}, fsync=False)

    assert (tmp_path / "folder" / "one").read_bytes() == OLD
    assert names(tmp_path) == {"folder", "one"}


def test_a_file_system_without_hard_links_gets_new_files_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)

    assert write_new(tmp_path / "file", OLD, fsync=False)
    assert not write_new(tmp_path / "file", NEW, fsync=False)
    assert (tmp_path / "file").read_bytes() == OLD
    assert names(tmp_path) == {"file"}


@pytest.mark.parametrize("write", WRITES, ids=IDS)
def test_a_flushed_write_flushes_the_bytes_before_they_have_a_name(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    flushed: list[tuple[int, bool]] = []
    real = os.fsync

    def follow(descriptor: int) -> None:
        real(descriptor)
        flushed.append((os.fstat(descriptor).st_ino, (tmp_path / "written").exists()))

    monkeypatch.setattr(os, "fsync", follow)

    write(tmp_path / "written", NEW)

    if "not-flushed" in request.node.callspec.id:
        assert flushed == []
        return
    path = tmp_path / "written"
    written = [path / "one", path / "two", path] if path.is_dir() else [path]
    assert flushed == [*((one.stat().st_ino, False) for one in written), (tmp_path.stat().st_ino, True)]


@pytest.mark.parametrize("write", WRITES, ids=IDS)
def test_a_full_disk_keeps_what_was_there_and_nothing_new(write: Write, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=256) as disk:
        (disk / "before").write_bytes(OLD)
        fill(disk)

        for name in ("written", "before"):
            with pytest.raises(OSError, match="No space left on device"):
                write(disk / name, bytes(MIB))

        assert names(disk) == {"before", "filler"}
        assert (disk / "before").read_bytes() == OLD


@pytest.mark.parametrize("write", ["write_whole", "write_new"])
def test_a_writer_whose_files_may_not_grow_so_far_writes_none(write: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    process = child(
        f"""
import resource, sys
from pathlib import Path
from mbench.files.whole import {write}
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    {write}(Path(sys.argv[1]), bytes(10_001), fsync=False)
except OSError as error:
    print(error.strerror)
{write}(Path(sys.argv[2]), bytes(10_000), fsync=False)
""",
        tmp_path / "file",
        tmp_path / "fits",
    )

    assert process.communicate()[0] == "File too large\n"
    assert names(tmp_path) == {"file", "fits"}
    assert (tmp_path / "file").read_bytes() == OLD
    assert (tmp_path / "fits").stat().st_size == 10_000


def test_a_read_only_disk_is_said_to_be(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_kib=256) as disk:
        (disk / "file").write_bytes(OLD)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, timeout=20)

        with pytest.raises(OSError, match="Read-only file system"):
            write_whole(disk / "file", NEW, fsync=True)

        assert (disk / "file").read_bytes() == OLD


KILLED = """
import sys, time
from pathlib import Path
from mbench.files.whole import place, unfinished, write_new_folder

path = Path(sys.argv[1])

def wait():
    print("half", flush=True)
    time.sleep(600)

class Slow(dict):
    def items(self):
        yield "one", b"new"
        wait()

if sys.argv[2] == "folder":
    write_new_folder(path, Slow(one=b"new", two=b"new"), fsync=True)
else:
    with unfinished(path.parent) as part:
        part.write_bytes(b"ne")
        wait()
        place(part, path, fsync=True)
"""


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_writer_that_is_killed_half_way_leaves_a_hidden_rest_that_can_be_removed(what: str, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "written"
    if what == "file":
        write_whole(path, OLD, fsync=False)
    process = child(KILLED, path, what)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()

    there = {"written"} if what == "file" else set()
    rest = {one.name for one in path.parent.iterdir()} - there
    assert len(rest) == 1
    assert rest.pop().startswith(WRITING)
    assert not path.exists() or path.read_bytes() == OLD

    remove_leftovers(tmp_path)

    assert {one.name for one in path.parent.iterdir()} == there


OVER_AND_OVER = """
import sys
from pathlib import Path
from mbench.files.whole import write_whole
print("begun", flush=True)
while True:
    for letter in sys.argv[2]:
        write_whole(Path(sys.argv[1]), letter.encode() * 4_000_000, fsync=False)
"""


def test_writers_that_are_killed_anywhere_leave_one_of_their_files_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for round_number in range(8):
        process = child(OVER_AND_OVER, path, "ab")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.01 * round_number)
        process.send_signal(signal.SIGKILL)
        process.communicate()

        if path.exists():
            assert path.read_bytes() in (b"a" * 4_000_000, b"b" * 4_000_000)
    assert names(tmp_path) - {"file"} == {one.name for one in tmp_path.glob(f"{WRITING}*")}


def test_readers_see_whole_files_while_two_processes_write_them(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"a" * 4_000_000, fsync=False)
    writers = [child(OVER_AND_OVER, path, letter) for letter in "bc"]
    seen: set[bytes] = set()
    try:
        deadline = time.monotonic() + 60
        while not {b"b", b"c"} <= seen and time.monotonic() < deadline:
            data = path.read_bytes()
            assert data == data[:1] * 4_000_000
            seen.add(data[:1])
    finally:
        for process in writers:
            process.kill()
            process.communicate()
    assert seen >= {b"b", b"c"}


FIRST = """
import sys
from pathlib import Path
from mbench.files.whole import write_new, write_new_folder
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    path, data = Path(sys.argv[1]) / str(number), sys.argv[2].encode() * 10_000
    if number % 2:
        print(number, write_new(path, data, fsync=False))
    else:
        print(number, write_new_folder(path, {"one": data, "two": data}, fsync=False))
"""


def test_of_several_writers_of_one_name_exactly_one_succeeds(tmp_path: Path) -> None:
    writers = {
        letter: subprocess.Popen(
            [sys.executable, "-c", FIRST, str(tmp_path), letter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for letter in "abc"
    }
    for process in writers.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in writers.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = {letter: process.communicate()[0].splitlines() for letter, process in writers.items()}

    for number in range(40):
        winners = [letter for letter, lines in said.items() if f"{number} True" in lines]
        assert len(winners) == 1
        path = tmp_path / str(number)
        for one in [path / "one", path / "two"] if path.is_dir() else [path]:
            assert one.read_bytes() == winners[0].encode() * 10_000
    assert not list(tmp_path.glob(f"{WRITING}*"))


def test_an_unfinished_file_that_nobody_placed_is_gone_and_a_placed_one_stays(tmp_path: Path) -> None:
    with unfinished(tmp_path / "new") as part:
        part.write_bytes(NEW)
    with unfinished(tmp_path / "new") as folder:
        (folder / "deep").mkdir(parents=True)
    assert list((tmp_path / "new").iterdir()) == []

    with unfinished(tmp_path / "new") as part:
        part.write_bytes(NEW)
        place(part, tmp_path / "new" / "file", fsync=False)
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["file"]


def test_a_leftover_that_is_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(OLD)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / f"{WRITING}link").symlink_to(tmp_path / "outside")

    remove_leftovers(tmp_path / "inside")

    assert names(tmp_path) == {"inside", "outside", "file"}
