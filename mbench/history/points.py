"""Points: one planned job of one session as the archive keeps it, flat; from documents alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from mbench.core.choices import MetricBetter
from mbench.core.conclusions import latency_samples_us
from mbench.core.ends import OWN_FAULT, code_of
from mbench.core.nights.cell_names import lasting_name, serial_of
from mbench.core.nights.nights import Night
from mbench.core.nights.series import PointState
from mbench.core.numbers.statistics import bootstrap_interval, for_coarse_clock, median
from mbench.core.plain_text import one_line
from mbench.core.results import (
    XNNPACK_NODE,
    BinaryFacts,
    Conditions,
    DeviceFacts,
    DevicePlan,
    JobResult,
    MeasuringRules,
    Pass,
    Plan,
    PlannedJob,
    Provenance,
    Run,
    Status,
)
from mbench.core.scores import Score
from mbench.core.workloads import Workload
from mbench.history.keys import UNKNOWN, cell_key, key_of

RUNS_PROJECT: Final = "runs"
"""Project of sessions that no farm file made."""

MAIN: Final = "main"

FIRST_VERSION: Final = 1
"""Of the measuring rules: what measured before it was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a session left of one cell; None is unknown.

    Attributes:
        cell: key of project, branch, workload, delegate, threads and device.
        farm: name of the farm file; None outside of nights.
        begun_at: of the night, by its host's clock; else of the session.
        workload: name that lasts; `variant` is the artifact's own.
        serial: of the device; `host:NAME` of a host.
        device_model: as people call it.
        error: what came back, for failures.
        runs_us: each latency run's median.
        correct: examples answered rightly, by top-1 or a user's own metric, of `examples`; None of tasks without such a
            thing.
        merit: mean of a user's metric of values, negated where lower is better; None where none was taken.
        dataset: key of what was asked, whose words are `question`.
        tools: of an import: the versions that were under test, in words.
        thing: key of artifact and program; `UNKNOWN` where one of both is not known.
        epoch: key of `build`, `tool` and `conditions_asked`; `UNKNOWN` of a device that could not be asked.
        conditions_asked: run settings, pinning, clocks and measuring version, in words.
        temperature_c: the highest before or after a latency run; likewise of the battery, and the thermal status.
        battery_percent: the lowest.
    """

    cell: int
    session: str
    project: str
    branch: str
    farm: str | None
    day: date
    begun_at: datetime
    host: str
    job: str
    workload: str
    variant: str
    delegate: str
    threads: int | None
    serial: str
    profile: str
    device_model: str | None
    soc: str | None
    emulated: bool
    state: int
    status: str
    error_class: str | None = None
    error: str | None = None
    latency_us: float | None = None
    half_width_us: float | None = None
    runs: int = 0
    runs_us: tuple[float, ...] = ()
    init_us: float | None = None
    first_us: float | None = None
    memory_kib: float | None = None
    size_bytes: int | None = None
    metric: str | None = None
    accuracy: float | None = None
    correct: int | None = None
    examples: int | None = None
    question: str | None = None
    dataset: int = UNKNOWN
    merit: float | None = None
    delegated: int | None = None
    nodes: int | None = None
    partitions: int | None = None
    artifact_sha256: str | None = None
    binary_sha256: str | None = None
    tools: str | None = None
    thing: int = UNKNOWN
    tool: str | None = None
    os: str | None = None
    build: str | None = None
    conditions_asked: str | None = None
    epoch: int = UNKNOWN
    mbench: str | None = None
    git: str | None = None
    label: str | None = None
    temperature_c: float | None = None
    battery_percent: float | None = None
    battery_temperature_c: float | None = None
    thermal_status: int | None = None
    powered_by: str | None = None
    warnings: tuple[str, ...] = ()


def points_of(
    plan: Plan,
    night: Night | None,
    results: Mapping[str, JobResult],
    *,
    unread: Mapping[str, str],
    going_on: bool,
) -> Iterator[Point]:
    """Yield the point of every planned job, in the plan's order.

    Args:
        plan: the session's plan.
        night: whose session it is; None: a session outside of nights.
        results: documents by job; those that have none yet are not there.
        unread: why the documents of other jobs cannot be read.
        going_on: whether somebody drives the session now: jobs without a document are left out then, else missing.
    """
    old = frozenset[str]() if plan.pairing is None else plan.pairing.old_jobs  # measured for a comparison alone
    for part in plan.devices:
        for planned in part.jobs:
            if planned.id in old:
                continue
            result = results.get(planned.id)
            if result is None and going_on and planned.id not in unread:
                continue
            yield _point(plan, night, part, planned, result, unread.get(planned.id))


def _point(
    plan: Plan, night: Night | None, part: DevicePlan, planned: PlannedJob, result: JobResult | None, unread: str | None
) -> Point:
    workload, device, binary, made_by = planned.workload, part.device, part.binary_of(planned), plan.provenance
    project, branch = (RUNS_PROJECT, MAIN) if night is None else (night.project, night.branch)
    begun_at = plan.created_at if night is None else night.begun_at
    name, serial = lasting_name(planned, plan.names if night is None else night.names), serial_of(device)
    asked = _conditions_asked(workload, part.rules, made_by, device)
    artifact = workload.artifact
    return Point(
        cell=cell_key(project, branch, name, str(workload.delegate), workload.threads, serial, device.model),
        session=plan.session,
        project=project,
        branch=branch,
        farm=None if night is None else night.farm,
        day=begun_at.date() if night is None else night.date,
        begun_at=begun_at,
        host=made_by.host,
        job=planned.id,
        workload=name,
        variant=artifact.name,
        delegate=str(workload.delegate),
        threads=workload.threads,
        serial=serial,
        profile=device.profile,
        device_model=device.model,
        soc=device.soc,
        emulated=device.emulated,
        size_bytes=artifact.size_bytes,
        artifact_sha256=artifact.sha256,
        binary_sha256=binary.sha256 if binary.identified else None,
        thing=thing_key(artifact.sha256, binary) if binary.identified and artifact.sha256 else UNKNOWN,
        tool=binary.tool if binary.identified else None,
        os=device.os,
        build=device.build,
        conditions_asked=asked,
        epoch=key_of(device.build, binary.tool, asked) if binary.identified else UNKNOWN,
        mbench=made_by.mbench,
        git=made_by.git,
        label=made_by.label,
        **_ended(result, workload, unread),
    )


def thing_key(artifact_sha256: str | None, binary: BinaryFacts) -> int:
    """Return the key of what is under test: a file, and the program with the libraries beside it."""
    return key_of(artifact_sha256, binary.sha256, *sorted(binary.companions.items()))


def _conditions_asked(workload: Workload, rules: MeasuringRules, made_by: Provenance, device: DeviceFacts) -> str:
    """Return in words what was asked of each run, but for what only says how many there are."""
    cores = "any cores" if rules.cpus is None else f"cores {','.join(map(str, rules.cpus[: workload.threads]))}"
    settings = workload.settings
    inferences = f"{settings.warmup_runs}+{settings.num_runs} inferences"
    words = [
        f"{inferences}, at least {settings.warmup_min_secs:g}+{settings.min_secs:g} s",
        f"at most {settings.max_secs:g} s",
        cores,
        "sustained clocks" if rules.fixed_performance else None,
        None if rules.governor is None else f"governor {rules.governor}",
        *map(str, workload.inputs),
        f"on {made_by.host}" if device.emulated else None,
        f"measuring rules {made_by.measuring_version or FIRST_VERSION}",
    ]
    return "; ".join(word for word in words if word is not None)


def _ended(result: JobResult | None, workload: Workload, unread: str | None) -> dict[str, Any]:
    """Return what became of a job, as fields of its point."""
    if result is None:
        return {"state": PointState.MISSING, "status": "missing", "error": None if unread is None else one_line(unread)}
    fields: dict[str, Any] = {
        "state": _state(result),
        "status": str(result.status),
        "error_class": result.error_class,
        "error": None if result.message is None else one_line(result.message),
        "warnings": tuple(dict.fromkeys(str(warning.code) for warning in result.warnings)),
        **_accuracy(result.scores),
    }
    if result.status is not Status.OK:
        return fields
    good = [run for run in result.runs if run.purpose is Pass.LATENCY and run.status is Status.OK]
    memory = [run for run in result.runs if run.purpose is Pass.MEMORY and run.status is Status.OK]
    samples = latency_samples_us(result.runs)
    plain = bootstrap_interval(samples, seed=result.rules.seed)
    interval = None if plain is None else for_coarse_clock(plain)
    return fields | {
        "latency_us": _middle(samples),
        "half_width_us": None if interval is None else (interval.high - interval.low) / 2,
        "runs": len(samples),
        "runs_us": tuple(map(float, samples)),
        "init_us": _middle(run.init_us for run in good),
        "first_us": _middle(run.first_us for run in good),
        "memory_kib": _middle(run.memory.peak_kib for run in memory if run.memory is not None),
        **_coverage(good, workload),
        **_surroundings(good),
    }


def _state(result: JobResult) -> PointState:
    if result.status is Status.OK:
        return PointState.NUMBER if latency_samples_us(result.runs) else PointState.LAB
    return PointState.FAILED if code_of(result) == OWN_FAULT else PointState.LAB


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None


def kept_score(scores: Iterable[Score]) -> Score | None:
    """Return the score that a point holds: the host's, else the device's; None where there is none."""
    return next(iter(sorted(scores, key=lambda score: score.place != "host")), None)


def _accuracy(scores: Iterable[Score]) -> dict[str, Any]:
    """Return what a score says: how many were right, or what a user's values are, and of what question."""
    score = kept_score(scores)
    if score is None or not score.metrics:
        return {}
    top1 = score.metric("top1")
    chosen = top1 or score.metrics[0]
    own = score.own_metric
    counted = top1 if own is None else chosen if chosen.kind == "share" else None
    merit = None if own is None or chosen.kind == "share" else chosen.value
    judged = chosen.name if own is None else f"{chosen.name} of {own.source} sha256 {own.sha256[:12]}"
    question = (
        f"{score.dataset.name} {score.dataset.split}, {score.preprocessing}, {score.asked} examples, {judged}, "
        f"on the {score.place}"
    )
    key = key_of(
        score.place,
        chosen.name,
        score.dataset.model_dump_json(),
        score.preprocessing,
        score.cells_sha256,
        score.asked,
        score.selection_seed,
        *([] if own is None else [own.model_dump_json()]),
    )
    return {
        "metric": chosen.name,
        "accuracy": chosen.value,
        "correct": None if counted is None else round(counted.value * score.asked),
        "examples": score.asked,
        "question": question,
        "dataset": key,
        "merit": -merit if merit is not None and chosen.better is MetricBetter.LOWER else merit,
    }


