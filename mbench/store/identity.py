"""Identity: whether a document of a session is what its file's name says, and of the session that it lies in.

A session folder may come from anybody: copied by hand, edited, put together of two. Nothing in it is shown or gone on
with before its plan names the folder, its jobs are those of the plan and its runs those of their jobs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.results import DevicePlan, JobResult, Pass, Plan, PlannedJob, Run, Status
from mbench.store.documents import RunDocument

REMEDY: Final = "Restore the file, or remove it and its session."

Found = Iterator[str]
"""Sentences without a full stop: each says one thing that cannot be."""


def refuse_plan(plan: Plan, *, folder: str, source: str) -> None:
    """Refuse a plan that is another folder's, or whose jobs or devices cannot be told apart.

    Raises:
        StoreError: with the first reason.
    """
    _refuse(_plan_faults(plan, folder), source)


def refuse_job(result: JobResult, plan: Plan, part: DevicePlan, planned: PlannedJob, *, source: str) -> None:
    """Refuse a job's document that is not of this job of this plan, or whose runs are not its own, each once.

    Raises:
        StoreError: with the first reason.
    """
    _refuse(_job_faults(result, plan, part, planned), source)


def refuse_other_runs(result: JobResult, kept: Sequence[Run], *, source: str) -> None:
    """Refuse a job's document that does not hold the very runs that are kept.

    Raises:
        StoreError: with the first difference.
    """
    ours, theirs = ({(run.purpose, run.index): run for run in runs} for runs in (result.runs, kept))
    differing = sorted(
        f"{purpose} {index}"
        for purpose, index in ours.keys() | theirs.keys()
        if ours.get((purpose, index)) != theirs.get((purpose, index))
    )
    _refuse((f"its run {name} is not the one that is kept" for name in differing), source)


def refuse_run(document: RunDocument, plan: Plan, *, job: str, folder: str, canary: bool, source: str) -> None:
    """Refuse a kept run that is not what its folder's name says.

    Args:
        document: as it was read.
        plan: of the session that it lies in.
        job: the job that it lies under, or the canary.
        folder: its own, `latency-0`.
        canary: whether `job` is a canary.
        source: the file, for the message.

    Raises:
        StoreError: with the first reason.
    """
    faults = _run_faults(document.run, document.session, plan, job=job, folder=folder, canary=canary)
    _refuse(faults, source)


def _refuse(faults: Found, source: str) -> None:
    for fault in faults:
        raise StoreError(f"{source}: {fault}. {REMEDY}")


def _plan_faults(plan: Plan, folder: str) -> Found:
    if plan.session != folder:
        yield f"it is the plan of session {plan.session!r}, and its folder is called {folder!r}"
    taken = set()
    for part in plan.devices:
        names = [part.canary_job, *(planned.id for planned in part.jobs)]
        for name in names:
            if name.casefold() in taken:  # also where a disk ignores case
                yield f"job {name!r} cannot name a file: the name is taken by another job or the canary"
            taken.add(name.casefold())
        if part.rules.max_runs < part.rules.min_runs:
            yield f"{part.device.serial}: at most {part.rules.max_runs} runs are fewer than {part.rules.min_runs}"
    if twice := _twice(part.device.serial for part in plan.devices):
        yield f"device {twice} stands in it twice"
    yield from _pair_faults(plan)


def _pair_faults(plan: Plan) -> Found:
    place = {planned.id: number for number, part in enumerate(plan.devices) for planned in part.jobs}
    for pair in plan.pairing.pairs if plan.pairing is not None else ():
        if pair.old == pair.new or place.get(pair.old, -1) != place.get(pair.new, -2):
            yield f"jobs {pair.old!r} and {pair.new!r} are no pair: they are not two jobs of one device"


def _job_faults(result: JobResult, plan: Plan, part: DevicePlan, planned: PlannedJob) -> Found:
    if result.session != plan.session:
        yield f"it is of session {result.session!r}, not of {plan.session!r}"
    if result.job != planned.id:
        yield f"it is of job {result.job!r}, and not of the one that its name says"
    agreed: Mapping[str, tuple[object, object]] = {
        "workload": (result.workload, planned.workload),
        "device": (result.device, part.device),
        "binary": (result.binary, part.binary_of(planned)),
        "rules": (result.rules, part.rules),
        "provenance": (result.provenance, plan.provenance),
    }
    for name, (said, meant) in agreed.items():
        if said != meant:
            yield f"its {name} {'are' if name == 'rules' else 'is'} not the plan's"
    for score in result.scores:
        if score.artifact_sha256 != planned.workload.artifact.sha256:
            yield f"it holds a score of another file, {score.artifact_sha256[:12]}"
    yield from _runs_faults(result, part, planned)


def _runs_faults(result: JobResult, part: DevicePlan, planned: PlannedJob) -> Found:
    runs = result.runs
    if stranger := next((run.job for run in runs if run.job != planned.id), None):
        yield f"it holds a run of job {stranger!r}"
    if twice := _twice(f"{run.purpose} {run.index}" for run in runs):
        yield f"run {twice} stands in it twice"
    if twice := _twice(str(run.position) for run in runs):
        yield f"two of its runs are number {twice} of the session"
    most = {
        Pass.LATENCY: part.rules.max_runs,
        Pass.MEMORY: part.rules.memory_runs,
        Pass.OPS: int(part.rules.profile_ops),
        Pass.CANARY: 0,
    }
    for purpose, count in Counter(run.purpose for run in runs).items():
        if count > most[purpose]:
            yield f"it holds {count} {purpose} runs, and the plan lets it have {most[purpose]}"
        if {run.index for run in runs if run.purpose is purpose} != set(range(count)):
            yield f"its {purpose} runs are not numbered 0 to {count - 1}: some are missing"
    if result.status is Status.OK and any(run.status is not Status.OK for run in runs):
        yield "it is called ok, and one of its runs has failed"
    if result.status is Status.OK and planned.build_error is not None:
        yield "it is called ok, and its file could not be built"


def _run_faults(run: Run, session: str, plan: Plan, *, job: str, folder: str, canary: bool) -> Found:
    if session != plan.session:
        yield f"it is of session {session!r}, not of {plan.session!r}"
    if run.job != job:
        yield f"it is a run of job {run.job!r}, and lies with those of {job!r}"
    if f"{run.purpose}-{run.index}" != folder:
        yield f"it is run {run.purpose} {run.index}, and its folder is called {folder!r}"
    if (run.purpose is Pass.CANARY) != canary:
        yield f"a {run.purpose} run is none of {job!r}"


def _twice(names: Iterable[str]) -> str | None:
    """Return the first name that stands more than once, None where none does."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
