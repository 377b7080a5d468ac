"""Decisions of re-runs outlive other farm files' nights, judging anew, and branches that are judged by them."""

from datetime import timedelta
from pathlib import Path

import pytest
import sample_sessions as sample

from mbench.core.error_classes import MODEL
from mbench.core.errors import StoreError, UsageError
from mbench.core.nights.cells import Cell
from mbench.core.nights.nights import Ending
from mbench.core.nights.verdict_changes import VerdictChanges
from mbench.core.nights.verdict_document import KeptDecision
from mbench.core.nights.verdicts import FindingClass, Rerun, Standing
from mbench.core.results import Status
from mbench.history.deletions import Deletions, write_deletions
from mbench.store.packs import pack
from mbench.store.session_store import SessionStore
from mbench.workflows.gate.judging import GateRequest, judge_session
from mbench.workflows.gate.night_gate import cells_of, judge_stored
from mbench.workflows.gate.old_files import EarlierResults
from mbench.workflows.history.command import ImportRequest, import_file
from mbench.workflows.nightly.judging_stored import judge_by_name

LEVEL_US, SLOW_US = 20_000, 24_000
NIGHTS = 7
OTHER = sample.PHONE.model_copy(update={"serial": "P2"})


def measured(root: Path, days: float, level_us: int, *jobs, device=sample.PHONE, **changes) -> SessionStore:
    jobs = jobs or (sample.planned(sha256=("a" if level_us == LEVEL_US else "c") * 64),)
    return sample.night(
        root,
        sample.part(jobs, device=device),
        at=sample.NOW + timedelta(days=days),
        latencies={job.id: (level_us - 1, level_us, level_us + 1) for job in jobs},
        **changes,
    )


def judged(root: Path, store: SessionStore, *decided: KeptDecision, **changes):
    return judge_stored(
        GateRequest(root=root, session=store.plan.session, **changes),
        store,
        codes=lambda verdict: (1,) if verdict.alarms else (0,),
        again=lambda _measured, _judgement: decided,
        progress=_Silent(),
    )


def confirmed(store: SessionStore, branch: str = "main") -> KeptDecision:
    session = store.plan.session
    name = store.plan.jobs[0].workload.artifact.name
    serial = store.plan.devices[0].device.serial
    cell = Cell(project="app", branch=branch, workload=name, delegate="cpu", threads=1, serial=serial)
    rerun = Rerun(old_us=(LEVEL_US,) * 12, new_us=(SLOW_US,) * 12, p_value=1e-5, session="reruns/one")
    return KeptDecision(cell=cell, since=session, night=session, standing=Standing.CONFIRMED, rerun=rerun)


def standings(found) -> list[tuple[Standing, int]]:
    return [(one.standing, one.nights) for one in found.verdict.findings]


@pytest.fixture
def past(tmp_path: Path) -> Path:
    for days in range(NIGHTS):
        measured(tmp_path, days, LEVEL_US)
    return tmp_path


def test_a_night_that_is_judged_anew_keeps_what_its_re_runs_decided(past):
    store = measured(past, NIGHTS, SLOW_US)
    first = judged(past, store, confirmed(store))
    anew = judged(past, store)
    assert standings(anew) == standings(first) == [(Standing.CONFIRMED, 1)]
    assert anew.document == first.document
    assert standings(judged(past, measured(past, NIGHTS + 1, SLOW_US))) == [(Standing.CONFIRMED, 2)]


def test_what_is_decided_anew_goes_before_what_was_decided(past):
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, store, confirmed(store))
    taken_back = confirmed(store).model_copy(update={"standing": Standing.WITHDRAWN})
    assert standings(judged(past, store, taken_back)) == []


def test_overlapping_nights_of_another_farm_file_lose_no_confirmed_regression(past):
    other = [measured(past, days + 0.1, LEVEL_US, device=OTHER, farm="other") for days in (NIGHTS, NIGHTS + 1)]
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, other[0])  # ends before the night that began before it
    judged(past, store, confirmed(store))
    second = judged(past, measured(past, NIGHTS + 1, SLOW_US))
    assert standings(second) == [(Standing.CONFIRMED, 2)]
    assert (len(second.changes.new), len(second.changes.still)) == (0, 1)
    beside = judged(past, other[1])
    assert (beside.verdict.findings, beside.changes) == (
        (),
        VerdictChanges(new=(), still=(), recovered=(), accepted=(), unseen=()),
    )


