"""Facts of a job's runs: what tables say of them besides their row, from the runs or from what was kept of them."""

from collections.abc import Iterator

from mbench.core.results import JobResult, Pass, Run, Status
from mbench.report.results.conditions.periods import Span, spans_of
from mbench.report.results.rows.short_result import RunFacts, ShortResult


def facts_of(result: JobResult) -> RunFacts:
    """Return all facts of a job's runs."""
    if isinstance(result, ShortResult):
        return result.facts
    return RunFacts(
        good_runs=good_runs(result),
        least_inferences=least_inferences(result),
        subgraphs=subgraphs(result),
        gpu_apis=gpu_apis(result),
        cpus=cpus(result),
        began=began(result),
        periods=periods(result),
    )


def good_runs(result: JobResult) -> int:
    """Return how many latency runs ended well."""
    return result.facts.good_runs if isinstance(result, ShortResult) else len(_good(result))


def least_inferences(result: JobResult) -> int | None:
    """Return how many inferences a latency run that ended well measured at least; None where none says it."""
    if isinstance(result, ShortResult):
        return result.facts.least_inferences
    return min((run.measured.count for run in _good(result) if run.measured is not None), default=None)


def subgraphs(result: JobResult) -> tuple[int, ...]:
    """Return the subgraphs besides the main one whose delegated nodes were counted in latency runs, in order."""
    if isinstance(result, ShortResult):
        return result.facts.subgraphs
    return tuple(sorted({each.subgraph for run in _latency(result) for each in run.delegates if each.subgraph}))


def gpu_apis(result: JobResult) -> tuple[str, ...]:
    """Return what drove the GPU in any run, in order."""
    if isinstance(result, ShortResult):
        return result.facts.gpu_apis
    return tuple(sorted({run.gpu_api for run in result.runs if run.gpu_api}))


def cpus(result: JobResult) -> tuple[str, ...]:
    """Return the cores that latency runs were allowed, as the kernel said them, in order."""
    if isinstance(result, ShortResult):
        return result.facts.cpus
    return tuple(sorted({run.cpus for run in _latency(result) if run.cpus is not None}))


def began(result: JobResult) -> Span | None:
    """Return when the first run began, and when the last one did; None without runs."""
    if isinstance(result, ShortResult):
        return result.facts.began
    moments = [run.started_at for run in result.runs]
    return (min(moments), max(moments)) if moments else None


def periods(result: JobResult) -> tuple[Span, ...]:
    """Return from when to when runs were measured without a long pause, in order."""
    return result.facts.periods if isinstance(result, ShortResult) else spans_of(result.runs)


def _latency(result: JobResult) -> Iterator[Run]:
    return (run for run in result.runs if run.purpose is Pass.LATENCY)


def _good(result: JobResult) -> list[Run]:
    return [run for run in _latency(result) if run.status is Status.OK]
