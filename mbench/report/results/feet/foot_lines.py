"""Lines under a table: a table that is pasted elsewhere still says where it came from."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC
from typing import Final

from mbench.core.coverage import coverage_text
from mbench.core.job_pairs import new_of
from mbench.core.numbers.statistics import CLOCK_STEP_US, COARSE_WIDTH_US, LEAST_RUNS_FOR_INTERVAL
from mbench.core.results import JobResult
from mbench.report.accuracy.accuracy_lines import accuracy_lines
from mbench.report.accuracy.scored import device_score, host_score, once_each, scored_of
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN, count_of, span
from mbench.report.results.conditions.provenance import format_clocks, format_companions, format_cpus, format_settings
from mbench.report.results.feet.device_lines import device_lines, grid_device_lines
from mbench.report.results.feet.footnotes import first_few
from mbench.report.results.feet.session_periods import period_lines
from mbench.report.results.rows import run_facts
from mbench.report.results.rows.job_rows import LEAST_INFERENCES_FOR_P95
from mbench.report.results.rows.phone_medians import model_name

MEDIAN_OF_RUNS: Final = (
    "Latency: median over runs (processes) of each run's median inference; [95 % bootstrap interval over runs, "
    f"from {LEAST_RUNS_FOR_INTERVAL} runs on; of 5 runs or fewer it is their range; where it is narrower than "
    f"{COARSE_WIDTH_US:g} µs, it is {CLOCK_STEP_US:g} µs longer, which the program's clock cuts off]."
)

LATENCY_DEFINITION: Final = (
    f"{MEDIAN_OF_RUNS} "
    "p95: median over runs of each run's 95th percentile, as the program counts it, where every run has at least "
    f"{LEAST_INFERENCES_FOR_P95} inferences. Init: median over runs."
)

MEMORY_DEFINITION = "Peak memory: resident set of the whole process, the benchmark program itself included."

MOST_BY_DEVICE: Final = 4
"""Lines about the accuracy of some devices alone."""

_FLOAT_BY_CHOICE = frozenset({"SOFTMAX"})
"""XNNPACK has it in float alone; left so, a graph of integers stays in one piece."""


def provenance_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what holds for all of a table's rows, which share a table and of which there is at least one."""
    yield from device_lines(results)
    yield f"Binary: {program_text(results[0])}."
    yield _per_job(results)
    yield f"Configuration: {configuration(results)}."
    yield _measured(results)
    yield from period_lines(results)
    yield f"Artifacts (sha256): {_joined(map(_artifact, results))}."
    yield LATENCY_DEFINITION
    yield interval_line(results)
    yield MEMORY_DEFINITION


def grid_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield the same of a grid, which explains its columns itself and has the artifacts in a row."""
    yield from grid_device_lines(results)
    yield f"Binary: {program_text(results[0])}; {configuration(results)}."
    yield _per_job(results)
    yield _measured(results)
    yield from period_lines(results)


def interval_line(results: Sequence[JobResult]) -> str:
    """Return how often the intervals of these results hold the true median."""
    return f"Intervals: {coverage_text(result.rules for result in results)}."


def latency_only_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield which rows have no accuracy and why, one line a reason; nothing for rows that could have one."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if reason := result.workload.artifact.latency_only:
            reasons.setdefault(reason, []).append(result.workload.artifact.name)
    for reason, names in reasons.items():
        rows = "all rows" if len(names) == len(results) else _joined(names)
        yield f"Latency only, {rows}: {reason.strip().rstrip('.')}."


def built_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what should be known of how files were built, one line for files of which the same is said."""
    alike: dict[str, list[str]] = {}
    for artifact in dict.fromkeys(result.workload.artifact for result in results):
        for note in artifact.notes:
            alike.setdefault(note, []).append(artifact.name)
    for note, names in alike.items():
        yield f"Built, {_joined(names)}: {note}."


def float_operator_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield the operators of int8 files that compute in float, one line for files that have the same."""
    files = dict.fromkeys(result.workload.artifact for result in results)
    alike: dict[tuple[str, ...], list[str]] = {}
    for artifact in files:
        operators = tuple(name for name in artifact.float_operators or () if name not in _FLOAT_BY_CHOICE)
        if operators:
            alike.setdefault(operators, []).append(artifact.name)
    for operators, names in alike.items():
        counted = [f"{name} ×{count}" if count > 1 else name for name, count in Counter(operators).items()]
        stay = "operator stays" if len(operators) == 1 else "operators stay"
        yield f"{_joined(names)}: {len(operators)} {stay} float: {', '.join(counted)}."


def subgraph_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield of which graphs besides the main one delegated nodes are counted, one line for files that have the same."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for result in results:
        if called := run_facts.subgraphs(result):
            alike.setdefault(called, []).append(result.workload.artifact.name)
    for subgraphs, names in alike.items():
        which = f"subgraph{'s' if len(subgraphs) > 1 else ''} {', '.join(map(str, subgraphs))}"
        yield f"Delegated nodes of {_joined(names)}: counted in {which} too, which the main graph calls."


def accuracy_foot(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what the accuracies of a table's rows rest on; nothing where none was scored."""
    devices = {result.device.serial for result in results}
    if len(devices) > 1:
        yield from _accuracy_by_device(results, devices)
        return
    named = [(result.workload.artifact.name, result) for result in results]
    yield from accuracy_lines(scored_of(results))
    both = ((name, device_score(result) if host_score(result) else None) for name, result in named)
    yield from accuracy_lines(once_each(both), on=" on device")


