"""The `mbench` command as a stranger calls it: a process of its own, in an odd folder, with a home of its own."""

import json
import os
import pty
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from forked_commands import SET_BY_MBENCH, can_fork, run_forked, show_forked

ROOT = Path(__file__).parents[2]
SMALL = "mobilenet_v1_0.25_32_int8"
OTHER = "mobilenet_v1_0.25_64_int8"
LIMIT_S = 600
"""After which a command is taken for one that hangs; pytest's own limit is shorter where a test is not slow."""

SHORT = (
    *("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0"),
    *("--runs", "2", "--max-runs", "2", "--memory-runs", "0"),
)
"""Settings that make a run end as soon as it can; its numbers mean nothing, its path is the real one."""

ONCE = (*SHORT, "--runs", "1", "--max-runs", "1", "--workers", "1")
"""Likewise, of one run a job, and one process that builds and scores: each that imports tensorflow takes seconds."""


def rows_of(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """Return the rows that a command printed as JSON."""
    return json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def variables() -> dict[str, str]:
    """Return this process' variables; pytest changes one of its own meanwhile, where tests run in threads."""
    found = ((name, os.environ.get(name)) for name in list(os.environ))
    return {name: value for name, value in found if value is not None}


class Command:
    """Calls `mbench` in `folder` with the cache in `home`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in variables().items() if not name.startswith(("MBENCH_", SET_BY_MBENCH))},
            "MBENCH_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C",
            "ANDROID_ADB_SERVER_PORT": str(free_port()),  # never the server of who runs the tests
            "ADB_LIBUSB": "0",
        }

    def start(self, *arguments: str, prefix: tuple[str, ...] = (), **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            (*(prefix or (sys.executable,)), "-m", "mbench", *map(str, arguments)),
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(
        self, *arguments: str, prefix: tuple[str, ...] = (), **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Return what came of a command; one without a `prefix` begins where mbench's modules are imported."""
        whole = self.environment | environment
        if prefix or not can_fork(whole):
            process = self.start(*arguments, prefix=prefix, **environment)
            out, err = process.communicate(timeout=LIMIT_S)
            return subprocess.CompletedProcess(process.args, process.returncode, out, err)
        words = [str(each) for each in arguments]
        code, said, errors = run_forked(words, folder=self.folder, environment=whole, timeout_s=LIMIT_S)
        return subprocess.CompletedProcess(words, code, _text(said), _text(errors))


def _text(data: bytes) -> str:
    """Return text as `subprocess` does, whose lines end as Python's."""
    return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def of_terminal(command: Any, *arguments: object, **environment: str) -> tuple[int, str]:
    """Return exit code and all that a command shows on a terminal."""
    ours, its = pty.openpty()
    whole, words = command.environment | {"TERM": "xterm-256color"} | environment, [str(each) for each in arguments]
    ended: Callable[[], int]
    if can_fork(whole):
        ended = show_forked(words, its, folder=command.folder, environment=whole)
    else:
        streams = {"stdin": subprocess.DEVNULL, "stdout": its, "stderr": its}
        started = (sys.executable, "-m", "mbench", *words)
        ended = subprocess.Popen(started, cwd=command.folder, env=whole, **streams).wait
        os.close(its)
    shown = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return ended(), shown.decode()


def model_called(name: str, *, home: Path, folder: Path) -> str:
    """Put one of a home's built files into a folder under another name; return that."""
    built = next((home / "cache" / "files").glob("*.tflite"))
    shutil.copy(built, folder / f"{name}.tflite")
    return f"{name}.tflite"


@pytest.fixture(scope="session")
def home(tmp_path_factory, worker_id) -> Path:
    """A home whose cache holds two small variants: built by the real build, once for all workers; each has a copy."""
    own = tmp_path_factory.getbasetemp()
    can_fork(Command(own, own).environment)  # here and now, before tests of phones have threads
    shared = (own if worker_id == "master" else own.parent) / "built by all"
    with FileLock(f"{shared}.lock"):
        if not shared.is_dir():
            build = Command(tmp_path_factory.mktemp("build"), own / "building")
            built = build("build", SMALL, OTHER, "--workers", "1", "--quiet")
            assert built.returncode == 0, built.stderr
            (own / "building").rename(shared)
    return shutil.copytree(shared, tmp_path_factory.mktemp("home of mbench ü") / "home")


@pytest.fixture
def mbench(tmp_path, home) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    folder = tmp_path / "a folder with späces"
    folder.mkdir()
    return Command(folder, home)


@pytest.fixture
def bare(tmp_path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`mbench` with nothing in its cache, for what needs none."""
    folder = tmp_path / "bare"
    folder.mkdir()
    return Command(folder, tmp_path / "bare home")


@pytest.fixture
def without_tensorflow(tmp_path) -> dict[str, str]:
    """Variables of a command that fails where it imports tensorflow."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise ImportError('nothing here needs tensorflow')")
    return {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
