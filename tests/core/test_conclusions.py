from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.conclusions import conclude, latency_samples_us
from mbench.core.delegates import Delegate
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.reasons import Unscored
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
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload

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


def test_a_job_that_was_tried_again_tells_why_it_had_failed_each_time():
    quiet = {"canary": (), "busy_limit": None, "agreement_db": None, "finished_at": NOON}
    result = conclude(PLAN, part(), JOB, FIVE, tried_before=("SIGKILL.", "SIGTERM."), **quiet)
    assert [(str(one.code), one.message) for one in result.warnings] == [
        ("retried", "it had failed before and was tried again: SIGKILL."),
        ("retried", "it had failed before and was tried again: SIGTERM."),
    ]


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


def doubts(runs, **arguments) -> dict[str, MeasurementWarning]:
    """The warnings of a job by their code; further arguments as of `codes`."""
    fields = {"canary": (), "busy_limit": 0.1, "agreement_db": None, "job": JOB, "device": HERE} | arguments
    rules = {name: value for name, value in fields.items() if name in MeasuringRules.model_fields}
    result = conclude(
        plan=PLAN,
        part=part(**rules).model_copy(update={"device": fields["device"]}),
        job=fields["job"],
        runs=runs,
        canary=fields["canary"],
        busy_limit=fields["busy_limit"],
        agreement_db=fields["agreement_db"],
        finished_at=NOON,
    )
    return {str(warning.code): warning for warning in result.warnings}


HERE = DeviceFacts(serial="here", profile="host")


def medians(*values_us: int) -> list[Run]:
    return [run(position, median_us=value) for position, value in enumerate(values_us)]


def with_after(*states: dict | None, **changes) -> list[Run]:
    return [
        run(position, conditions_after=None if state is None else after(**state), **changes)
        for position, state in enumerate(states)
    ]


@pytest.mark.parametrize(("runs", "few"), [(4, True), (5, False), (6, False)])
def test_five_runs_are_not_few(runs, few):
    warning = doubts([run(position) for position in range(runs)]).get("few_runs")
    assert (warning is not None) == few
    assert warning is None or f"({runs})" in warning.message


def test_a_job_without_a_latency_run_has_few_of_them_and_no_other_doubt():
    assert set(doubts([run(0, purpose=Pass.MEMORY, measured=None)])) == {"few_runs"}


def test_an_interval_as_wide_as_the_target_is_narrow_and_a_wider_one_is_not():
    assert doubts(medians(980, 990, 1000, 1010, 1020)) == {}
    wide = doubts(medians(979, 990, 1000, 1010, 1021))["wide_interval"]
    assert wide.message == "interval ±2.1% is wider than the target ±2.0% after 5 runs"
    assert doubts(medians(960, 980, 1000, 1020, 1040), target_interval=0.04) == {}


@pytest.mark.parametrize(
    ("values_us", "advice"),
    [
        ((999, 1000, 1000, 1000, 1000), "one step"),
        ((999, 999, 1000, 1001, 1001), "one step"),
        ((998, 998, 1000, 1001, 1001), "quieten"),
    ],
)
def test_a_half_width_of_one_microsecond_or_less_is_the_clocks(values_us, advice):
    assert advice in doubts(medians(*values_us), target_interval=0.0001)["wide_interval"].advice


@pytest.mark.parametrize(("median_us", "coarse"), [(99, True), (100, False), (101, False)])
def test_the_clock_is_coarse_below_100_microseconds(median_us, coarse):
    assert ("coarse_clock" in doubts(medians(*[median_us] * 5))) == coarse


def test_one_run_without_a_median_is_enough_to_say_so():
    assert set(doubts([*FIVE[:4], run(4, median_us=None)])) == {"no_median"}


def test_runs_of_other_passes_that_measured_nothing_have_no_median_to_miss():
    assert doubts([*FIVE, run(5, purpose=Pass.MEMORY, measured=None)]) == {}


@pytest.mark.parametrize("other", [one for one in Pass if one is not Pass.LATENCY])
def test_only_latency_runs_give_samples(other):
    assert latency_samples_us([run(0, purpose=other), run(1)]) == [1000.0]


@pytest.mark.parametrize("other", [one for one in Status if one is not Status.OK])
def test_only_good_runs_give_samples_and_any_other_fails_the_job(other):
    bad = run(1, status=other, error_class="io", message="short")
    assert latency_samples_us([bad, run(0)]) == [1000.0]
    result = conclude(PLAN, part(), JOB, [run(0), bad], canary=(), busy_limit=0.1, agreement_db=3.0, finished_at=NOON)
    assert (result.status, result.error_class, result.message) == (Status.FAILED, "io", "short")
    assert result.warnings == ()


