"""Turns on this host: one session after the other, each with a note whom it waits for."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from mbench.core.errors import NoDevice
from mbench.devices.lease.host_turn import host_turn
from mbench.devices.lease.records import this_process

OTHER = """
import sys
from pathlib import Path
from mbench.core.ports import SilentProgress
from mbench.devices.lease.host_turn import host_turn
from mbench.devices.lease.records import this_process
from mbench.workflows.clock import SystemClock
turn = host_turn(
    Path(sys.argv[1]), holder=this_process("first"), limit_s=0, clock=SystemClock(), progress=SilentProgress()
)
with turn:
    print("held", flush=True)
    sys.stdin.read()
"""


class Steps:
    """A clock that goes on when somebody sleeps, when `slept` is called, and a progress that keeps what it hears."""

    def __init__(self, slept=lambda spent_s: None):
        self.spent_s, self.slept, self.lines, self.finished = 0.0, slept, [], 0

    def now(self):
        return datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(seconds=self.spent_s)

    def monotonic(self):
        return self.spent_s

    def sleep(self, seconds):
        self.spent_s += seconds
        self.slept(self.spent_s)

    def start(self, title, total, *, unit="steps"):
        self.lines.append(f"{title} {total} {unit}")

    def step(self, label, count=0):
        self.lines.append(label)

    def finish(self):
        self.finished += 1


def turn(folder, steps, *, session="second", limit_s=600.0):
    return host_turn(folder, holder=this_process(session), limit_s=limit_s, clock=steps, progress=steps)


@pytest.fixture
def other(tmp_path):
    """Return another process that has the host."""
    process = subprocess.Popen(
        (sys.executable, "-c", OTHER, str(tmp_path)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_free_host_is_had_at_once_again_and_again(tmp_path):
    steps = Steps()
    for _ in range(2):
        with turn(tmp_path / "made", steps):
            pass
    assert (steps.lines, steps.finished, steps.spent_s) == ([], 0, 0)


def test_a_host_that_is_in_use_is_waited_for_and_its_holder_named(tmp_path, other):
    def leave(spent_s):
        if spent_s >= 1.5:
            other.communicate()

    steps = Steps(leave)
    with turn(tmp_path, steps):
        pass
    assert steps.spent_s == 1.5
    assert f"(session first, process {other.pid})" in steps.lines[0]
    assert steps.lines[0].startswith("waiting for this host (in use by ")
    assert steps.lines[0].endswith(" 600 s")
    assert [line.rpartition("; ")[2] for line in steps.lines[1:]] == ["600 s left", "600 s left", "599 s left"]
    assert steps.finished == 1


@pytest.mark.parametrize("limit_s", [0.0, 0.75, 3.0])
def test_a_host_that_stays_in_use_is_given_up_after_the_limit(tmp_path, other, limit_s):
    steps = Steps()
    with pytest.raises(NoDevice) as error, turn(tmp_path, steps, limit_s=limit_s):
        pass
    assert f"process {other.pid}" in str(error.value)
    assert f"still after {max(1, limit_s):.0f} s" in str(error.value)
    assert (steps.spent_s, steps.finished) == (limit_s, int(limit_s > 0))


def test_a_holder_that_was_killed_has_left_the_host(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    steps = Steps()
    with turn(tmp_path, steps, limit_s=0):
        pass
    assert steps.lines == []


def test_an_error_in_the_block_is_the_blocks_and_leaves_the_host(tmp_path):
    with pytest.raises(ValueError, match="ours"), turn(tmp_path, Steps()):
        raise ValueError("ours")
    with turn(tmp_path, Steps(), limit_s=0):
        pass
