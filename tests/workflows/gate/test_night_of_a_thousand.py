"""A night of a thousand cells, from documents over the archive to the verdict and its text: what is bad is named alone.

Nothing is measured: what re-runs decide is written down, as measuring the suspects again would return it.
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sample_sessions as sample

from mbench.core.nights.verdict_document import KeptDecision
from mbench.core.nights.verdicts import FindingClass, Rerun, Standing
from mbench.core.results import DelegateCoverage
from mbench.gate.settled import is_measured_again
from mbench.report.verdicts.text import verdict_text
from mbench.store.verdicts import read_verdict
from mbench.workflows.gate.judging import GateRequest
from mbench.workflows.gate.night_gate import judge_stored
from mbench.workflows.nightly.judging_stored import _Notes
from mbench.workflows.nightly.summary import exit_codes

PHONES, EACH, PAST = 10, 100, 5
UPDATED = "P9"
LEVEL_US = 20_000
FALLEN = (DelegateCoverage(name="XNNPACK", nodes=20, total=33, partitions=2),)

SPECIAL = {
    "slower": "net0003@P0",
    "missing": "net0014@P1",
    "fallen": "net0025@P2",
    "accepted": "net0036@P3",
    "better": "net0047@P4",
}
TIMES = {"slower": 1.1, "fallen": 0.9, "accepted": 1.3, "better": 0.8}


def day_of(day: int) -> datetime:
    return sample.NOW + timedelta(days=day)


def one_night(root: Path, day: int, *, bad: bool):
    """A night of all cells; on a bad one each special cell is so, and a phone has another OS build."""
    parts = []
    for number in range(PHONES):
        serial = f"P{number}"
        build = "flame/2" if bad and serial == UPDATED else "flame/1"
        device = sample.PHONE.model_copy(update={"serial": serial, "build": build})
        jobs = [sample.planned(f"net{place:04d}", job=f"net{place:04d}@{serial}") for place in range(EACH)]
        parts.append(sample.part(jobs, device=device))
    store = sample.night(root, *parts, at=day_of(day), written=False)
    kind_of = {job: kind for kind, job in SPECIAL.items()} if bad else {}
    for place, job in enumerate(store.plan.jobs):
        kind = kind_of.get(job.id)
        if kind == "missing":
            continue
        level = int(TIMES.get(kind, 1.0) * (LEVEL_US + 17 * ((place + 5 * day) % 11)))
        changes = {"delegates": FALLEN} if kind == "fallen" else {}
        runs = sample.runs(job.id, (level - 1, level, level + 1), **changes)
        store.save_job(sample.result(store.plan, job.id, runs=runs))
    return store


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("farm")
    for day in range(PAST):
        one_night(folder, day, bad=False)
    return folder


def judged(root: Path, store, accepted: Path, asked: list[str]):
    """Judge a night as `mbench nightly` does, and return what is kept and what is printed of it."""

    def again(measured, judgement) -> tuple[KeptDecision, ...]:
        found = [one for one in judgement.verdict.findings if is_measured_again(one) and one.accepted is None]
        asked.extend(one.cell.workload for one in found)
        session = store.plan.session
        rerun = Rerun(old_us=(20_000.0,) * 12, new_us=(22_000.0,) * 12, p_value=1e-5, session="reruns/one")
        return tuple(
            KeptDecision(cell=one.cell, since=one.since, night=session, standing=Standing.CONFIRMED, rerun=rerun)
            for one in found
        )

    notes: list[str] = []
    done = judge_stored(
        GateRequest(root=root, session=store.plan.session, accepted=accepted),
        store,
        codes=lambda verdict: exit_codes(store.results(), interrupted=False, verdict=verdict),
        again=again,
        progress=_Notes(notes.append),
    )
    assert notes == []
    kept = read_verdict(store.path)
    assert kept == done.document
    return kept, verdict_text(done.verdict, done.changes)


def accept(path: Path, session: str) -> None:
    path.write_text(
        f"""
[[accepted]]
workload = "{SPECIAL["accepted"].partition("@")[0]}"
device = "P3"
class = "latency"
level = 27000.0
unit = "µs"
night = "{session}"
night_date = {day_of(PAST).date()}
because = "better heads"
who = "Ada"
date = 2026-11-30
""",
        encoding="utf-8",
    )


@pytest.mark.slow
def test_exactly_what_is_bad_is_named_both_nights_each_in_its_class(root, tmp_path):
    accepted, asked = tmp_path / "accepted.toml", list[str]()
    for night in (1, 2):
        store = one_night(root, PAST + night - 1, bad=True)
        if night == 1:
            accept(accepted, store.plan.session)
        document, text = judged(root, store, accepted, asked)
        verdict = document.verdict
        shown = {(one.kind, f"{one.cell.workload}@{one.cell.serial}") for one in verdict.findings if not one.accepted}
        assert shown == {
            (FindingClass.LATENCY, SPECIAL["slower"]),
            (FindingClass.MISSING, SPECIAL["missing"]),
            (FindingClass.FALLBACK, SPECIAL["fallen"]),
            (FindingClass.IMPROVED, SPECIAL["better"]),
        } | {(FindingClass.IMPROVED, SPECIAL["fallen"])}
        assert {one.nights for one in verdict.findings} == {night}
        assert (verdict.near, document.exit_codes[0]) == ((), 1)
        assert [note.partition(":")[0] for note in verdict.notes] == [UPDATED]
        assert f"100 cells with {night} of 6 nights" in verdict.notes[0]
        assert (verdict.judged, verdict.too_young) == (PHONES * EACH - EACH - 1, EACH)
        named = {word for word in text.replace(",", " ").split() if word.startswith("net")}
        assert named == {job.partition("@")[0] for kind, job in SPECIAL.items() if kind != "accepted"}
        assert "1 accepted" in text
        assert len(text.splitlines()) <= 40
        assert UPDATED in text
    assert asked == [SPECIAL["slower"].partition("@")[0]], "measured again once, and the accepted one never"
