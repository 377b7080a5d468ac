"""Many hosts, as processes with adb servers and homes of their own, emulated phones, and mutual TLS on loopback."""

import hashlib
import json
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen

import pytest
from command_line import OTHER, SMALL
from phone_lab import Lab, arm, hear, left_on, wait_until
from shell_program import write_program

from mbench.core.parts import Part
from mbench.core.ports import SilentProgress, utc_now
from mbench.core.results import DevicePlan, Plan, Status
from mbench.devices.android.settings import Wanted
from mbench.emulator.farm import Phone
from mbench.emulator.phone.facts import SyntheticLaw
from mbench.emulator.phone.faults import FaultKind
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore
from mbench.workflows.build.gather_artifacts import gather
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection
from mbench.workflows.run.make_plan import make_plan
from mbench.workflows.run.provenance import provenance
from mbench.workflows.run.request import RunRequest, expand_request

pytest.importorskip("distributed", reason="many hosts need the extra farm")

from mbench.farm.engine import DaskEngine, farm_engine
from mbench.workflows.farm.published import fetch, publish
from mbench.workflows.farm.remote_device import describe_phones

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(600)]

RUNS = 4

X86_64 = {"abis": ("x86_64",), "model": "Any Phone", "device": "any"}
GENERIC = "generic_x86_64"


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

    def engine(self) -> AbstractContextManager[DaskEngine]:
        return farm_engine(self.address, tls=self.folder / "certs" / "driver")

    def lent(self, engine: DaskEngine) -> dict[str, str]:
        """Wait until every host lends its phone, and return who lends which."""
        wanted = {phone.serial: f"lab-{index}" for index, phone in enumerate(self.phones)}
        wait_until(lambda: engine.phones() == wanted)
        return wanted

    def plan(self, engine: DaskEngine) -> SessionStore:
        """Plan a session on all phones, none of which the driver reaches itself."""
        request = RunRequest(
            devices=("pixel4",),
            selection=Selection(names=(SMALL, OTHER)),
            build_inputs=BuildInputs(),
            settings={"num_runs": 5, "min_secs": 0, "warmup_min_secs": 0, "max_secs": 1},
            rules={"min_runs": RUNS, "max_runs": RUNS},
            memory_runs=0,
            results=self.folder / "planned",
            command=("mbench",),
        )
        silent, stop = SilentProgress(), threading.Event()
        devices = describe_phones(engine, str(self.store), self.lent(engine), wanted=Wanted(), stop=stop)
        build = partial(gather, workers=1, progress=silent, asked=request.inputs)
        planned = make_plan(
            expand_request(request, silent), [*devices.values()], build, learn=True, progress=silent
        ).devices
        return create_session(
            request.results,
            device="pixel4",
            what="farm",
            now=utc_now(),
            plan_of=lambda session: Plan(
                session=session,
                created_at=utc_now(),
                provenance=provenance(request.command),
                devices=tuple(each.part for each in planned),
            ),
        )


