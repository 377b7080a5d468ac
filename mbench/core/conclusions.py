"""Conclusions: what became of a job, from its runs; doubts become typed warnings."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from mbench.core.clocks import caps, format_caps, lowest
from mbench.core.error_classes import BUILD
from mbench.core.numbers.drift import Course, find_drift
from mbench.core.numbers.statistics import CLOCK_STEP_US, LEAST_RUNS_FOR_INTERVAL, bootstrap_interval, median
from mbench.core.reasons import Unscored
from mbench.core.results import (
    Conditions,
    DevicePlan,
    JobResult,
    MeasurementWarning,
    MeasuringRules,
    Pass,
    Plan,
    PlannedJob,
    Run,
    Status,
    WarningCode,
)
from mbench.core.scores import Score

DRIFT_TOLERANCE = 0.05
"""Of the canary's median. Half of the 10 % at which Jetpack Microbenchmark calls its probe throttled."""

CLOCK_TOLERANCE_S = 1.0

COARSE_BELOW_US = 100
"""One microsecond, the resolution of benchmark_model's clock, is 1 % of this."""

LEAST_SAME_ANSWERS = 0.9
"""Share of examples. Two families of kernels for one file gave the same first answer on 95 to 98 % of ImageNet's."""

LEAST_AGREEMENT_DB = 10.0
"""Kernel families that agreed on 96 to 98 % of ImageNet answers differed by up to 26 of 255 steps in a score."""


def conclude(
    plan: Plan,
    part: DevicePlan,
    job: PlannedJob,
    runs: Sequence[Run],
    *,
    canary: Sequence[Run],
    busy_limit: float | None,
    agreement_db: float | None,
    scores: Sequence[Score | Unscored] = (),
    tried_before: Sequence[str] = (),
    finished_at: datetime,
) -> JobResult:
    """Return the one document of a job: `failed` with the first failing run's reason, else `ok` with its doubts.

    Args:
        plan: the session's plan.
        part: the device's part of it.
        job: the job.
        runs: all its runs.
        canary: the canary's runs so far.
        busy_limit: share of a run's own cores, and of all cores, that others may use.
        agreement_db: signal-to-noise ratio of its outputs against the same file's by delegate cpu; None: not compared.
        scores: the device's, or why there are none; the host's stand in the plan.
        tried_before: why it failed each time before it was tried again.
        finished_at: aware time.
    """
    failed = next((run for run in runs if run.status is not Status.OK), None)
    error_class, message = (None, None) if failed is None else (failed.error_class, failed.message)
    if job.build_error is not None:
        error_class, message = job.build_error_class or BUILD, job.build_error
    return JobResult(
        session=plan.session,
        job=job.id,
        workload=job.workload,
        device=part.device,
        binary=part.binary_of(job),
        rules=part.rules,
        provenance=plan.provenance,
        finished_at=finished_at,
        status=Status.OK if error_class is None else Status.FAILED,
        error_class=error_class,
        message=message,
        runs=tuple(runs),
        scores=(*job.scores, *(score for score in scores if isinstance(score, Score))),
        warnings=(
            *_doubts(part, job, runs, canary, busy_limit, agreement_db),
            *_unscored(job, scores),
            *_retried(tried_before),
        )
        if error_class is None
        else (),
    )


def _unscored(job: PlannedJob, scores: Sequence[Score | Unscored]) -> Iterator[MeasurementWarning]:
    for reason in (job.unscored, *(score.reason for score in scores if isinstance(score, Unscored))):
        if reason is not None:
            yield MeasurementWarning(code=WarningCode.NO_ACCURACY, message=reason)
    for score in scores:
        if isinstance(score, Score) and score.scored < score.asked:
            yield MeasurementWarning(
                code=WarningCode.UNANSWERED,
                message=f"{score.asked - score.scored} of {score.asked} examples have no answer from the device and "
                "count as wrong",
                advice="the accuracy is too low by at most that share; see which they are in the job's document",
            )
    for agreement in (score.agreement for score in scores if isinstance(score, Score)):
        if agreement is not None and agreement.same_top1 < LEAST_SAME_ANSWERS * agreement.examples:
            yield MeasurementWarning(
                code=WarningCode.ACCURACY_DIFFERS,
                message=f"the device gives the host's first answer on {agreement.same_top1} of {agreement.examples} "
                "examples only",
                advice="whatever it computes fast may be wrong; the differing examples are named in the job's document",
            )


def _retried(tried_before: Sequence[str]) -> Iterator[MeasurementWarning]:
    for reason in tried_before:
        yield MeasurementWarning(
            code=WarningCode.RETRIED,
            message=f"it had failed before and was tried again: {reason}",
            advice="what failed it is kept in the session's folder set-aside",
        )


def latency_samples_us(runs: Sequence[Run]) -> list[float]:
    """Return one sample per good latency run, in µs: its median, or its mean where the binary prints no median."""
    samples = (_sample_us(run) for run in runs if run.purpose is Pass.LATENCY and run.status is Status.OK)
    return [sample for sample in samples if sample is not None]


