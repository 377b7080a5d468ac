"""Running: `mbench run`, from what was typed to a session folder whose every job has its document."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.core.errors import StoreError
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan, MeasuringRules, Pass, PlannedJob
from mbench.core.workloads import RunSettings
from mbench.report.results.report import report_markdown
from mbench.runner.command import refuse_impossible
from mbench.store.session import create_session, find_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.build.gather_artifacts import Known, gather, unbuilt
from mbench.workflows.build.selection import BuildInputs, Candidate, Selection, select
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import Device, Identity
from mbench.workflows.run.candidates import candidates_for
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.foreign_code import refuse_foreign_delegates, refuse_other_binary
from mbench.workflows.run.many_devices import measure_parts
from mbench.workflows.run.measuring_rules import measuring_rules, wanted_settings
from mbench.workflows.run.one_device import DeviceOf
from mbench.workflows.run.plan import device_plan, plan_maker, planned_job, serial_part
from mbench.workflows.run.provenance import provenance

if TYPE_CHECKING:  # what a run without a data set, or on this host by hostbench, has no need of
    from mbench.binaries.records import Flavour
    from mbench.workflows.score.run_accuracy import Accuracy, Scoring


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asked `mbench run` for; None leaves a thing to the device's profile.

    Attributes:
        accuracy: what files are scored on and where; None: they are not.
        title: what the session's name says it is of; None: what was typed.
    """

    devices: tuple[str, ...]
    selection: Selection
    build_inputs: BuildInputs
    accuracy: "Accuracy | None" = None
    settings: dict[str, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)
    memory_runs: int = 3
    profile_ops: bool = False
    seed: int = 0
    cpus: str | None = None
    binary: Path | None = None
    flavour: "Flavour | None" = None
    fixed_performance: bool = False
    governor: str | None = None
    wait_s: float | None = None
    results: Path
    command: tuple[str, ...]
    workers: int | None = None
    adb_servers: tuple[str, ...] = ()
    every: bool = False
    at_most: int | None = None
    title: str | None = None


Started = Callable[[SessionStore], None]


def run(request: RunRequest, *, progress: Progress, started: Started) -> SessionStore:
    """Find the devices, build what is missing, plan, measure, and return the finished session.

    Args:
        request: what was typed.
        progress: told how far it is.
        started: told of the session once it exists.

    Raises:
        MbenchError: nothing could be measured. A job that fails is no error here: it has its document.
    """
    request, scoring = with_dataset(request, progress)
    select(request.selection)  # a wrong word is told before any device is looked for
    with find_devices(request.devices, request.adb_servers, wait_s=request.wait_s) as devices:
        ready = [_ready(request, device, progress) for device in devices.choose(request)]
        for device in ready:  # what the program has no flags for is refused before anything is built
            _part(request, device, [(unbuilt("-"), None)] * len(device.candidates), several=False)
        candidates = list(dict.fromkeys(one for device in ready for one in device.candidates))
        build_inputs = scoring.learned(candidates, request.build_inputs) if scoring else request.build_inputs
        gathered = gather(candidates, build_inputs, workers=request.workers, progress=progress)
        known = dict(zip(candidates, gathered, strict=True))
        if scoring:
            scoring.ask_host([(facts, one.delegate) for one, (facts, reason) in known.items() if reason is None])
        parts = [
            _part(request, device, [known[one] for one in device.candidates], several=len(ready) > 1)
            for device in ready
        ]
        if scoring:
            parts = [scoring.with_scores(part) for part in parts]
        store = create_session(
            request.results,
            device="-".join(dict.fromkeys(each.device.profile.name for each in ready)),
            what=request.title or _what(request.selection),
            now=SystemClock().now(),
            plan_of=plan_maker(
                parts,
                provenance=provenance(request.command),
                clock=SystemClock(),
                spec=request.accuracy.spec if request.accuracy else None,
                ask_devices=request.accuracy is not None and "device" in request.accuracy.places,
            ),
        )
        by_serial = {each.identity.facts.serial: each.device for each in ready}
        _drive(store, lambda part: by_serial[part.device.serial], progress, started)
    return store


