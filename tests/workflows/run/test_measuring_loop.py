"""The measuring loop by itself: what it runs, in which order, when it stops, and what each job's document then says."""

from collections import Counter
from collections.abc import Sequence
from inspect import Parameter, signature
from itertools import groupby

import pytest
from loop_fakes import (
    CANARY,
    NOON,
    SCORE,
    HandClock,
    KeptResults,
    PlayedBench,
    PlayedScorer,
    SeenProgress,
    doubts,
    failing,
    latencies,
    part_of,
    plan_of,
    run_of,
    workload,
)

from mbench.core.errors import DeviceLost, PartInterrupted
from mbench.core.reasons import Unscored
from mbench.core.results import Conditions, DevicePlan, JobResult, Pass, Phase, PlannedJob, Run, Status
from mbench.core.schedule import block_order
from mbench.core.scores import Score
from mbench.core.workloads import OutputFacts
from mbench.workflows.run.measure_loop import Bench, Measuring
from mbench.workflows.run.one_run import DeviceBench

NOISY = [1000, 3000] * 20
"""Medians whose interval is wider than any target of these tests, however many they are."""


class Loop:
    """A part and what its jobs are measured with; the results stay when it is run again."""

    def __init__(self, part: DevicePlan, stored: Sequence[Run] = ()) -> None:
        self.part, self.plan = part, plan_of(part)
        self.results, self.clock, self.progress = KeptResults(self.plan), HandClock(), SeenProgress()
        for run in stored:
            self.results.save_run(run, {"stdout.txt": b"kept"})

    def run(self, bench: PlayedBench | None = None, *, busy_limit: float | None = 0.1, **more) -> PlayedBench:
        bench = PlayedBench() if bench is None else bench
        self.progress = SeenProgress()
        Measuring(
            self.plan,
            self.part,
            results=self.results,
            bench=bench,
            clock=self.clock,
            progress=self.progress,
            busy_limit=busy_limit,
            **more,
        ).to_the_end()
        return bench

    def document(self, job: str) -> JobResult:
        return self.results.documents[job]


# Ports


@pytest.mark.parametrize("bench", [PlayedBench, DeviceBench])
def test_a_bench_takes_what_its_port_says_and_numbers_by_name_alone(bench):
    """An index, a block and a position are all numbers: in a wrong order nobody would notice."""
    wanted, found = (
        [(each.name, each.kind) for each in signature(kind.__call__).parameters.values()] for kind in (Bench, bench)
    )
    assert found == wanted
    assert [name for name, kind in wanted if kind is Parameter.KEYWORD_ONLY] == ["job", "index", "block", "position"]


def test_a_loop_takes_its_ports_by_name_alone():
    loop = Loop(part_of("a"))
    with pytest.raises(TypeError, match="positional"):
        Measuring(loop.plan, loop.part, loop.results, PlayedBench(), loop.clock, loop.progress, None)


# Blocks and canary


def test_each_block_has_every_job_once_between_two_canaries():
    bench = Loop(part_of("a", "b", "c")).run()
    blocks = [[job for _, job in runs] for _, runs in groupby(bench.sequence, key=lambda each: each[0])]
    assert [sorted(block) for block in blocks] == [
        ["a", "b", "c", "canary", "canary"],
        *[["a", "b", "c", "canary"]] * 2,
    ]
    assert (blocks[0][0], [block[-1] for block in blocks]) == ("canary", ["canary"] * 3)


@pytest.mark.parametrize("seed", [7, 8])
def test_each_block_has_its_own_order_by_seed_and_block(seed):
    bench = Loop(part_of("a", "b", "c", "d", seed=seed)).run()
    ordered = {
        block: tuple(job for number, job in bench.sequence if number == block and job != "canary") for block in range(3)
    }
    assert ordered == {block: block_order(["a", "b", "c", "d"], seed=seed, block=block) for block in range(3)}
    assert len(set(ordered.values())) > 1


def test_positions_count_every_run_and_an_index_counts_within_job_and_pass():
    bench = Loop(part_of("a", "b", memory_runs=2)).run()
    assert [run.position for run in bench.ran] == list(range(len(bench.ran)))
    for job, purpose in (("a", Pass.LATENCY), ("b", Pass.MEMORY), ("canary", Pass.CANARY)):
        indexes = [run.index for run in bench.ran if (run.job, run.purpose) == (job, purpose)]
        assert indexes == list(range(len(indexes)))


