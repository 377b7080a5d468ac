"""Running: `mbench run`, from what was typed to a session folder whose every job has its document."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mbench.core.errors import StoreError, UsageError
from mbench.core.ports import Progress
from mbench.core.results import MeasuringRules
from mbench.core.workloads import RunSettings
from mbench.devices.host_facts import allowed_cpus, parse_cpus
from mbench.devices.profiles import Profile
from mbench.report.markdown import report_markdown
from mbench.store.session import create_session, find_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.artifacts import gather
from mbench.workflows.clock import SystemClock
from mbench.workflows.origin import provenance
from mbench.workflows.parts import measure_part
from mbench.workflows.planning import device_plan, plan_maker, planned_job
from mbench.workflows.selection import Ingredients, Selection, select
from mbench.workflows.stations import host_station, user_profile


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asked `mbench run` for; None leaves a thing to the device's profile."""

    device: str
    selection: Selection
    ingredients: Ingredients
    settings: dict[str, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)
    memory_runs: int = 3
    profile_ops: bool = False
    seed: int = 0
    cpus: str | None = None
    binary: Path | None = None
    results: Path
    command: tuple[str, ...]
    workers: int | None = None


def run(request: RunRequest, *, progress: Progress, started: Callable[[SessionStore], None]) -> SessionStore:
    """Build what is missing, plan, measure, and return the finished session; `started` is told of it beforehand.

    Raises:
        MbenchError: nothing could be measured. A job that fails is no error here: it has its document.
    """
    profile = user_profile(request.device)
    candidates = select(request.selection, threads=profile.threads)
    settings = RunSettings.model_validate(profile.settings.model_dump() | request.settings)
    rules = measuring_rules(request, profile)
    known = gather(candidates, request.ingredients, workers=request.workers, progress=progress)
    jobs = [
        planned_job(facts, reason, candidate.delegate, candidate.threads, settings)
        for candidate, (facts, reason) in zip(candidates, known, strict=True)
    ]
    with host_station(request.binary) as station:
        part = device_plan(jobs, device=station.facts, binary=station.binary, rules=rules)
    store = create_session(
        request.results,
        device=profile.name,
        what=_what(request.selection),
        now=SystemClock().now(),
        plan_of=plan_maker([part], provenance=provenance(request.command), clock=SystemClock()),
    )
    started(store)
    _drive(store, progress)
    return store


def resume(
    name: str | None, *, results: Path, progress: Progress, started: Callable[[SessionStore], None]
) -> SessionStore:
    """Go on with a session where it stopped: nothing is measured twice.

    Raises:
        MbenchError: the device, the program or a file is not the one that the session was begun with.
    """
    store = open_session(find_session(results, name))
    started(store)
    _drive(store, progress)
    return store


def _drive(store: SessionStore, progress: Progress) -> None:
    """Measure what is left of every part, and keep the table, however that ends."""
    with store.lock(), _reported(store):
        for part in store.plan.devices:
            measure_part(store, part, progress=progress)


def measuring_rules(request: RunRequest, profile: Profile) -> MeasuringRules:
    """Return the profile's rules with what the user asked for instead."""
    asked = profile.rules.model_dump() | request.rules
    if "max_runs" not in request.rules:
        asked["max_runs"] = max(asked["max_runs"], asked["min_runs"])
    if asked["max_runs"] < asked["min_runs"]:
        raise UsageError(f"--max-runs {asked['max_runs']} is less than the least number of runs, {asked['min_runs']}.")
    return MeasuringRules(
        **asked,
        memory_runs=request.memory_runs,
        profile_ops=request.profile_ops,
        seed=request.seed,
        cpus=allowed_cpus() if request.cpus is None else parse_cpus(request.cpus),
    )


@contextmanager
def _reported(store: SessionStore) -> Iterator[None]:
    """Keep the table beside the results, however measuring ends; a disk that is full then has its own error already."""
    try:
        yield
    except BaseException:
        with suppress(StoreError):
            store.save_report(report_markdown(store.results()))
        raise
    store.save_report(report_markdown(store.results()))


def _what(selection: Selection) -> str:
    axes = [sweep.partition("=")[0] for sweep in selection.sweeps]
    return "-".join(axes) or ("model" if selection.files else "run")
