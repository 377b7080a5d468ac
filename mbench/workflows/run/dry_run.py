"""Dry run: the plan and the exact commands of a run, printed; nothing is built, stored or measured."""

import shlex
from collections.abc import Iterator, Mapping

from mbench.artifacts.cache import ArtifactCache
from mbench.core.ports import SilentProgress
from mbench.core.results import Pass, PlannedJob
from mbench.core.schedule import block_order
from mbench.core.workloads import ArtifactFacts, RunSettings
from mbench.runner.command import RunPaths, command_of
from mbench.runner.instrument import Instrument
from mbench.workflows.build.gather_artifacts import unbuilt
from mbench.workflows.build.recipes import recipes_of
from mbench.workflows.build.selection import select
from mbench.workflows.devices.device import Device
from mbench.workflows.home import home
from mbench.workflows.run.candidates import candidates_for
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.measuring_rules import measuring_rules, wanted_settings
from mbench.workflows.run.plan import planned_job
from mbench.workflows.run.session import RunRequest, with_dataset

SESSION = "SESSION"


def plan_lines(request: RunRequest) -> Iterator[str]:
    """Yield the plan: for each device its rules, jobs with what must be built, the first block, and the commands.

    Raises:
        MbenchError: whatever `mbench run` would refuse before it measures.
    """
    request, scoring = with_dataset(request, SilentProgress())
    candidates = select(request.selection)  # their variants are the same on every device
    build_inputs = scoring.learned(candidates, request.build_inputs, train=False) if scoring else request.build_inputs
    named = dict.fromkeys(one.variant for one in candidates if one.variant is not None)
    variants = [each for each in named if build_inputs.untrained(each) is None]
    recipes = recipes_of(variants, build_inputs, weights_folder=home() / "weights")
    cache = ArtifactCache(home() / "cache")
    cached = {str(variant): cache.get(recipe.digest()) for variant, recipe in recipes.items()}
    known = {name: entry.facts if entry else unbuilt(name) for name, entry in cached.items()}
    for variant in named:
        if (reason := build_inputs.untrained(variant)) is not None:
            yield f"weights of {variant}: {reason}"
    with find_devices(request.devices, request.adb_servers, wait_s=request.wait_s) as devices:
        for device in devices.choose(request):
            yield from _device_lines(request, device, known)


def _device_lines(request: RunRequest, device: Device, known: Mapping[str, ArtifactFacts]) -> Iterator[str]:
    rules = measuring_rules(request, device)
    identity = device.identify(wanted=wanted_settings(rules), progress=SilentProgress())
    instrument, binary, facts = identity.instrument, identity.binary, identity.facts
    candidates, left_out = candidates_for(request.selection, delegates=device.profile.delegates, instrument=instrument)
    jobs = [
        planned_job(
            known.get(str(one.variant)) or unbuilt(f"file:{one.file}" if one.file else str(one.variant)),
            None,
            one.delegate,
            one.threads or device.profile.threads,
            RunSettings.model_validate(device.profile.settings.model_dump() | request.settings),
        )
        for one in candidates
    ]
    processor = facts.soc or facts.model or "processor not known"
    yield f"device: {facts.serial} ({processor}), profile {device.profile.name}"
    yield f"binary: {binary.tool} {binary.sha256[:12]} ({binary.path})"
    for library, digest in binary.companions.items():
        yield f"beside it: {library} {digest[:12]}"
    for sentence in left_out:
        yield f"note: {sentence}"
    yield f"rules: {rules.model_dump_json()}"
    yield f"settings: {jobs[0].workload.settings.model_dump_json()}"
    for job, one in zip(jobs, candidates, strict=True):
        sha256 = job.workload.artifact.sha256
        yield f"job {job.id}: {f'cached {sha256}' if sha256 else 'your file' if one.file else 'to be built'}"
    yield f"first block: {', '.join(block_order([job.id for job in jobs], seed=rules.seed, block=0))}"
    yield f"folders: {SESSION} in a command is the name that the session gets when it is made"
    purposes = {Pass.LATENCY: True, Pass.MEMORY: rules.memory_runs > 0, Pass.OPS: rules.profile_ops}
    for job in jobs:
        for purpose in [each for each, wanted in purposes.items() if wanted]:
            yield f"{purpose}: {_command(job, purpose, instrument, device)}"


def _command(job: PlannedJob, purpose: Pass, instrument: Instrument, device: Device) -> str:
    """Return the command line as a shell would take it; where a file is not built yet, its name stands for its hash."""
    name = job.workload.artifact.sha256 or job.workload.artifact.name
    folders = device.folders(SESSION)
    paths = RunPaths(work_dir=f"{folders.work_dir}/run", model=f"{folders.models}/{name}.tflite")
    environment = instrument.environment if instrument.companions else ()
    variables = [f"{variable}={shlex.quote(value)}" for variable, value in environment]
    return " ".join([*variables, shlex.join(command_of(job.workload, purpose, paths, instrument).argv)])