def test_a_run_is_of_the_jobs_own_workload():
    loop = Loop(part_of(PlannedJob(id="a", workload=workload("gpu", threads=2))))
    bench = loop.run()
    assert {run.job: run.argv for run in bench.ran} == {
        "a": ("mobilenet_v1_0.25_32_int8 gpu ×2",),
        "canary": (CANARY.label,),
    }


def test_without_a_canary_only_the_jobs_run():
    bench = Loop(part_of("a", canary=None)).run()
    assert bench.sequence == [(0, "a"), (1, "a"), (2, "a")]


def test_jobs_that_have_ended_leave_the_blocks_to_the_others():
    bench = Loop(part_of("a", "b", max_runs=6)).run(PlayedBench({"b": NOISY}))
    assert Counter(job for _, job in bench.sequence) == {"a": 3, "b": 6, "canary": 7}


def test_a_canary_that_drifts_is_doubted_in_every_document():
    loop = Loop(part_of("a", "b"))
    loop.run(PlayedBench({"canary": [1000, 1000, 1200, 1200]}))
    assert [doubts(loop.document(job))["drift"] for job in ("a", "b")] == [1, 1]


def test_a_canary_that_stays_leaves_no_doubt_however_fast_it_is_beside_the_jobs():
    loop = Loop(part_of("a", "b"))
    loop.run(PlayedBench({"canary": [300]}))
    assert not doubts(loop.document("a"))["drift"]


def test_a_document_counts_the_canaries_until_then_and_none_that_came_later():
    loop = Loop(part_of("a", "b", max_runs=6))
    loop.run(PlayedBench({"b": NOISY, "canary": [1000] * 4 + [2000] * 3}))
    assert [doubts(loop.document(job))["drift"] for job in ("a", "b")] == [0, 1]


def test_a_canary_that_fails_ends_no_job():
    loop = Loop(part_of("a"))
    bench = loop.run(PlayedBench(changes={("canary", Pass.CANARY, 0): failing("killed")}))
    assert (loop.document("a").status, bench.count("a"), bench.count("canary", Pass.CANARY)) == (Status.OK, 3, 4)


# Growth and stop


@pytest.mark.parametrize(
    ("minimum", "maximum", "medians_us", "runs"),
    [
        (1, 1, [1000], 1),
        (2, 8, [1000], 3),  # of two runs there is no interval
        (3, 8, [1000], 3),
        (4, 8, [1000], 4),
        (3, 3, NOISY, 3),
        (3, 4, NOISY, 4),
        (3, 9, NOISY, 9),
        (5, 4, NOISY, 5),
    ],
)
def test_a_job_gets_the_minimum_of_runs_and_grows_while_it_is_noisy_to_the_maximum(minimum, maximum, medians_us, runs):
    loop = Loop(part_of("a", min_runs=minimum, max_runs=maximum))
    assert loop.run(PlayedBench({"a": medians_us})).count("a") == runs
    assert len(loop.document("a").runs) == runs


@pytest.mark.parametrize(("medians_us", "runs"), [([980, 1000, 1020], 3), ([979, 1000, 1020, 1000, 1000], 5)])
def test_a_job_grows_until_its_interval_is_as_narrow_as_the_target(medians_us, runs):
    assert Loop(part_of("a", max_runs=5)).run(PlayedBench({"a": medians_us})).count("a") == runs


@pytest.mark.parametrize(("target", "runs"), [(0.0199, 4), (0.02, 3)])
def test_the_target_is_the_plans(target, runs):
    bench = Loop(part_of("a", target_interval=target)).run(PlayedBench({"a": [980, 1000, 1020]}))
    assert bench.count("a") == runs


def test_only_latency_runs_are_samples():
    loop = Loop(part_of("a", memory_runs=3))
    assert loop.run().count("a") == 3
    assert not doubts(loop.document("a"))["wide_interval"]


# Memory and operator passes


def test_memory_passes_go_on_after_latencies_and_latencies_after_memory_passes():
    bench = Loop(part_of("a", memory_runs=5)).run()
    assert (bench.count("a"), bench.count("a", Pass.MEMORY)) == (3, 5)
    bench = Loop(part_of("a", memory_runs=1)).run()
    assert (bench.count("a"), bench.count("a", Pass.MEMORY)) == (3, 1)


