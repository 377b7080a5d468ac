"""Nights that are scored by users' own metrics, judged out of their documents."""

from datetime import timedelta
from pathlib import Path

import pytest
import sample_metrics as metrics
import sample_scores as scored
import sample_sessions as sample

from mbench.core.nights.verdicts import FindingClass, NightVerdict
from mbench.core.scores import OwnMetric, Score
from mbench.store.session_store import SessionStore
from mbench.workflows.gate.judging import GateRequest, judge_session
from mbench.workflows.gate.night_gate import cells_of

GOOD = [30.0 + place % 7 for place in range(40)]
WORSE = [value - 1 + 0.1 * (place % 3) for place, value in enumerate(GOOD)]
WEIGHTS = "a" * 64


def by_values(values: list[float], own: OwnMetric = metrics.PSNR, /, **changes) -> Score:
    return metrics.value_score(values, WEIGHTS, own, **changes)


def by_hits(wrong: int, own: OwnMetric = metrics.RIGHT) -> Score:
    hits = scored.hits_but(range(wrong), 1000)
    return scored.score(hits, WEIGHTS, metrics=(scored.share(own.name, sum(hits), 1000),), own_metric=own)


def nights(root: Path, *scores: Score | None) -> SessionStore:
    """Store a night a day with the score of its only file, and return the last one."""
    for day, score in enumerate(scores):
        store = sample.night(root, at=sample.NOW + timedelta(days=day), written=False)
        store.save_job(sample.result(store.plan, "job-0", scores=() if score is None else (score,)))
    return store


def judged(root: Path, *scores: Score | None) -> NightVerdict:
    store = nights(root, *scores)
    request = GateRequest(root=root, session=store.plan.session)
    return judge_session(request, cells_of(request, store), note=print).verdict


def test_values_that_got_worse_on_the_same_examples_are_a_finding(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, *[by_values(GOOD)] * 3, by_values(WORSE)).findings
    assert (found.kind, found.unit, found.alarm, found.nights) == (FindingClass.ACCURACY, "psnr (dB)", True, 1)
    assert (found.before, found.now) == (pytest.approx(sum(GOOD) / 40), pytest.approx(sum(WORSE) / 40, abs=1e-5))
    assert found.because.startswith("psnr ")
    assert "on the same 40 examples, higher is better" in found.because


@pytest.mark.parametrize(("before", "tonight", "found"), [(GOOD, WORSE, 0), (WORSE, GOOD, 1)])
def test_values_that_rose_are_worse_of_a_metric_that_is_better_lower(
    tmp_path: Path, before: list[float], tonight: list[float], found: int
) -> None:
    past, last = by_values(before, metrics.ERROR), by_values(tonight, metrics.ERROR)
    findings = judged(tmp_path, past, past, past, last).findings
    assert [(one.kind, one.unit) for one in findings] == [(FindingClass.ACCURACY, "error")] * found


def test_values_that_scatter_so_much_that_chance_explains_them_are_none(tmp_path: Path) -> None:
    scattered = [value + (12 if place % 2 else -14) for place, value in enumerate(GOOD)]
    assert judged(tmp_path, *[by_values(GOOD)] * 3, by_values(scattered)).findings == ()


@pytest.mark.parametrize("changes", [{"sha256": "e" * 64}, {"name": "psnr_y"}, {"unit": "B"}])
def test_another_metric_begins_anew(tmp_path: Path, changes: dict[str, str]) -> None:
    other = metrics.PSNR.model_copy(update=changes)
    verdict = judged(tmp_path, *[by_values(GOOD)] * 3, by_values(WORSE, other))
    assert (verdict.findings, verdict.notes) == ((), ())


def test_values_that_are_not_kept_are_said_not_to_be_judged(tmp_path: Path) -> None:
    verdict = judged(tmp_path, *[by_values(GOOD)] * 3, by_values(WORSE, values=None))
    assert verdict.findings == ()
    (note,) = verdict.notes
    assert "mobilenet_v1_0.50_160_int8 cpu ×1 on P1: the mean of its metric's values got worse by " in note


def test_a_night_without_a_score_lies_between_two_that_are_compared(tmp_path: Path) -> None:
    assert judged(tmp_path, by_values(GOOD), by_values(GOOD), None, by_values(WORSE)).findings


@pytest.mark.parametrize(("wrong", "findings"), [(13, 0), (14, 1)])
def test_right_answers_of_a_metric_are_judged_by_the_bound_of_top_1(tmp_path: Path, wrong: int, findings: int) -> None:
    found = judged(tmp_path, *[by_hits(0)] * 3, by_hits(wrong)).findings
    assert [(one.kind, one.unit) for one in found] == [(FindingClass.ACCURACY, "%")] * findings


def test_right_answers_by_another_metric_are_not_compared(tmp_path: Path) -> None:
    other = metrics.RIGHT.model_copy(update={"sha256": "e" * 64})
    assert judged(tmp_path, *[by_hits(0)] * 3, by_hits(500, other)).findings == ()
