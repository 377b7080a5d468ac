from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.conclusions import conclude, latency_samples_us
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.results import (
    BinaryFacts,
    Conditions,
    DeviceFacts,
    DevicePlan,
    JobResult,
    MeasurementWarning,
    MeasuringRules,
    Pass,
    Phase,
    Plan,
    PlannedJob,
    Provenance,
    Run,
    Status,
    WarningCode,
)
from mbench.core.scores import Agreement, Metric, Score, pack_hits, unpack_hits
from mbench.core.workloads import ArtifactFacts, Delegate, RunSettings, Workload

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SHA = "a" * 64
ARTIFACT = ArtifactFacts(
    name="mobilenet_v1_0.25_32_int8",
    sha256=SHA,
    size_bytes=1,
    mult_adds=1,
    parameters=1,
    activation_bytes=1,
)
WORKLOAD = Workload(artifact=ARTIFACT, delegate=Delegate.CPU, threads=1, settings=RunSettings())
JOB = PlannedJob(id="job", workload=WORKLOAD)
RULES = MeasuringRules(
    min_runs=5, max_runs=8, target_interval=0.02, memory_runs=0, profile_ops=False, seed=0, cpus=(1, 0)
)


def part(**rules) -> DevicePlan:
    return DevicePlan(
        device=DeviceFacts(serial="here", profile="host"),
        binary=BinaryFacts(tool="hostbench", sha256=SHA, path="hostbench"),
        rules=RULES.model_copy(update=rules),
        canary=None,
        jobs=(JOB,),
    )


PLAN = Plan(
    session="s",
    created_at=NOON,
    provenance=Provenance(mbench="0", git=None, command=("mbench",), host="here", python="3"),
    devices=(part(),),
)


def run(position: int, median_us: int | None = 1000, **changes) -> Run:
    fields = {
        "job": "job",
        "purpose": Pass.LATENCY,
        "index": position,
        "block": position,
        "position": position,
        "started_at": NOON + timedelta(seconds=2 * position),
        "wall_s": 1.0,
        "argv": ("benchmark_model",),
        "exit_code": 0,
        "status": Status.OK,
        "measured": Phase(count=50, avg_us=1001.5, median_us=median_us),
    }
    return Run(**(fields | changes))


def codes(runs, *, canary=(), busy_limit=0.1, agreement_db=None, job=JOB, **rules) -> set[str]:
    result = conclude(
        PLAN,
        part(**rules),
        job,
        runs,
        canary=canary,
        busy_limit=busy_limit,
        agreement_db=agreement_db,
        finished_at=NOON,
    )
    return {str(warning.code) for warning in result.warnings}


def after(**state) -> Conditions:
    return Conditions(taken_at=NOON, **state)


FIVE = [run(position) for position in range(5)]


def test_five_like_runs_on_a_quiet_pinned_device_leave_no_doubt():
    assert codes(FIVE) == set()


def test_a_failing_run_fails_the_job_with_its_own_reason():
    broken = run(5, status=Status.FAILED, error_class="crash:SIGSEGV", message="died")
    result = conclude(
        PLAN, part(), JOB, [*FIVE, broken], canary=(), busy_limit=None, agreement_db=None, finished_at=NOON
    )
    assert (result.status, result.error_class, result.message) == (Status.FAILED, "crash:SIGSEGV", "died")
    assert len(result.runs) == 6


def test_a_job_that_was_never_built_fails_as_such():
    job = JOB.model_copy(update={"build_error": "no memory"})
    result = conclude(PLAN, part(), job, [], canary=(), busy_limit=None, agreement_db=None, finished_at=NOON)
    assert (result.status, result.error_class, result.message) == (Status.FAILED, "build", "no memory")


def test_a_sample_is_the_median_or_the_mean_where_there_is_none():
    assert latency_samples_us([run(0), run(1, median_us=None)]) == [1000.0, 1001.5]


