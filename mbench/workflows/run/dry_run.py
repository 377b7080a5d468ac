"""Dry run: the plan and the exact commands of a run, printed; nothing is built, stored or measured."""

import shlex
from collections.abc import Iterator
from functools import partial

from mbench.core.ports import SilentProgress
from mbench.core.results import Pass, PlannedJob
from mbench.core.schedule import block_order
from mbench.runner.command import RunPaths, command_of
from mbench.workflows.build.gather_artifacts import foresee
from mbench.workflows.build.selection import Candidate
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.make_plan import PlannedDevice, RunPlan, make_plan, passes
from mbench.workflows.run.request import RunRequest, expand_request

SESSION = "SESSION"


def plan_lines(request: RunRequest) -> Iterator[str]:
    """Yield the plan: for each device its rules, jobs with what must be built, the first block, and the commands.

    Raises:
        MbenchError: whatever `mbench run` would refuse before it measures.
    """
    progress = SilentProgress()
    expanded = expand_request(request, progress)
    with find_devices(request.devices, request.adb_servers, wait_s=request.wait_s) as devices:
        look = partial(foresee, asked=request.inputs)
        chosen = devices.choose(request)
        spares = partial(devices.spares, request, chosen)
        plan = make_plan(expanded, chosen, look, learn=False, progress=progress, spares=spares)
        yield from _weights_lines(plan)
        if expanded.old is not None:
            yield f"against: {expanded.old.source}; old and new are timed in turn"
        for planned in plan.devices:
            yield from _device_lines(planned)


def _weights_lines(plan: RunPlan) -> Iterator[str]:
    candidates = (one for planned in plan.devices for one in planned.candidates)
    for variant in dict.fromkeys(one.variant for one in candidates if one.variant is not None):
        if (reason := plan.build_inputs.untrained(variant)) is not None:
            yield f"weights of {variant}: {reason}"


def _device_lines(planned: PlannedDevice) -> Iterator[str]:
    part, facts, binary = planned.part, planned.part.device, planned.part.binary
    yield f"device: {facts.serial} ({facts.soc or facts.model or 'processor not known'}), profile {facts.profile}"
    yield f"binary: {binary.tool} {binary.sha256[:12]} ({binary.path})"
    if planned.unfit is not None:
        yield f"cannot be used: {planned.unfit}"
        return
    for library, digest in binary.companions.items():
        yield f"beside it: {library} {digest[:12]}"
    for sentence in planned.left_out:
        yield f"note: {sentence}"
    yield f"rules: {part.rules.model_dump_json()}"
    yield f"settings: {part.jobs[0].workload.settings.model_dump_json()}"
    for job, one in zip(part.jobs, planned.candidates, strict=True):
        yield f"job {job.id}: {_foreseen(job, one)}"
    able = [job.id for job in part.jobs if job.build_error is None]
    order = block_order(able, seed=part.rules.seed, block=0, pairs=planned.pairs)
    yield f"first block: {', '.join(order) or 'nothing'}"
    yield f"folders: {SESSION} in a command is the name that the session gets when it is made"
    for job in part.jobs:
        for purpose in passes(part.rules) if job.build_error is None else ():
            yield f"{purpose}: {_command(job, purpose, planned)}"


def _foreseen(job: PlannedJob, one: Candidate) -> str:
    if job.build_error is not None:
        return f"failed: build: {job.build_error}"
    sha256 = job.workload.artifact.sha256
    if one.old_of is not None:
        return f"old file {sha256}"
    return f"your file {sha256}" if one.file else f"cached {sha256}" if sha256 else "to be built"


def _command(job: PlannedJob, purpose: Pass, planned: PlannedDevice) -> str:
    """Return the command line as a shell would take it; where a file is not built yet, its name stands for its hash."""
    instrument, folders = planned.identity.instrument, planned.device.folders(SESSION)
    name = job.workload.artifact.sha256 or job.workload.artifact.name
    paths = RunPaths(work_dir=f"{folders.work_dir}/run", model=f"{folders.models}/{name}.tflite")
    environment = instrument.environment if instrument.companions else ()
    variables = [f"{variable}={shlex.quote(value)}" for variable, value in environment]
    return " ".join([*variables, shlex.join(command_of(job.workload, purpose, paths, instrument).argv)])