def _coverage(runs: Iterable[Run], workload: Workload) -> dict[str, Any]:
    """Return the proof of delegation that all runs agree on: of the accelerator alone where one was asked for."""
    seen = {_covered(run, workload) for run in runs}
    if len(seen) != 1:
        return {}
    delegated, nodes, partitions = seen.pop()
    return {"delegated": delegated, "nodes": nodes, "partitions": partitions}


def _covered(run: Run, workload: Workload) -> tuple[int | None, int | None, int | None]:
    accelerated = workload.delegate.accelerated
    counted = [each for each in run.delegates if not (accelerated and each.name == XNNPACK_NODE)]
    if not counted:
        return (None if run.nodes is None else 0), run.nodes, None
    totals = {each.subgraph: each.total for each in counted}
    known = [total for total in totals.values() if total is not None]
    if len(known) < len(totals):
        return None, None, None
    partitions = [each.partitions for each in counted if each.partitions is not None]
    return sum(each.nodes for each in counted), sum(known), sum(partitions) if partitions else None


def _surroundings(runs: Iterable[Run]) -> dict[str, Any]:
    states = [state for run in runs for state in (run.conditions_before, run.conditions_after) if state is not None]
    return {
        "temperature_c": max(_known(states, "temperature_c"), default=None),
        "battery_temperature_c": max(_known(states, "battery_temperature_c"), default=None),
        "thermal_status": max(_known(states, "thermal_status"), default=None),
        "battery_percent": min(_known(states, "battery_percent"), default=None),
        "powered_by": next((state.powered_by for state in states if state.powered_by is not None), None),
    }


def _known(states: Iterable[Conditions], name: str) -> list[float]:
    return [value for state in states if (value := getattr(state, name)) is not None]
