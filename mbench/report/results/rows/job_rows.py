"""Rows from results: what the numbers of a job's runs come to, and the doubts that they raise."""

from collections.abc import Iterator, Sequence

from mbench.core.conclusions import latency_samples_us
from mbench.core.delegates import Delegate
from mbench.core.ends import code_of
from mbench.core.job_pairs import new_of
from mbench.core.numbers.statistics import (
    CLOCK_STEP_US,
    Interval,
    bootstrap_interval,
    for_coarse_clock,
    median,
    two_groups,
)
from mbench.core.results import XNNPACK_NODE, JobResult, MeasurementWarning, Pass, Run, Status, WarningCode
from mbench.core.scores import Score
from mbench.report.accuracy.paired_scores import Against, each_against, file_key
from mbench.report.accuracy.scored import TOP1, TOP5, chosen_score, dataset_label, device_score, scored_of
from mbench.report.results.conditions.periods import runs_apart
from mbench.report.results.conditions.provenance import comparable, fingerprint
from mbench.report.results.conditions.unknown_conditions import unknown_conditions
from mbench.report.results.rows.row import Row
from mbench.report.results.rows.short_result import ShortResult

OUTLYING = 0.1
"""Share of the median, beyond the interval. Twice the drift that is reported."""

MEAN_APART = 0.1
"""Share of a run's median by which its mean may differ; in ordinary runs it is a few hundredths."""

LONGER = "some inferences take far longer: look for other work on these cores, and quote the mean too"
SHORTER = "some inferences take far shorter than most: clocks that fell while it ran (heat, a cap); quote the mean too"

LEAST_INFERENCES_FOR_P95 = 40
"""Below that, the 95th percentile is one of the two slowest inferences."""


def rows_of(results: Sequence[JobResult]) -> tuple[Row, ...]:
    """Return the rows of jobs that are shown together, with what their files' answers are compared with."""
    against = each_against(scored_of(results))
    keys = [None if (score := chosen_score(result)) is None else file_key(score) for result in results]
    rows = tuple(
        row_of(result, against=None if key is None else against.get(key))
        for result, key in zip(results, keys, strict=True)
    )
    compared = {(result.session, new_of(result.job)) for result in results} - {(each.session, None) for each in results}
    return tuple(
        row.model_copy(update={"side": "new"}) if (result.session, result.job) in compared else row
        for result, row in zip(results, rows, strict=True)
    )


def row_of(result: JobResult, *, against: Against | None = None) -> Row:
    """Return a job's row. A job that failed or was skipped has no latency, whatever some of its runs gave."""
    if isinstance(result, ShortResult):
        return result.shown_row(against)
    good = _good_runs(result, Pass.LATENCY)
    measured = good if result.status in {Status.OK, Status.ABORTED} else []
    samples = latency_samples_us(measured)
    unseen = _below_clock(samples)
    spread = bootstrap_interval(samples, seed=result.rules.seed)
    plain = None if unseen else spread
    interval = None if plain is None else for_coarse_clock(plain)
    artifact = result.workload.artifact
    score, on_device = chosen_score(result), device_score(result)
    row = Row(
        variant=result.workload.name,
        side=None if new_of(result.job) is None else "old",
        status=result.status,
        error_class=result.error_class,
        message=result.message,
        exit_code=code_of(result),
        device=result.device.serial,
        emulated=result.device.emulated,
        delegate=str(result.workload.delegate),
        threads=result.workload.threads,
        inputs=tuple(map(str, result.workload.inputs)),
        mult_adds=artifact.mult_adds,
        parameters=artifact.parameters,
        size_bytes=artifact.size_bytes,
        top1=_value(score, TOP1),
        top1_ci=_interval(score, TOP1),
        top5=_value(score, TOP5),
        top1_place=None if score is None else score.place,
        dataset=None if score is None else dataset_label(score.dataset),
        examples=None if score is None else score.asked,
        metrics=() if score is None else score.metrics,
        top1_device=_value(on_device, TOP1),
        top1_device_ci=_interval(on_device, TOP1),
        metrics_device=() if on_device is None else on_device.metrics,
        latency_median_us=None if unseen else _median_or_none(samples),
        latency_ci_us=None if interval is None else (interval.low, interval.high),
        latency_p95_us=None if _below_clock([p95_us := _p95_us(measured)]) else p95_us,
        latency_mean_us=None if _below_clock([mean_us := _mean_us(measured)]) else mean_us,
        init_us=_median_or_none([run.init_us for run in measured]),
        first_us=_median_or_none([run.first_us for run in measured]),
        peak_memory_kib=_peak_memory_kib(result),
        delegate_nodes=_delegate_nodes(measured, result.workload.delegate),
        runs=len(good),
        artifact_sha256=artifact.sha256,
        weights=artifact.weights,
        calibration=artifact.calibration,
        against=against,
        binary_sha256=result.binary.sha256 if result.binary.identified else None,
        session=result.session,
        provenance=fingerprint(comparable(result)),
        warnings=(*result.warnings, *_derived_warnings(result, measured, samples, spread)),
    )
    row._artifact = artifact
    row._lengthened_us = 0.0 if plain is None or interval is None else interval.high - plain.high
    return row


