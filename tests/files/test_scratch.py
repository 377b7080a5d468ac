"""Temporary folders: gone with their process, and swept after one that was killed."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mbench.files.scratch import ScratchFolder, scratch_folder, sweep

KILLED = """
import os, signal
from mbench.files.scratch import ScratchFolder
folder = ScratchFolder("phones").path
(folder / "locked").mkdir()
(folder / "locked" / "file").write_text("x")
(folder / "locked").chmod(0o500)
print(folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def tmp(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_after_its_block_also_on_errors(tmp):
    with pytest.raises(FileExistsError), scratch_folder("build") as folder:
        folder.mkdir()
    assert list(tmp.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_folder_and_a_living_ones_stays(tmp):
    with scratch_folder("phones") as living:
        done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=60)
        left = Path(done.stdout.strip())
        assert left.parent == tmp
        assert (left / "locked/file").is_file()
        ScratchFolder("adb").close()
        assert [path for path in tmp.iterdir() if path.is_dir()] == [living]


def test_neither_a_folder_of_somebody_else_nor_a_link_is_touched(tmp):
    (tmp / "mbench-notes-mine").mkdir()
    (tmp / "elsewhere").mkdir()
    (tmp / "elsewhere/.held.lock").write_text("")
    (tmp / "mbench-phones-link").symlink_to(tmp / "elsewhere")
    sweep()
    assert sorted(path.name for path in tmp.iterdir()) == ["elsewhere", "mbench-notes-mine", "mbench-phones-link"]