def test_a_regression_of_a_cell_that_is_not_planned_any_more_has_not_recovered(past):
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, store, confirmed(store))
    changes = judged(past, measured(past, NIGHTS + 1, LEVEL_US, device=OTHER)).changes
    assert (changes.recovered, [one.cell.serial for one in changes.unseen]) == ((), ["P1"])


def test_a_branch_is_not_blamed_for_what_its_other_branch_brought(past):
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, store, confirmed(store))
    same = judged(past, measured(past, NIGHTS + 1, SLOW_US, branch="pull"), against="main")
    assert (same.verdict.findings, same.document.exit_codes, same.changes) == ((), (0,), None)
    assert (same.verdict.judged, same.verdict.unchanged) == (1, 1)
    assert ["main has the same" in note for note in same.verdict.notes] == [True]
    worse = measured(past, NIGHTS + 2, 30_000, branch="pull")
    (found,) = judged(past, worse, against="main").verdict.findings
    assert (found.since, found.before, found.standing) == (worse.plan.session, SLOW_US, Standing.SUSPECT)
    (found,) = judged(past, worse, confirmed(worse, "pull"), against="main").verdict.findings
    assert (found.since, found.standing) == (worse.plan.session, Standing.CONFIRMED)


def test_a_branch_finds_the_files_of_the_branch_that_it_is_judged_by(past):
    store = measured(past, NIGHTS, SLOW_US, branch="pull")
    request = GateRequest(root=past, session=store.plan.session, against="main")
    cells = cells_of(request, store)
    judgement = judge_session(request, cells, note=print)
    (found,) = judgement.verdict.findings
    earlier = EarlierResults(past, judgement.nights, cells, print).before(found.cell, found.since)
    assert earlier.result.workload.artifact.sha256 == "a" * 64


@pytest.mark.parametrize("against", ["main", "nobody"])
def test_a_cell_that_the_other_branch_never_had_is_judged_alone(past, against):
    jobs = sample.planned("mobilenet_v1_0.25_128_fp32", "job-1"), sample.planned("mobilenet_v1_0.25_160_fp32", "job-2")
    store = measured(past, NIGHTS, LEVEL_US, *jobs, branch="pull", written=False)
    store.save_job(sample.result(store.plan, "job-1"))
    store.save_job(sample.result(store.plan, "job-2", runs=(), status=Status.FAILED, error_class=MODEL, message="no"))
    verdict = judged(past, store, against=against).verdict
    assert [(one.kind, one.cell.workload) for one in verdict.findings] == [
        (FindingClass.FAILED, "mobilenet_v1_0.25_160_fp32")
    ]
    assert (verdict.judged, verdict.too_young) == (0, 1)


def test_nights_that_never_began_and_imports_hold_no_verdict_that_could_be_missed(past):
    csv = past / "past.csv"
    csv.write_text("time,workload,device,latency_us\n2026-11-08T03:00,net,P9,1000\n", encoding="utf-8")
    import_file(ImportRequest(root=past, file=csv, project="app", branch="main", columns={}, device=None, time=None))
    before = measured(past, NIGHTS, SLOW_US)
    judged(past, before, confirmed(before))
    store = measured(past, NIGHTS + 2, SLOW_US, missed=[(sample.NOW + timedelta(days=NIGHTS + 1)).date()])
    assert standings(judged(past, store)) == [(Standing.CONFIRMED, 3)]
    request = GateRequest(root=past, session=store.plan.session)
    names = judge_session(request, cells_of(request, store), note=print).nights
    assert (len(names), names[-2:]) == (NIGHTS + 2, (before.plan.session, store.plan.session))


def test_a_packed_night_is_judged_by_the_nights_before_it(past):
    store = measured(past, NIGHTS, SLOW_US)
    pack(past, "2026-11", [store.path])
    notes: list[str] = []
    wanted = store.plan.session
    found = judge_by_name(wanted, farm=None, results=past, accepted=None, against=None, note=notes.append).judged
    assert standings(found) == [(Standing.SUSPECT, 1)]
    assert ["is packed" in note for note in notes] == [True]


