"""A stored night is judged by the nights before it, by what is accepted, and by what re-runs decided."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sample_sessions as sample

from mbench.core.delegates import parse_delegate
from mbench.core.error_classes import MODEL, TRANSPORT
from mbench.core.errors import UsageError
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdict_document import KeptDecision, VerdictDocument
from mbench.core.nights.verdicts import FindingClass, Rerun, Standing
from mbench.core.results import DelegateCoverage, Status
from mbench.report.verdicts.markdown import verdict_markdown
from mbench.report.verdicts.text import verdict_text
from mbench.store.verdicts import save_verdict
from mbench.workflows.gate.judging import GateRequest, judge_session
from mbench.workflows.gate.night_gate import cells_of, judge_stored
from mbench.workflows.nightly.judging_stored import judge_by_name
from mbench.workflows.nightly.summary import exit_codes

LEVEL_US = 20_000
PAST = [LEVEL_US, 20_100, 19_950, 20_050, 20_000, 19_900, 20_080]
CELL = Cell(project="app", branch="main", workload="mobilenet_v1_0.50_160_int8", delegate="cpu", threads=1, serial="P1")


def next_night(root: Path, level_us: int, *, days: int = len(PAST), **changes):
    job = changes.pop("job", sample.planned(sha256="c" * 64))
    return sample.night(
        root,
        sample.part([job]),
        at=sample.NOW + timedelta(days=days),
        latencies={job.id: (level_us - 1, level_us, level_us + 1)},
        **changes,
    )


def judged(root: Path, store, **changes):
    request = GateRequest(root=root, session=store.plan.session, **changes)
    notes: list[str] = []
    found = judge_session(request, cells_of(request, store), note=notes.append)
    assert notes == []
    return found


def kept(store, judgement, **changes) -> VerdictDocument:
    document = VerdictDocument(
        session=store.plan.session, decisions=judgement.decisions, verdict=judgement.verdict, **changes
    )
    save_verdict(store.path, document)
    return document


def decision(store, standing: Standing, *, rerun: Rerun | None = None) -> KeptDecision:
    session = store.plan.session
    return KeptDecision(cell=CELL, since=session, night=session, standing=standing, rerun=rerun, because="by hand")


@pytest.fixture
def past(tmp_path: Path) -> Path:
    sample.nights(tmp_path, PAST)
    return tmp_path


def test_a_slower_file_is_a_suspect_that_names_what_changed(past):
    (found,) = judged(past, next_night(past, 24_000)).verdict.findings
    assert (found.kind, found.standing, found.cell, found.nights) == (
        FindingClass.LATENCY,
        Standing.SUSPECT,
        CELL,
        1,
    )
    assert found.ratio == pytest.approx(1.2, abs=0.01)
    assert found.changed == ("artifact aaaaaaaaaaaa → cccccccccccc",)
    assert not found.alarm


def test_a_night_as_the_others_has_nothing_to_tell(past):
    verdict = judged(past, next_night(past, 20_060)).verdict
    assert (verdict.findings, verdict.judged, verdict.unchanged) == ((), 1, 1)


def test_later_nights_are_not_looked_at(past):
    store = next_night(past, 24_000)
    next_night(past, 60_000, days=len(PAST) + 1)
    (found,) = judged(past, store).verdict.findings
    assert found.ratio == pytest.approx(1.2, abs=0.01)


def test_a_confirmed_regression_is_reported_until_it_is_gone(past):
    store = next_night(past, 24_000)
    request = GateRequest(root=past, session=store.plan.session)
    rerun = Rerun(old_us=(20_000.0,) * 12, new_us=(24_000.0,) * 12, p_value=1e-5, session="reruns/one")
    again = decision(store, Standing.CONFIRMED, rerun=rerun)
    first = judge_session(request, cells_of(request, store), tonight=(again,), note=print)
    (found,) = first.verdict.findings
    assert (found.standing, found.alarm, found.rerun.session) == (Standing.CONFIRMED, True, "reruns/one")
    kept(store, first)
    bad = next_night(past, 24_050, days=len(PAST) + 1)
    second = judged(past, bad)
    assert [(one.standing, one.nights) for one in second.verdict.findings] == [(Standing.CONFIRMED, 2)]
    assert second.last is not None
    assert second.last.session == store.plan.session
    assert second.decisions == (again,)
    kept(bad, second)
    gone = judged(past, next_night(past, 20_010, days=len(PAST) + 2))
    assert gone.verdict.findings == ()
    assert gone.decisions == (again,)


def test_what_measuring_again_took_back_is_near_and_its_runs_are_not_carried_on(past):
    store = next_night(past, 24_000)
    request = GateRequest(root=past, session=store.plan.session)
    rerun = Rerun(old_us=(20_000.0,) * 12, new_us=(20_000.0,) * 12, p_value=0.9, session="reruns/one")
    again = decision(store, Standing.WITHDRAWN, rerun=rerun)
    first = judge_session(request, cells_of(request, store), tonight=(again,), note=print)
    assert (first.verdict.findings, [one.standing for one in first.verdict.near]) == ((), [Standing.WITHDRAWN])
    kept(store, first)
    second = judged(past, next_night(past, 20_000, days=len(PAST) + 1))
    assert [(one.standing, one.rerun) for one in second.decisions] == [(Standing.WITHDRAWN, None)]
    assert (second.verdict.findings, second.verdict.near) == ((), ())


def test_a_suspect_of_two_nights_that_is_taken_back_is_folded_that_night_and_no_other(past):
    first = next_night(past, 24_000)
    kept(first, judged(past, first))
    store = next_night(past, 24_000, days=len(PAST) + 1)
    request = GateRequest(root=past, session=store.plan.session)
    again = decision(first, Standing.WITHDRAWN).model_copy(update={"night": store.plan.session})
    second = judge_session(request, cells_of(request, store), tonight=(again,), note=print)
    assert [(one.since, one.nights) for one in second.verdict.near] == [(first.plan.session, 2)]
    assert verdict_text(second.verdict).endswith("Near misses and withdrawn suspects: 1; verdict.json has them.\n")
    assert "- withdrawn latency " in verdict_markdown(second.verdict)
    kept(store, second)
    third = judged(past, next_night(past, 20_000, days=len(PAST) + 2))
    assert "withdrawn" not in verdict_markdown(third.verdict) + verdict_text(third.verdict)


def accept_file(past: Path, store, level: float) -> Path:
    path = past / "accepted.toml"
    path.write_text(
        f"""
