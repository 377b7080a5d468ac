"""What a host does for a part, as far as no phone is needed for it."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from mbench.artifacts.cache import ArtifactCache
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError, NoDevice, PartInterrupted, StoreError
from mbench.core.job_pairs import JobPair, Pairing
from mbench.core.ports import utc_now
from mbench.core.results import (
    BinaryFacts,
    DeviceFacts,
    DevicePlan,
    JobResult,
    MeasuringRules,
    Plan,
    PlannedJob,
    Provenance,
    Status,
)
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.store.objects import Objects, open_objects
from mbench.store.outbox import Outbox
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.own_programs import PROGRAM_DAYS, keep_own_program, own_program_file
from mbench.workflows.farm import remote_part
from mbench.workflows.farm.blobs import bring_models, bring_own_program, put_blobs, put_own_program
from mbench.workflows.farm.host_context import HostContext
from mbench.workflows.farm.published import fetch, publish
from mbench.workflows.farm.remote_part import MOST_DEATHS, measure

MODEL = b"a model's bytes"
SHA256 = hashlib.sha256(MODEL).hexdigest()


def job(name: str) -> PlannedJob:
    artifact = ArtifactFacts(
        name=name, sha256=SHA256, size_bytes=len(MODEL), mult_adds=1, parameters=1, activation_bytes=1
    )
    return PlannedJob(
        id=name, workload=Workload(artifact=artifact, delegate=Delegate.CPU, threads=1, settings=RunSettings())
    )


def plan(session: str) -> Plan:
    part = DevicePlan(
        device=DeviceFacts(serial="LAB1", profile="pixel4"),
        binary=BinaryFacts(tool="hostbench", sha256="b" * 64, path="there"),
        rules=MeasuringRules(min_runs=1, max_runs=1, target_interval=0.02, memory_runs=0, profile_ops=False, seed=1),
        canary=None,
        jobs=(job("job-0"), job("job-1")),
    )
    made = Provenance(mbench="0", git=None, command=("mbench",), host="x", python="3.11")
    return Plan(session=session, created_at=utc_now(), provenance=made, devices=(part,))


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Homes":
    return Homes(tmp_path, monkeypatch)


class Homes:
    """A driver and hosts, each with a home of its own, and their store."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.url = str(folder / "store")
        self.objects: Objects = open_objects(self.url)
        self.at("driver").keep_file(MODEL)

    def at(self, name: str) -> ArtifactCache:
        """Be somewhere else from now on; return the cache of there."""
        self._monkeypatch.setenv("MBENCH_HOME", str(self.folder / name))
        return ArtifactCache(self.folder / name / "cache")

    def session(self) -> SessionStore:
        return create_session(self.folder / "planned", device="x", what="y", now=utc_now(), plan_of=plan)

    def context(self, host: str = "lab-1") -> HostContext:
        outbox = Outbox(self.objects, self.folder / host / "sessions")
        return HostContext(host=host, serial="LAB1", outbox=outbox, adb_servers=(), stop=threading.Event())


def document(store: SessionStore, name: str) -> JobResult:
    part = store.plan.devices[0]
    return JobResult(
        session=store.plan.session,
        job=name,
        workload=job(name).workload,
        device=part.device,
        binary=part.binary,
        rules=part.rules,
        provenance=store.plan.provenance,
        finished_at=utc_now(),
        status=Status.OK,
    )


def test_a_model_comes_to_a_host_once_and_is_the_planned_one(homes):
    store = homes.session()
    put_blobs(store.plan, homes.objects, binary=None)
    cache = homes.at("lab-1")
    for _ in range(2):
        bring_models(store.plan.jobs, homes.objects, stop=threading.Event(), subject="LAB1")
        homes.objects.remove(f"blobs/{SHA256}")  # the second time it is not asked for
    found = cache.find_file(SHA256)
    assert found is not None
    assert found.read_bytes() == MODEL


