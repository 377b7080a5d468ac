"""What a job without a document is: its status, what is said of it, and when it was last at work."""

from datetime import timedelta

import pytest
import sample_plans as sample

from mbench.core.results import PartEnding, Pass, PlannedJob, Status
from mbench.store.unfinished import unfinished_job

SESSION = "20260115-093000-host-alpha-1a2b"


def ended(message: str, error_class: str | None = "transport") -> PartEnding:
    return PartEnding(session=SESSION, serial="phone-1", ended_at=sample.NOW, error_class=error_class, message=message)


def unfinished(
    count: int = 0,
    *,
    holder: str | None = None,
    build_error: str | None = None,
    ending: PartEnding | None = None,
    **rules,
):
    """Return a job with so many kept runs under these rules, which otherwise ask for one run and nothing else."""
    job = PlannedJob(id="job-1", workload=sample.workload(), build_error=build_error)
    plan = sample.plan(SESSION, planned=(PlannedJob(id="job-0", workload=sample.workload("other")), job))
    asked = {"min_runs": 1, "memory_runs": 0, "profile_ops": False} | rules
    part = plan.devices[0].model_copy(update={"rules": plan.devices[0].rules.model_copy(update=asked)})
    runs = [sample.run("job-1", index) for index in range(count)]
    return unfinished_job(plan.model_copy(update={"devices": (part,)}), job, runs, holder=holder, ending=ending)


@pytest.mark.parametrize(
    ("rules", "least"),
    [
        ({"min_runs": 3}, 3),
        ({"min_runs": 5, "max_runs": 9}, 5),
        ({"min_runs": 3, "memory_runs": 2}, 5),
        ({"min_runs": 3, "profile_ops": True}, 4),
        ({"min_runs": 3, "memory_runs": 2, "profile_ops": True}, 6),
    ],
)
def test_progress_is_counted_up_to_the_runs_that_every_job_gets(rules, least):
    resume = f"; mbench run --resume {SESSION} goes on"
    assert unfinished(0, **rules).message == f"interrupted after 0 of {least} runs{resume}"
    assert unfinished(least - 1, **rules).message == f"interrupted after {least - 1} of {least} runs{resume}"
    assert unfinished(least, **rules).message == f"interrupted after {least} runs{resume}"
    assert unfinished(least + 1, **rules).message == f"interrupted after {least + 1} runs{resume}"


@pytest.mark.parametrize("holder", [None, "pid 7 on desk"])
def test_the_reason_why_its_device_got_no_further_comes_first(holder):
    lost = unfinished(1, ending=ended("phone-1: it was lost."), holder=holder, min_runs=3)
    assert lost.message == f"it was lost; ended after 1 of 3 runs; mbench run --resume {SESSION} goes on"
    assert (lost.status, lost.error_class) == (Status.ABORTED, "transport")
    odd = unfinished(ending=ended("a defect", None))
    assert (odd.error_class, odd.message.startswith("a defect; ended after 0 of 1 runs")) == (None, True)


def test_a_job_that_was_never_built_says_so_whatever_became_of_its_device():
    unbuilt = unfinished(build_error="no file", ending=ended("phone-1: it was lost."))
    assert (unbuilt.status, unbuilt.error_class, unbuilt.message) == (Status.FAILED, "build", "no file")


def test_a_job_that_somebody_is_at_work_on_names_them():
    assert unfinished(1, holder="pid 7 on desk", min_runs=3).message == (
        "not finished: 1 of 3 runs so far; pid 7 on desk is at work on it"
    )
    assert unfinished(3, holder="", min_runs=3).message == "not finished: 3 runs so far;  is at work on it"


@pytest.mark.parametrize("holder", [None, "pid 7 on desk"])
def test_a_job_that_was_not_concluded_is_aborted(holder):
    found = unfinished(2, holder=holder)
    assert (found.status, found.error_class) == (Status.ABORTED, None)


@pytest.mark.parametrize("build_error", ["no such file", ""])
def test_a_job_whose_file_was_not_built_has_failed_already(build_error):
    found = unfinished(0, build_error=build_error)
    assert (found.status, found.error_class) == (Status.FAILED, "build")
    assert found.message == (build_error or f"interrupted after 0 of 1 runs; mbench run --resume {SESSION} goes on")


def test_it_holds_all_that_is_known_of_the_job():
    found = unfinished(2)
    plan = sample.plan(SESSION)
    assert (found.session, found.job, found.workload) == (SESSION, "job-1", sample.workload())
    assert (found.device, found.binary) == (plan.devices[0].device, plan.devices[0].binary)
    assert (found.rules.seed, found.provenance) == (7, plan.provenance)
    assert found.runs == (sample.run("job-1", 0), sample.run("job-1", 1))


def test_the_device_is_that_of_the_jobs_part():
    one, two = (
        sample.plan(SESSION, (job,), device=sample.plan("s").devices[0].device.model_copy(update={"serial": job}))
        for job in ("job-0", "job-1")
    )
    plan = one.model_copy(update={"devices": (*one.devices, *two.devices)})
    assert unfinished_job(plan, plan.jobs[1], [], holder=None).device.serial == "job-1"


def test_without_runs_it_ended_when_it_was_planned():
    assert unfinished(0).finished_at == sample.NOW


def test_it_ended_with_the_run_that_ended_last():
    assert unfinished(3).finished_at == sample.NOW + timedelta(seconds=2 * 2 + 1.5)
    plan = sample.plan(SESSION)
    long = sample.run("job-0", 0).model_copy(update={"wall_s": 60.0})
    runs = [long, sample.run("job-0", 1, purpose=Pass.MEMORY, position=3)]
    assert unfinished_job(plan, plan.jobs[0], runs, holder=None).finished_at == sample.NOW + timedelta(seconds=60)


def test_who_is_at_work_is_said_by_name():
    plan = sample.plan(SESSION)
    with pytest.raises(TypeError, match="positional"):
        unfinished_job(plan, plan.jobs[0], [], "pid 7")
