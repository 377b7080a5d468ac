import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sample_plans as sample

from mbench.core.errors import StoreError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.results import Pass, PlannedJob, Status
from mbench.core.scores import Metric, Score
from mbench.store.session import create_session, open_session
from mbench.store.session_store import SessionStore

KEEP_WRITING = """
import sys
from itertools import count
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import sample_plans as sample
from mbench.store.session import open_session
store = open_session(Path(sys.argv[2]))
with store.lock():
    for index in count():
        store.save_run(sample.run(index=index), {"stdout.txt": b"x" * 200_000, "rt.pb": bytes(1000)})
        print(index, flush=True)
"""


@pytest.fixture
def store(tmp_path) -> SessionStore:
    return create_session(tmp_path, device="host", what="test", now=sample.NOW, plan_of=sample.plan)


def test_a_run_is_read_back_as_it_was_saved(store):
    store.save_run(sample.run(), {"stdout.txt": b"count=50\n", "rt.pb": b"\x00\xff"})
    (kept,) = store.runs("job-0")
    assert kept == sample.run().model_copy(update={"files": ("rt.pb", "stdout.txt")})
    assert (store.run_path(kept) / "rt.pb").read_bytes() == b"\x00\xff"


def test_what_was_read_once_is_not_read_again(store):
    store.save_run(sample.run(), {"stdout.txt": b"count=50\n"})
    store.save_job(sample.result(store.plan, runs=store.runs("job-0")))
    kept = store.result("job-0"), store.runs("job-0"), store.results()[0]
    for path in (*store.path.glob("jobs/*.json"), *store.path.glob("runs/*/*/run.json")):
        path.write_bytes(b"{}")
    assert (store.result("job-0"), store.runs("job-0"), store.results()[0]) == kept
    with pytest.raises(StoreError):
        open_session(store.path).results()


def test_runs_come_back_in_the_order_they_ran(store):
    for index, position in [(10, 30), (2, 12), (1, 40)]:
        store.save_run(sample.run(index=index, position=position), {})
    store.save_run(sample.run(purpose=Pass.MEMORY, position=20), {})
    assert [run.position for run in store.runs("job-0")] == [12, 20, 30, 40]


def test_the_canary_is_kept_like_a_job(store):
    store.save_run(sample.run("canary", purpose=Pass.CANARY), {"stdout.txt": b""})
    assert (store.path / "runs" / "canary" / "canary-0" / "run.json").is_file()
    assert len(store.runs("canary")) == 1


def test_a_run_is_kept_once(store):
    store.save_run(sample.run(), {"stdout.txt": b"first"})
    with pytest.raises(StoreError, match=r"latency-0 is kept already; a kept run is never edited"):
        store.save_run(sample.run(), {"stdout.txt": b"second"})
    assert (store.run_path(sample.run()) / "stdout.txt").read_bytes() == b"first"


def test_a_result_is_kept_once(store):
    result = sample.result(store.plan)
    store.save_job(result)
    with pytest.raises(StoreError, match=r"job-0\.json is kept already"):
        store.save_job(result.model_copy(update={"status": Status.FAILED}))
    assert store.result("job-0") == result


@pytest.mark.parametrize("job", ["job-2", "../job-0", ""])
def test_what_was_not_planned_is_not_kept(store, job):
    other = {"job": job}  # as no document could say it
    run, result = sample.run().model_copy(update=other), sample.result(store.plan).model_copy(update=other)
    for save in (lambda: store.save_run(run, {}), lambda: store.save_job(result)):
        with pytest.raises(StoreError, match="is not in the plan"):
            save()


def test_a_result_of_another_session_is_not_kept(store):
    with pytest.raises(StoreError, match="does not belong"):
        store.save_job(sample.result(sample.plan("another")))


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "run.json", "x\n"])
def test_raw_files_have_plain_names(store, name):
    with pytest.raises(StoreError, match="give it a plain name"):
        store.save_run(sample.run(), {name: b""})


def test_a_run_that_names_other_files_than_it_brings_is_refused(store):
    with pytest.raises(StoreError, match="names files"):
        store.save_run(sample.run().model_copy(update={"files": ("stderr.txt",)}), {"stdout.txt": b""})


def test_a_job_without_a_document_has_none(store):
    assert store.result("job-0") is None


def test_every_planned_job_has_one_result_in_the_order_of_the_plan(store):
    store.save_job(sample.result(store.plan, "job-1"))
    assert [(each.job, each.status) for each in store.results()] == [
        ("job-0", Status.ABORTED),
        ("job-1", Status.OK),
    ]


def test_an_interrupted_job_has_its_runs_and_says_how_to_go_on(store):
    store.save_run(sample.run(index=0), {})
    store.save_run(sample.run(index=1), {})
    interrupted = store.results()[0]
    assert [run.index for run in interrupted.runs] == [0, 1]
    assert interrupted.message == (f"interrupted after 2 of 4 runs; mbench run --resume {store.plan.session} goes on")
    assert not (store.path / "jobs").exists()


def test_an_interrupted_job_that_wanted_more_runs_than_its_least_does_not_count_beyond(store):
    for index in range(5):
        store.save_run(sample.run(index=index), {})
    assert store.results()[0].message.startswith("interrupted after 5 runs;")


def test_a_job_that_could_not_be_built_has_failed_also_without_a_document(tmp_path):
    planned = PlannedJob(id="job", workload=sample.workload(), build_error="no such weights")
    made = create_session(
        tmp_path,
        device="host",
        what="test",
        now=sample.NOW,
        plan_of=lambda name: sample.plan(name, planned=(planned,)),
    )
    (failed,) = made.results()
    assert (failed.status, failed.error_class, failed.message) == (Status.FAILED, "build", "no such weights")


def test_an_interrupted_job_keeps_the_accuracy_that_was_known_before(tmp_path):
    facts = DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="f" * 64, examples=8, classes=10
    )
    metric = Metric(name="top1", value=0.5, examples=8)
    score = Score(
        artifact_sha256="a" * 64,
        place="host",
        delegate="cpu",
        dataset=facts,
        preprocessing="plain",
        asked=8,
        scored=8,
        metrics=(metric,),
        seconds=0.1,
    )
    planned = PlannedJob(id="job", workload=sample.workload(), scores=(score,))
    made = create_session(
        tmp_path,
        device="host",
        what="test",
        now=sample.NOW,
        plan_of=lambda name: sample.plan(name, planned=(planned,)),
    )
    assert made.results()[0].scores == (score,)


def test_a_killed_writer_loses_no_more_than_the_run_in_progress(store):
    argv = [sys.executable, "-c", KEEP_WRITING, str(Path(__file__).parent), str(store.path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as writer:
        said = [writer.stdout.readline() for _ in range(20)]
        time.sleep(0.0137)  # somewhere within a write
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.readlines()
    kept = open_session(store.path).runs("job-0")
    assert [run.index for run in kept] == list(range(len(kept)))
    assert len(said) <= len(kept) <= len(said) + 1
    assert all((store.run_path(run) / "stdout.txt").stat().st_size == 200_000 for run in kept)


def test_leftovers_of_a_killed_writer_are_passed_over_and_removed_by_the_next(store):
    leftover = store.path / "runs" / "job-0" / ".writing-0011223344556677"
    leftover.mkdir(parents=True)
    (leftover / "stdout.txt").write_bytes(b"half")
    assert store.runs("job-0") == ()
    with store.lock():
        assert not leftover.exists()
