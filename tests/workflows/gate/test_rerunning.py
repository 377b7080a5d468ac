"""A night's suspects measured again on phones that other hosts lend: the plan, store and loop are the real ones.

What travels between hosts is left out: whoever measures the parts does it here, on devices in memory.
"""

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sample_sessions as sample
from loop_fakes import SeenProgress
from memory_device import MemoryDevice
from memory_phone import Phone, TwoPeaks, TwoSpeeds

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import NoDevice
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.core.ports import SilentProgress
from mbench.core.results import Memory, Status
from mbench.gate.plan import plan_reruns
from mbench.store.session import open_session
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.own_programs import keep_own_program
from mbench.workflows.gate.judging import GateRequest, judge_session
from mbench.workflows.gate.night_gate import cells_of
from mbench.workflows.gate.old_files import EarlierResults
from mbench.workflows.gate.rerun_night import RerunNight
from mbench.workflows.gate.rerunning import measure_suspects_again
from mbench.workflows.gate.suspects import suspects_of
from mbench.workflows.run.one_device import measure_part

LEVEL_US = 4_000
NIGHTS = 7
OLD, NEW = b"the old file", b"the new file"
PHONES = ("P1", "P2")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


SPEEDS = {sha256(OLD): LEVEL_US, sha256(NEW): 5_000}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    cache = ArtifactCache(tmp_path / "home" / "cache")
    for data in (OLD, NEW):
        cache.keep_file(data)
    folder = tmp_path / "results"
    for day in range(NIGHTS):
        one_night(folder, day, OLD, LEVEL_US + 3 * (day % 3))
    return folder


def one_night(root: Path, day: int, data: bytes, level_us: int, *, written: bool = True, **changes):
    parts, latencies = [], {}
    for serial in PHONES:
        job = sample.planned(job=f"job@{serial}", sha256=sha256(data))
        parts.append(sample.part([job], device=sample.PHONE.model_copy(update={"serial": serial}), **changes))
        latencies[job.id] = (level_us - 1, level_us, level_us + 1)
    at = sample.NOW + timedelta(days=day)
    return sample.night(root, *parts, at=at, latencies=latencies, written=written)


class Lent:
    """Measures parts in memory where their hosts would, and keeps the sessions that it was given."""

    def __init__(self, **devices: MemoryDevice) -> None:
        self.sessions = []
        self._devices = devices

    def __call__(self, store, parts, stop: threading.Event) -> None:
        self.sessions.append(store)
        for part in parts:
            device = self._devices.get(part.device.serial) or TwoSpeeds(takes_us=SPEEDS)
            phone, silent = Phone(device, part.binary, part.device), SilentProgress()
            measure_part(store, part, lambda _, one=phone: one, progress=silent, stop_requested=stop.is_set)


def again(root: Path, store, lent, *, budget_s: float = 3600.0):
    """Return what measuring a night's suspects again decides, and what was said."""
    request = GateRequest(root=root, session=store.plan.session)
    measured, said = cells_of(request, store), SeenProgress()
    judgement = judge_session(request, measured, note=said.note)
    night = RerunNight(
        store=store,
        measured=measured,
        earlier=EarlierResults(root, judgement.nights, measured, said.note),
        budget_s=budget_s,
        adb_servers=(),
        binary=None,
        command=("mbench", "nightly"),
        stop=threading.Event(),
        clock=SystemClock(),
    )
    return measure_suspects_again(night, judgement.verdict, progress=said, lent=lent), said


def test_suspects_of_all_lent_phones_are_confirmed_in_one_session(root):
    lent = Lent()
    decided, _ = again(root, one_night(root, NIGHTS, NEW, 5_000), lent)
    assert {one.cell.serial: one.standing for one in decided} == dict.fromkeys(PHONES, Standing.CONFIRMED)
    assert {(one.rerun.old_us, one.rerun.new_us) for one in decided} == {((4_000.0,) * 12, (5_000.0,) * 12)}
    (store,) = lent.sessions
    assert {one.rerun.session for one in decided} == {f"reruns/{store.plan.session}"}
    assert [part.canary_job for part in store.plan.devices] == ["canary@P1", "canary@P2"]
    assert len({job.id for job in store.plan.jobs}) == 4
    assert store.plan.pairing.purpose == "rerun"


def test_those_that_are_not_clear_after_the_first_pairs_are_measured_on_and_counted_together(root):
    ran = {serial: Wavering(takes_us=SPEEDS) for serial in PHONES[:1]}
    lent = Lent(**ran)
    decided, _ = again(root, one_night(root, NIGHTS, NEW, 5_000), lent)
    by_serial = {one.cell.serial: one for one in decided}
    assert len(by_serial["P2"].rerun.new_us) == 12
    assert len(by_serial["P1"].rerun.new_us) == 40
    assert [[part.device.serial for part in store.plan.devices] for store in lent.sessions] == [["P1", "P2"], ["P1"]]
    assert [store.plan.devices[0].rules.max_runs for store in lent.sessions] == [12, 28]


class Wavering(TwoSpeeds):
    """A device on which the new file is slower in two runs of three, and faster in the others."""

    def _leave(self, words, ended, cpus) -> None:
        new = f"/{sha256(NEW)}.tflite" in words
        count = sum(f"/{sha256(NEW)}.tflite" in run.argv for run in self.started)
        self.takes_us = {**SPEEDS, sha256(NEW): 4_050 if new and count % 3 else 3_900}
        super()._leave(words, ended, cpus)


