"""A laboratory: emulated phones in this process, a real adb server of its own, and `mbench` as a stranger calls it."""

import inspect
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, SMALL, Command

from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import PhoneFacts, SyntheticLaw, pixel4
from mbench.emulator.phone.faults import Fault, FaultKind

SHORTEST = (
    *("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0", "--max-secs", "1"),
    *("--runs", "2", "--max-runs", "2", "--memory-runs", "0"),
)
"""A session of one job is then five benchmarks: canary, job, canary, job, canary."""

ONE_RUN = ("--runs", "1", "--max-runs", "1")
"""After SHORTEST: canary, job, canary, where it does not matter how often the job is run."""

HELD_LONG = ("--max-secs", "60")
"""For a run that hangs while a test does other things: it is ended after two minutes instead of 13 s."""

PATIENCE = """
[patience]
start_s = 1.0
ready_s = {ready_s}
return_s = {return_s}
"""

AT_ONCE = 2
"""In each of the four processes that share the tests out."""

OURS = "/data/local/tmp/mbench"
SETTINGS = "settings get global stay_on_while_plugged_in"
PROCESSES = (
    'for each in $(grep -lsz "^MBENCH_PHONE=$MBENCH_PHONE$" /proc/[0-9]*/environ); '
    "do tr '\\0' ' ' <${each%environ}cmdline; echo; done 2>/dev/null"
)
"""The command lines of an emulated phone's own processes: its /proc shows the host's too."""

