"""Many hosts, as processes with adb servers and homes of their own, emulated phones, and mutual TLS on loopback."""

import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest
from command_line import OTHER, SMALL
from phone_lab import Lab, left_on, wait_until

from mbench.core.parts import Part
from mbench.core.ports import SilentProgress
from mbench.core.results import Status
from mbench.emulator.farm import Phone
from mbench.store.session_store import SessionStore
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection
from mbench.workflows.run import session as sessions
from mbench.workflows.run.request import RunRequest

pytest.importorskip("distributed", reason="many hosts need the extra farm")

from mbench.farm.engine import DaskEngine, farm_engine
from mbench.workflows.farm.published import fetch, publish

pytestmark = [pytest.mark.tensorflow, pytest.mark.timeout(280)]

RUNS = 4


class Planned(Exception):
    """A session has its plan, and nothing of it is measured."""


@dataclass
class Farm:
    """A scheduler, two hosts with a phone or two each, a store, and a driver."""

    driver: Lab
    hosts: list[Lab]
    phones: list[Phone]
    folder: Path
    address: str = ""

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def start_scheduler(self, port: int = 0) -> "Popen[str]":
        process = self.driver.start(
            "farm", "scheduler", "--port", port, "--tls", self.folder / "certs" / "scheduler", "--absent", "60"
        )
        assert process.stdout is not None
        self.address = re.sub(r"^listening at ", "", process.stdout.readline()).strip()
        assert self.address.startswith("tls://"), process.stderr.read() if process.stderr else ""
        return process

    def start_host(self, index: int) -> "Popen[str]":
        name = f"lab-{index}"
        return self.hosts[index].start(
            *("farm", "host", self.address, "--tls", self.folder / "certs" / name),
            *("--name", name, "--store", self.store),
        )

    def engine(self) -> Iterator[DaskEngine]:
        return farm_engine(self.address, tls=self.folder / "certs" / "driver")  # type: ignore[return-value]

    def plan(self, monkeypatch: pytest.MonkeyPatch) -> SessionStore:
        """Plan a session on all phones from a driver that happens to reach all adb servers, as on one desk."""
        monkeypatch.setenv("MBENCH_HOME", str(self.driver.home))
        found: list[SessionStore] = []

        def started(store: SessionStore) -> None:
            found.append(store)
            raise Planned

        request = RunRequest(
            devices=("pixel4",),
            every=True,
            selection=Selection(names=(SMALL, OTHER)),
            build_inputs=BuildInputs(),
            settings={"num_runs": 5, "min_secs": 0, "warmup_min_secs": 0, "max_secs": 1},
            rules={"min_runs": RUNS, "max_runs": RUNS},
            memory_runs=0,
            results=self.folder / "planned",
            command=("mbench",),
            adb_servers=tuple(f"127.0.0.1:{lab.server.port}" for lab in self.hosts),
        )
        with pytest.raises(Planned):
            sessions.run(request, progress=SilentProgress(), started=started)
        return found[0]


@pytest.fixture
def farm(laboratories: Callable[[], Lab], tmp_path: Path) -> Iterator[Farm]:
    labs = [laboratories() for _ in range(3)]
    for lab in labs[1:]:
        shutil.rmtree(lab.home / "cache")  # what a host needs comes from the store
    farm = Farm(driver=labs[0], hosts=labs[1:], phones=[lab.phone() for lab in labs[1:]], folder=tmp_path)
    made = farm.driver.mbench("farm", "certs", tmp_path / "certs", "--host", "lab-0", "--host", "lab-1")
    assert made.returncode == 0, made.err
    yield farm
    for lab in labs:
        lab.close()


class Driver:
    """Runs the parts of a session in a thread."""

    def __init__(self, engine: DaskEngine, store: SessionStore) -> None:
        self.ends: dict[str, Exception | None] = {}
        self.stop = threading.Event()
        parts = [
            Part(
                device=part.device.serial,
                function="mbench.workflows.farm.remote_part:measure",
                arguments=(store.plan.session, part.device.serial),
                expected_s=10.0,
            )
            for part in store.plan.devices
        ]

        def run() -> None:
            self.ends = engine.run(parts, on_end=lambda *_: None, stop=self.stop)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def result(self) -> dict[str, Exception | None]:
        self.thread.join(150)
        assert not self.thread.is_alive()
        return self.ends


def test_a_host_that_is_killed_and_started_again_costs_the_run_at_hand_and_nothing_else(farm, monkeypatch):
    store = farm.plan(monkeypatch)
    publish(store, str(farm.store))
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    killed, other = farm.phones
    with farm.engine() as engine:
        wait_until(lambda: engine.phones() == {killed.serial: "lab-0", other.serial: "lab-1"})
        driver = Driver(engine, store)
        before = killed.benchmarks
        wait_until(lambda: killed.benchmarks >= before + 4)
        hosts[0].kill()
        hosts[0].communicate()
        hosts[0] = farm.start_host(0)
        assert driver.result() == {killed.serial: None, other.serial: None}
    found = fetch(str(farm.store), store.plan.session, farm.folder / "fetched")
    results = found.results()
    assert [(result.status, len(result.runs)) for result in results] == [(Status.OK, RUNS)] * 4
    found.refuse_other_runs()
    for phone in farm.phones:  # every benchmark that a phone has run is kept, but the one at which its host died
        part = next(part for part in found.plan.devices if part.device.serial == phone.serial)
        kept = sum(len(found.runs(job)) for job in (part.canary_job, *(job.id for job in part.jobs)))
        assert phone.benchmarks - kept in ((0, 1) if phone is killed else (0,))
    documents = sorted(path.name for path in farm.store.glob("sessions/*/parts/*/jobs/*.json"))
    assert documents == sorted(f"{job.id}.json" for job in store.plan.jobs)
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert [left_on(lab, phone) for lab, phone in zip(farm.hosts, farm.phones, strict=True)] == [[], []]
    report = farm.driver.mbench("report", farm.folder / "fetched" / store.plan.session, "--json")
    assert [row["status"] for row in report.rows] == ["ok"] * 4
