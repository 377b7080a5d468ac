"""Planning: the complete list of jobs of a session, as data, before anything is measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbench.core.errors import ForeignProgram, MbenchError, NoDevice, TransportError, UsageError
from mbench.core.job_pairs import OLD_JOB, JobPair
from mbench.core.plain_text import ended
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan, MeasuringRules, Pass, PlannedJob
from mbench.core.workloads import RunSettings, Workload
from mbench.runner.command import refuse_impossible
from mbench.workflows.build.gather_artifacts import Known, unbuilt
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate
from mbench.workflows.devices.device import Device, Identity
from mbench.workflows.run.candidates import candidates_for
from mbench.workflows.run.measuring_rules import UNPINNED, measuring_rules, wanted_settings
from mbench.workflows.run.plan import choose_canary, planned_job, refuse_shared_names, serial_part
from mbench.workflows.run.request import ExpandedRequest, RunRequest
from mbench.workflows.run.together import together

if TYPE_CHECKING:  # a run without a data set has no need of it
    from mbench.workflows.score.run_accuracy import Scoring

HOSTBENCH: Final = "hostbench"
"""On the host itself, its runtime is the one that files are inspected by; any other program checks a file by itself."""

PREPARED_AT_ONCE: Final = 32
"""Devices. What takes long is their own work; pushes have their own bound (`push_slots`)."""

Obtain = Callable[[Sequence[Candidate], BuildInputs], list[Known]]
"""Gives each candidate its artifact: builds it, or only looks whether it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDevice:
    """What one device is going to do.

    Attributes:
        identity: what it is, and its program.
        candidates: what each job of the part was made of, in order.
        left_out: a sentence for each delegate that a sweep leaves out on it.
        pairs: its jobs of old files with those of new ones.
        unfit: why it cannot be used, and others are: its program is then the one that it would have been given. None
            of one that is fit.
    """

    device: Device
    identity: Identity
    part: DevicePlan
    candidates: tuple[Candidate, ...]
    left_out: tuple[str, ...]
    pairs: tuple[JobPair, ...] = ()
    unfit: MbenchError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What a run is going to do.

    Attributes:
        build_inputs: what the variants are built from, with what was learned for them.
    """

    devices: tuple[PlannedDevice, ...]
    build_inputs: BuildInputs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A device with all that planning needs to know of it; of one that is unfit, what the others are."""

    asked: ExpandedRequest
    device: Device
    rules: MeasuringRules
    identity: Identity
    candidates: tuple[Candidate, ...]
    left_out: tuple[str, ...]
    unfit: MbenchError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unfit:
    """A device that cannot be used, and why."""

    asked: ExpandedRequest
    device: Device
    error: MbenchError


def make_plan(
    expanded: ExpandedRequest,
    devices: Sequence[Device],
    obtain: Obtain,
    *,
    learn: bool,
    progress: Progress,
    spares: Callable[[], Sequence[Device]] = tuple,
) -> RunPlan:
    """Return the plan of a run: `mbench run` measures it, `mbench run --dry-run` prints it.

    Args:
        expanded: what was typed.
        devices: those that were asked for.
        obtain: gives candidates their artifacts.
        learn: whether missing weights are trained, files scored on this host and programs pushed; else what is missing
            stays so, and nothing is written to a device.
        progress: reports how far it is.
        spares: returns those that may take the place of one that cannot be used, where any of a profile are wanted.

    Raises:
        MbenchError: something of what was asked for cannot be run, or no device can be used. One of several that
            cannot be is planned for, and its jobs say why.
    """
    asked = [(expanded, device) for device in devices]
    return plan_each(asked, obtain, learn=learn, progress=progress, alone=len(devices) == 1, spares=spares)


def plan_each(
    asked: Sequence[tuple[ExpandedRequest, Device]],
    obtain: Obtain,
    *,
    learn: bool,
    progress: Progress,
    alone: bool = False,
    spares: Callable[[], Sequence[Device]] = tuple,
) -> RunPlan:
    """Return the plan of a session whose devices are asked for different things; see `make_plan`.

    Args:
        asked: each device with what it is to do; all are scored on one data set, and built from the same inputs.
        obtain: gives candidates their artifacts.
        learn: as of `make_plan`.
        progress: reports how far it is.
        alone: whether there is one device, whose name jobs do without; it is refused where it cannot be used.
        spares: as of `make_plan`.

    Raises:
        MbenchError: as of `make_plan`.
    """
    ready = _all_ready(asked, progress, only_look=not learn, alone=alone, spares=spares)
    for one in ready:  # what the program has no flags for is refused before anything is built
        _refuse_impossible(one)
    candidates = list(dict.fromkeys(candidate for one in ready for candidate in one.candidates))
    scoring, build_inputs = asked[0][0].scoring, asked[0][0].request.build_inputs
    if scoring:
        build_inputs = scoring.learned(candidates, build_inputs, train=learn)
    known = dict(zip(candidates, obtain(candidates, build_inputs), strict=True))
    if scoring and learn:
        scoring.ask_host([(each.facts, one.delegate) for one, each in known.items() if each.reason is None])
    planned = [_planned(one, known, scoring, several=not alone) for one in ready]
    names = [job.id.casefold() for one in planned for job in one.part.jobs]
    if len(set(names)) < len(names):
        parts = (
            (job.id, candidate) for one in planned for job, candidate in zip(one.part.jobs, one.candidates, strict=True)
        )
        refuse_shared_names((job, candidate.thing) for job, candidate in parts)
    return RunPlan(devices=tuple(planned), build_inputs=build_inputs)