@pytest.fixture
def farm(laboratories: Callable[[], Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    labs = [laboratories() for _ in range(3)]
    for lab in labs[1:]:
        shutil.rmtree(lab.home / "cache")  # what a host needs comes from the store
    farm = Farm(driver=labs[0], hosts=labs[1:], phones=[lab.phone() for lab in labs[1:]], folder=tmp_path)
    made = farm.driver.mbench("farm", "certs", tmp_path / "certs", "--host", "lab-0", "--host", "lab-1")
    assert made.returncode == 0, made.err
    monkeypatch.setenv("MBENCH_HOME", str(farm.driver.home))
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


def named(part: DevicePlan) -> tuple[str, ...]:
    """Return what runs of a part are kept under."""
    return (part.canary_job, *(job.id for job in part.jobs))


def test_a_host_that_is_killed_and_started_again_costs_the_run_at_hand_and_nothing_else(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    killed, other = farm.phones
    with farm.engine() as engine:
        store = farm.plan(engine)
        publish(store, str(farm.store))
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
        kept = sum(len(found.runs(name)) for name in named(part))
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


FARM = """\
project = "lab"
retry_minutes = 0

[window]
hours = 1

[phones.pixels]
profile = "pixel4"
count = 3

[[measure]]
variants = ["{small}", "{other}"]

[settings]
runs = {runs}
max_runs = {runs}
num_runs = 5
min_secs = 0
warmup_secs = 0
max_secs = 1
memory_runs = 0

[hosts]
scheduler = "{address}"
tls = "{tls}"
store = "{store}"
"""


def night_of(ended) -> dict:
    assert ended.out, ended.err
    return json.loads(ended.out)


def test_a_night_on_phones_of_two_hosts_survives_a_killed_driver_and_a_killed_host(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    with farm.engine() as engine:
        farm.lent(engine)
    path = farm.driver.folder / "farm.toml"
    values = {"address": farm.address, "tls": farm.folder / "certs" / "driver", "store": farm.store}
    path.write_text(FARM.format(small=SMALL, other=OTHER, runs=RUNS, **values), encoding="utf-8")
    plan = farm.driver.mbench("nightly", path, "--dry-run")
    assert plan.returncode == 0, plan.err
    assert all(phone.serial in plan.out for phone in farm.phones)
    before = [phone.benchmarks for phone in farm.phones]
    first = farm.driver.start("nightly", path, "--json")
    wait_until(lambda: all(phone.benchmarks >= count + 3 for phone, count in zip(farm.phones, before, strict=True)))
    first.kill()
    first.communicate()
    hosts[1].kill()
    hosts[1].communicate()
    hosts[1] = farm.start_host(1)
    ended = farm.driver.mbench("nightly", path, "--json")
    night = night_of(ended)
    assert (ended.returncode, night["end"], night["missing"]) == (5, "partial", 2), ended.err
    found = {(row["variant"], row["device"]): (row["status"], row["runs"]) for row in night["rows"]}
    assert {name: found.pop((name, "pixel4#3"))[0] for name in (SMALL, OTHER)} == {SMALL: "skipped", OTHER: "skipped"}
    assert found == {(name, phone.serial): ("ok", RUNS) for name in (SMALL, OTHER) for phone in farm.phones}
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert [left_on(lab, phone) for lab, phone in zip(farm.hosts, farm.phones, strict=True)] == [[], []]


def test_a_driver_that_dies_and_a_store_that_is_away_lose_nothing(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    with farm.engine() as engine:
        store = farm.plan(engine)
        publish(store, str(farm.store))
        first = Driver(engine, store)
        wait_until(lambda: all(phone.benchmarks >= 2 for phone in farm.phones))
        away = farm.store.rename(farm.folder / "store that is away")
        farm.store.write_text("nothing is written here")
        engine.client.close(timeout=1)
        first.stop.set()
        first.result()
    with farm.engine() as engine:  # the same command again
        second = Driver(engine, store)
        said = [hear(process, "It is tried again until it is back.") for process in hosts]
        farm.store.unlink()
        away.rename(farm.store)
        assert set(second.result().values()) == {None}
    found = fetch(str(farm.store), store.plan.session, farm.folder / "fetched")
    assert [(result.status, len(result.runs)) for result in found.results()] == [(Status.OK, RUNS)] * 4
    found.refuse_other_runs()
    kept = sum(len(found.runs(name)) for part in found.plan.devices for name in named(part))
    assert sum(phone.benchmarks for phone in farm.phones) == kept
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert "It is tried again" not in rest  # said once, in the line that was heard
    assert all("could not" in line for line in said)


def write_farm(farm: Farm, **values: object) -> Path:
    path = farm.driver.folder / "farm.toml"
    known = {"address": farm.address, "tls": farm.folder / "certs" / "driver", "store": farm.store}
    text = FARM.format(small=SMALL, other=OTHER, **{"runs": 2} | known)
    for key, value in values.items():
        text = text.replace(key, str(value))
    path.write_text(text, encoding="utf-8")
    return path


def test_hosts_check_their_phones_keep_what_they_saw_and_leave_out_those_that_are_unfit_or_held(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    locked = farm.hosts[0].phone()
    arm(locked, FaultKind.LOCK)
    held = farm.phones[1]
    assert (
        farm.hosts[1].mbench("farm", "hold", held.serial, "--until", "23:59", "--reason", "new battery").returncode == 0
    )
    with farm.engine() as engine:
        wait_until(lambda: len(engine.phones()) == 3)
    before = held.benchmarks, locked.benchmarks
    ended = farm.driver.mbench("nightly", write_farm(farm), "--json")
    night = night_of(ended)
    assert ended.returncode == 5, ended.err
    found = {row["device"]: (row["status"], row["error_class"]) for row in night["rows"]}
    assert found == {
        farm.phones[0].serial: ("ok", None),
        locked.serial: ("skipped", "environment"),
        held.serial: ("skipped", "quarantine"),
    }
    assert (held.benchmarks, locked.benchmarks) == before
    said = {row["device"]: row["message"] for row in night["rows"]}
    assert "new battery" in said[held.serial]
    assert "lock" in said[locked.serial]
    health = json.loads((Path(night["path"]) / "health.json").read_bytes())
    well = health[farm.phones[0].serial]
    assert (well["host"], well["before"]["serial"]) == ("lab-0", farm.phones[0].serial)
    assert well["after"]["taken_at"] > well["before"]["taken_at"]
    assert {check["name"] for check in well["compared"]} >= {"restart", "build"}
    assert any(check["state"] == "failed" for check in health[locked.serial]["checks"])
    records = farm.hosts[0].home / "farm" / "phones"
    kept = json.loads((records / f"{locked.serial}.json").read_bytes())
    assert [failure["failure_class"] for failure in kept["failures"]] == ["environment"]
    assert not (farm.driver.home / "farm" / "phones").exists()
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_program_of_the_user_s_travels_to_each_host_once_and_leaves_the_kept_ones_as_they_are(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    for host in farm.hosts:
        host.phone(**X86_64)
    path = write_farm(farm, **{"count = 3": "count = 2", "pixel4": GENERIC})
    with farm.engine() as engine:
        wait_until(lambda: len(engine.phones()) == 4)
    program = write_program(farm.driver.folder / "benchmark_model", "tflite")
    path.write_text(path.read_text(encoding="utf-8") + '\n[program]\nbinary = "benchmark_model"\n', encoding="utf-8")
    ended = farm.driver.mbench("nightly", path, "--json")
    night = night_of(ended)
    assert (ended.returncode, night["end"], night["measured"]) == (0, "complete", 4), ended.err
    sha256 = hashlib.sha256(program.read_bytes()).hexdigest()
    assert {row["binary_sha256"] for row in night["rows"]} == {sha256}
    for host in farm.hosts:
        assert [each.name for each in (host.home / "farm" / "programs").iterdir() if each.is_dir()] == [sha256]
        assert sha256[:12] not in host.mbench("binary", "list").out
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def judged(farm: Farm, path: Path) -> tuple[int, dict]:
    """Return how tonight's night ended, and its verdict."""
    ended = farm.driver.mbench("nightly", path, "--json")
    return ended.returncode, night_of(ended)["verdict"]


def test_suspects_are_measured_again_where_their_phones_are_and_a_host_that_lacks_the_old_file_says_so(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    law = SyntheticLaw(base_us=800, us_per_mb=20_000)
    phones = [host.phone(**X86_64, synthetic=law) for host in farm.hosts]
    with farm.engine() as engine:
        wait_until(lambda: len(engine.phones()) == 4)
    path, model = write_farm(farm, **{"count = 3": "count = 2", "pixel4": GENERIC}), farm.driver.folder / "model.tflite"
    measured = f'variants = ["{SMALL}", "{OTHER}"]'
    text = path.read_text(encoding="utf-8").replace(measured, 'models = [{ file = "model.tflite", as = "detector" }]')
    path.write_text(text, encoding="utf-8")
    old = next(iter((farm.driver.home / "cache" / "files").glob("*.tflite"))).read_bytes()
    model.write_bytes(old)
    assert [judged(farm, path)[0] for _ in range(6)] == [0] * 6
    model.write_bytes(old + bytes(len(old)))  # twice as slow, by the phones' law
    sha256 = hashlib.sha256(old).hexdigest()
    (farm.store / "blobs" / sha256).unlink()
    for home in (farm.driver.home, farm.hosts[1].home):  # the other host has it in its own cache still
        (home / "cache" / "files" / f"{sha256}.tflite").unlink()
    code, verdict = judged(farm, path)
    found = {one["cell"]["serial"]: one for one in verdict["findings"] if one["kind"] == "latency"}
    assert (code, {one["standing"] for one in found.values()}) == (1, {"confirmed"})
    with_old, without = (found[phone.serial] for phone in phones)
    assert len(with_old["rerun"]["old_us"]) == len(with_old["rerun"]["new_us"]) >= 12
    assert max(with_old["rerun"]["old_us"]) < min(with_old["rerun"]["new_us"])
    assert without["rerun"]["old_us"] == []
    assert (farm.driver.folder / "results" / with_old["rerun"]["session"]).is_dir()
    said = [one["because"] for one in json.loads(Path(night_path(farm), "verdict.json").read_bytes())["decisions"]]
    assert sum("cannot have the old side" in words for words in said) == 1
    for process in hosts:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert [left_on(lab, phone) for lab, phone in zip(farm.hosts, phones, strict=True)] == [[], []]


def night_path(farm: Farm) -> Path:
    """Return the folder of the last night."""
    return max((farm.driver.folder / "results").glob("2*-night-farm-*"))


def test_a_phone_that_is_carried_from_a_host_that_is_ended_to_another_is_measured_on_there(farm):
    farm.start_scheduler()
    hosts = [farm.start_host(index) for index in range(2)]
    with farm.engine() as engine:
        farm.lent(engine)
    path = write_farm(
        farm, **{"count = 3": "count = 2", "runs = 2": "runs = 12", "retry_minutes = 0": "retry_minutes = 5"}
    )
    process = farm.driver.start("nightly", path, "--json")
    carried = farm.phones[0]
    wait_until(lambda: carried.benchmarks >= 6)
    hosts[0].send_signal(signal.SIGTERM)
    hosts.pop(0).communicate(timeout=60)
    farm.hosts[0].server.run("disconnect", carried.address)
    farm.hosts[1].server.connect(carried.address)
    ended = farm.driver.end(process, timeout_s=400)
    night = night_of(ended)
    assert (ended.returncode, night["end"]) == (0, "complete"), ended.err
    assert [row["runs"] for row in night["rows"]] == [12] * 4
    health = json.loads((Path(night["path"]) / "health.json").read_bytes())
    assert health[carried.serial]["host"] == "lab-1"
    for host in hosts:
        host.send_signal(signal.SIGTERM)
        host.communicate(timeout=60)