@pytest.mark.parametrize("kept", [True, False])
def test_a_host_that_lacks_the_old_side_measures_the_new_one_alone_and_says_so(root, kept):
    store = one_night(root, NIGHTS, NEW, 5_000)

    class Lacking(Lent):
        def __call__(self, store, parts, stop) -> None:
            for result in store.results():
                if result.job in store.plan.pairing.old_jobs and not kept:
                    changes = {"status": Status.SKIPPED, "error_class": "environment", "message": "host x lacks it"}
                    store.save_job(result.model_copy(update=changes))
            super().__call__(store, parts, stop)

    decided, _ = again(root, store, Lacking())
    assert {one.standing for one in decided} == {Standing.CONFIRMED}
    assert {len(one.rerun.old_us) for one in decided} == {12 if kept else 0}
    assert all(("without old files" in one.because and "host x lacks it" in one.because) is not kept for one in decided)


def test_a_part_that_no_host_measures_leaves_its_suspect_one_and_takes_no_other_along(root):
    class Half(Lent):
        def __call__(self, store, parts, stop) -> None:
            super().__call__(store, [part for part in parts if part.device.serial == "P2"], stop)

    decided, _ = again(root, one_night(root, NIGHTS, NEW, 5_000), Half())
    assert {one.cell.serial: one.standing for one in decided} == {"P1": Standing.SUSPECT, "P2": Standing.CONFIRMED}


def test_a_farm_that_does_not_answer_is_said_and_what_was_measured_until_then_counts(root):
    class Away(Lent):
        def __call__(self, store, parts, stop) -> None:
            super().__call__(store, parts[:1], stop)
            raise NoDevice("no scheduler answers.")

    decided, said = again(root, one_night(root, NIGHTS, NEW, 5_000), Away())
    assert {one.cell.serial: one.standing for one in decided} == {"P1": Standing.CONFIRMED, "P2": Standing.SUSPECT}
    assert "measuring again ended early: no scheduler answers." in said.notes


def test_a_budget_that_has_ended_leaves_the_suspects(root):
    lent = Lent()
    decided, said = again(root, one_night(root, NIGHTS, NEW, 5_000), lent, budget_s=1.0)
    assert (decided, lent.sessions) == ((), [])
    assert any("not measured again: the budget" in note for note in said.notes)


def test_the_program_of_before_runs_the_old_file(root, tmp_path):
    (tmp_path / "benchmark_model").write_bytes(b"program")
    keep_own_program(tmp_path / "benchmark_model", sha256(b"program"))
    binary = sample.BINARY.model_copy(update={"sha256": sha256(b"program")})
    decided, _ = again(root, one_night(root, NIGHTS, NEW, 5_000, binary=binary), lent := Lent())
    assert {one.standing for one in decided} == {Standing.CONFIRMED}
    part = lent.sessions[0].plan.devices[0]
    assert part.binary == binary
    assert part.other_binaries == (sample.BINARY,)


def night_of_memory(root: Path, day: int, data: bytes, peak_kib: float, latency_us: int = LEVEL_US):
    """A night whose cells have a peak of memory beside the same latency."""
    store = one_night(root, day, data, latency_us, written=False)
    for job in store.plan.jobs:
        runs = sample.runs(job.id, (latency_us - 1, latency_us, latency_us + 1))
        last = runs[-1].model_copy(update={"memory": Memory(peak_kib=peak_kib)})
        store.save_job(sample.result(store.plan, job.id, runs=(*runs[:-1], last)))
    return store


@pytest.mark.parametrize(
    ("needs_mib", "standing"),
    [((20, 30), Standing.CONFIRMED), ((30, 30), Standing.PHONE_CHANGED), ((20, 20), Standing.WITHDRAWN)],
)
def test_a_growth_of_memory_is_measured_again_and_the_night_is_judged_by_that(root, needs_mib, standing):
    store = night_of_memory(root, NIGHTS, NEW, 30 * 1024.0)
    needs = dict(zip((sha256(OLD), sha256(NEW)), needs_mib, strict=True))
    lent = Lent(**{serial: TwoPeaks(needs_mib=needs) for serial in PHONES})
    decided, _ = again(root, store, lent)
    assert {(one.cell.serial, one.kind, one.standing) for one in decided} == {
        (serial, FindingClass.MEMORY, standing) for serial in PHONES
    }
    assert {len(one.rerun.old_kib) for one in decided} == {12}
    request = GateRequest(root=root, session=store.plan.session)
    verdict = judge_session(request, cells_of(request, store), tonight=decided, note=print).verdict
    found = [one.standing for one in verdict.findings if one.kind is FindingClass.MEMORY]
    assert found == ([] if standing is Standing.WITHDRAWN else [standing] * 2)
    assert [one.standing for one in verdict.near] == ([standing] * 2 if standing is Standing.WITHDRAWN else [])
    assert bool(verdict.alarms) is (standing is Standing.CONFIRMED)


def test_a_cell_that_was_measured_by_another_kind_of_program_is_repeated_alone(root):
    binary = sample.BINARY.model_copy(update={"tool": "litert"})
    store = one_night(root, NIGHTS, NEW, 5_000)
    assert open_session(store.path).plan.devices[0].binary.tool == "tflite"
    request = GateRequest(root=root, session=store.plan.session)
    measured, said = cells_of(request, store), SeenProgress()
    judgement = judge_session(request, measured, note=said.note)
    other = {key: one.model_copy(update={"binary": binary}) for key, one in measured.results.items()}
    plan = plan_reruns(judgement.verdict.findings, budget_s=3600, pair_s=lambda _: 1.0)
    earlier = EarlierResults(root, judgement.nights, measured, said.note)
    found = suspects_of(plan.reruns, replace(measured, results=other), earlier, lambda _: None)
    assert [(one.what.old, one.lack) for one in found["P1"]] == [
        (None, "it was measured by another kind of program, tflite")
    ]