@pytest.mark.parametrize(("profile_ops", "runs"), [(True, 1), (False, 0)])
def test_the_operator_pass_is_run_once_where_it_is_asked_for(profile_ops, runs):
    bench = Loop(part_of("a", profile_ops=profile_ops)).run()
    assert (bench.count("a"), bench.count("a", Pass.OPS), bench.count("a", Pass.MEMORY)) == (3, runs, 0)


def test_the_passes_of_a_block_come_latency_first():
    bench = Loop(part_of("a", min_runs=1, max_runs=1, memory_runs=1, profile_ops=True, canary=None)).run()
    assert [run.purpose for run in bench.ran] == [Pass.LATENCY, Pass.MEMORY, Pass.OPS]


# Documents


def test_a_document_is_written_when_its_job_has_ended_and_bears_that_time():
    loop = Loop(part_of("a", "b", max_runs=4))
    bench = PlayedBench({"b": NOISY})
    bench.done = lambda run: loop.clock.sleep(60)
    loop.run(bench)
    minutes = {job: (loop.document(job).finished_at - NOON).total_seconds() / 60 for job in ("a", "b")}
    assert minutes == {"a": 1 + 3 * 3, "b": 1 + 3 * 3 + 2}


def test_a_document_has_all_runs_of_its_job_and_no_other():
    loop = Loop(part_of("a", "b", memory_runs=1))
    loop.run()
    kept = loop.document("a")
    assert Counter((run.job, run.purpose) for run in kept.runs) == {("a", Pass.LATENCY): 3, ("a", Pass.MEMORY): 1}
    assert (kept.session, kept.job, kept.device.serial, kept.status) == ("s", "a", "phone-1", Status.OK)


@pytest.mark.parametrize(("limit", "doubted"), [(0.29, 1), (0.3, 0), (None, 0)])
def test_others_load_is_doubted_above_the_devices_limit(limit, doubted):
    loop = Loop(part_of("a"))
    busy = {"conditions_after": Conditions(taken_at=NOON, busy_share=0.3)}
    loop.run(PlayedBench(changes={("a", Pass.LATENCY, 1): busy}), busy_limit=limit)
    assert doubts(loop.document("a"))["busy"] == doubted


def test_what_was_never_built_fails_as_such_and_is_not_run():
    broken = PlannedJob(id="a", workload=workload(), build_error="the converter ran out of memory")
    loop = Loop(part_of(broken, "b"))
    bench = loop.run()
    assert (loop.document("a").error_class, loop.document("b").status) == ("build", Status.OK)
    assert bench.count("a") == 0


def test_where_nothing_was_built_not_even_the_canary_runs():
    loop = Loop(part_of(*(PlannedJob(id=job, workload=workload(), build_error="no memory") for job in "ab")))
    assert loop.run().ran == []
    assert {job.status for job in loop.results.documents.values()} == {Status.FAILED}


# Failures


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.ABORTED])
@pytest.mark.parametrize("index", [0, 1])
def test_a_run_that_fails_ends_its_job_at_once_and_no_other(status, index):
    loop = Loop(part_of("a", "b", memory_runs=3, profile_ops=True))
    bench = loop.run(PlayedBench(changes={("a", Pass.LATENCY, index): failing("killed", status)}))
    failed = loop.document("a")
    assert (failed.status, failed.error_class, failed.message) == (Status.FAILED, "killed", "ended as killed.")
    assert (bench.count("a"), bench.count("a", Pass.MEMORY), bench.count("a", Pass.OPS)) == (
        index + 1,
        index,
        min(index, 1),
    )
    assert (loop.document("b").status, bench.count("b")) == (Status.OK, 3)


@pytest.mark.parametrize(("purpose", "others"), [(Pass.MEMORY, 0), (Pass.OPS, 1)])
def test_a_memory_or_operator_run_that_fails_ends_its_job_too(purpose, others):
    loop = Loop(part_of("a", memory_runs=1, profile_ops=True))
    bench = loop.run(PlayedBench(changes={("a", purpose, 0): failing("timeout")}))
    assert (loop.document("a").error_class, bench.count("a"), bench.count("a", Pass.OPS)) == ("timeout", 1, others)


def test_the_first_failure_is_the_documents_and_nothing_is_run_again():
    loop = Loop(part_of("a"))
    loop.run(PlayedBench(changes={("a", Pass.LATENCY, 1): failing("crash:SIGSEGV")}))
    assert [run.status for run in loop.document("a").runs] == [Status.OK, Status.FAILED]
    assert loop.document("a").error_class == "crash:SIGSEGV"


