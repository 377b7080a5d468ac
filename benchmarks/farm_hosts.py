"""What the engine for many hosts costs: a thousand phones in ten agents, and an agent whose phones have nothing to do.

python -m benchmarks.farm_hosts [PHONES AGENTS]

Everything is of one machine, over plain TCP on loopback: scheduler and agents are processes of their own, phones are
names, parts sleep and put a document into a folder, flushed to the disk. Starting is not counted.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from mbench.core.parts import Part
from mbench.store.objects import open_objects

ROOT = Path(__file__).parents[1]
PHONES, AGENTS = 1000, 10
PARTS_EACH, PART_S = 3, 20.0
IDLE_PHONES, IDLE_S = 20, 30.0
START_S = 300.0


def run() -> dict[str, Any]:
    """Return the figures of a thousand phones and of an idle agent."""
    return {"many": many(PHONES, AGENTS), "idle": idle(IDLE_PHONES)}


def many(phones: int, agents: int) -> dict[str, float]:
    """Measure `PARTS_EACH` parts of `PART_S` on each of many phones.

    `ratio` is their time over the sum of one phone's; `wanted` is 1.2. `scheduler_mib` is the scheduler's largest
    resident size, wanted 250; `cpu_s` is the CPU time of all processes together during the parts.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scheduler, address = stack.enter_context(_scheduler())
        begun = time.monotonic()
        each = phones // agents
        hosts = [stack.enter_context(_agent(address, f"host-{n}", n * each, each, folder)) for n in range(agents)]
        engine = stack.enter_context(_engine(address))
        _wait_for(engine, each * agents)
        start_s, before = time.monotonic() - begun, _cpu_s(scheduler, *hosts)
        begun = time.monotonic()
        ends = engine.run(
            [
                Part(
                    device=f"phone-{n}",
                    function="benchmarks.farm_hosts:work",
                    arguments=(f"{n}-{k}", PART_S),
                    expected_s=PART_S,
                )
                for n in range(each * agents)
                for k in range(PARTS_EACH)
            ],
            on_end=lambda *_: None,
            stop=threading.Event(),
        )
        wall_s = time.monotonic() - begun
        assert set(ends.values()) == {None}, ends
        assert len(open_objects(str(folder)).names("done/")) == each * agents * PARTS_EACH
        return {
            "phones": each * agents,
            "parts": each * agents * PARTS_EACH,
            "start_s": round(start_s, 1),
            "wall_s": round(wall_s, 1),
            "ideal_s": PARTS_EACH * PART_S,
            "ratio": round(wall_s / (PARTS_EACH * PART_S), 3),
            "wanted": 1.2,
            "scheduler_mib": round(_largest_mib(scheduler), 1),
            "agent_mib": round(max(map(_largest_mib, hosts)), 1),
            "cpu_s": round(_cpu_s(scheduler, *hosts) - before, 1),
        }


def idle(phones: int) -> dict[str, float]:
    """Measure the share of a core that an agent takes whose phones have nothing to do; wanted: 0.02."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, address = stack.enter_context(_scheduler())
        agent = stack.enter_context(_agent(address, "idle", 0, phones, folder))
        engine = stack.enter_context(_engine(address))
        _wait_for(engine, phones)
        time.sleep(5)
        before = _cpu_s(agent)
        time.sleep(IDLE_S)
        return {"phones": phones, "share_of_a_core": round((_cpu_s(agent) - before) / IDLE_S, 4), "wanted": 0.02}


def work(context: object, name: str, seconds: float) -> None:
    """Do what a part does, as far as the engine is concerned."""
    assert isinstance(context, Path)
    time.sleep(seconds)
    open_objects(str(context)).put_new(f"done/{name}", json.dumps({"part": name}).encode())


@contextmanager
def _scheduler() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-m", "mbench", "farm", "scheduler", "--port", "0"]
    with _process(command) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().removeprefix("listening at ").strip()


@contextmanager
def _agent(address: str, name: str, first: int, count: int, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    words = ["--agent", address, name, str(first), str(count), str(folder)]
    with _process([sys.executable, "-m", "benchmarks.farm_hosts", *words]) as process:
        yield process


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _engine(address: str) -> Iterator[Any]:
    from mbench.farm.engine import farm_engine

    with farm_engine(address) as engine:
        yield engine


def _wait_for(engine: Any, phones: int) -> None:
    until = time.monotonic() + START_S
    while len(engine.phones()) < phones:
        assert time.monotonic() < until, f"only {len(engine.phones())} of {phones} phones are lent"
        time.sleep(0.5)


def _cpu_s(*processes: "subprocess.Popen[str]") -> float:
    times = [psutil.Process(process.pid).cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def _largest_mib(process: "subprocess.Popen[str]") -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _lend(address: str, name: str, first: int, count: int, folder: Path) -> None:
    """Be an agent whose phones are names."""
    from mbench.farm.addresses import parse_address
    from mbench.farm.agent import Agent
    from mbench.files.scratch import scratch_folder

    serials = frozenset(f"phone-{first + number}" for number in range(count))

    async def lend(scratch: Path) -> None:
        agent = Agent(
            parse_address(address, tls=False),
            None,
            name=name,
            attached=lambda: serials,
            context_of=lambda serial, stop: folder,
            folder=scratch,
        )
        await agent.run(asyncio.Event())

    with scratch_folder("agent") as scratch:
        asyncio.run(lend(scratch))


def main(words: list[str]) -> None:
    """Run the benchmark, smaller if so asked, or be one of its agents."""
    if words[:1] == ["--agent"]:
        _lend(words[1], words[2], int(words[3]), int(words[4]), Path(words[5]))
    elif words:
        print(json.dumps({"many": many(int(words[0]), int(words[1])), "idle": idle(IDLE_PHONES)}, indent=1))
    else:
        print(json.dumps(run(), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
