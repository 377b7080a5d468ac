"""hostbench ended from outside: signals, closed pipes, a full disk."""

from __future__ import annotations

import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hostbench_runs import CREATED, INITIALIZED, QUICK, command, environment, replacing


@contextmanager
def endless(model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the middle of its measured phase."""
    flags = f"--graph={model}", "--num_runs=100000000", "--warmup_min_secs=0"
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        phases = 0
        while phases < 2:
            line = process.stdout.readline()
            assert line, "ended too early"
            phases += line.startswith(b"INFO: Running benchmark")
        time.sleep(0.05)
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_without_a_traceback(number: signal.Signals, add_model: Path) -> None:
    with endless(add_model) as process:
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=5)
        assert process.returncode == -number
        assert stdout == b""
        assert stderr.decode().splitlines() == [INITIALIZED, CREATED, replacing(1, 1, 1)]


def test_a_closed_pipe_ends_it_as_it_ends_any_program(add_model: Path) -> None:
    flags = f"--graph={add_model}", "--num_runs=1", "--min_secs=0"
    with subprocess.Popen(
        command(*flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
    assert process.returncode == -signal.SIGPIPE
    assert b"Traceback" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_fails_the_run(add_model: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(f"--graph={add_model}", *QUICK), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"ERROR: cannot write to file descriptor 1: No space left on device.\n"


def test_closed_streams_fail_the_run(add_model: Path) -> None:
    words = shlex.join(map(str, command(f"--graph={add_model}", *QUICK)))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], stderr=subprocess.PIPE, env=environment(), check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