# A delegate that is fast and wrong

RIGHT = bytes([100, 10, 20, 30])
WRONG = bytes([10, 100, 30, 20])


def delegates(*jobs: tuple[str, str, str], **changes) -> DevicePlan:
    """Return a part with jobs of (name, delegate, SHA-256's digit)."""
    return part_of(
        *(PlannedJob(id=job, workload=workload(way, sha256=digit * 64, **changes)) for job, way, digit in jobs),
        min_runs=1,
        max_runs=1,
    )


def test_a_delegate_that_is_fast_and_wrong_is_shown_as_wrong():
    loop = Loop(delegates(("fast", "gpu", "5"), ("cpu", "cpu", "5")))
    loop.run(PlayedBench({"fast": [10]}, outputs={"fast": WRONG, "cpu": RIGHT}))
    warning = next(each for each in loop.document("fast").warnings if each.code == "output_differs")
    assert "delegate cpu for the same input" in warning.message
    assert not doubts(loop.document("cpu"))["output_differs"]


@pytest.mark.parametrize(("first", "doubted"), [(90, 0), (45, 1)])
def test_a_delegate_may_differ_as_kernels_do_and_no_more(first, doubted):
    loop = Loop(delegates(("fast", "xnnpack", "5"), ("cpu", "cpu", "5")))
    loop.run(PlayedBench(outputs={"fast": bytes([first, 10, 20, 30]), "cpu": RIGHT}))
    assert doubts(loop.document("fast"))["output_differs"] == doubted


@pytest.mark.parametrize("other", [RIGHT, WRONG])
def test_outputs_are_compared_with_those_of_the_same_file(other):
    """The other files' hashes lie on both sides, and their jobs stand before the right one."""
    loop = Loop(delegates(("fast", "gpu", "5"), ("low", "cpu", "1"), ("high", "cpu", "9"), ("cpu", "cpu", "5")))
    mine = WRONG if other == RIGHT else RIGHT
    loop.run(PlayedBench(outputs={"fast": RIGHT, "low": other, "high": other, "cpu": mine}))
    assert doubts(loop.document("fast"))["output_differs"] == (mine == WRONG)


def test_two_ways_of_delegate_cpu_are_not_compared_with_each_other():
    jobs = (PlannedJob(id=f"x{threads}", workload=workload(threads=threads)) for threads in (1, 2))
    loop = Loop(part_of(*jobs))
    loop.run(PlayedBench(outputs={"x1": RIGHT, "x2": WRONG}))
    assert not doubts(loop.document("x2"))["output_differs"]


@pytest.mark.parametrize(
    ("outputs", "of"),
    [
        ({"fast": WRONG}, None),
        ({"cpu": RIGHT}, None),
        ({"fast": WRONG, "cpu": RIGHT}, "nothing that can be read"),
    ],
)
def test_where_one_of_two_outputs_is_missing_there_is_no_doubt(outputs, of):
    changes = {"outputs": None} if of else {}
    loop = Loop(delegates(("fast", "gpu", "5"), ("cpu", "cpu", "5"), **changes))
    loop.run(PlayedBench(outputs=outputs))
    assert doubts(loop.document("fast")) == {"few_runs": 1}


def test_without_a_cpu_job_of_the_file_nothing_is_compared():
    loop = Loop(delegates(("fast", "gpu", "5"), ("explicit", "xnnpack", "5")))
    loop.run(PlayedBench(outputs={"fast": WRONG, "explicit": RIGHT}))
    assert not doubts(loop.document("fast"))["output_differs"]


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.ABORTED])
def test_the_output_of_a_failed_run_is_compared_with_none(status):
    loop = Loop(delegates(("fast", "gpu", "5"), ("cpu", "cpu", "5")))
    failed = {("cpu", Pass.LATENCY, 0): failing("killed", status)}
    loop.run(PlayedBench(outputs={"fast": WRONG, "cpu": RIGHT}, changes=failed))
    assert not doubts(loop.document("fast"))["output_differs"]


