"""Agents as processes of their own: killed, frozen for a moment, frozen for long, and two hosts that lend one phone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_farm import LocalFarm

from mbench.core.parts import Part

HERE = Path(__file__).parent

AGENT = """
import asyncio, sys
from pathlib import Path
from local_farm import own_stop
from mbench.farm.addresses import parse_address
from mbench.farm.agent import Agent
address, name, serials, folder = sys.argv[1:]
async def lend():
    agent = Agent(parse_address(address, tls=False), None, name=name, attached=lambda: serials.split(","),
                  context_of=own_stop, folder=Path(folder), look_s=0.1)
    await agent.run(asyncio.Event())
asyncio.run(lend())
"""


def hold(context: threading.Event, path: str, end: str) -> None:
    """Do what a measuring part does: note that it begins, work until there is a file, note how that ended."""
    note(path, "begun")
    while not Path(end).exists() and not context.is_set():
        time.sleep(0.02)
    note(path, "stopped" if context.is_set() else "done")


def note(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


class Lab:
    """A scheduler and an engine in this process, and agents in others."""

    def __init__(self, folder: Path) -> None:
        self.log, self.done, self._folder = folder / "log", folder / "done", folder
        self.farm = LocalFarm(())
        self.farm.__enter__()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.ends: dict[str, Exception | None] | None = None

    def agent(self, name: str, *serials: str) -> "subprocess.Popen[bytes]":
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        arguments = [str(self.farm.address), name, ",".join(serials), str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)])}
        process = subprocess.Popen([sys.executable, "-c", AGENT, *arguments], env=environment)
        self.processes.append(process)
        return process

    def start(self, *serials: str) -> None:
        engine = self.farm.engine()
        wait_for(lambda: set(serials) <= engine.phones().keys())
        arguments = (str(self.log), str(self.done))
        parts = [Part(device=each, function="test_farm_processes:hold", arguments=arguments) for each in serials]

        def run() -> None:
            self.ends = engine.run(parts, on_end=lambda *_: None, stop=threading.Event())
            engine.close()

        threading.Thread(target=run, daemon=True).start()
        self.wait("begun", len(serials))

    def wait(self, word: str, count: int = 1, timeout_s: float = 60.0) -> None:
        wait_for(lambda: self.lines.count(word) >= count, timeout_s)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def finish(self) -> dict[str, Exception | None]:
        self.done.touch()
        wait_for(lambda: self.ends is not None)
        assert self.ends is not None
        return self.ends

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.farm.__exit__()


def wait_for(what: Callable[[], bool], timeout_s: float = 60.0) -> None:
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.close()


def test_a_killed_host_has_its_parts_begun_again_where_their_phones_are_next(lab):
    killed = lab.agent("lab-1", "a", "b")
    lab.start("a", "b")
    killed.kill()
    lab.agent("lab-2", "a", "b")
    lab.wait("begun", 4)
    assert lab.finish() == {"a": None, "b": None}
    assert sorted(lab.lines) == ["begun"] * 4 + ["done"] * 2


def test_a_host_that_freezes_for_some_seconds_goes_on_as_if_nothing_had_been(lab):
    frozen = lab.agent("lab-1", "a")
    lab.start("a")
    frozen.send_signal(signal.SIGSTOP)
    time.sleep(5)
    frozen.send_signal(signal.SIGCONT)
    assert lab.finish() == {"a": None}
    assert lab.lines == ["begun", "done"]


@pytest.mark.slow  # a minute until a silent host is given up
@pytest.mark.timeout(300)
def test_a_host_that_freezes_for_long_is_given_up_and_ends_its_part_when_it_wakes(lab):
    frozen = lab.agent("lab-1", "a")
    lab.start("a")
    frozen.send_signal(signal.SIGSTOP)
    time.sleep(90)
    assert lab.lines == ["begun"]
    frozen.send_signal(signal.SIGCONT)
    lab.wait("stopped")
    lab.wait("begun", 2)
    assert lab.finish() == {"a": None}
    assert lab.lines == ["begun", "stopped", "begun", "done"]


def test_a_phone_that_two_hosts_lend_gets_each_part_once(lab):
    lab.agent("lab-1", "a")
    lab.agent("lab-2", "a")
    lab.start("a")
    time.sleep(1)
    assert lab.finish() == {"a": None}
    assert lab.lines == ["begun", "done"]
