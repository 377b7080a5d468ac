"""What a killed session left on this host: the next one ends what bears its mark, and nothing else."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mbench.core.processes.run_marks import COMMAND, RUN_FOLDER, marked
from mbench.devices.host.folders import remove_stale, work_folder
from mbench.devices.host.transport import HostTransport

SESSION = """
import sys
from pathlib import Path
from mbench.core.processes.run_marks import marked
from mbench.devices.host.transport import HostTransport
from mbench.devices.host.folders import work_folder
root = Path(sys.argv[1])
with work_folder(root, "dead") as folder:
    script = f"cd '{folder}' && mkdir run && echo $$ >part && mv part pid && cd / && sleep 600; :"
    HostTransport(root).run(("sh", "-c", script), environment=marked({}, f"{folder}/run"), deadline_s=600)
"""


def killed_session(root: Path) -> psutil.Process:
    """Kill a session while its command runs, and return the command's process."""
    session = subprocess.Popen((sys.executable, "-c", SESSION, str(root)))
    note, deadline = root / "work-dead" / "pid", time.monotonic() + 60
    while not note.exists():
        assert time.monotonic() < deadline, "no command was started in two minutes"
        time.sleep(0.02)
    session.send_signal(signal.SIGKILL)
    session.wait()
    return psutil.Process(int(note.read_text()))


def there(folder: Path, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a shell of the user's in a folder."""
    shell = subprocess.Popen(
        ("sh", "-c", "echo; exec sleep 600"), cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE
    )
    assert shell.stdout is not None
    shell.stdout.readline()
    return shell


def test_a_dead_sessions_processes_end_wherever_they_are_and_others_in_its_folder_live(tmp_path: Path) -> None:
    left = killed_session(tmp_path)
    children = left.children()
    users = [
        there(tmp_path / "work-dead" / "run"),
        there(tmp_path / "work-dead"),
        there(tmp_path, **{RUN_FOLDER: f"{tmp_path}/work-dead2/run/"}),
    ]
    try:
        remove_stale(tmp_path)
        psutil.wait_procs([left, *children], timeout=60)
        assert children
        assert not any(process.is_running() for process in (left, *children))
        assert [shell.poll() for shell in users] == [None, None, None]
        assert not list(tmp_path.glob("work-*"))
    finally:
        for shell in users:
            shell.kill()
            shell.communicate()


def test_a_shell_in_a_terminal_that_inherited_the_mark_lives(tmp_path: Path) -> None:
    killed_session(tmp_path)
    mark = {RUN_FOLDER: f"{tmp_path}/work-dead/run/"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("sh", ["sh", "-c", "echo; exec sleep 600"], {**os.environ, **mark})
    try:
        os.read(terminal, 1)
        assert psutil.Process(pid).environ()[RUN_FOLDER] == mark[RUN_FOLDER]
        remove_stale(tmp_path)
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def test_a_command_does_not_hand_on_the_mark_of_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN_FOLDER, "/elsewhere/run/")
    monkeypatch.setenv(COMMAND, "7-00")
    transport = HostTransport(tmp_path)
    assert b"/elsewhere/run/" not in transport.run(("env",), deadline_s=60).stdout
    assert COMMAND.encode() not in transport.run(("env",), deadline_s=60).stdout
    ours = transport.run(("env",), environment=marked({}, "/ours"), deadline_s=60).stdout
    assert f"{RUN_FOLDER}=/ours/\n".encode() in ours


def test_a_living_sessions_processes_are_left_alone(tmp_path: Path) -> None:
    with work_folder(tmp_path, "living") as folder:
        ours = there(Path(folder), **{RUN_FOLDER: f"{folder}/run/"})
        remove_stale(tmp_path)
        assert ours.poll() is None
        assert Path(folder).is_dir()
        ours.kill()
        ours.communicate()