def test_where_one_way_of_delegate_cpu_failed_another_of_the_file_is_compared_with():
    ways = [PlannedJob(id=f"x{threads}", workload=workload(threads=threads)) for threads in (1, 2)]
    loop = Loop(part_of(PlannedJob(id="fast", workload=workload("gpu")), *ways))
    failed = {("x1", Pass.LATENCY, 0): failing("killed")}
    loop.run(PlayedBench(outputs={"fast": WRONG, "x1": RIGHT, "x2": RIGHT}, changes=failed))
    assert doubts(loop.document("fast"))["output_differs"] == 1


def test_a_pass_without_an_output_hides_none():
    memory = run_of("cpu", purpose=Pass.MEMORY, position=0)
    part = delegates(("fast", "gpu", "5"), ("cpu", "cpu", "5"))
    part = part.model_copy(update={"rules": part.rules.model_copy(update={"memory_runs": 1})})
    loop = Loop(part, [memory])
    loop.run(PlayedBench(outputs={"fast": WRONG, "cpu": RIGHT}))
    assert doubts(loop.document("fast"))["output_differs"] == 1


def test_the_outputs_are_read_as_their_tensors_say():
    """From the zero point 100, the same bytes are a strong signal; from 0 they would be a weak one."""
    floats = (OutputFacts(dtype="int8", elements=4, zero_point=100),)
    loop = Loop(delegates(("fast", "gpu", "5"), ("cpu", "cpu", "5"), outputs=floats))
    loop.run(PlayedBench(outputs={"fast": bytes([0, 0, 0, 20]), "cpu": bytes([0, 0, 0, 1])}))
    assert not doubts(loop.document("fast"))["output_differs"]


# Going on where a session stopped


def test_a_session_goes_on_with_its_own_positions_blocks_and_indexes():
    part = part_of("a", "b")
    loop = Loop(part)
    with pytest.raises(DeviceLost):
        loop.run(PlayedBench(breaks={5: DeviceLost("phone-1 was lost")}))
    first = list(loop.results.positions)
    bench = loop.run()
    assert first == [0, 1, 2, 3, 4]
    assert [run.position for run in bench.ran] == list(range(5, 5 + len(bench.ran)))
    assert min(block for block, _ in bench.sequence) == 2
    assert bench.ran[0].job == "canary"
    assert {job: len(loop.document(job).runs) for job in ("a", "b")} == {"a": 3, "b": 3}


@pytest.mark.parametrize("last", ["a", "b", "canary"])
def test_positions_and_blocks_go_on_behind_the_last_run_whoever_had_it(last):
    """Also where it was a run of a job that has its document."""
    loop = Loop(part_of("a", "b"))
    stored = {
        "a": run_of("a", position=3, block=1),
        "b": run_of("b", position=4, block=1),
        "canary": run_of("canary", purpose=Pass.CANARY, position=5, block=1),
    }
    for run in (stored | {last: stored[last].model_copy(update={"position": 9, "block": 6})}).values():
        loop.results.save_run(run, {})
    done = Loop(loop.part)
    done.run()
    loop.results.save_job(done.document("a"))
    bench = loop.run()
    assert bench.ran[0].position == 10
    assert bench.ran[0].block == 7
    assert bench.count("a") == 0


def test_a_job_that_has_its_document_is_not_run_again_and_its_document_not_written_again():
    loop = Loop(part_of("a"))
    loop.run()
    assert loop.run().ran == []
    assert loop.progress.stages == [("measuring", 0)]


def test_a_job_that_was_timed_in_full_gets_its_document_without_a_run():
    loop = Loop(part_of("a"), latencies("a", [1000] * 3))
    assert loop.run().ran == []
    assert loop.document("a").status is Status.OK


def test_a_job_that_failed_gets_its_document_without_a_run():
    loop = Loop(part_of("a"), [run_of("a", **failing("killed"))])
    assert loop.run().ran == []
    assert loop.document("a").error_class == "killed"


@pytest.mark.parametrize(
    ("rules", "latency", "memory", "ops"),
    [
        ({"memory_runs": 1}, 0, 1, 0),
        ({"profile_ops": True}, 0, 0, 1),
        ({"memory_runs": 2, "profile_ops": True}, 0, 2, 1),
        ({"min_runs": 4}, 1, 0, 0),
    ],
)
def test_of_a_job_that_was_interrupted_between_its_passes_only_the_missing_ones_are_run(rules, latency, memory, ops):
    loop = Loop(part_of("a", **rules), latencies("a", [1000] * 3))
    bench = loop.run()
    ran = (bench.count("a"), bench.count("a", Pass.MEMORY), bench.count("a", Pass.OPS))
    assert ran == (latency, memory, ops)