def _all_ready(
    asked: Sequence[tuple[ExpandedRequest, Device]],
    progress: Progress,
    *,
    only_look: bool,
    alone: bool,
    spares: Callable[[], Sequence[Device]],
) -> list[_Ready]:
    """Return all devices as they will be planned with, prepared at the same time.

    Raises:
        NoDevice: none of several can be used.
        MbenchError: the only one that was asked for cannot be used, or what was asked for cannot be run on one.
    """
    if alone and asked[0][0].request.at_most is None:
        return [_ready(*asked[0], progress, only_look=only_look)]

    def prepare(expanded: ExpandedRequest, device: Device) -> _Ready | _Unfit:
        return _ready_or_not(expanded, device, progress, only_look=only_look)

    found = together(lambda pair: prepare(*pair), asked, most=PREPARED_AT_ONCE)
    if any(isinstance(one, _Unfit) and not _asked_wrongly(one.error) for one in found):
        found = _with_spares(found, list(spares()), prepare, progress)
    if alone and isinstance(found[0], _Unfit):
        raise found[0].error
    errors = [one.error for one in found if isinstance(one, _Unfit)]
    if wrong := next((error for error in errors if _asked_wrongly(error)), None):
        raise wrong
    well = [one for one in found if isinstance(one, _Ready)]
    if not well:
        refused = next((error for error in errors if not isinstance(error, (NoDevice, TransportError))), None)
        said = " ".join(map(str, errors))
        raise refused or NoDevice(f"none of {len(asked)} devices can be used. {said}")
    for error in errors:
        progress.note(str(error))
    return [one if isinstance(one, _Ready) else _as_planned(one, well) for one in found]


def _with_spares(
    found: Sequence[_Ready | _Unfit],
    spares: list[Device],
    prepare: Callable[[ExpandedRequest, Device], _Ready | _Unfit],
    progress: Progress,
) -> list[_Ready | _Unfit]:
    """Return the devices with another one of its profile in the place of each that cannot be used; it is noted."""

    def in_place_of(unfit: _Unfit) -> _Ready | _Unfit:
        for spare in [each for each in spares if each.profile.name == unfit.device.profile.name]:
            spares.remove(spare)
            other = prepare(unfit.asked, spare)
            if isinstance(other, _Ready):
                progress.note(f"{ended(str(unfit.error))} {other.identity.facts.serial} takes its place.")
                return other
            progress.note(str(other.error))
        return unfit

    return [in_place_of(one) if isinstance(one, _Unfit) else one for one in found]


def _ready_or_not(expanded: ExpandedRequest, device: Device, progress: Progress, *, only_look: bool) -> _Ready | _Unfit:
    """Return a device with all that planning needs, or why it cannot be used."""
    try:
        return _ready(expanded, device, progress, only_look=only_look)
    except MbenchError as error:
        return _Unfit(asked=expanded, device=device, error=error)


def _asked_wrongly(error: MbenchError) -> bool:
    """Whether what was asked for is wrong, and not one device unfit for it: the host refuses what phones have, say."""
    return isinstance(error, UsageError) and not isinstance(error, ForeignProgram)


def _as_planned(unfit: _Unfit, well: Sequence[_Ready]) -> _Ready:
    """Return an unfit device as it would have been planned with, as far as that is known.

    Its program, and its cores where it could not be asked for its own, are those of a device that is well, of its own
    profile if there is one; the plan says that they were not read on it.
    """
    expanded, device = unfit.asked, unfit.device
    alike = next((one for one in well if one.device.profile.name == device.profile.name), well[0])
    instrument, rules = alike.identity.instrument, measuring_rules(expanded.request, device)
    if rules.cpus is None and expanded.request.cpus != UNPINNED:
        rules = rules.model_copy(update={"cpus": alike.rules.cpus})
    candidates, left_out = candidates_for(
        expanded.request.selection, expanded.selected, delegates=device.profile.delegates, instrument=instrument
    )
    return _Ready(
        asked=expanded,
        device=device,
        rules=rules,
        identity=Identity(
            facts=device.known,
            instrument=instrument,
            binary=alike.identity.binary.model_copy(update={"identified": False}),
        ),
        candidates=candidates,
        left_out=left_out,
        unfit=unfit.error,
    )


