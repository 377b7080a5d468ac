"""What is held for a phone's processes is let go of when they end, whatever they had not come to."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mbench.emulator.adbd.pipes import read_some
from mbench.emulator.farm import Phone
from mbench.emulator.phone.views import STATE
from mbench.emulator.processes.processes import Processes
from mbench.emulator.processes.request_pipes import COUNT, Lines, Request, make_pipes

MORE_THAN_A_SOCKET_HOLDS = 5000


def test_a_phone_that_dies_deaf_ends_its_commands_and_frees_its_descriptors() -> None:
    async def outcome() -> tuple[set[int], set[int], bytes]:
        reader, writer = os.pipe()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        number = ours.fileno()
        processes = Processes(ours)
        processes.attach(lambda *_: None)
        passed = [os.dup(theirs.fileno()) for _ in range(3)]
        commands = [processes.spawn(("true",), environment={}, descriptors=()) for _ in range(MORE_THAN_A_SOCKET_HOLDS)]
        commands.append(processes.spawn(("true",), environment={}, descriptors=passed))
        processes.close()
        theirs.close()
        await processes.kill_all()
        ends = {command.exit.result() for command in commands}
        left = {int(path.name) for path in Path("/proc/self/fd").iterdir()}.intersection(passed)
        os.dup2(reader, number)
        os.set_blocking(number, False)
        heard, _ = await asyncio.gather(read_some(number), asyncio.to_thread(os.write, writer, b"heard"))
        for descriptor in (reader, writer, number):
            os.close(descriptor)
        return ends, left, heard

    assert asyncio.run(outcome()) == ({137}, set(), b"heard")


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    make_pipes(tmp_path)
    lines = Lines(str(tmp_path))
    yield lines
    lines.close()


def dead_process() -> int:
    done = subprocess.Popen(["true"])
    done.wait()
    return done.pid


def test_lines_are_freed_whose_takers_died_before_they_asked(lines: Lines, tmp_path: Path) -> None:
    dead, folder = b"%d\0pin\0" % dead_process(), tmp_path / "lines"
    taken = {0: dead, 1: b"%d\0pin\0" % os.getpid(), 2: b"", 3: b"", 4: dead}
    for line, text in taken.items():
        (folder / f"{line}.taken").write_bytes(text)
    now = time.time()
    os.utime(folder / "2.taken", (now - 15, now - 15))
    os.utime(folder / "3.taken", (now - 6, now - 6))
    os.write(lines.asks, b"4\n+\n")
    assert [heard.line for heard in lines.heard() if isinstance(heard, Request)] == [4]
    assert {path.name for path in folder.glob("*.taken")} == {"1.taken", "3.taken", "4.taken"}
    lines.free(4)
    (folder / "4.taken").write_bytes(dead)
    os.write(lines.asks, b"+\n")
    assert list(lines.heard()) == []
    assert {path.name for path in folder.glob("*.taken")} == {"1.taken", "3.taken"}


def test_a_command_gets_a_line_of_the_dead_where_all_are_taken(phone: Phone, adb: Callable[..., object]) -> None:
    dead = dead_process()
    for line in range(COUNT):
        (phone.folder / STATE / f"lines/{line}.taken").write_bytes(b"%d\0pin\0f0\0" % dead)
    assert adb("shell", "taskset f0 echo pinned", timeout_s=60) == (0, "pinned\n", "")
