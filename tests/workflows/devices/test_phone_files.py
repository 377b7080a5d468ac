"""What a dead session left running on a phone; this host plays the phone, its shell and its processes are real."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mbench.core.processes.run_marks import COMMAND
from mbench.devices.host.transport import HostTransport
from mbench.workflows.devices.phone_files import clear_leftovers

LEFT = {COMMAND: "4711-00ff"}


def recorded(root: Path, name: str, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a process that a dead session's file names."""
    (root / "sessions/dead/run").mkdir(parents=True, exist_ok=True)
    program = (sys.executable, "-c", "import time; print(flush=True); time.sleep(600)", *words)
    process = subprocess.Popen(program, env={**os.environ, **environment}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    (root / "sessions/dead/run" / name).write_text(f"{process.pid}\n")
    return process


@pytest.mark.parametrize("name", ["pid.txt", "loop.pid"])
def test_a_dead_sessions_process_ends_and_its_folder_goes(name: str, tmp_path: Path) -> None:
    left = recorded(tmp_path, name, f"--graph={tmp_path}/models/m.tflite", **LEFT)
    clear_leftovers(HostTransport(tmp_path))
    assert left.wait(timeout=120) == -9
    assert not (tmp_path / "sessions").exists()
    left.communicate()


@pytest.mark.parametrize("words", [True, False], ids=["names our folder", "bears our mark"])
def test_whoever_has_a_recorded_number_by_now_and_is_not_ours_lives(words: bool, tmp_path: Path) -> None:
    other = recorded(tmp_path, "pid.txt", *([f"{tmp_path}/notes.txt"] if words else []), **({} if words else LEFT))
    clear_leftovers(HostTransport(tmp_path))
    assert other.poll() is None
    assert not (tmp_path / "sessions").exists()
    other.kill()
    other.communicate()