def test_a_run_that_measured_nothing_gives_no_sample():
    assert latency_samples_us([run(0, measured=None), run(1)]) == [1000.0]


def test_the_first_of_several_failing_runs_gives_the_reason_and_a_build_error_comes_before_it():
    broken = [run(1, status=Status.FAILED, error_class=one, message=one) for one in ("io", "invoke")]
    unbuilt = JOB.model_copy(update={"build_error": "no memory"})
    reasons = [
        conclude(
            PLAN, part(), job, [run(0), *broken], canary=(), busy_limit=None, agreement_db=None, finished_at=NOON
        ).error_class
        for job in (JOB, unbuilt)
    ]
    assert reasons == ["io", "build"]


def test_what_is_concluded_from_is_named():
    with pytest.raises(TypeError):
        conclude(PLAN, part(), JOB, FIVE, (), None, None, finished_at=NOON)


@pytest.mark.parametrize(("second_us", "drifted"), [(10250, False), (10251, True), (9750, False), (9740, False)])
def test_a_canary_may_move_by_a_twentieth_of_its_median(second_us, drifted):
    assert ("drift" in doubts(FIVE, canary=medians(9750, second_us))) == drifted


def test_a_canary_that_became_faster_has_drifted_too():
    assert doubts(FIVE, canary=medians(10251, 9750))["drift"].message == (
        "the canary became 5% faster after 1 of its 2 runs"
    )


def test_a_canary_that_drifts_steadily_says_so_whatever_order_its_runs_come_in():
    canary = [run(9 + 3 * place, median_us=10_000 + 120 * place) for place in range(6)]
    assert doubts(FIVE, canary=canary[::-1])["drift"].message == (
        "the canary became 6% slower steadily, from the first to the last of its 6 runs"
    )


def test_a_canary_below_the_clock_has_not_drifted():
    assert "drift" not in doubts(FIVE, canary=medians(0, 0, 0, 1))


def test_a_canary_run_that_measured_nothing_is_left_out():
    assert "drift" in doubts(FIVE, canary=[run(8, measured=None), *medians(1000, 1200)])
    assert "drift" not in doubts(FIVE, canary=[run(8, measured=None), run(9)])


@pytest.mark.parametrize(("share", "busy"), [(0.1, False), (0.11, True)])
def test_others_may_use_as_much_as_the_limit(share, busy):
    assert ("busy" in doubts(with_after(*[{"busy_share": share}] * 5))) == busy


@pytest.mark.parametrize(("share", "busy"), [(0.1, False), (0.11, True)])
def test_others_may_use_as_much_of_a_runs_own_cores(share, busy):
    warning = doubts(with_after(*[{"busy_share": 0.01, "pinned_busy_share": share}] * 5)).get("busy")
    assert (warning is not None) == busy
    assert warning is None or warning.message == (
        "others used more than 10% of the cores that runs were pinned to during every run"
    )


def test_a_busy_machine_is_busy_though_a_runs_own_cores_are_not():
    both = {"busy_share": 0.5, "pinned_busy_share": 0.5}
    machine = {"busy_share": 0.5, "pinned_busy_share": 0.0}
    assert "of all cores during every run" in doubts(with_after(*[machine] * 5))["busy"].message
    assert "pinned to during some runs" in doubts(with_after(both, *[machine] * 4))["busy"].message


def test_how_often_others_were_busy_is_said():
    busy, idle, unknown = {"busy_share": 0.3}, {"busy_share": 0.0}, {"busy_share": None}
    every = doubts(with_after(busy, busy, busy, busy, unknown))["busy"].message
    assert every == "others used more than 10% of all cores during every run"
    assert doubts(with_after(busy, idle, busy, busy, None))["busy"].message.endswith("during some runs")


def test_without_a_limit_and_outside_latency_runs_nobody_is_busy():
    assert doubts(with_after(*[{"busy_share": 1.0}] * 5), busy_limit=None) == {}
    for other in (Pass.MEMORY, Pass.OPS, Pass.CANARY):
        assert doubts([*FIVE, *with_after({"busy_share": 1.0, "power": "battery"}, purpose=other)]) == {}


def test_every_run_of_very_many_is_every_run():
    assert "during every run" in doubts(with_after(*[{"busy_share": 1.0}] * 300))["busy"].message