def _ready(expanded: ExpandedRequest, device: Device, progress: Progress, *, only_look: bool) -> _Ready:
    """Return a device with its program and what it is to run; what is left out of a sweep is noted."""
    request = expanded.request
    rules = measuring_rules(request, device)
    identity = device.identify(wanted=wanted_settings(rules), progress=progress, only_look=only_look)
    candidates, left_out = candidates_for(
        request.selection, expanded.selected, delegates=device.profile.delegates, instrument=identity.instrument
    )
    for sentence in left_out:
        progress.note(f"{identity.facts.serial}: {sentence}.")
    return _Ready(
        asked=expanded, device=device, rules=rules, identity=identity, candidates=candidates, left_out=left_out
    )


def _refuse_impossible(ready: _Ready) -> None:
    """Refuse what the device's program lacks a flag for.

    Raises:
        UsageError: the flag, named.
    """
    request = ready.asked.request
    settings, nothing = _settings(request, ready), unbuilt("-")
    inputs = request.inputs.placeholder()
    workloads = [
        Workload(
            artifact=nothing, delegate=one.delegate, threads=_threads(one, ready), settings=settings, inputs=inputs
        )
        for one in ready.candidates
    ]
    refuse_impossible(workloads, passes(ready.rules), ready.identity.instrument)


def _planned(
    ready: _Ready,
    known: Mapping[Candidate, Known],
    scoring: "Scoring | None",
    *,
    several: bool,
) -> PlannedDevice:
    """Return what one device is going to do; of several devices, names of jobs say which one they are of."""
    request, serial = ready.asked.request, ready.identity.facts.serial
    settings, here_alone = _settings(request, ready), ""
    here = ready.device.profile.transport == "host" and ready.identity.instrument.tool == HOSTBENCH
    jobs = []
    for one in ready.candidates:
        found = known[one]
        reason = found.reason or (found.here if here else None)
        jobs.append(
            planned_job(
                found.facts,
                reason,
                one.delegate,
                _threads(one, ready),
                settings,
                found.inputs,
                signature=request.signature,
                error_class=found.error_class,
            )
        )
    pairs = _pairs(ready.candidates, jobs) if ready.asked.old else {}
    for place, new in pairs.items():
        jobs[place] = jobs[place].model_copy(update={"id": f"{new}{OLD_JOB}"})
    _refuse_unfit_signatures([job.workload for job in jobs if job.workload.signature], ready, scored=bool(scoring))
    if several:
        here_alone = f"@{serial_part(serial)}"
        jobs = [job.model_copy(update={"id": job.id + here_alone}) for job in jobs]
    part = DevicePlan(
        device=ready.identity.facts,
        binary=ready.identity.binary,
        rules=ready.rules,
        canary=choose_canary(jobs),
        canary_job=f"canary@{serial_part(serial)}" if several else "canary",
        asked_cpus=None if ready.unfit is None else request.cpus,
        jobs=tuple(jobs),
    )
    return PlannedDevice(
        device=ready.device,
        identity=ready.identity,
        part=scoring.with_scores(part) if scoring else part,
        candidates=ready.candidates,
        left_out=ready.left_out,
        pairs=tuple(JobPair(old=jobs[place].id, new=f"{new}{here_alone}") for place, new in pairs.items()),
        unfit=ready.unfit,
    )


def _pairs(candidates: Sequence[Candidate], jobs: Sequence[PlannedJob]) -> dict[int, str]:
    """Return the job of the new file by the place of the old one's."""
    new = {
        (one.thing, one.delegate, one.threads): job.id
        for one, job in zip(candidates, jobs, strict=True)
        if one.old_of is None
    }
    return {
        place: new[one.old_of, one.delegate, one.threads]
        for place, one in enumerate(candidates)
        if one.old_of is not None
    }


def _refuse_unfit_signatures(workloads: Sequence[Workload], ready: _Ready, *, scored: bool) -> None:
    """Refuse a signature that the device's program has no flag for, or whose accuracy is asked for.

    Raises:
        UsageError: what is missing.
    """
    if workloads and scored:
        raise UsageError(
            f"{workloads[0].name}: accuracies are of a file's first graph, not of a signature; leave --dataset out."
        )
    refuse_impossible(workloads, passes(ready.rules), ready.identity.instrument)


def _settings(request: RunRequest, ready: _Ready) -> RunSettings:
    return RunSettings.model_validate(ready.device.profile.settings.model_dump() | request.settings)


def _threads(one: Candidate, ready: _Ready) -> int:
    return one.threads or ready.device.profile.threads


def passes(rules: MeasuringRules) -> tuple[Pass, ...]:
    """Return the passes that each job has by these rules."""
    purposes = {Pass.LATENCY: True, Pass.MEMORY: rules.memory_runs > 0, Pass.OPS: rules.profile_ops}
    return tuple(purpose for purpose, wanted in purposes.items() if wanted)