[[accepted]]
workload = "mobilenet_v1_*"
device = "P1"
class = "latency"
level = {level}
unit = "µs"
night = "{store.plan.session}"
night_date = {store.plan.created_at.date()}
because = "better heads"
who = "Ada"
date = 2026-11-30
""",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(("level", "meant"), [(24_000.0, True), (21_000.0, False)])
def test_what_is_accepted_is_so_up_to_its_level(past, level, meant):
    store = next_night(past, 24_000)
    verdict = judged(past, store, accepted=accept_file(past, store, level)).verdict
    assert [one.accepted is not None for one in verdict.findings] == [meant]
    assert bool([note for note in verdict.notes if "remove the entry" in note]) is not meant


def test_an_entry_that_silences_nothing_any_more_is_named_with_its_line(past):
    store = next_night(past, 20_000)
    (note,) = judged(past, store, accepted=accept_file(past, store, 24_000.0)).verdict.notes
    assert note.startswith(f"{past / 'accepted.toml'}:2: ")


def test_a_file_of_accepted_changes_that_is_wrong_is_refused_with_its_line(past):
    store = next_night(past, 20_000)
    path = past / "accepted.toml"
    path.write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"accepted\.toml:1"):
        judged(past, store, accepted=path)


@pytest.mark.parametrize(
    ("status", "error_class", "kind"),
    [(Status.SKIPPED, TRANSPORT, FindingClass.LAB), (Status.FAILED, MODEL, FindingClass.FAILED)],
)
def test_a_cell_without_a_number_says_why(past, status, error_class, kind):
    store = next_night(past, 20_000, written=False)
    store.save_job(sample.result(store.plan, "job-0", runs=(), status=status, error_class=error_class, message="why"))
    (found,) = judged(past, store).verdict.findings
    assert (found.kind, found.error_class) == (kind, error_class)


@pytest.mark.parametrize(("accepted", "codes"), [(True, (0,)), (False, (4,))])
def test_a_failure_that_is_accepted_ends_no_night_badly(past, accepted, codes):
    store = next_night(past, 20_000, written=False)
    failure = {"status": Status.FAILED, "error_class": MODEL, "message": "why"}
    store.save_job(sample.result(store.plan, "job-0", runs=(), **failure))
    path = accept_file(past, store, 24_000.0)
    entry = path.read_text(encoding="utf-8").replace('class = "latency"', 'class = "failed"\nerror_class = "model"')
    path.write_text("\n".join(line for line in entry.splitlines() if not line.startswith(("level", "unit"))))
    done = judge_by_name(
        store.plan.session, farm=None, results=past, accepted=path if accepted else None, against=None, note=print
    )
    assert done.judged.document.exit_codes == codes


def test_a_failure_beside_one_that_is_accepted_still_ends_with_4(past):
    jobs = [sample.planned(job="job-0"), sample.planned("other", job="job-1")]
    store = sample.night(past, sample.part(jobs), at=sample.NOW + timedelta(days=len(PAST)), written=False)
    failure = {"status": Status.FAILED, "error_class": MODEL, "message": "why"}
    for job in store.plan.jobs:
        store.save_job(sample.result(store.plan, job.id, runs=(), **failure))
    path = accept_file(past, store, 24_000.0)
    entry = path.read_text(encoding="utf-8").replace('class = "latency"', 'class = "failed"\nerror_class = "model"')
    path.write_text("\n".join(line for line in entry.splitlines() if not line.startswith(("level", "unit"))))
    done = judge_by_name(store.plan.session, farm=None, results=past, accepted=path, against=None, note=print)
    assert [one.accepted is None for one in done.judged.verdict.findings] == [False, True]
    assert done.judged.document.exit_codes == (4,)


def test_a_faster_fallback_is_found_by_its_proof(tmp_path):
    gpu = sample.planned(delegate=parse_delegate("gpu"))

    def night(days: int, nodes: int, level_us: int):
        store = sample.night(tmp_path, sample.part([gpu]), at=sample.NOW + timedelta(days=days), written=False)
        covered = (DelegateCoverage(name="TfLiteGpuDelegateV2", nodes=nodes, total=33, partitions=2),)
        runs = sample.runs("job-0", (level_us - 1, level_us, level_us + 1), delegates=covered, nodes=33)
        store.save_job(sample.result(store.plan, "job-0", runs=runs))
        return store

    for days in range(3):
        night(days, 33, 20_000)
    (found,) = judged(tmp_path, night(3, 20, 15_000)).verdict.findings
    assert (found.kind, found.standing, found.before, found.now) == (
        FindingClass.FALLBACK,
        Standing.CERTAIN,
        33.0,
        20.0,
    )
    assert found.alarm


def test_a_branch_is_judged_by_main_and_enters_nothing(past):
    store = next_night(past, 24_000, branch="faster")
    own = judged(past, store)
    assert (own.verdict.findings, own.verdict.too_young) == ((), 1)
    (found,) = judged(past, store, against="main").verdict.findings
    assert found.ratio == pytest.approx(1.2, abs=0.01)
    assert (found.cell.branch, found.changed) == ("faster", ("artifact aaaaaaaaaaaa → cccccccccccc",))
    main = next_night(past, 20_000, days=len(PAST) + 1)
    assert judged(past, main).verdict.findings == ()


def test_a_renamed_cell_goes_on_with_its_past(past):
    store = next_night(past, 24_000, job=sample.planned("mobilenet_v1_0.50_192_int8"))
    assert judged(past, store).verdict.too_young == 1
    renamed = {"mobilenet_v1_0.50_160_int8": "mobilenet_v1_0.50_192_int8"}
    (found,) = judged(past, store, renamed=renamed).verdict.findings
    assert found.cell.workload == "mobilenet_v1_0.50_192_int8"


def test_a_damaged_earlier_verdict_is_noted_and_passed_over(past):
    store = next_night(past, 24_000)
    document = kept(store, judged(past, store))
    bad = next_night(past, 24_000, days=len(PAST) + 1)
    (bad.path / "verdict.json").write_text("{", encoding="utf-8")
    last = next_night(past, 24_000, days=len(PAST) + 2)
    request, notes = GateRequest(root=past, session=last.plan.session), []
    found = judge_session(request, cells_of(request, last), note=notes.append)
    assert found.last == document
    assert ["verdict.json" in note for note in notes] == [True]


@pytest.mark.parametrize(("level_us", "codes"), [(24_000, (0,)), (20_000, (0,))])
def test_a_suspect_alone_ends_no_night_badly(past, level_us, codes):
    store = next_night(past, level_us)
    found = judge_stored(
        GateRequest(root=past, session=store.plan.session),
        store,
        codes=lambda verdict: exit_codes(store.results(), interrupted=False, verdict=verdict),
        progress=_Silent(),
    )
    assert found.document.exit_codes == codes
    assert json.loads((store.path / "verdict.json").read_text(encoding="utf-8"))["session"] == store.plan.session


def test_a_certain_regression_ends_with_1(past):
    store = next_night(past, 20_000, job=sample.planned(size_bytes=3_000_000, sha256="c" * 64))
    done = judge_by_name(store.plan.session, farm=None, results=past, accepted=None, against=None, note=print)
    found, written = done.judged, done.written
    assert [one.kind for one in found.verdict.findings] == [FindingClass.SIZE]
    assert (found.document.exit_codes, written) == ((1,), ())


class _Silent:
    def note(self, text: str) -> None:
        raise AssertionError(text)


def test_what_was_bad_stays_in_view_however_many_nights_have_no_number(past):
    large = sample.planned(sha256="c" * 64, size_bytes=3_000_000)

    def judged_night(store):
        return judge_stored(
            GateRequest(root=past, session=store.plan.session), store, codes=lambda _: (0,), progress=_Silent()
        )

    def lost(days: int):
        store = next_night(past, 20_000, days=days, job=large, written=False)
        lost = {"runs": (), "status": Status.SKIPPED, "error_class": TRANSPORT, "message": "why"}
        store.save_job(sample.result(store.plan, "job-0", **lost))
        return judged_night(store)

    judged_night(next_night(past, 20_000, job=sample.planned()))
    assert [one.kind for one in judged_night(next_night(past, 20_000, days=8, job=large)).changes.new] == [
        FindingClass.SIZE
    ]
    for days in (9, 10, 11):
        changes = lost(days).changes
        assert [one.kind for one in changes.unseen] == [FindingClass.SIZE]
        assert changes.recovered == ()
    back = judged_night(next_night(past, 20_000, days=12, job=large))
    assert ([one.kind for one in back.changes.still], back.changes.new) == ([FindingClass.SIZE], ())
    assert back.document.unseen == ()
    mended = judged_night(next_night(past, 20_000, days=13, job=sample.planned()))
    assert [one.kind for one in mended.changes.recovered] == [FindingClass.SIZE]