@pytest.mark.parametrize(("threads", "shared"), [(1, False), (2, False), (3, True)])
def test_threads_share_cores_where_they_are_more_than_these(threads, shared):
    job = JOB.model_copy(update={"workload": WORKLOAD.model_copy(update={"threads": threads})})
    warning = doubts(FIVE, job=job).get("threads_exceed_cores")
    assert (warning is not None) == shared
    assert warning is None or warning.message == "3 threads shared 2 cores"


def test_without_pinning_there_are_no_cores_to_share():
    job = JOB.model_copy(update={"workload": WORKLOAD.model_copy(update={"threads": 64})})
    assert set(doubts(FIVE, job=job, cpus=None)) == {"not_pinned"}


def test_the_governor_performance_leaves_no_doubt_and_every_other_one_is_named():
    assert doubts(with_after(*[{"governors": ("performance",)}] * 5)) == {}
    mixed = doubts(with_after(*[{"governors": ("schedutil", "performance")}] * 4, {"governors": None}))
    assert mixed["frequency_scaling"].message.startswith("cpufreq governor performance, schedutil:")


def test_the_governor_of_the_host_behind_an_emulated_phone_is_nobodys_concern():
    emulated = DeviceFacts(serial="E", profile="pixel4", emulated=True)
    assert doubts(with_after(*[{"governors": ("powersave",)}] * 5), device=emulated) == {}


def test_one_run_on_battery_is_enough_and_mains_is_fine():
    assert set(doubts(with_after(*[{"power": "mains"}] * 4, {"power": "battery"}))) == {"on_battery"}
    assert doubts(with_after(*[{"power": "mains"}] * 5)) == {}