def test_outputs_of_an_earlier_night_are_not_left_where_judging_fails(past):
    farm = past / "farm.toml"
    farm.write_text(
        """project = "app"
results = "."
[window]
hours = 1
[phones.host]
device = "host"
[[measure]]
variants = ["mobilenet_v1_0.50_160_int8"]
[outputs]
text = "out/verdict.txt"
junit = "out/junit.xml"
otava = "series"
""",
        encoding="utf-8",
    )

    session = measured(past, NIGHTS, LEVEL_US).plan.session

    def gate() -> None:
        judge_by_name(session, farm=farm, results=None, accepted=None, against=None, note=print)

    gate()
    assert sorted(path.name for path in (past / "out").iterdir()) == ["junit.xml", "verdict.txt"]
    (csv,) = (past / "series").glob("*.csv")
    head, *lines = csv.read_text(encoding="utf-8").splitlines()
    assert head == "time,night,artifact,latency_us,size_bytes,peak_memory_kib"
    assert len(lines) == NIGHTS + 1
    assert lines[-2].replace("20261107", "20261108").split(",")[2:] == lines[-1].split(",")[2:]
    assert [line.split(",")[1][:8] for line in lines] == [f"202611{1 + day:02}" for day in range(NIGHTS + 1)]
    (past / "accepted.toml").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(UsageError, match="conflict marker"):
        gate()
    assert list((past / "out").iterdir()) == []


def test_a_confirmed_regression_goes_on_when_its_workload_is_renamed(past):
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, store, confirmed(store))
    renamed = {store.plan.jobs[0].workload.artifact.name: "net"}
    found = judged(past, measured(past, NIGHTS + 1, SLOW_US, sample.planned("net", sha256="c" * 64)), renamed=renamed)
    assert standings(found) == [(Standing.CONFIRMED, 2)]
    assert (len(found.changes.still), len(found.changes.recovered), len(found.changes.unseen)) == (1, 0, 0)


def test_a_confirmed_regression_goes_on_when_another_phone_bears_its_serial(past):
    store = measured(past, NIGHTS, SLOW_US)
    judged(past, store, confirmed(store))
    other = sample.PHONE.model_copy(update={"model": "Pixel 6", "profile": "pixel6"})
    found = judged(past, measured(past, NIGHTS + 0.5, 30_000, device=other))
    assert (found.verdict.findings, found.verdict.too_young) == ((), 1)
    assert (len(found.changes.recovered), len(found.changes.unseen)) == (0, 1)
    found = judged(past, measured(past, NIGHTS + 1, SLOW_US))
    assert standings(found) == [(Standing.CONFIRMED, 2)]
    assert found.verdict.findings[0].cell.serial == "P1 (Pixel 4)"


def test_a_night_that_has_not_ended_is_judged_with_a_warning(past):
    notes: list[str] = []
    for end in (None, Ending.COMPLETE):
        session = measured(past, NIGHTS, LEVEL_US, end=end).plan.session
        judge_by_name(session, farm=None, results=past, accepted=None, against=None, note=notes.append)
    assert ["has not ended" in note for note in notes] == [True]


def test_a_night_of_a_deleted_project_says_why_it_is_not_judged(past):
    store = measured(past, NIGHTS, LEVEL_US)
    write_deletions(past, Deletions(projects=("app",)))
    with pytest.raises(UsageError, match=r"its project was deleted; history-deleted\.json"):
        judged(past, store)


def test_a_verdict_that_cannot_be_kept_is_said_all_the_same(past):
    store = measured(past, NIGHTS, SLOW_US)
    (store.path / "verdict.json").mkdir()
    notes: list[str] = []
    wanted = store.plan.session
    found = judge_by_name(wanted, farm=None, results=past, accepted=None, against=None, note=notes.append).judged
    assert standings(found) == [(Standing.SUSPECT, 1)]
    assert "the verdict is not kept" in notes[-1]
    with pytest.raises(StoreError):
        judge_stored(
            GateRequest(root=past, session=wanted),
            store,
            codes=lambda _: (0,),
            again=lambda _measured, _judgement: (confirmed(store),),
            progress=_Kept(),
        )


class _Kept:
    def note(self, text: str) -> None:
        assert "passed over" in text


class _Silent:
    def note(self, text: str) -> None:
        raise AssertionError(text)
