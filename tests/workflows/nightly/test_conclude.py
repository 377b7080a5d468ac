"""What becomes of cells that a night has no time for."""

from datetime import timedelta

import numpy as np
import pytest
from sample_results import BINARY, DEVICE, NOW, PROVENANCE, RULES, latency_run, workload

from mbench.core.delegates import parse_delegate
from mbench.core.nights.nights import Ending, Night
from mbench.core.results import DevicePlan, Plan, PlannedJob, Status
from mbench.core.workloads import OutputFacts
from mbench.runner.device_run import OUTPUT_FILE
from mbench.store.nights import ask_to_cancel
from mbench.store.session import create_session
from mbench.workflows.nightly.conclude import conclude, leave_out

OUTPUTS = (OutputFacts(dtype="float32", elements=4, zero_point=None),)


def night_of(*jobs: PlannedJob, root, window_s: float = 3600.0, **changes):
    """Return a session of these jobs, and its night."""
    part = DevicePlan(device=DEVICE, binary=BINARY, rules=RULES, canary=None, jobs=jobs)
    store = create_session(
        root,
        device="night",
        what="farm",
        now=NOW,
        plan_of=lambda name: Plan(session=name, created_at=NOW, provenance=PROVENANCE, devices=(part,)),
    )
    facts = {
        "session": store.plan.session,
        "farm": "farm",
        "project": "p",
        "branch": "main",
        "date": NOW.date(),
        "zone": "UTC",
        "begun_at": NOW,
        "until": NOW + timedelta(seconds=window_s),
        "farm_sha256": "a" * 64,
        "phones": {},
    }
    return store, Night(**(facts | changes))


def job(name: str, delegate: str = "cpu") -> PlannedJob:
    return PlannedJob(id=name, workload=workload(outputs=OUTPUTS, delegate=parse_delegate(delegate)))


def measured(store, name: str, values, *, runs: int = RULES.min_runs, first: int = 0) -> None:
    """Keep good runs of a job, which leave these outputs."""
    for index in range(runs):
        run = latency_run(1000, index, job=name, position=first + index, output_sha256="c" * 64)
        store.save_run(run, {OUTPUT_FILE: np.array(values, np.float32).tobytes()})


RIGHT = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("outputs", "warned"), [(RIGHT, False), ([0.1001, *RIGHT[1:]], False), ([4.0, 3.0, 2.0, 1.0], True)]
)
def test_a_delegate_that_was_fast_and_wrong_is_shown_so_where_the_night_ends_early(tmp_path, outputs, warned):
    store, night = night_of(job("cpu"), job("gpu", "gpu"), root=tmp_path)
    measured(store, "cpu", RIGHT)
    measured(store, "gpu", outputs, first=10)
    assert conclude(store, night, now=night.until).end is Ending.COMPLETE
    result = store.result("gpu")
    assert result is not None
    codes = [warning.code for warning in result.warnings]
    assert (result.status, "time_limited" in codes, "output_differs" in codes) == (Status.OK, True, warned)


@pytest.mark.parametrize(("runs", "status"), [(RULES.min_runs - 1, Status.SKIPPED), (RULES.min_runs, Status.OK)])
def test_a_cell_has_a_number_from_its_least_number_of_runs_on(tmp_path, runs, status):
    store, night = night_of(job("cpu"), root=tmp_path)
    measured(store, "cpu", [1, 2, 3, 4], runs=runs)
    conclude(store, night, now=night.until)
    result = store.result("cpu")
    assert result is not None
    assert (result.status, len(result.runs)) == (status, runs)


def test_a_cell_that_was_never_begun_says_why(tmp_path):
    store, night = night_of(job("cpu"), root=tmp_path / "window")
    assert conclude(store, night, now=night.until).end is Ending.PARTIAL
    result = store.result("cpu")
    assert result is not None
    assert (result.status, result.error_class) == (Status.SKIPPED, "budget")
    assert result.message == f"the night's window ended at {night.until:%H:%M} UTC"
    store, night = night_of(job("cpu"), root=tmp_path / "cancelled")
    ask_to_cancel(store.path)
    assert conclude(store, night, now=NOW).end is Ending.CANCELLED
    result = store.result("cpu")
    assert result is not None
    assert result.message == "the night was cancelled"


@pytest.mark.parametrize(
    ("window_s", "expected", "words"),
    [
        (50.0, {"cpu": 50.0}, "the night's window was not expected to hold it, 50 s by earlier nights, beside"),
        (50.0, {"cpu": 51.0}, "it takes 51 s by earlier nights, and the whole window has 50 s"),
        (50.0, {}, "the night's window was not expected to hold it beside the other cells"),
    ],
)
def test_a_cell_that_is_left_out_says_what_was_expected_of_it(tmp_path, window_s, expected, words):
    store, night = night_of(
        job("cpu"), job("other"), root=tmp_path, window_s=window_s, expected_s=expected, left_out=("cpu",)
    )
    leave_out(store, night, now=NOW)
    result = store.result("cpu")
    assert result is not None
    assert (result.status, result.error_class) == (Status.SKIPPED, "budget")
    assert (result.message or "").startswith(words)
    assert store.result("other") is None


@pytest.mark.parametrize(
    ("now", "message"), [(NOW, "another began it"), (NOW + timedelta(hours=1), "the night's window ended at 10:30 UTC")]
)
def test_a_night_that_ends_before_its_time_says_why_in_its_cells(tmp_path, now, message):
    store, night = night_of(job("cpu"), root=tmp_path)
    assert conclude(store, night, now=now, why="another began it").end is Ending.PARTIAL
    result = store.result("cpu")
    assert result is not None
    assert result.message == message
