"""What a process holds in a folder is removed by nobody until it ends, be it by itself or by another user."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mbench.core.errors import LockHeld
from mbench.files import in_use

ROOT = Path(__file__).parents[2]
NOBODY = 65534

HOLDER = """
import os, sys
from pathlib import Path
from mbench.files import in_use
if len(sys.argv) > 3:
    os.setuid(int(sys.argv[3]))
in_use.hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: Path, name: str, *user: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        (sys.executable, "-c", HOLDER, folder, name, *user), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def free(folder: Path, name: str) -> bool:
    try:
        with in_use.unused(folder, name):
            return True
    except LockHeld:
        return False


def test_what_another_process_holds_is_free_when_the_last_one_was_killed(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path, "a"):
        with held_elsewhere(tmp_path, "a"):
            assert not free(tmp_path, "a")
            assert free(tmp_path, "b")
        assert not free(tmp_path, "a")
    assert free(tmp_path, "a")


def test_what_this_process_holds_is_in_its_own_way_and_in_this_folder_alone(tmp_path: Path) -> None:
    in_use.hold(tmp_path / "one", "a")
    (tmp_path / "two").mkdir()
    assert not free(tmp_path / "one", "a")
    assert free(tmp_path / "one", "b")
    assert free(tmp_path / "two", "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_holds_what_it_cannot_write() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        assert free(folder, "a")
        with held_elsewhere(folder, "a", str(NOBODY)):
            assert not free(folder, "a")
        assert free(folder, "a")
    finally:
        shutil.rmtree(folder)


def test_a_thread_holds_only_when_another_one_has_removed(tmp_path: Path) -> None:
    order: list[str] = []
    removing = threading.Event()

    def remove() -> None:
        with in_use.unused(tmp_path, "a"):
            removing.set()
            time.sleep(0.2)
            order.append("removed")

    thread = threading.Thread(target=remove)
    thread.start()
    assert removing.wait(60)
    in_use.hold(tmp_path, "a")
    order.append("held")
    thread.join(60)
    assert order == ["removed", "held"]
    with pytest.raises(LockHeld), in_use.unused(tmp_path, "a"):
        pass
