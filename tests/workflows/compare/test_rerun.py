"""Suspects measured again on a device in memory: in turn, in a session of their own, and said where old files are gone.

The device answers as its port promises; cache, store, plan and loop are the real ones.
"""

import hashlib
from pathlib import Path

import pytest
import sample_results as sample
from loop_fakes import SeenProgress
from memory_device import IDENTITY, OTHER_PROGRAM, PROGRAM, Ended, MemoryDevice
from memory_phone import Phone, TwoPeaks, TwoSpeeds

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import DeviceLost, OtherDevice, PartInterrupted
from mbench.core.results import BinaryFacts, MeasuringRules, Pass
from mbench.core.workloads import Workload
from mbench.report.compare.cells import By
from mbench.store.session import list_sessions, open_session
from mbench.workflows.compare.rerun import PAIRS, RERUNS, RerunCell, RerunRequest, go_on, measure_again
from mbench.workflows.compare.sides import compared
from mbench.workflows.devices.own_programs import keep_own_program
from mbench.workflows.run.plan import CANARY_SETTINGS

RULES = MeasuringRules(min_runs=5, max_runs=8, target_interval=0.02, memory_runs=3, profile_ops=True, seed=7, cpus=(7,))

CANARY = f"--num_runs={CANARY_SETTINGS.num_runs}"
"""Stands in the command of a canary's run alone."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactCache:
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    return ArtifactCache(tmp_path / "home" / "cache")


def kept(cache: ArtifactCache, data: bytes, name: str = "file:net") -> Workload:
    cache.keep_file(data)
    return sample.workload(name, sha256=hashlib.sha256(data).hexdigest())


def request(results: Path, *cells: RerunCell, **changes) -> RerunRequest:
    fields = {"rules": RULES, "old_from": "night 2026-11-29", "results": results, "command": ("mbench", "nightly")}
    return RerunRequest(cells=cells, **(fields | changes))


def test_old_and_new_are_measured_in_turn_and_their_samples_returned_in_pairs(tmp_path, cache):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    speeds = {old.artifact.sha256: 4000, new.artifact.sha256: 4400}
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact))
    found = measure_again(Phone(TwoSpeeds(takes_us=speeds)), asked, progress=SeenProgress())
    (rerun,) = found.cells
    assert (rerun.old_us, rerun.new_us) == ((4000.0,) * PAIRS, (4400.0,) * PAIRS)
    assert rerun.p_value == pytest.approx(2 / 2**PAIRS)
    assert found.reasons == (None,)
    assert rerun.session == f"{RERUNS}/{found.path.name}"
    shown = compared(rerun.session, None, by=By.SESSION, within=(), root=tmp_path)
    assert (shown.old, shown.cells[0].verdict, shown.cells[0].ratio) == (
        "night 2026-11-29",
        "slower",
        pytest.approx(1.1),
    )


@pytest.mark.parametrize("with_old", [True, False])
def test_memory_is_measured_in_turn_by_memory_runs_alone(tmp_path, cache, with_old):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    needs = {old.artifact.sha256: 50, new.artifact.sha256: 60}
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact if with_old else None), pairs=3, purpose=Pass.MEMORY)
    found = measure_again(Phone(TwoPeaks(needs_mib=needs)), asked, progress=SeenProgress())
    (rerun,) = found.cells
    assert (rerun.old_kib, rerun.new_kib) == ((51_200.0,) * 3 if with_old else (), (61_440.0,) * 3)
    assert (rerun.old_us, rerun.new_us, rerun.old, rerun.new) == ((), (), rerun.old_kib, rerun.new_kib)
    runs = [run.purpose for result in open_session(found.path).results() for run in result.runs]
    assert runs.count(Pass.MEMORY) == (6 if with_old else 3)
    assert runs.count(Pass.LATENCY) == (2 if with_old else 1)


def test_the_session_is_one_of_its_own_whose_plan_says_what_it_is(tmp_path, cache):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact), pairs=2)
    found = measure_again(Phone(MemoryDevice()), asked, progress=SeenProgress())
    assert found.path.parent == tmp_path / RERUNS
    assert list_sessions(tmp_path) == ()
    plan = open_session(found.path).plan
    assert (plan.pairing.purpose, plan.pairing.old_from) == ("rerun", "night 2026-11-29")
    assert [(pair.old, pair.new) for pair in plan.pairing.pairs] == [("file-net-cpu-t1.old", "file-net-cpu-t1")]
    (part,) = plan.devices
    assert (part.rules.min_runs, part.rules.max_runs, part.rules.memory_runs) == (2, 2, 0)
    assert (part.rules.cpus, part.rules.seed, part.rules.profile_ops) == ((7,), 7, False)
    runs = [run for result in open_session(found.path).results() for run in result.runs]
    assert {run.purpose for run in runs} == {Pass.LATENCY}


def test_several_suspects_of_a_device_are_measured_in_one_session_in_order(tmp_path, cache):
    first, second = kept(cache, b"1", "file:a"), kept(cache, b"2", "file:b")
    old = kept(cache, b"0", "file:b")
    speeds = {first.artifact.sha256: 4000, second.artifact.sha256: 4500, old.artifact.sha256: 5000}
    cells = (RerunCell(new=second, old=old.artifact), RerunCell(new=first, old=None))
    found = measure_again(
        Phone(TwoSpeeds(takes_us=speeds)), request(tmp_path, *cells, pairs=3), progress=SeenProgress()
    )
    assert [(rerun.old_us[:1], rerun.new_us) for rerun in found.cells] == [
        ((5000.0,), (4500.0,) * 3),
        ((), (4000.0,) * 3),
    ]


def kept_program(tmp_path: Path, data: bytes, tool: str = "tflite") -> BinaryFacts:
    """Keep a program as a night does, and return its facts."""
    source, sha256 = tmp_path / "benchmark_model", hashlib.sha256(data).hexdigest()
    source.write_bytes(data)
    assert keep_own_program(source, sha256)
    return BinaryFacts(tool=tool, sha256=sha256, path=str(source))


def test_another_program_runs_the_old_file_where_it_did_and_its_rows_say_so(tmp_path, cache):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    before = kept_program(tmp_path, b"the old program")
    device = MemoryDevice()
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact, old_binary=before), pairs=3)
    found = measure_again(Phone(device), asked, progress=SeenProgress())
    assert (len(found.cells[0].old_us), len(found.cells[0].new_us), found.reasons) == (3, 3, (None,))
    ran = {(old.artifact.sha256 in run.argv, run.argv.split()[0]) for run in device.started if CANARY not in run.argv}
    assert ran == {(True, OTHER_PROGRAM), (False, PROGRAM)}
    store = open_session(found.path)
    assert {result.job: result.binary for result in store.results()} == {
        "file-net-cpu-t1.old": before,
        "file-net-cpu-t1": IDENTITY.binary,
    }
    assert store.plan.devices[0].other_binaries == (before,)


def test_the_same_file_is_measured_with_the_program_of_before_and_tonight_s(tmp_path, cache):
    new = kept(cache, b"new")
    before = kept_program(tmp_path, b"the old program")
    device = MemoryDevice()
    asked = request(tmp_path, RerunCell(new=new, old=new.artifact, old_binary=before), pairs=2)
    found = measure_again(Phone(device), asked, progress=SeenProgress())
    assert (len(found.cells[0].old_us), len(found.cells[0].new_us)) == (2, 2)
    ran = [run.argv.split()[0] for run in device.started if CANARY not in run.argv]
    assert sorted(ran) == [PROGRAM, PROGRAM, OTHER_PROGRAM, OTHER_PROGRAM]


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("tflite", "the old benchmark program (dddddddddddd) is kept no more"),
        ("hostbench", "the old benchmark program was hostbench of another mbench (dddddddddddd)"),
    ],
)
def test_without_the_old_program_the_new_side_is_measured_alone_and_that_is_said(tmp_path, cache, tool, said):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    gone = BinaryFacts(tool=tool, sha256="d" * 64, path="benchmark_model")
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact, old_binary=gone), pairs=2)
    found = measure_again(Phone(MemoryDevice()), asked, progress=SeenProgress())
    assert (found.cells[0].old_us, len(found.cells[0].new_us)) == ((), 2)
    assert found.reasons == (f"{said}: the new one was measured again alone",)


@pytest.mark.parametrize(
    ("known", "said"),
    [(True, "the old file (eeeeeeeeeeee) is not in the cache"), (False, "no earlier file is known")],
)
def test_without_the_old_file_the_new_one_is_measured_alone_and_that_is_said(tmp_path, cache, known, said):
    new = kept(cache, b"new")
    gone = sample.workload("file:net", sha256="e" * 64).artifact if known else None
    asked = request(tmp_path, RerunCell(new=new, old=gone), pairs=3)
    found = measure_again(Phone(MemoryDevice()), asked, progress=SeenProgress())
    (rerun,) = found.cells
    assert (rerun.old_us, len(rerun.new_us), rerun.p_value) == ((), 3, None)
    assert found.reasons == (f"{said}: the new one was measured again alone",)


def test_a_file_that_fails_leaves_no_samples_and_its_reason(tmp_path, cache):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    device = MemoryDevice(runs=[Ended(), Ended(exit_code=1), Ended(exit_code=1)])
    found = measure_again(
        Phone(device), request(tmp_path, RerunCell(new=new, old=old.artifact), pairs=2), progress=SeenProgress()
    )
    assert (found.cells[0].old_us, found.cells[0].new_us, found.cells[0].p_value) == ((), (), None)
    assert found.reasons[0] is not None


def test_another_program_than_the_nights_is_refused_before_anything_is_made(tmp_path, cache):
    new = kept(cache, b"new")
    asked = request(tmp_path, RerunCell(new=new, old=None), binary_sha256="d" * 64)
    with pytest.raises(OtherDevice, match="suspects are not measured again by another one"):
        measure_again(Phone(MemoryDevice()), asked, progress=SeenProgress())
    assert not (tmp_path / RERUNS).exists()
    same = request(tmp_path, RerunCell(new=new, old=None), binary_sha256=IDENTITY.binary.sha256, pairs=1)
    assert measure_again(Phone(MemoryDevice()), same, progress=SeenProgress()).cells[0].new_us == (3998.0,)


def test_a_phone_that_is_lost_leaves_a_session_that_can_be_gone_on_with(tmp_path, cache):
    old, new = kept(cache, b"old"), kept(cache, b"new")
    started = []
    asked = request(tmp_path, RerunCell(new=new, old=old.artifact), pairs=4)
    lost = MemoryDevice(runs=[Ended()] * 4 + [DeviceLost("phone-1 does not answer.")])
    with pytest.raises(DeviceLost):
        measure_again(Phone(lost), asked, progress=SeenProgress(), started=started.append)
    (store,) = started
    found = go_on(store.path, Phone(MemoryDevice()), progress=SeenProgress())
    assert len(found.cells[0].old_us) == len(found.cells[0].new_us) >= 3
    assert found.reasons == (None,)


def test_a_budget_that_ends_is_heard_before_the_next_run(tmp_path, cache):
    device = MemoryDevice()
    asked = request(tmp_path, RerunCell(new=kept(cache, b"new"), old=None))
    with pytest.raises(PartInterrupted):
        measure_again(Phone(device), asked, progress=SeenProgress(), stop_requested=lambda: len(device.started) >= 3)
    assert len(device.started) == 3