def _value(score: Score | None, name: str) -> float | None:
    metric = None if score is None else score.metric(name)
    return None if metric is None else metric.value


def _interval(score: Score | None, name: str) -> tuple[float, float] | None:
    metric = None if score is None else score.metric(name)
    return None if metric is None or metric.low is None or metric.high is None else (metric.low, metric.high)


def _good_runs(result: JobResult, purpose: Pass) -> list[Run]:
    return [run for run in result.runs if run.purpose is purpose and run.status is Status.OK]


def _median_or_none(samples: Sequence[float | None]) -> float | None:
    known = [sample for sample in samples if sample is not None]
    return float(median(known)) if known else None


def _p95_us(runs: Sequence[Run]) -> float | None:
    phases = [run.measured for run in runs if run.measured is not None]
    if any(phase.count < LEAST_INFERENCES_FOR_P95 for phase in phases):
        return None
    return _median_or_none([phase.p95_us for phase in phases])


def _mean_us(runs: Sequence[Run]) -> float | None:
    phases = [run.measured for run in runs if run.measured is not None]
    sums = [phase.avg_us * phase.count for phase in phases if phase.avg_us is not None]
    inferences = sum(phase.count for phase in phases)
    return sum(sums) / inferences if inferences and len(sums) == len(phases) else None


def _peak_memory_kib(result: JobResult) -> float | None:
    if result.status not in {Status.OK, Status.ABORTED}:
        return None
    runs = _good_runs(result, Pass.MEMORY)
    peak = _median_or_none([run.memory.peak_kib for run in runs if run.memory is not None])
    return None if peak is None else float(round(peak))  # the tool prints it with six digits of a MiB


def _delegate_nodes(runs: Sequence[Run], delegate: Delegate) -> str | None:
    seen = {_nodes_of(run, delegate) for run in runs}
    return seen.pop() if len(seen) == 1 else None


def _nodes_of(run: Run, delegate: Delegate) -> str | None:
    """Add up the delegates of one run; each subgraph's nodes are counted once.

    What an accelerator left to XNNPACK is not the accelerator's, and is left out.
    """
    counted = [each for each in run.delegates if not (delegate.accelerated and each.name == XNNPACK_NODE)]
    if not counted:
        return None if run.nodes is None else f"0/{run.nodes}"
    totals = {each.subgraph: each.total for each in counted}
    known = [total for total in totals.values() if total is not None]
    if len(known) < len(totals):
        return None
    return f"{sum(each.nodes for each in counted)}/{sum(known)}"


def _outlying(samples: Sequence[float], interval: Interval) -> Iterator[MeasurementWarning]:
    """Yield a doubt where runs lie far from the median and the interval does not show it."""
    middle = median(samples)
    beyond = max(OUTLYING * middle, CLOCK_STEP_US)
    far = [sample for sample in samples if sample > interval.high + beyond or sample < interval.low - beyond]
    if far and middle:
        most = max(abs(sample - middle) for sample in far) / middle
        yield MeasurementWarning(
            code=WarningCode.OUTLYING_RUNS,
            message=f"{len(far)} of {len(samples)} runs outside the interval, up to {most:.0%} from the median",
            advice="neither median nor interval shows them; the job's document holds every run",
        )


