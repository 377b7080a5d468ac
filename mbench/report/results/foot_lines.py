"""Lines under a table: a table that is pasted elsewhere still says where it came from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from mbench.core.results import DeviceFacts, JobResult, Pass, Status
from mbench.core.statistics import LEAST_RUNS_FOR_INTERVAL
from mbench.report.render.number_format import SHORT_SHA, UNKNOWN, count_of, span
from mbench.report.results.accuracy_lines import accuracy_lines
from mbench.report.results.provenance import format_clocks, format_companions, format_cpus, format_settings
from mbench.report.results.rows import LEAST_INFERENCES_FOR_P95
from mbench.report.results.scored import device_score, host_score, once_each, scored_of

LATENCY_DEFINITION = (
    "Latency: median over runs (processes) of each run's median inference; [95 % bootstrap interval over runs, "
    f"from {LEAST_RUNS_FOR_INTERVAL} runs on; of 5 runs or fewer it is their range. Few runs cover less than 95 %: "
    "3, 4 and 5 runs 75, 88 and 94 %, 6 to 8 runs 87 to 94 %]. "
    "p95: median over runs of each run's 95th percentile, as the program counts it, where every run has at least "
    f"{LEAST_INFERENCES_FOR_P95} inferences. Init: median over runs."
)
"""The coverages are for normal samples: of n runs the range holds the true median but for 2 in 2^n, David and Nagaraja,
Order Statistics (2003), section 7.1; of 6 to 8, and of runs that end when the interval is narrow, simulated.
"""

MEMORY_DEFINITION = "Peak memory: resident set of the whole process, the benchmark program itself included."

_FLOAT_BY_CHOICE = frozenset({"SOFTMAX"})
"""XNNPACK has it in float alone; left so, a graph of integers stays in one piece."""


def provenance_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what holds for all of a table's rows; the results are of one provenance and there is at least one."""
    first = results[0]
    yield _device_line(first.device)
    if first.device.invented:
        yield "Emulated phone with invented latencies: no model ran and nothing was measured."
    elif first.device.emulated:
        yield (
            f"Emulated phone: the timings are those of the host that emulates it ({first.provenance.host}), not a "
            "phone's; its cores, pinning and clocks did not act on them."
        )
    runtime = f"runtime {first.binary.runtime or UNKNOWN}"
    program = f"{first.binary.tool}, {runtime}, sha256 {first.binary.sha256[:SHORT_SHA]}"
    yield f"Binary: {', '.join(filter(None, (program, format_companions(first.binary.companions))))}."
    yield f"Per job: {_runs_line(results)}; {format_settings(first.workload.settings)}."
    yield f"Configuration: {'; '.join(_configuration(results))}."
    yield f"Measured: {_dates(results)} (UTC), {_joined(map(_version, results))}, {_sessions(results)}."
    yield f"Artifacts (sha256): {_joined(map(_artifact, results))}."
    yield LATENCY_DEFINITION
    yield MEMORY_DEFINITION


def latency_only_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield which rows have no accuracy and why, one line a reason; nothing for rows that could have one."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if reason := result.workload.artifact.latency_only:
            reasons.setdefault(reason, []).append(result.workload.artifact.name)
    for reason, names in reasons.items():
        rows = "all rows" if len(names) == len(results) else _joined(names)
        yield f"Latency only, {rows}: {reason.strip().rstrip('.')}."


def float_operator_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what computes in float in files of integers, one line for files that have the same; nothing without."""
    files = dict.fromkeys(result.workload.artifact for result in results)
    told: dict[tuple[str, ...], list[str]] = {}
    for artifact in files:
        operators = tuple(name for name in artifact.float_operators or () if name not in _FLOAT_BY_CHOICE)
        if operators:
            told.setdefault(operators, []).append(artifact.name)
    for operators, names in told.items():
        counted = [f"{name} ×{count}" if count > 1 else name for name, count in Counter(operators).items()]
        stay = "operator stays" if len(operators) == 1 else "operators stay"
        yield f"{_joined(names)}: {len(operators)} {stay} float: {', '.join(counted)}."


def accuracy_foot(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield what the accuracies of a table's rows rest on; nothing where none was scored."""
    named = [(result.workload.artifact.name, result) for result in results]
    yield from accuracy_lines(scored_of(results))
    both = ((name, device_score(result) if host_score(result) else None) for name, result in named)
    yield from accuracy_lines(once_each(both), on=" on device")


def _device_line(device: DeviceFacts) -> str:
    cores = UNKNOWN if device.cores is None else device.cores
    facts = {"model": device.model, "SoC": device.soc, "OS": device.os, "build": device.build, "ABI": device.abi}
    said = ", ".join(f"{name} {value or UNKNOWN}" for name, value in facts.items())
    return f"Device: {device.serial} (profile {device.profile}): {said}, cores {cores}."


def _runs_line(results: Sequence[JobResult]) -> str:
    good = [
        [run for run in result.runs if run.purpose is Pass.LATENCY and run.status is Status.OK] for result in results
    ]
    counts = [len(runs) for runs in good if runs]
    inferences = [run.measured.count for runs in good for run in runs if run.measured is not None]
    if not counts or not inferences:
        return "none ended well"
    runs = count_of(counts[0], "run") if len(set(counts)) == 1 else f"{span(counts)} runs"
    return f"{runs} × ≥ {count_of(min(inferences), 'inference')}"


def _configuration(results: Sequence[JobResult]) -> Iterator[str]:
    if len(delegates := {result.workload.delegate for result in results}) == 1:
        yield f"delegate {delegates.pop()}"
    if apis := sorted({run.gpu_api for result in results for run in result.runs if run.gpu_api}):
        yield f"GPU by {_joined(apis)}"
    if len(threads := {result.workload.threads for result in results}) == 1:
        yield count_of(max(threads), "thread")
    yield _pinning(results)
    if clocks := format_clocks(results[0].rules):
        yield clocks
    yield f"seed {_joined(str(result.rules.seed) for result in results)}"


def _pinning(results: Sequence[JobResult]) -> str:
    """Return the cores as the kernel said them, by thread count where they differ."""
    seen: dict[str, set[int]] = {}
    for result in results:
        for run in result.runs:
            if run.purpose is Pass.LATENCY and run.cpus is not None:
                seen.setdefault(run.cpus, set()).add(result.workload.threads)
    if results[0].rules.cpus is None:
        return format_cpus(None)
    if not seen:
        return "no run says on which cores"
    if len(seen) == 1:
        return f"pinned to core{'s' if not next(iter(seen)).isdecimal() else ''} {next(iter(seen))}"
    parts = (f"{', '.join(map(str, sorted(threads)))} on {cpus}" for cpus, threads in sorted(seen.items()))
    return f"pinned, threads on cores: {'; '.join(parts)}"


def _dates(results: Sequence[JobResult]) -> str:
    moments = [
        moment for result in results for moment in (result.finished_at, *(run.started_at for run in result.runs))
    ]
    days = sorted(f"{moment.astimezone(UTC):%Y-%m-%d}" for moment in moments)
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def _version(result: JobResult) -> str:
    return f"mbench {result.provenance.mbench} (git {result.provenance.git or UNKNOWN})"


def _sessions(results: Sequence[JobResult]) -> str:
    names = [*dict.fromkeys(result.session for result in results)]
    return f"session{'s' if len(names) > 1 else ''} {_joined(names)}"


def _artifact(result: JobResult) -> str:
    artifact = result.workload.artifact
    return f"{artifact.name} {artifact.sha256[:SHORT_SHA] if artifact.sha256 else UNKNOWN}"


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