_SERIALS = (f"LAB{number:03d}" for number in itertools.count(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended, and what the results folder then holds."""

    returncode: int
    out: str
    err: str
    folder: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        return json.loads(self.out)

    @property
    def row(self) -> dict[str, Any]:
        (row,) = self.rows
        return row

    @property
    def last_line(self) -> str:
        return self.err.strip().splitlines()[-1]

    @property
    def runs(self) -> list[dict[str, Any]]:
        """All kept runs, the canary's too, in the order in which they ran."""
        kept = [json.loads(path.read_bytes())["run"] for path in self.folder.glob("results/*/runs/*/[!.]*/run.json")]
        return sorted(kept, key=lambda run: run["position"])

    def runs_on(self, phone: Phone) -> list[dict[str, Any]]:
        """Return the runs of one of several phones."""
        return [run for run in self.runs if run["job"].endswith(f"@{phone.serial}")]

    @property
    def states(self) -> dict[str, tuple[str, int]]:
        """Of each device, its row's status and runs."""
        return {row["device"]: (row["status"], row["runs"]) for row in self.rows}

    def row_of(self, phone: Phone) -> dict[str, Any]:
        """Return a phone's row; one that could not be asked who it is has its address there."""
        (row,) = (row for row in self.rows if row["device"] in {phone.serial, phone.address})
        return row

    def said_of(self, phone: Phone) -> str:
        """Return the lines of stderr that name a phone."""
        return "\n".join(line for line in self.err.splitlines() if phone.serial in line)

    @property
    def codes(self) -> set[str]:
        return {warning["code"] for row in self.rows for warning in row["warnings"]}


class Lab:
    """Phones, a server and a home for one test."""

    def __init__(self, farm: PhoneFarm, folder: Path, prepared: Path) -> None:
        self.farm, self.server = farm, AdbServer()
        self.folder, self.home = folder / "a folder with späces", folder / "home"
        self.folder.mkdir()
        shutil.copytree(prepared, self.home)
        self.patience()
        self._processes: list[subprocess.Popen[str]] = []
        self._beside = ThreadPoolExecutor(max_workers=1)

    def phone(self, facts: PhoneFacts | None = None, **changes: Any) -> Phone:
        """Start a Pixel 4 whose latencies are invented, joined to the server."""
        law = {"synthetic": SyntheticLaw(base_us=800)} | changes
        phone = self.farm.start(facts or pixel4(next(_SERIALS), **law))
        said = self.server.connect(phone.address)
        assert said.startswith("connected to"), said
        return phone

    def patience(self, *, ready_s: float = 3.0, return_s: float = 20.0) -> None:
        """Let mbench wait for less long than people would like it to."""
        shipped = (ROOT / "device_profiles" / "pixel4.toml").read_text(encoding="utf-8")
        own = self.home / "device_profiles" / "pixel4.toml"
        own.parent.mkdir(exist_ok=True)
        own.write_text(shipped + PATIENCE.format(ready_s=ready_s, return_s=return_s), encoding="utf-8")

    @property
    def command(self) -> Command:
        command = Command(self.folder, self.home)
        command.environment = {**self.server.environment, **_ours(command.environment)}
        return command

    def start(self, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        process = self.command.start(*map(str, arguments), **environment)
        self._processes.append(process)
        return process

    def mbench(self, *arguments: object, **environment: str) -> Ended:
        done = self.command(*map(str, arguments), **environment)
        return Ended(returncode=done.returncode, out=done.stdout, err=done.stderr, folder=self.folder)

    def end(self, process: "subprocess.Popen[str]", *, timeout_s: float = 120.0) -> Ended:
        out, err = process.communicate(timeout=timeout_s)
        return Ended(returncode=process.returncode, out=out, err=err, folder=self.folder)

    def run(self, *arguments: object, device: str = "pixel4", model: str = SMALL, **environment: str) -> Ended:
        return self.mbench(*_run_of(device, model), *arguments, **environment)

    def start_run(
        self, *arguments: object, device: str = "pixel4", model: str = SMALL, **environment: str
    ) -> "subprocess.Popen[str]":
        return self.start(*_run_of(device, model), *arguments, **environment)

    def run_beside(self, *arguments: object, **environment: str) -> "Future[Ended]":
        """Begin a run that a test looks at and that ends by itself; forked, it costs less than `start_run`."""
        return self._beside.submit(self.run, *arguments, **environment)

    def devices(self) -> list[dict[str, Any]]:
        """Return what `mbench devices` says."""
        return self.mbench("devices", "--json").rows

    def join_again(self, phone: Phone) -> None:
        """Cut a phone's connection and make it anew, as when its cable is plugged in again."""
        self.server.run("disconnect", phone.address)
        assert "connected to" in self.server.connect(phone.address)

    def shell(self, phone: Phone, text: str) -> str:
        """Return what a command prints; a host's other processes, which /proc shows too, have names of any bytes."""
        return self.server.run("-s", phone.address, "shell", text).stdout.decode(errors="replace").strip()

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self._beside.shutdown()
        self.server.stop()  # its phones end with the farm, so that no port of theirs is taken by another test's


def _run_of(device: str, model: str) -> tuple[str, ...]:
    return ("run", "--device", device, *((model,) if model else ()), *SHORTEST, "--json")


def _ours(environment: dict[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in ("MBENCH_HOME", "PYTHONPATH", "LC_ALL")}


def left_on(lab: Lab, phone: Phone) -> list[str]:
    """Return what is not as it was found on a phone: settings, processes, folders, lease; empty is well."""
    found = []
    if (value := lab.shell(phone, SETTINGS)) != "0":
        found.append(f"stay_on_while_plugged_in is {value}")
    found += [f"runs: {line}" for line in lab.shell(phone, PROCESSES).splitlines() if f"{OURS}/" in line]
    folder = phone.path(OURS)
    kept = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    found += [f"lies there: {path}" for path in kept if path.parts[1:2] not in {("models",), ("binaries",)}]
    return found


def wait_until(what: Callable[[], object], *, timeout_s: float = 90.0, every_s: float = 0.02) -> None:
    """Wait until something is so; what takes a process to look at is looked at less often."""
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until, f"not within {timeout_s:g} s: {what}"
        time.sleep(every_s)


def hear(process: "subprocess.Popen[str]", words: str) -> str:
    """Wait until a command has said something on stderr, and return that line."""
    assert process.stderr is not None
    return next(line for line in process.stderr if words in line)


def arm(phone: Phone, kind: FaultKind, **values: Any) -> None:
    phone.arm(Fault(kind=kind, **values))


def arm_and_see(lab: Lab, phone: Phone, kind: FaultKind, **values: Any) -> None:
    """Arm a fault, and wait until adb shows it: a phone that lets nobody in is offline until it has said so."""
    arm(phone, kind, **values)
    if kind is FaultKind.UNAUTHORIZE:
        wait_until(lambda: f"{phone.address}\tunauthorized".encode() in lab.server.run("devices").stdout)


@pytest.fixture(scope="session")
def laboratories(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Callable[[], Lab]]:
    """Return what opens a laboratory whose home has two small variants in its cache."""
    with PhoneFarm() as farm:
        yield lambda: Lab(farm, tmp_path_factory.mktemp("lab"), home)


@pytest.fixture(scope="module")
def under_way(request: pytest.FixtureRequest, laboratories: Callable[[], Lab]) -> Iterator[dict[str, "Future[None]"]]:
    """Begin every chosen test of a module that is marked by `together`, some at a time: what they do most is wait."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield {
            item.nodeid: pool.submit(
                _in_lab, item.obj.together, laboratories, item.callspec.params if hasattr(item, "callspec") else {}
            )
            for item in request.session.items
            if item.path == request.path and hasattr(getattr(item, "obj", None), "together")
        }


def together(test: Callable[..., None]) -> Callable[..., None]:
    """Let a test that takes a `lab` run beside others: it is begun with them, and reported in its turn."""
    names = list(inspect.signature(test).parameters)
    assert names[0] == "lab"

    def in_its_turn(request: pytest.FixtureRequest, under_way: dict[str, "Future[None]"], **_: object) -> None:
        under_way[request.node.nodeid].result()

    in_its_turn.__name__, in_its_turn.__doc__ = test.__name__, test.__doc__
    taken = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("request", "under_way", *names[1:])]
    in_its_turn.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    in_its_turn.together = test  # type: ignore[attr-defined]
    return in_its_turn


def _in_lab(test: Callable[..., None], laboratories: Callable[[], Lab], parameters: dict[str, Any]) -> None:
    lab = laboratories()
    try:
        test(lab, **parameters)
    finally:
        lab.close()