def with_dataset(request: RunRequest, progress: Progress) -> "tuple[RunRequest, Scoring | None]":
    """Return the request as its data set wants it, and what scores files; without a data set nothing is loaded."""
    if request.accuracy is None:
        return request, None
    from mbench.workflows.score.run_accuracy import Scoring

    scoring = Scoring(request.accuracy, workers=request.workers, progress=progress)
    selection, build_inputs = scoring.suited(request.selection, request.build_inputs)
    return replace(request, selection=selection, build_inputs=build_inputs), scoring


def resume(
    name: str | None,
    *,
    results: Path,
    adb_servers: Sequence[str],
    progress: Progress,
    started: Started,
    wait_s: float | None = None,
    binary: Path | None = None,
    delegates: str | None = None,
) -> SessionStore:
    """Go on with a session where it stopped: nothing is measured twice.

    The folder may be anybody's: what is kept in it is compared with its plan, and code that the plan names is started
    only where it is named here too (`mbench.workflows.run.foreign_code`).

    Args:
        name: of the session; None: the latest.
        results: the results folder.
        adb_servers: the servers to ask; none: the user's own.
        progress: told how far it is.
        started: told of the session once it is opened.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.
        binary: the user's own benchmark_model that the session was begun with.
        delegates: those of the plan that are loaded from a path, as `--delegate` takes them.

    Raises:
        MbenchError: the device, the program or a file is not the one that the session was begun with.
    """
    store = open_session(find_session(results, name))
    store.refuse_other_runs()
    refuse_foreign_delegates(store, delegates)
    refuse_other_binary(store, binary)
    profiles = [part.device.profile for part in store.plan.devices]
    with find_devices(profiles, adb_servers, wait_s=wait_s) as devices:
        _drive(store, partial(devices.of_part, binary=binary), progress, started)
    return store


@dataclass(frozen=True, slots=True)
class _Ready:
    """A device with all that planning needs to know of it."""

    device: Device
    rules: MeasuringRules
    identity: Identity
    candidates: tuple[Candidate, ...]


def _ready(request: RunRequest, device: Device, progress: Progress) -> _Ready:
    """Return a device with its program and what it is to run; what is left out of a sweep is noted."""
    rules = measuring_rules(request, device)
    identity = device.identify(wanted=wanted_settings(rules), progress=progress)
    candidates, left_out = candidates_for(
        request.selection, delegates=device.profile.delegates, instrument=identity.instrument
    )
    for sentence in left_out:
        progress.note(f"{identity.facts.serial}: {sentence}.")
    return _Ready(device, rules, identity, candidates)


def _part(request: RunRequest, ready: _Ready, known: Sequence[Known], *, several: bool) -> DevicePlan:
    """Return what one device is going to do, with the program that it has for it.

    Raises:
        UsageError: the program lacks a flag that one of the runs needs.
    """
    profile, rules, facts = ready.device.profile, ready.rules, ready.identity.facts
    settings = RunSettings.model_validate(profile.settings.model_dump() | request.settings)
    jobs = [
        planned_job(artifact, reason, candidate.delegate, candidate.threads or profile.threads, settings)
        for candidate, (artifact, reason) in zip(ready.candidates, known, strict=True)
    ]
    purposes = {Pass.LATENCY: True, Pass.MEMORY: rules.memory_runs > 0, Pass.OPS: rules.profile_ops}
    wanted = [purpose for purpose, needed in purposes.items() if needed]
    refuse_impossible([job.workload for job in jobs], wanted, ready.identity.instrument)
    if several:
        jobs = [_of_device(job, facts.serial) for job in jobs]
    return device_plan(
        jobs,
        device=facts,
        binary=ready.identity.binary,
        rules=rules,
        canary_job=f"canary@{serial_part(facts.serial)}" if several else "canary",
    )


def _of_device(job: PlannedJob, serial: str) -> PlannedJob:
    return job.model_copy(update={"id": f"{job.id}@{serial_part(serial)}"})


def _drive(store: SessionStore, device_of: DeviceOf, progress: Progress, started: Started) -> None:
    """Measure what is left of every part, and keep the table, however that ends."""
    with store.lock(), _reported(store):
        started(store)
        measure_parts(store, device_of, progress=progress)
        if store.plan.ask_devices:
            from mbench.workflows.run.device_score import forget_answers

            forget_answers(store.plan.session)


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