def test_neither_failed_runs_nor_other_passes_are_samples():
    others = [run(0, status=Status.FAILED, error_class="io"), run(1, purpose=Pass.MEMORY)]
    assert latency_samples_us(others) == []


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("few_runs", {"runs": FIVE[:3]}),
        ("wide_interval", {"runs": [run(index, median_us=1000 + 100 * index) for index in range(5)]}),
        ("no_median", {"runs": [run(index, median_us=None) for index in range(5)]}),
        ("coarse_clock", {"runs": [run(index, median_us=0) for index in range(5)]}),
        ("busy", {"runs": [run(index, conditions_after=after(busy_share=0.3)) for index in range(5)]}),
        ("on_battery", {"runs": [run(index, conditions_after=after(power="battery")) for index in range(5)]}),
        ("frequency_scaling", {"runs": [run(i, conditions_after=after(governors=("powersave",))) for i in range(5)]}),
        ("not_pinned", {"runs": FIVE, "cpus": None}),
        ("threads_exceed_cores", {"runs": FIVE, "cpus": ()}),
        ("output_differs", {"runs": [run(0, output_sha256="b" * 64), run(1, output_sha256="c" * 64), *FIVE[2:]]}),
        ("output_differs", {"runs": FIVE, "agreement_db": 3.0}),
        ("drift", {"runs": FIVE, "canary": [run(9), run(10, median_us=1200)]}),
        ("clock_stepped", {"runs": [*FIVE[:4], run(4, started_at=NOON - timedelta(hours=1))]}),
    ],
)
def test_each_doubt_is_named(code, arguments):
    assert code in codes(**arguments)


def test_an_unknown_state_is_no_doubt_and_no_comfort():
    assert codes([run(index, conditions_after=after()) for index in range(5)]) == set()


def test_an_emulated_phones_invented_latencies_are_doubted():
    facts = DeviceFacts(serial="E", profile="pixel4", emulated=True, invented=True)
    result = conclude(
        PLAN,
        part().model_copy(update={"device": facts}),
        JOB,
        FIVE,
        canary=(),
        busy_limit=None,
        agreement_db=None,
        finished_at=NOON,
    )
    assert [str(warning.code) for warning in result.warnings] == ["invented"]


def test_outputs_that_agree_closely_leave_no_doubt():
    assert codes(FIVE, agreement_db=30.0) == set()


def test_a_warning_of_several_runs_is_said_once():
    late = MeasurementWarning(code=WarningCode.TIME_LIMITED, message="stopped early")
    result = conclude(
        PLAN,
        part(),
        JOB,
        [run(index, warnings=(late,)) for index in range(5)],
        canary=(),
        busy_limit=None,
        agreement_db=None,
        finished_at=NOON,
    )
    assert list(result.warnings) == [late]


def test_untrained_weights_make_a_job_latency_only():
    artifact = ARTIFACT.model_copy(update={"latency_only": "untrained weights (seed 0)"})
    job = JOB.model_copy(update={"workload": WORKLOAD.model_copy(update={"artifact": artifact})})
    assert codes(FIVE, job=job) == {"latency_only"}


SCORE = Score(
    artifact_sha256=SHA,
    place="host",
    delegate="cpu",
    dataset=DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="d" * 64, examples=360, classes=10
    ),
    preprocessing="plain",
    asked=360,
    scored=360,
    metrics=(Metric(name="top1", value=0.975, examples=360),),
    seconds=1.0,
)


def concluded(job: PlannedJob, *scores: Score | str) -> JobResult:
    return conclude(
        PLAN,
        part(),
        job,
        FIVE,
        canary=(),
        busy_limit=0.1,
        agreement_db=None,
        scores=scores,
        finished_at=NOON,
    )


def test_scores_of_host_and_device_stand_in_the_document_in_this_order():
    device = SCORE.model_copy(update={"place": "device"})
    assert concluded(JOB.model_copy(update={"scores": (SCORE,)}), device).scores == (SCORE, device)


def test_a_score_that_was_asked_for_and_is_not_there_is_a_doubt_with_its_reason():
    document = concluded(JOB.model_copy(update={"unscored": "no weights"}), "the phone was lost")
    assert [one.message for one in document.warnings if one.code is WarningCode.NO_ACCURACY] == [
        "no accuracy: no weights",
        "no accuracy: the phone was lost",
    ]


@pytest.mark.parametrize(("same", "doubted"), [(90, False), (89, True)])
def test_a_device_that_often_answers_otherwise_than_the_host_is_doubted(same, doubted):
    score = SCORE.model_copy(update={"place": "device", "agreement": Agreement(examples=100, same_top1=same)})
    found = {warning.code for warning in concluded(JOB, score).warnings}
    assert (WarningCode.ACCURACY_DIFFERS in found) == doubted


@given(st.lists(st.booleans()))
def test_hits_come_back_as_they_were_packed(hits):
    assert unpack_hits(pack_hits(hits), len(hits)) == hits


def test_a_canary_that_moves_by_one_step_of_the_clock_has_not_drifted():
    assert "drift" not in codes(FIVE, canary=[run(9, median_us=11), run(10, median_us=12)])
    assert "drift" in codes(FIVE, canary=[run(9, median_us=11), run(10, median_us=13)])