def test_many_parts_of_a_host_bring_a_model_once(homes, monkeypatch):
    store = homes.session()
    put_blobs(store.plan, homes.objects, binary=None)
    homes.at("lab-1")
    asked: list[str] = []
    get = homes.objects.get
    monkeypatch.setattr(homes.objects, "get", lambda name: (asked.append(name), get(name))[1])
    threads = [
        threading.Thread(
            target=bring_models,
            args=(store.plan.jobs, homes.objects),
            kwargs={"stop": threading.Event(), "subject": f"LAB{n}"},
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [f"blobs/{SHA256}"]


@pytest.mark.parametrize(("data", "why"), [(b"other bytes", "is not"), (None, "the store lacks")])
def test_a_model_that_is_not_the_planned_one_is_never_kept(homes, data, why):
    store = homes.session()
    cache = homes.at("lab-1")
    if data is not None:
        homes.objects.put(f"blobs/{SHA256}", data)
    with pytest.raises(StoreError, match=f"LAB1: .*{why}"):
        bring_models(store.plan.jobs, homes.objects, stop=threading.Event(), subject="LAB1")
    assert cache.find_file(SHA256) is None


def test_a_part_that_is_done_asks_for_no_phone(homes, monkeypatch):
    store = homes.session()
    for name in ("job-0", "job-1"):
        store.save_job(document(store, name))
    publish(store, homes.url)
    homes.at("lab-1")
    monkeypatch.setattr(remote_part, "find_devices", None)
    measure(homes.context(), store.plan.session, "LAB1")


def test_a_phone_that_is_not_there_ends_its_part_and_the_store_says_why(homes, monkeypatch):
    store = homes.session()
    publish(store, homes.url)
    homes.at("lab-1")

    def nothing(*_: object, **__: object) -> None:
        raise NoDevice("LAB1: phone LAB1 is not attached.")

    monkeypatch.setattr(remote_part, "find_devices", nothing)
    with pytest.raises(NoDevice, match="not attached"):
        measure(homes.context(), store.plan.session, "LAB1")
    found = fetch(homes.url, store.plan.session, homes.folder / "fetched")
    ending = found.ending("LAB1")
    assert ending is not None
    assert "not attached" in ending.message
    assert not any("attempts" in name for name in homes.objects.names("sessions/"))


def deaths(homes: Homes, store: SessionStore, count: int) -> None:
    for number in range(count):
        homes.objects.put(f"sessions/{store.plan.session}/parts/device/attempts/lab-{number}~20260101", b"")


def test_a_part_whose_host_has_died_five_times_is_not_begun_again(homes, monkeypatch):
    store = homes.session()
    publish(store, homes.url)
    homes.at("lab-1")
    begun: list[int] = []
    monkeypatch.setattr(remote_part, "bring_models", lambda *_, **__: begun.append(1))

    def stop(*_: object, **__: object) -> None:
        raise PartInterrupted("LAB1: far enough.")

    monkeypatch.setattr(remote_part, "find_devices", stop)
    deaths(homes, store, MOST_DEATHS - 1)
    with pytest.raises(PartInterrupted):
        measure(homes.context(), store.plan.session, "LAB1")
    deaths(homes, store, MOST_DEATHS)
    with pytest.raises(NoDevice, match=r"5 attempts .* \(lab-0, lab-1, lab-2, lab-3, lab-4\); it is not tried again"):
        measure(homes.context(), store.plan.session, "LAB1")
    assert begun == [1]


def test_what_is_fetched_again_is_what_came_meanwhile(homes):
    store = homes.session()
    publish(store, homes.url)
    found = fetch(homes.url, store.plan.session, homes.folder / "fetched")
    assert found.result("job-0") is None
    store.save_job(document(store, "job-0"))
    publish(store, homes.url)
    again = fetch(homes.url, store.plan.session, homes.folder / "fetched")
    assert again.result("job-0") == store.result("job-0")


def test_what_is_fetched_is_not_published_back(homes):
    store = homes.session()
    store.save_job(document(store, "job-0"))
    publish(store, homes.url)
    found = fetch(homes.url, store.plan.session, homes.folder / "fetched")
    before = homes.objects.names("")
    publish(found, homes.url)
    assert homes.objects.names("") == before


OLD = b"the old file's bytes"
OLD_SHA256 = hashlib.sha256(OLD).hexdigest()
PROGRAM = BinaryFacts(tool="tflite", sha256=hashlib.sha256(b"the old program").hexdigest(), path="there")


def rerun(session: str, *, purpose: str = "rerun", binary: BinaryFacts | None = None) -> Plan:
    """A plan of a new file and an old one in turn, the old one by a program of its own."""
    made = plan(session)
    new = made.devices[0].jobs[0]
    artifact = new.workload.artifact.model_copy(update={"sha256": OLD_SHA256})
    old = PlannedJob(id="job-0.old", workload=new.workload.model_copy(update={"artifact": artifact}), binary=binary)
    part = made.devices[0].model_copy(update={"jobs": (new, old)})
    pairing = Pairing(purpose=purpose, old_from="a night", pairs=(JobPair(old="job-0.old", new="job-0"),))
    return made.model_copy(update={"devices": (part,), "pairing": pairing})


def rerun_session(homes: Homes, **changes) -> SessionStore:
    return create_session(
        homes.folder / "planned", device="x", what="y", now=utc_now(), plan_of=lambda name: rerun(name, **changes)
    )


def stop_at_the_phone(*_: object, **__: object) -> None:
    raise PartInterrupted("LAB1: far enough.")


@pytest.mark.parametrize("place", ["driver", "store", "host"])
def test_an_old_file_comes_from_wherever_it_is_kept_and_nothing_is_skipped(homes, monkeypatch, place):
    if place == "store":
        homes.objects.put(f"blobs/{OLD_SHA256}", OLD)
    else:
        homes.at("lab-1" if place == "host" else "driver").keep_file(OLD)
    homes.at("driver")
    store = rerun_session(homes)
    publish(store, homes.url)
    cache = homes.at("lab-1")
    monkeypatch.setattr(remote_part, "find_devices", stop_at_the_phone)
    with pytest.raises(PartInterrupted):
        measure(homes.context(), store.plan.session, "LAB1")
    assert cache.find_file(OLD_SHA256) is not None
    assert fetch(homes.url, store.plan.session, homes.folder / "fetched").result("job-0.old") is None


@pytest.mark.parametrize(("binary", "said"), [(None, "the store lacks"), (PROGRAM, "the store lacks benchmark_model")])
def test_an_old_side_that_nobody_has_is_skipped_and_says_so_while_the_new_one_is_measured(
    homes, monkeypatch, binary, said
):
    if binary is not None:
        homes.at("lab-1").keep_file(OLD)
        homes.at("driver")
    store = rerun_session(homes, binary=binary)
    publish(store, homes.url)
    homes.at("lab-1")
    monkeypatch.setattr(remote_part, "find_devices", stop_at_the_phone)
    with pytest.raises(PartInterrupted):
        measure(homes.context(), store.plan.session, "LAB1")
    found = fetch(homes.url, store.plan.session, homes.folder / "fetched")
    result = found.result("job-0.old")
    assert (result.status, result.error_class) == (Status.SKIPPED, "environment")
    assert "cannot have the old side" in result.message
    assert said in result.message
    assert found.result("job-0") is None


def test_an_old_program_that_the_driver_keeps_comes_to_the_host(homes, monkeypatch, tmp_path):
    homes.at("driver").keep_file(OLD)
    (tmp_path / "benchmark_model").write_bytes(b"the old program")
    assert keep_own_program(tmp_path / "benchmark_model", PROGRAM.sha256)
    store = rerun_session(homes, binary=PROGRAM)
    publish(store, homes.url)
    homes.at("lab-1")
    assert own_program_file(PROGRAM.sha256) is None
    monkeypatch.setattr(remote_part, "find_devices", stop_at_the_phone)
    with pytest.raises(PartInterrupted):
        measure(homes.context(), store.plan.session, "LAB1")
    assert own_program_file(PROGRAM.sha256) is not None


def test_what_a_user_compares_with_is_never_left_out(homes):
    store = rerun_session(homes, purpose="against")
    with pytest.raises(ArtifactError, match="no longer in the cache"):
        publish(store, homes.url)


def test_a_user_s_program_comes_to_a_host_once_is_the_planned_one_and_goes_when_it_is_used_no_more(homes, tmp_path):
    path = tmp_path / "benchmark_model"
    path.write_bytes(b"a program")
    homes.at("driver")
    sha256 = put_own_program(path, homes.objects)
    homes.at("lab-1")
    brought = bring_own_program(sha256, homes.objects, stop=threading.Event(), subject="LAB1")
    assert brought.read_bytes() == b"a program"
    homes.objects.remove(f"blobs/{sha256}")  # the second time it is not asked for
    assert bring_own_program(sha256, homes.objects, stop=threading.Event(), subject="LAB1") == brought
    old, young = (time.time() - days * 86_400 for days in (PROGRAM_DAYS + 1, PROGRAM_DAYS - 1))
    for at, stays in ((young, True), (old, False)):
        os.utime(brought, (at, at))
        path.write_bytes(f"another program, {at}".encode())
        homes.at("driver")
        other = put_own_program(path, homes.objects)
        homes.at("lab-1")
        bring_own_program(other, homes.objects, stop=threading.Event(), subject="LAB1")
        assert brought.exists() == stays
    brought.parent.mkdir()
    brought.write_bytes(b"damaged")
    with pytest.raises(StoreError, match="the store lacks benchmark_model"):
        bring_own_program(sha256, homes.objects, stop=threading.Event(), subject="LAB1")
