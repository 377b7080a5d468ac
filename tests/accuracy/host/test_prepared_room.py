"""Room for prepared pictures: the oldest that nobody uses go, and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from mbench.accuracy.host.eviction import kept_bytes, make_room

HOLDER = """
import sys
from pathlib import Path
from mbench.accuracy.host.eviction import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def kept(tmp_path):
    """Keep an array of a thousand bytes, its record included, which was used so many seconds after the first."""

    def keep(name: str, *, used: int) -> Path:
        path = tmp_path / f"{name}.npy"
        for each, content in ((path, b"p" * 900), (path.with_suffix(".json"), b"r" * 100)):
            each.write_bytes(content)
            os.utime(each, (1_000_000 + used, 1_000_000 + used))
        path.with_suffix(".lock").touch()
        return path

    return keep


@pytest.fixture
def held():
    """Let another process use an array, until the test ends."""
    processes = []

    def hold_elsewhere(path: Path) -> None:
        command = (sys.executable, "-c", HOLDER, str(path))
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        processes.append(process)
        assert process.stdout.readline() == b"held\n"

    yield hold_elsewhere
    for process in processes:
        process.communicate(timeout=120)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_the_array_that_was_not_used_for_longest_goes_first(kept, tmp_path):
    for name, used in (("b", 2), ("a", 3), ("c", 1)):
        kept(name, used=used)
    make_room(tmp_path / "new.npy", 500, limit_bytes=2500)
    assert left(tmp_path) == ["a.json", "a.npy", "b.json", "b.npy"]


def test_nothing_goes_while_all_fit_below_the_limit(kept, tmp_path):
    kept("a", used=1)
    make_room(tmp_path / "new.npy", 500, limit_bytes=1500)
    assert left(tmp_path) == ["a.json", "a.npy"]


def test_an_array_that_another_process_uses_stays_and_a_younger_one_goes(kept, held, tmp_path):
    held(kept("old", used=1))
    os.utime(tmp_path / "old.json", (1, 1))
    kept("young", used=9)
    make_room(tmp_path / "new.npy", 500, limit_bytes=1500)
    assert left(tmp_path) == ["old.json", "old.npy"]


def test_an_array_that_is_just_being_made_stays(kept, tmp_path):
    path = kept("old", used=1)
    with FileLock(path.with_suffix(".lock")):
        make_room(tmp_path / "new.npy", 500, limit_bytes=500)
    assert left(tmp_path) == ["old.json", "old.npy"]


def test_using_an_array_makes_it_the_youngest(kept, held, tmp_path):
    path = kept("a", used=1)
    held(path)
    assert path.with_suffix(".json").stat().st_mtime > kept("b", used=2).stat().st_mtime


def test_what_a_dead_process_left_half_made_goes_too(tmp_path):
    (tmp_path / "dead.part").write_bytes(b"p" * 900)
    make_room(tmp_path / "new.npy", 500, limit_bytes=600)
    assert left(tmp_path) == []


def test_nothing_goes_for_an_array_that_no_disk_could_take(kept, tmp_path):
    kept("a", used=1)
    make_room(tmp_path / "new.npy", 1 << 60, limit_bytes=500)
    assert left(tmp_path) == ["a.json", "a.npy"]


def test_a_folder_that_is_not_there_keeps_nothing(tmp_path):
    assert kept_bytes(tmp_path / "nowhere") == 0
