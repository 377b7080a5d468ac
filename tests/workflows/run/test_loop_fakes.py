"""The promises of the measuring loop's `Results`, kept by the store on disk and by the one in memory alike."""

from collections.abc import Callable
from pathlib import Path

import pytest
from loop_fakes import NOON, KeptResults, part_of, plan_of, run_of

from mbench.core.conclusions import conclude
from mbench.core.errors import StoreError
from mbench.core.results import Pass
from mbench.store.session import create_session
from mbench.workflows.run.measure_loop import Results

PLAN = plan_of(part_of("a", "b"))


def on_disk(folder: Path) -> Results:
    return create_session(
        folder, device="phone", what="test", now=NOON, plan_of=lambda name: PLAN.model_copy(update={"session": name})
    )


@pytest.fixture(params=[on_disk, lambda _: KeptResults(PLAN)], ids=["disk", "memory"])
def results(request, tmp_path) -> Results:
    make: Callable[[Path], Results] = request.param
    return make(tmp_path)


def test_runs_come_back_in_the_order_in_which_they_ran_with_their_files_named(results):
    for index, position in [(0, 8), (1, 2)]:
        results.save_run(run_of("a", index, position=position), {"stdout.txt": b"1", "output.bin": b"2"})
    results.save_run(run_of("a", purpose=Pass.MEMORY, position=5), {})
    results.save_run(run_of("b", position=1), {})
    kept = results.runs("a")
    assert [(run.position, run.purpose, run.index) for run in kept] == [
        (2, Pass.LATENCY, 1),
        (5, Pass.MEMORY, 0),
        (8, Pass.LATENCY, 0),
    ]
    assert kept[0].files == ("output.bin", "stdout.txt")
    assert (results.raw(kept[0], "output.bin"), results.raw(kept[1], "output.bin")) == (b"2", None)


def test_the_canary_has_runs_too_and_what_was_never_planned_has_none(results):
    results.save_run(run_of("canary", purpose=Pass.CANARY), {})
    assert len(results.runs("canary")) == 1
    with pytest.raises(StoreError, match="is not in the plan"):
        results.save_run(run_of("stranger"), {})


def test_a_run_is_kept_once(results):
    results.save_run(run_of("a"), {})
    with pytest.raises(StoreError, match="is kept already"):
        results.save_run(run_of("a", position=1), {})


def test_a_document_is_kept_once_and_only_of_a_planned_job(results):
    document = conclude(
        PLAN,
        PLAN.devices[0],
        PLAN.jobs[0],
        [run_of("a")],
        canary=(),
        busy_limit=None,
        agreement_db=None,
        finished_at=NOON,
    ).model_copy(update={"session": results.plan.session})
    assert results.result("a") is None
    results.save_job(document)
    assert results.result("a") == document
    with pytest.raises(StoreError, match="is kept already"):
        results.save_job(document)
    with pytest.raises(StoreError, match="is not in the plan"):
        results.save_job(document.model_copy(update={"job": "stranger"}))
    with pytest.raises(StoreError, match="is not in the plan"):
        results.result("stranger")