def block_pairs_us(old: Sequence[Run], new: Sequence[Run]) -> tuple[tuple[float, float], ...]:
    """Return the samples of two jobs from the blocks in which both have one, (old, new) in µs, in their order."""
    return _block_pairs(old, new, latency_samples_us)


def memory_samples_kib(runs: Sequence[Run]) -> list[float]:
    """Return one sample per good memory run, in KiB: its resident peak, where the program says it."""
    good = (run for run in runs if run.purpose is Pass.MEMORY and run.status is Status.OK)
    peaks = (None if run.memory is None else run.memory.peak_kib for run in good)
    return [float(peak) for peak in peaks if peak is not None]


def block_pairs_kib(old: Sequence[Run], new: Sequence[Run]) -> tuple[tuple[float, float], ...]:
    """Return peaks of memory of two jobs from the blocks in which both have one, (old, new) in KiB, in their order."""
    return _block_pairs(old, new, memory_samples_kib)


def _block_pairs(
    old: Sequence[Run], new: Sequence[Run], samples: Callable[[Sequence[Run]], list[float]]
) -> tuple[tuple[float, float], ...]:
    before, after = ({run.block: sample for run in runs for sample in samples([run])} for runs in (old, new))
    return tuple((before[block], after[block]) for block in sorted(before.keys() & after.keys()))


def _sample_us(run: Run) -> float | None:
    if run.measured is None:
        return None
    return run.measured.avg_us if run.measured.median_us is None else float(run.measured.median_us)


def _doubts(
    part: DevicePlan,
    job: PlannedJob,
    runs: Sequence[Run],
    canary: Sequence[Run],
    busy_limit: float | None,
    agreement_db: float | None,
) -> Iterator[MeasurementWarning]:
    if job.workload.artifact.latency_only:
        yield MeasurementWarning(
            code=WarningCode.LATENCY_ONLY,
            message=f"latency only: {job.workload.artifact.latency_only}",
            advice="its outputs mean nothing; give --weights and --calibration for a model with an accuracy",
        )
    if part.device.invented:
        yield MeasurementWarning(
            code=WarningCode.INVENTED, message="the latencies are invented by a law: no model ran, nothing was measured"
        )
    yield from _spread(part.rules, runs)
    yield from _surroundings(part, job, runs, busy_limit)
    yield from _outputs(runs, agreement_db)
    yield from _canary_failed(canary)
    yield from _drifted(canary)


def _drifted(canary: Sequence[Run]) -> Iterator[MeasurementWarning]:
    timed = {run.position: sample for run in canary if (sample := _sample_us(run)) is not None}
    positions = sorted(timed)
    medians_us = [timed[position] for position in positions]
    moved = find_drift(medians_us, positions)
    if moved is None or abs(moved.change) <= max(DRIFT_TOLERANCE, CLOCK_STEP_US / median(medians_us)):
        return
    how = "faster" if moved.change < 0 else "slower"
    when = (
        f"after {moved.before} of its" if moved.course is Course.STEP else "steadily, from the first to the last of its"
    )
    yield MeasurementWarning(
        code=WarningCode.DRIFT,
        message=f"the canary became {abs(moved.change):.0%} {how} {when} {len(timed)} runs",
        advice="let it cool, close other programs, and measure again",
    )


