"""One device's part on a device in memory: what must be as it was planned, and what the loop gets of the device."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from loop_fakes import NOON, HandClock, KeptResults, SeenProgress, doubts, part_of, plan_of, workload
from memory_device import INSTRUMENT, Ended, MemoryDevice, MemoryTaken

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import DeviceLost, LostFile, NoDevice, PartInterrupted, StoreError
from mbench.core.ports import Progress
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, DevicePlan, PlannedJob, Run, Status
from mbench.core.scores import EvaluationSpec
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Limits, Profile
from mbench.workflows.devices.device import Identity
from mbench.workflows.run.find_devices import Devices
from mbench.workflows.run.many_devices import measure_parts
from mbench.workflows.run.one_device import measure_on

ONE = "1" * 64
FILES = {ONE: Path("/cache") / ONE}
PLANNED = BinaryFacts(tool="tflite", sha256="b" * 64, path="benchmark_model", companions={"libGPU.so": "e" * 64})
BUILD = "google/flame/flame:13/TP1A"
FACTS = DeviceFacts(serial="phone-1", profile="pixel4", build=BUILD)
PROFILE = Profile(
    name="pixel4",
    title="Pixel 4",
    transport="host",
    delegates=("cpu",),
    threads=1,
    sources={},
    limits=Limits(busy_share=0.3),
)


def measure_nowhere(store: KeptResults) -> None:
    """Measure the parts of a session where no way leads to a phone."""
    devices = Devices(fleet=None)
    measure_parts(store, partial(devices.of_plan, store.plan, binary=None), progress=SeenProgress())


def planned(*, device: DeviceFacts = FACTS, jobs: int = 1, **rules) -> DevicePlan:
    part = part_of(
        *(PlannedJob(id=f"job-{number}", workload=workload(sha256=ONE)) for number in range(jobs)),
        canary=workload(sha256=ONE),
        **({"min_runs": 1, "max_runs": 1} | rules),
    )
    return part.model_copy(update={"binary": PLANNED, "device": device})


def stored(part: DevicePlan, **plan) -> KeptResults:
    return KeptResults(plan_of(part).model_copy(update=plan))


class Opened:
    """A device that can be taken, and the folders that were made and removed on it."""

    def __init__(self, *, busy_share: float = 0.2, facts: DeviceFacts = FACTS, binary: BinaryFacts = PLANNED) -> None:
        self.device, self.folders = MemoryDevice(), []
        self.profile, self.cpus = PROFILE, None
        self.asked: list[Wanted] = []
        state = Conditions(taken_at=NOON, busy_share=busy_share)
        self._taken = MemoryTaken(
            transport=self.device,
            identity=Identity(facts=facts, instrument=INSTRUMENT, binary=binary),
            profile=PROFILE,
            found=state,
            read=lambda: state,
        )

    @contextmanager
    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> Iterator[MemoryTaken]:
        self.asked.append(wanted)
        self.folders.append(f"made for {session}")
        try:
            yield self._taken
        finally:
            self.folders.append("removed")

    def measure(self, store: KeptResults, **more) -> None:
        measure_on(self, store, store.plan.devices[0], FILES, clock=HandClock(), progress=SeenProgress(), **more)


def test_a_part_is_measured_to_its_end_with_its_own_files_and_in_its_own_folder():
    store, opened = stored(planned(jobs=2)), Opened()
    opened.measure(store)
    assert [store.result(job).status for job in ("job-0", "job-1")] == [Status.OK] * 2
    assert opened.device.sent == [ONE]
    assert opened.folders == [f"made for {store.plan.session}", "removed"]


@pytest.mark.parametrize("cpus", [(7, 6), None])
def test_runs_are_pinned_as_the_plan_says(cpus):
    opened = Opened()
    opened.measure(stored(planned(cpus=cpus)))
    assert {run.cpus for run in opened.device.started} == {None if cpus is None else (7,)}


@pytest.mark.parametrize(("fixed", "governor"), [(True, None), (False, "performance")])
def test_a_device_is_set_as_the_plan_says(fixed, governor):
    opened = Opened()
    opened.measure(stored(planned(fixed_performance=fixed, governor=governor)))
    assert opened.asked == [Wanted(fixed_performance=fixed, governor=governor)]


@pytest.mark.parametrize(("share", "doubted"), [(0.3, 0), (0.31, 1)])
def test_others_load_is_doubted_by_the_devices_own_limit(share, doubted):
    store = stored(planned())
    Opened(busy_share=share).measure(store)
    assert doubts(store.result("job-0"))["busy"] == doubted


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"facts": FACTS.model_copy(update={"serial": "phone-2"})}, "device phone-1, here is phone-2"),
        ({"binary": PLANNED.model_copy(update={"sha256": "c" * 64})}, f"program {'b' * 64}, here is {'c' * 64}"),
        ({"binary": PLANNED.model_copy(update={"companions": {}})}, "beside it libGPU.so eeeeeeeeeeee, here is none"),
        ({"facts": FACTS.model_copy(update={"build": "13/TP1B"})}, f"build {BUILD}, here is 13/TP1B"),
        ({"facts": FACTS.model_copy(update={"build": None})}, f"build {BUILD}, here is ?"),
    ],
)
def test_what_is_not_as_it_was_planned_ends_the_part_before_anything_is_pushed_or_run(found, words):
    store, opened = stored(planned()), Opened(**found)
    with pytest.raises(StoreError) as caught:
        opened.measure(store)
    assert words in str(caught.value)
    assert (opened.device.sent, opened.device.started, opened.folders[-1]) == ([], [], "removed")


def test_a_device_whose_build_was_never_known_is_measured():
    facts = FACTS.model_copy(update={"build": None})
    store = stored(planned(device=facts))
    Opened(facts=facts).measure(store)
    assert store.result("job-0").status is Status.OK


def test_a_stop_ends_a_part_after_the_run_at_hand_and_removes_its_folder():
    store, opened = stored(planned()), Opened()
    with pytest.raises(PartInterrupted):
        opened.measure(store, stop_requested=lambda: len(opened.device.started) == 1)
    assert (len(store.runs("canary")), store.runs("job-0"), opened.folders[-1]) == (1, (), "removed")


def test_a_part_goes_on_where_it_stopped():
    store, opened = stored(planned(min_runs=3, max_runs=3)), Opened()
    with pytest.raises(PartInterrupted):
        opened.measure(store, stop_requested=lambda: len(opened.device.started) == 4)
    opened.measure(store)
    runs: list[Run] = [*store.runs("job-0"), *store.runs("canary")]
    assert sorted(run.position for run in runs) == list(range(len(runs)))
    assert len(store.result("job-0").runs) == 3


def test_a_program_that_is_killed_twice_fails_its_job_and_is_not_run_again():
    store, opened = stored(planned(min_runs=3)), Opened()
    opened.device.runs = [Ended(), Ended(exit_code=137), Ended(exit_code=137)]
    opened.measure(store)
    result = store.result("job-0")
    assert (result.status, result.error_class, len(result.runs)) == (Status.FAILED, "killed", 1)


@pytest.mark.parametrize(
    ("question", "ask_devices", "scored"), [(True, True, 1), (True, False, 0), (False, True, 0), (False, False, 0)]
)
def test_files_are_scored_on_the_device_where_the_plan_says_so(question, ask_devices, scored):
    synthetic = FACTS.model_copy(update={"invented": True})
    store = stored(
        planned(device=synthetic),
        question=EvaluationSpec(dataset="digits") if question else None,
        ask_devices=ask_devices,
    )
    Opened(facts=synthetic).measure(store)
    assert doubts(store.result("job-0"))["no_accuracy"] == scored


def test_a_file_that_left_the_cache_ends_the_part_before_its_device_is_opened(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    store = stored(planned())
    with pytest.raises(LostFile, match=r"mobilenet_v1_0.25_32_int8 \(111111111111\) is no longer in the cache"):
        measure_nowhere(store)


def test_jobs_without_a_file_end_without_a_device():
    """Nothing leads to a phone here: waiting for one would fail."""
    job = PlannedJob(id="job-0", workload=workload(sha256=ONE), build_error="it could not be built")
    store = stored(part_of(job, canary=None))
    measure_nowhere(store)
    assert (store.result("job-0").status, store.result("job-0").error_class) == (Status.FAILED, "build")


def test_why_a_part_did_not_get_to_its_end_is_kept_until_the_next_attempt(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    sha256 = ArtifactCache(tmp_path / "cache").keep_file(b"a model").stem
    store = stored(part_of(PlannedJob(id="job-0", workload=workload(sha256=sha256))))
    for error, error_class in (
        (NoDevice("phone-1: battery at 5 %."), "environment"),
        (DeviceLost("phone-1: did not come back."), "transport"),
        (ValueError("odd"), None),
    ):
        with pytest.raises(type(error)):
            measure_parts(store, failing_by(error), progress=SeenProgress())
        kept = store.endings["phone-1"]
        assert kept.error_class == error_class
        assert str(error) in kept.message
    with pytest.raises(PartInterrupted):
        measure_parts(store, failing_by(PartInterrupted("interrupted.")), progress=SeenProgress())
    assert store.endings == {}


def failing_by(error: Exception):
    def device_of(serial: str):
        raise error

    return device_of


def test_a_session_with_nothing_left_opens_no_device():
    store = stored(planned())
    Opened().measure(store)
    measure_nowhere(store)


def test_of_several_devices_only_one_that_has_jobs_left_is_opened(tmp_path, monkeypatch):
    """Nothing leads to a phone here, so that opening one fails by its name."""
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    sha256 = ArtifactCache(tmp_path / "cache").keep_file(b"a model").stem
    done = planned()
    left = part_of(PlannedJob(id="job-9", workload=workload(sha256=sha256)))
    left = left.model_copy(update={"device": FACTS.model_copy(update={"serial": "phone-2"}), "canary_job": "canary-2"})
    store = stored(done, devices=(done, left))
    Opened().measure(store)
    with pytest.raises(NoDevice, match="phone-2: no adb server"):
        measure_nowhere(store)