def test_more_memory_runs_than_asked_for_are_no_reason_for_another():
    stored = [run_of("a", index, purpose=Pass.MEMORY, position=index) for index in range(3)]
    loop = Loop(part_of("a", memory_runs=1), stored)
    bench = loop.run()
    assert (bench.count("a"), bench.count("a", Pass.MEMORY)) == (3, 0)


def test_more_operator_runs_than_asked_for_are_no_reason_for_another():
    stored = [run_of("a", index, purpose=Pass.OPS, position=index) for index in range(2)]
    bench = Loop(part_of("a", profile_ops=True), stored).run()
    assert (bench.count("a"), bench.count("a", Pass.OPS)) == (3, 0)


def test_a_canary_of_before_counts_in_the_drift():
    stored = [
        run_of("canary", index, purpose=Pass.CANARY, position=index, measured=Phase(count=50, median_us=2000))
        for index in range(4)
    ]
    loop = Loop(part_of("a"), stored)
    loop.run()
    assert doubts(loop.document("a"))["drift"] == 1


# Interruption and a lost device


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DeviceLost("phone-1 was lost")])
@pytest.mark.parametrize("number", [0, 1, 4])
def test_what_was_measured_before_an_end_is_kept_and_nothing_else(error, number):
    loop = Loop(part_of("a", "b"))
    with pytest.raises(type(error)):
        loop.run(PlayedBench(breaks={number: error}))
    assert loop.results.positions == list(range(number))
    assert (loop.results.documents, loop.progress.finished) == ({}, 1)


def test_documents_that_were_written_before_an_end_stay():
    loop = Loop(part_of("a", "b", max_runs=6))
    with pytest.raises(KeyboardInterrupt):
        loop.run(PlayedBench({"b": NOISY}, breaks={11: KeyboardInterrupt()}))
    assert list(loop.results.documents) == ["a"]


def test_a_stop_comes_before_the_next_run_and_the_run_at_hand_is_kept():
    loop, bench = Loop(part_of("a", "b")), PlayedBench()
    with pytest.raises(PartInterrupted, match=r"phone-1: interrupted\."):
        loop.run(bench, stop_requested=lambda: len(bench.ran) == 4)
    assert (loop.results.positions, loop.progress.finished) == ([0, 1, 2, 3], 1)


# Scores of the device


def test_files_are_scored_after_all_were_timed_each_once_in_the_order_of_their_end():
    loop, scorer = Loop(part_of("a", "b", "c", max_runs=5)), PlayedScorer()
    timed: list[int] = []
    bench = PlayedBench({"a": NOISY})

    def score(job: PlannedJob) -> Score | Unscored:
        timed.append(len(bench.ran))
        return scorer(job)

    loop.run(bench, scorer=score)
    assert (scorer.scored, timed) == (["b", "c", "a"], [len(bench.ran)] * 3)
    assert [job.scores for job in loop.results.documents.values()] == [(SCORE,)] * 3


def test_the_documents_of_scored_files_are_written_one_by_one():
    loop = Loop(part_of("a", "b", "c"))
    lost = PlayedScorer({"b": DeviceLost("phone-1 was lost")})
    with pytest.raises(DeviceLost):
        loop.run(scorer=lost)
    assert (list(loop.results.documents), lost.scored) == (["a"], ["a", "b"])
    again = PlayedScorer()
    assert loop.run(scorer=again).ran == []
    assert (list(loop.results.documents), again.scored) == (["a", "b", "c"], ["b", "c"])


def test_a_file_that_has_no_score_has_the_reason():
    loop = Loop(part_of("a"))
    loop.run(scorer=PlayedScorer({"a": Unscored("the device has no room")}))
    messages = [each.message for each in loop.document("a").warnings]
    assert "the device has no room" in messages


def test_without_a_scorer_there_is_no_doubt_about_accuracy():
    loop = Loop(part_of("a"))
    loop.run()
    assert (doubts(loop.document("a"))["no_accuracy"], loop.document("a").scores) == (0, ())


