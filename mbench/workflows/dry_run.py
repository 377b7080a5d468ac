"""Dry run: the plan and the exact commands of a run, printed; nothing is built, written or measured."""

import shlex
from collections.abc import Iterator
from dataclasses import replace

from mbench.artifacts.cache import ArtifactCache
from mbench.core.results import Pass, PlannedJob
from mbench.core.schedule import block_order
from mbench.core.workloads import RunSettings
from mbench.devices.host_facts import read_facts
from mbench.runner.command import RunPaths, command_of
from mbench.workflows.artifacts import unbuilt
from mbench.workflows.home import home
from mbench.workflows.instruments import hostbench
from mbench.workflows.planning import planned_job
from mbench.workflows.recipes import recipes_of
from mbench.workflows.running import RunRequest, measuring_rules
from mbench.workflows.selection import select
from mbench.workflows.stations import user_profile


def plan_lines(request: RunRequest) -> Iterator[str]:
    """Yield the plan: device, rules, jobs with what must be built, the first block's order, and the commands.

    Raises:
        UsageError: whatever `mbench run` would refuse.
    """
    profile = user_profile(request.device)
    candidates = select(request.selection, threads=profile.threads)
    settings = RunSettings.model_validate(profile.settings.model_dump() | request.settings)
    rules = measuring_rules(request, profile)
    variants = list(dict.fromkeys(one.variant for one in candidates if one.variant is not None))
    recipes = recipes_of(variants, request.ingredients, weights_folder=home() / "weights")
    cache = ArtifactCache(home() / "cache")
    cached = {variant: cache.get(recipe.digest()) for variant, recipe in recipes.items()}
    facts = read_facts()
    yield f"device: {facts.serial} ({facts.soc or facts.model or 'processor not known'}), profile {profile.name}"
    yield f"rules: {rules.model_dump_json()}"
    yield f"settings: {settings.model_dump_json()}"
    jobs: list[PlannedJob] = []
    for one in candidates:
        name = str(one.variant) if one.variant else f"file:{one.file}"
        entry = cached.get(one.variant) if one.variant else None
        artifact = entry.facts if entry else unbuilt(name)
        jobs.append(planned_job(artifact, None, one.delegate, one.threads, settings))
        state = f"cached {entry.facts.sha256}" if entry else ("your file" if one.file else "to be built")
        yield f"job {jobs[-1].id}: {state}"
    yield f"first block: {', '.join(block_order([job.id for job in jobs], seed=rules.seed, block=0))}"
    yield from _commands(request, jobs)


def _commands(request: RunRequest, jobs: list[PlannedJob]) -> Iterator[str]:
    instrument, _ = hostbench()
    if request.binary is not None:
        instrument = replace(instrument, argv_prefix=(str(request.binary),))
    passes = [
        Pass.LATENCY,
        *([Pass.MEMORY] if request.memory_runs else []),
        *([Pass.OPS] if request.profile_ops else []),
    ]
    for job in jobs:
        name = job.workload.artifact.sha256 or job.workload.artifact.name
        paths = RunPaths(work_dir="WORK", model=f"WORK/models/{name}.tflite")
        for purpose in passes:
            argv = command_of(job.workload, purpose, paths, instrument).argv
            yield f"{purpose}: {shlex.join(argv)}"