@pytest.mark.parametrize(("early_us", "stepped"), [(1_000_000, False), (1_000_001, True)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_run_may_begin_a_second_before_the_one_before_it_ended(early_us, stepped, turned):
    first = run(0, wall_s=5.0)
    second = run(1, started_at=NOON + timedelta(seconds=5) - timedelta(microseconds=early_us))
    later = [run(position, started_at=NOON + timedelta(hours=position)) for position in (2, 3, 4)]
    runs = [first, second, *later]
    assert ("clock_stepped" in doubts(runs[::-1] if turned else runs)) == stepped


@pytest.mark.parametrize(("agreement_db", "differs"), [(9.99, True), (10.0, False), (10.01, False), (None, False)])
def test_outputs_ten_decibels_from_the_cpus_are_near_enough(agreement_db, differs):
    assert ("output_differs" in doubts(FIVE, agreement_db=agreement_db)) == differs


def test_a_fast_and_wrong_delegate_is_shown_as_wrong_with_its_distance():
    message = doubts(FIVE, agreement_db=-3.0)["output_differs"].message
    assert message.startswith("its outputs are -3 dB from those by delegate cpu for the same input")


@pytest.mark.parametrize("different", [1, 2, 3])
def test_different_outputs_for_one_input_are_counted(different):
    hashes = ["b" * 64, "c" * 64, "d" * 64][:different] * 5
    warning = doubts([*(run(position, output_sha256=sha) for position, sha in enumerate(hashes)), *FIVE])
    assert list(warning) == (["output_differs"] if different > 1 else [])
    assert not warning or warning["output_differs"].message.startswith(f"{different} different outputs")


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


def concluded(job: PlannedJob, *scores: Score | Unscored) -> JobResult:
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
    document = concluded(JOB.model_copy(update={"unscored": "no weights"}), Unscored("the phone was lost"))
    assert [one.message for one in document.warnings if one.code is WarningCode.NO_ACCURACY] == [
        "no weights",
        "the phone was lost",
    ]


@pytest.mark.parametrize(("same", "doubted"), [(100, False), (91, False), (90, False), (89, True)])
def test_a_device_that_often_answers_otherwise_than_the_host_is_doubted(same, doubted):
    score = SCORE.model_copy(update={"place": "device", "agreement": Agreement(examples=100, same_top1=same)})
    found = {warning.code for warning in concluded(JOB, score).warnings}
    assert (WarningCode.ACCURACY_DIFFERS in found) == doubted


def test_a_score_without_an_agreement_and_one_without_examples_are_not_doubted():
    nothing = SCORE.model_copy(update={"place": "device", "agreement": Agreement(examples=0, same_top1=0)})
    assert concluded(JOB, SCORE, nothing).warnings == ()


def test_scores_of_a_failed_job_stay_and_its_doubts_do_not():
    job = JOB.model_copy(update={"build_error": "no memory", "scores": (SCORE,), "unscored": "no weights"})
    assert (concluded(job).scores, concluded(job).warnings) == ((SCORE,), ())


@given(st.lists(st.booleans()))
def test_hits_come_back_as_they_were_packed(hits):
    assert unpack_hits(pack_hits(hits), len(hits)) == hits


def test_a_canary_that_moves_by_one_step_of_the_clock_has_not_drifted():
    assert "drift" not in codes(FIVE, canary=[run(9, median_us=11), run(10, median_us=12)])
    assert "drift" in codes(FIVE, canary=[run(9, median_us=11), run(10, median_us=13)])


CAPPED = {"frequency_max_khz": (2000, 1000), "frequency_hardware_khz": (2000, 2000)}
FREE = {"frequency_max_khz": (2000, 2000), "frequency_hardware_khz": (2000, 2000)}


def test_a_pinned_core_that_may_not_run_as_fast_as_it_can_is_reported_with_both_clocks():
    every = doubts(with_after(*[CAPPED] * 5))["capped_clocks"]
    assert every.message == "the clocks were capped in every run: core 1 at 1000 of 2000 kHz"
    lower = {**CAPPED, "frequency_max_khz": (2000, 900)}
    some = doubts(with_after(CAPPED, lower, FREE, None, CAPPED))["capped_clocks"]
    assert some.message == "the clocks were capped in some runs: core 1 at 900 of 2000 kHz"
    assert doubts(with_after(*[FREE] * 5)) == {}


def test_a_cap_before_a_run_is_enough():
    runs = [run(position, conditions_before=after(**CAPPED), conditions_after=after(**FREE)) for position in range(5)]
    assert "in every run" in doubts(runs)["capped_clocks"].message


@pytest.mark.parametrize(
    ("threads", "cpus", "said"), [(1, (0, 1), False), (2, (0, 1), True), (1, (1, 0), True), (1, None, True)]
)
def test_only_the_cores_of_a_jobs_threads_count_and_all_of_them_where_nothing_is_pinned(threads, cpus, said):
    job = JOB.model_copy(update={"workload": WORKLOAD.model_copy(update={"threads": threads})})
    assert ("capped_clocks" in doubts(with_after(*[CAPPED] * 5), job=job, cpus=cpus)) == said


def test_clocks_that_were_capped_as_asked_and_caps_outside_latency_runs_leave_no_doubt():
    assert doubts(with_after(*[CAPPED] * 5), fixed_performance=True) == {}
    assert doubts([*FIVE, *with_after(CAPPED, purpose=Pass.MEMORY)]) == {}


def scored(asked: int, answered: int, place: str = "device") -> Score:
    return Score(
        artifact_sha256=SHA,
        place=place,
        delegate="cpu",
        dataset=DatasetFacts(
            name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256=SHA, examples=asked, classes=10
        ),
        preprocessing="plain",
        asked=asked,
        scored=answered,
        metrics=(Metric(name="top1", value=0.5, examples=asked),),
        seconds=1.0,
    )


@pytest.mark.parametrize(("answered", "said"), [(500, None), (499, "1 of 500"), (480, "20 of 500")])
def test_examples_without_an_answer_are_a_doubt(answered, said):
    result = conclude(
        PLAN,
        part(),
        JOB,
        FIVE,
        canary=(),
        busy_limit=None,
        agreement_db=None,
        scores=(scored(500, answered),),
        finished_at=NOON,
    )
    messages = [warning.message for warning in result.warnings if warning.code == "unanswered"]
    wanted = f"{said} examples have no answer from the device and count as wrong"
    assert messages == ([] if said is None else [wanted])


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((None, None, None), None),
        (
            ("timeout", None, None),
            "1 of 3 runs of the canary gave no latency (timeout): drift is judged by the other 2",
        ),
        (
            ("timeout", None, "killed"),
            "2 of 3 runs of the canary gave no latency (timeout, killed): nothing shows whether the device drifted",
        ),
        (
            ("transport", "transport"),
            "2 of 2 runs of the canary gave no latency (transport): nothing shows whether the device drifted",
        ),
        ((), None),
    ],
)
def test_a_canary_that_gave_nothing_is_a_doubt(ends, said):
    canary = [
        run(index) if end is None else run(index, status=Status.FAILED, error_class=end, message="gone", measured=None)
        for index, end in enumerate(ends)
    ]
    warning = doubts(FIVE, canary=canary).get("canary_failed")
    assert (None if warning is None else warning.message) == said