def test_what_means_nothing_or_failed_is_not_scored():
    broken = PlannedJob(id="broken", workload=workload(), build_error="no memory")
    untrained = PlannedJob(id="untrained", workload=workload(latency_only="untrained weights"))
    loop, scorer = Loop(part_of(broken, untrained, "crashed", "fit")), PlayedScorer()
    loop.run(PlayedBench(changes={("crashed", Pass.LATENCY, 1): failing("killed")}), scorer=scorer)
    assert scorer.scored == ["fit"]
    assert set(loop.results.documents) == {"broken", "untrained", "crashed", "fit"}


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.ABORTED])
def test_a_job_of_any_bad_end_is_not_scored(status):
    loop, scorer = Loop(part_of("a")), PlayedScorer()
    loop.run(PlayedBench(changes={("a", Pass.LATENCY, 0): failing("killed", status)}), scorer=scorer)
    assert scorer.scored == []


def test_a_stop_comes_before_the_next_file_is_scored():
    loop, scorer = Loop(part_of("a", "b")), PlayedScorer()
    with pytest.raises(PartInterrupted, match=r"phone-1: interrupted\."):
        loop.run(scorer=scorer, stop_requested=lambda: len(scorer.scored) == 1)
    assert (scorer.scored, list(loop.results.documents)) == (["a"], ["a"])


# Progress


def test_as_many_steps_are_done_as_were_announced():
    loop = Loop(part_of("a", "b", memory_runs=2, profile_ops=True))
    bench = loop.run()
    assert loop.progress.stages == [("measuring", 2 * (3 + 2 + 1) + 4)]
    assert (loop.progress.done, loop.progress.grown, loop.progress.finished) == (len(bench.ran), 0, 1)
    assert len(bench.ran) == 2 * (3 + 2 + 1) + 4


def test_what_grows_is_announced_run_by_run():
    loop = Loop(part_of("a", "b", max_runs=6))
    bench = loop.run(PlayedBench({"b": NOISY}))
    assert loop.progress.stages == [("measuring", 2 * 3 + 4)]
    assert (loop.progress.grown, loop.progress.done) == (3 + 3, len(bench.ran))
    assert loop.progress.grown + 2 * 3 + 4 == len(bench.ran)


def test_a_memory_pass_beyond_the_latencies_grows_by_its_canary_alone():
    loop = Loop(part_of("a", memory_runs=5))
    bench = loop.run()
    assert loop.progress.stages == [("measuring", 3 + 5 + 4)]
    assert (loop.progress.grown, len(bench.ran)) == (2, 3 + 5 + 6)


@pytest.mark.parametrize(("kept", "announced"), [(0, 6), (3, 3), (6, 0), (8, 0)])
def test_what_is_kept_is_not_announced_again(kept, announced):
    loop = Loop(part_of("a", min_runs=6, max_runs=9, canary=None), latencies("a", NOISY[:kept]))
    loop.run(PlayedBench({"a": NOISY}))
    assert loop.progress.stages == [("measuring", announced)]


def test_what_was_never_built_is_not_announced():
    broken = [PlannedJob(id=job, workload=workload(), build_error="no memory") for job in "ab"]
    loop = Loop(part_of(*broken))
    loop.run()
    assert loop.progress.stages == [("measuring", 0)]
    loop = Loop(part_of(*broken, "c"))
    loop.run()
    assert loop.progress.stages == [("measuring", 3 + 4)]


def test_a_step_is_named_before_the_run_and_counted_after_it():
    loop = Loop(part_of("a", min_runs=3, memory_runs=1, canary=None))
    loop.run()
    label = "mobilenet_v1_0.25_32_int8 cpu ×1 ·"
    named = [f"{label} latency 1", f"{label} memory 1", f"{label} latency 2", f"{label} latency 3"]
    assert loop.progress.steps == [(name, count) for name in named for count in (0, 1)]


def test_a_canary_that_hung_and_never_ended_well_is_not_waited_for_again():
    loop = Loop(part_of("a"))
    bench = loop.run(PlayedBench(changes={("canary", Pass.CANARY, 0): failing("timeout")}))
    assert (bench.count("a"), bench.count("canary", Pass.CANARY)) == (3, 1)
    assert "canary_failed" in doubts(loop.document("a"))


@pytest.mark.parametrize(("error_class", "index"), [("killed", 0), ("timeout", 1), ("timeout", 2)])
def test_a_canary_that_ended_well_once_or_was_killed_runs_on(error_class, index):
    loop = Loop(part_of("a"))
    bench = loop.run(PlayedBench(changes={("canary", Pass.CANARY, index): failing(error_class)}))
    assert bench.count("canary", Pass.CANARY) == 4
    assert "canary_failed" in doubts(loop.document("a"))