def _below_clock(samples: Sequence[float | None]) -> bool:
    """Whether the median of samples is shorter than the program's clock can show."""
    middle = _median_or_none(samples)
    return middle is not None and middle < CLOCK_STEP_US


def _in_groups(samples: Sequence[float]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where runs lie in two groups apart: between them lies no run, and there the median may stand."""
    groups = two_groups(samples)
    if groups is not None:
        low, high = median(groups.low), median(groups.high)
        yield MeasurementWarning(
            code=WarningCode.RUNS_IN_GROUPS,
            message=f"{len(groups.low)} of {len(samples)} runs lie around {low:g} µs and {len(groups.high)} around "
            f"{high:g} µs, {(high - low) / low:.0%} more",
            advice="the device has two states (cores, clocks, memory): hold one of them, or quote both groups",
        )


def _mean_apart(runs: Sequence[Run]) -> Iterator[MeasurementWarning]:
    """Yield a doubt where the mean inference of runs is not their median one: some took far longer, or far shorter."""
    phases = [run.measured for run in runs if run.measured is not None]
    known = [(phase.avg_us, phase.median_us) for phase in phases if phase.avg_us is not None and phase.median_us]
    apart = [(mean, middle) for mean, middle in known if abs(mean - middle) > max(MEAN_APART * middle, CLOCK_STEP_US)]
    if apart:
        mean, middle = max(apart, key=lambda each: abs(each[0] / each[1] - 1))
        yield MeasurementWarning(
            code=WarningCode.MEAN_APART,
            message=f"in {len(apart)} of {len(known)} runs the mean inference is far from the median "
            f"one: in one of them {mean / middle:.1f} times as long, {mean:g} µs",
            advice=LONGER if mean > middle else SHORTER,
        )


def _derived_warnings(
    result: JobResult, runs: Sequence[Run], samples: Sequence[float], interval: Interval | None
) -> Iterator[MeasurementWarning]:
    """Yield the doubts that the result's numbers show and its stored warnings do not name."""
    stored = {warning.code for warning in result.warnings}
    if result.workload.artifact.latency_only and WarningCode.LATENCY_ONLY not in stored:
        yield MeasurementWarning(
            code=WarningCode.LATENCY_ONLY,
            message=f"latency only: {result.workload.artifact.latency_only}",
            advice="its outputs mean nothing; give it trained weights and real calibration images for an accuracy",
        )
    if not samples:
        return
    if _below_clock(samples):
        yield MeasurementWarning(
            code=WarningCode.BELOW_CLOCK,
            message=f"an inference takes less than {CLOCK_STEP_US:g} µs, which the program's clock does not show",
            advice="a larger input makes longer inferences",
        )
    yield from unknown_conditions(result, runs)
    if WarningCode.FEW_RUNS not in stored and (len(samples) < result.rules.min_runs or interval is None):
        wanted = max(result.rules.min_runs, 3)
        yield MeasurementWarning(
            code=WarningCode.FEW_RUNS,
            message=f"{len(samples)} of at least {wanted} runs: too few to tell the spread",
            advice=f"measure at least {wanted} runs",
        )
    if interval is not None:
        yield from _outlying(samples, interval)
    yield from _in_groups(samples)
    yield from runs_apart(runs)
    yield from _mean_apart(runs)
    if interval is not None and WarningCode.WIDE_INTERVAL not in stored:
        width = interval.relative_half_width(median(samples))
        if width > result.rules.target_interval:
            yield MeasurementWarning(
                code=WarningCode.WIDE_INTERVAL,
                message=f"interval ±{width:.1%} is wider than the target ±{result.rules.target_interval:.1%}",
                advice="let the device cool, close other programs, or allow more runs",
            )
    named = dict.fromkeys(warning for run in runs for warning in run.warnings)
    yield from (warning for warning in named if warning.code not in stored)