def _canary_failed(canary: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where runs of the canary gave nothing: drift is then seen less well, or not at all."""
    failed = [run for run in canary if run.status is not Status.OK]
    if not failed:
        return
    why = ", ".join(dict.fromkeys(str(run.error_class or run.status) for run in failed))
    rest = len(canary) - len(failed)
    then = f"drift is judged by the other {rest}" if rest > 1 else "nothing shows whether the device drifted"
    yield MeasurementWarning(
        code=WarningCode.CANARY_FAILED,
        message=f"{len(failed)} of {len(canary)} runs of the canary gave no latency ({why}): {then}",
        advice="see its runs in the session's folder, and measure again",
    )


def _spread(rules: MeasuringRules, runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    samples = latency_samples_us(runs)
    if len(samples) < max(LEAST_RUNS_FOR_INTERVAL, 5):
        yield MeasurementWarning(
            code=WarningCode.FEW_RUNS,
            message=f"so few ({len(samples)}) prove little: their interval is their range, and covers less than 95 %",
            advice="measure at least 5 runs (leave --quick out)",
        )
    interval = bootstrap_interval(samples, seed=rules.seed)
    if interval is not None:
        width = interval.relative_half_width(median(samples))
        if width > rules.target_interval:
            yield MeasurementWarning(
                code=WarningCode.WIDE_INTERVAL,
                message=f"interval ±{width:.1%} is wider than the target ±{rules.target_interval:.1%} "
                f"after {len(samples)} runs",
                advice=_narrower(width * median(samples)),
            )
    if samples and median(samples) < COARSE_BELOW_US:
        yield MeasurementWarning(
            code=WarningCode.COARSE_CLOCK,
            message="the program counts whole microseconds, which is more than 1 % of an inference here",
        )
    if any(run.measured and run.measured.median_us is None for run in runs):
        yield MeasurementWarning(
            code=WarningCode.NO_MEDIAN,
            message="this benchmark_model prints no median (before TensorFlow 2.19): each run counts by its mean",
            advice="use a newer binary",
        )
    yield from dict.fromkeys(warning for run in runs for warning in run.warnings)


def _narrower(half_width_us: float) -> str:
    if half_width_us <= CLOCK_STEP_US:
        return "it is one step of the program's clock; a larger input makes longer inferences"
    return "quieten the device, or raise --max-runs"


def _surroundings(
    part: DevicePlan, job: PlannedJob, runs: Sequence[Run], busy_limit: float | None
) -> Iterator[MeasurementWarning]:
    rules = part.rules
    after = [run.conditions_after for run in runs if run.purpose is Pass.LATENCY and run.conditions_after]
    if busy_limit is not None:
        yield from _busy(after, busy_limit)
    if rules.cpus is None:
        yield MeasurementWarning(code=WarningCode.NOT_PINNED, message="runs were not pinned to cores")
    elif job.workload.threads > len(rules.cpus):
        yield MeasurementWarning(
            code=WarningCode.THREADS_EXCEED_CORES,
            message=f"{job.workload.threads} threads shared {len(rules.cpus)} cores",
        )
    governors = {governor for state in after for governor in state.governors or ()}
    if governors - {"performance"} and not part.device.emulated:
        yield MeasurementWarning(
            code=WarningCode.FREQUENCY_SCALING,
            message=f"cpufreq governor {', '.join(sorted(governors))}: the clock rate follows the load",
        )
    if not rules.fixed_performance:
        yield from _capped(job, rules, runs)
    if any(state.power == "battery" for state in after):
        yield MeasurementWarning(
            code=WarningCode.ON_BATTERY, message="the machine ran on battery", advice="plug it in and measure again"
        )
    if _clock_stepped(runs):
        yield MeasurementWarning(
            code=WarningCode.CLOCK_STEPPED,
            message="the wall clock jumped back during the session; durations are of a steady clock and stand",
        )


def _busy(after: Sequence[Conditions], limit: float) -> Iterator[MeasurementWarning]:
    """Yield a doubt where others used the cores of the runs; of machines with many cores they are a small share."""
    everywhere = [state.busy_share for state in after if state.busy_share is not None]
    pinned = [state.pinned_busy_share for state in after if state.pinned_busy_share is not None]
    for shares, cores in ((pinned, "the cores that runs were pinned to"), (everywhere, "all cores")):
        if over := [share for share in shares if share > limit]:
            yield MeasurementWarning(
                code=WarningCode.BUSY,
                message=f"others used more than {limit:.0%} of {cores} during "
                f"{'every run' if len(over) == len(shares) else 'some runs'}",
                advice="close other programs and measure again",
            )
            return


def _capped(job: PlannedJob, rules: MeasuringRules, runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where a core that was pinned to might not run as fast as its hardware can."""
    cpus = None if rules.cpus is None else rules.cpus[: job.workload.threads]
    timed = [run for run in runs if run.purpose is Pass.LATENCY]
    capped = [
        [cap for state in (run.conditions_before, run.conditions_after) if state for cap in caps(state, cpus)]
        for run in timed
    ]
    if any(capped):
        yield MeasurementWarning(
            code=WarningCode.CAPPED_CLOCKS,
            message=f"the clocks were capped in {'every run' if all(capped) else 'some runs'}: "
            f"{format_caps(lowest([cap for found in capped for cap in found]))}",
            advice="let it cool, switch battery savers and other power managers off, and measure again",
        )


def _outputs(runs: Sequence[Run], agreement_db: float | None) -> Iterator[MeasurementWarning]:
    if agreement_db is not None and agreement_db < LEAST_AGREEMENT_DB:
        yield MeasurementWarning(
            code=WarningCode.OUTPUT_DIFFERS,
            message=f"its outputs are {agreement_db:.0f} dB from those by delegate cpu for the same input: "
            "whatever it computes fast may be wrong",
            advice="compare accuracies before you use this delegate",
        )
    outputs = {run.output_sha256 for run in runs if run.output_sha256}
    if len(outputs) > 1:
        yield MeasurementWarning(
            code=WarningCode.OUTPUT_DIFFERS,
            message=f"{len(outputs)} different outputs for one input over the runs",
            advice="the kernels are not deterministic, or memory is damaged; compare with --delegate builtin",
        )


def _clock_stepped(runs: Sequence[Run]) -> bool:
    ordered = sorted(runs, key=lambda run: run.position)
    return any(
        later.started_at < earlier.started_at + timedelta(seconds=earlier.wall_s - CLOCK_TOLERANCE_S)
        for earlier, later in pairwise(ordered)
    )