def _accuracy_by_device(results: Sequence[JobResult], devices: Collection[str]) -> Iterator[str]:
    """Yield the host's lines once, then those of devices: once where they agree, else after the serials."""
    hosts = once_each((result.workload.artifact.name, host_score(result)) for result in results)
    yield from accuracy_lines(hosts)
    whose: dict[str, list[str]] = {}
    by_serial: dict[str, list[JobResult]] = {}
    for result in results:
        by_serial.setdefault(result.device.serial, []).append(result)
    for serial, own in by_serial.items():
        scored = once_each((result.workload.artifact.name, device_score(result)) for result in own)
        for line in accuracy_lines(scored, on=" on device"):
            whose.setdefault(line, []).append(serial)
    common = [line for line, serials in whose.items() if len(serials) == len(devices)]
    apart = [(line, serials) for line, serials in whose.items() if len(serials) < len(devices)]
    yield from common
    for line, serials in apart[:MOST_BY_DEVICE]:
        yield f"{first_few(serials)}: {line}"
    if (left := len(apart) - MOST_BY_DEVICE) > 0:
        yield f"Accuracy on device: {count_of(left, 'line')} more about single devices; --format json has each score."


def runs_line(results: Sequence[JobResult]) -> str:
    """Return how many runs of how many inferences jobs had: `5 to 8 runs × ≥ 6931 inferences`."""
    counts = [count for result in results if (count := run_facts.good_runs(result))]
    inferences = [least for result in results if (least := run_facts.least_inferences(result)) is not None]
    if not counts or not inferences:
        return "none ended well"
    runs = count_of(counts[0], "run") if len(set(counts)) == 1 else f"{span(counts)} runs"
    return f"{runs} × ≥ {count_of(min(inferences), 'inference')}"


def configuration(results: Sequence[JobResult]) -> str:
    """Return what all rows have in common of how they were run: `delegate cpu; 1 thread; pinned to core 1; seed 0`."""
    return "; ".join(_configuration(results))


def program_text(result: JobResult) -> str:
    """Return which benchmark program it was: `hostbench, runtime 2.3.0, sha256 0123456789ab`."""
    binary = result.binary
    program = f"{binary.tool}, runtime {binary.runtime or UNKNOWN}, sha256 {binary.sha256[:SHORT_SHA]}"
    return ", ".join(filter(None, (program, format_companions(binary.companions))))


def _per_job(results: Sequence[JobResult]) -> str:
    return f"Per job: {runs_line(results)}; {format_settings(results[0].workload.settings)}."


def _measured(results: Sequence[JobResult]) -> str:
    return f"Measured: {_dates(results)} (UTC), {_joined(map(_version, results))}, {_sessions(results)}."


def _configuration(results: Sequence[JobResult]) -> Iterator[str]:
    if inputs := results[0].workload.inputs:
        yield f"fed {', '.join(map(str, inputs))}"
    if len(delegates := {result.workload.delegate for result in results}) == 1:
        yield f"delegate {delegates.pop()}"
    if apis := sorted({api for result in results for api in run_facts.gpu_apis(result)}):
        yield f"GPU by {_joined(apis)}"
    if len(threads := {result.workload.threads for result in results}) == 1:
        yield count_of(max(threads), "thread")
    yield "; ".join(_pinnings(results))
    if clocks := format_clocks(results[0].rules):
        yield clocks
    yield f"seed {_joined(str(result.rules.seed) for result in results)}"


def _pinnings(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield on which cores runs were pinned, model by model where they differ."""
    models: dict[str, list[JobResult]] = {}
    for result in results:
        models.setdefault(model_name(result.device.profile, result.device.model), []).append(result)
    said: dict[str, list[str]] = {}
    for model, members in models.items():
        said.setdefault(_pinning(members), []).append(model)
    for text, names in said.items():
        yield text if len(said) == 1 else f"{first_few(names)} {text}"


def _pinning(results: Sequence[JobResult]) -> str:
    """Return the cores as the kernel said them, by thread count where they differ."""
    seen: dict[str, set[int]] = {}
    for result in results:
        for cpus in run_facts.cpus(result):
            seen.setdefault(cpus, set()).add(result.workload.threads)
    if results[0].rules.cpus is None:
        return format_cpus(None)
    if not seen:
        return "no run says on which cores"
    if len(seen) == 1:
        return f"pinned to core{'s' if not next(iter(seen)).isdecimal() else ''} {next(iter(seen))}"
    parts = (f"{', '.join(map(str, sorted(threads)))} on {cpus}" for cpus, threads in sorted(seen.items()))
    return f"pinned, threads on cores: {'; '.join(parts)}"


def _dates(results: Sequence[JobResult]) -> str:
    moments = [moment for result in results for moment in (result.finished_at, *(run_facts.began(result) or ()))]
    first, last = (f"{moment.astimezone(UTC):%Y-%m-%d}" for moment in (min(moments), max(moments)))
    return first if first == last else f"{first} to {last}"


def _version(result: JobResult) -> str:
    return f"mbench {result.provenance.mbench} (git {result.provenance.git or UNKNOWN})"


def _sessions(results: Sequence[JobResult]) -> str:
    names = [*dict.fromkeys(result.session for result in results)]
    return f"session{'s' if len(names) > 1 else ''} {_joined(names)}"


def _artifact(result: JobResult) -> str:
    artifact = result.workload.artifact
    old = "" if new_of(result.job) is None else " (old)"
    return f"{artifact.name}{old} {artifact.sha256[:SHORT_SHA] if artifact.sha256 else UNKNOWN}"


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
