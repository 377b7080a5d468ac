"""What a farm file asks of each group of devices, with every word of it looked up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mbench.core.builds.sweeps import Axis
from mbench.core.errors import UsageError
from mbench.core.ports import Progress
from mbench.workflows.build.own_in_files import (
    FloatFile,
    keeps_wrongly,
    kept_in_float,
    options_of,
    own_sources,
    wrong_in,
)
from mbench.workflows.build.own_networks import refuse_alike
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection, select
from mbench.workflows.devices.user_profile import user_profile
from mbench.workflows.nightly.farm_file import HOST, FarmFile, Group, Measure
from mbench.workflows.nightly.looked_up import place_of_wrong
from mbench.workflows.run.request import QUICK_RULES, QUICK_SETTINGS, ExpandedRequest, RunRequest

if TYPE_CHECKING:
    from mbench.workflows.score.run_accuracy import Accuracy, Scoring

_SETTINGS: Final = {"num_runs": "num_runs", "min_secs": "min_secs", "max_secs": "max_secs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmRequest:
    """A farm file with every word of it looked up.

    Attributes:
        groups: what each group of devices is to do.
        names: the names that last, of users' own files.
    """

    file: FarmFile
    groups: Mapping[str, ExpandedRequest]
    names: Mapping[Path, str]


def expand_farm(
    file: FarmFile,
    *,
    command: tuple[str, ...],
    adb_servers: tuple[str, ...] = (),
    workers: int | None = None,
    progress: Progress,
) -> FarmRequest:
    """Return what a farm file asks for; a wrong word is refused before any device is looked for.

    Args:
        file: as it was read.
        command: as it was typed.
        adb_servers: whose phones.
        workers: processes that build; None: one per core.
        progress: reports what takes long.

    Raises:
        DatasetError: the data set is not there.
        UsageError: a word that is not one, with its place.
    """
    for name, group in file.farm.phones.items():
        _refuse_unknown(file, name, group)
    base = _base(file, command, adb_servers, workers)
    _refuse_absent_files(file)
    scoring = None
    if base.accuracy is not None:
        from mbench.workflows.score.run_accuracy import scoring_of

        scoring = scoring_of(base.accuracy, workers=workers, progress=progress)
    asked = {name: _of_group(name, group, file, base, scoring, progress) for name, group in file.farm.phones.items()}
    build_inputs = reduce(_with_seeded, (one.build_inputs for one, _ in asked.values()))
    return FarmRequest(
        file=file,
        groups={
            name: ExpandedRequest(
                request=replace(request, build_inputs=build_inputs), scoring=scoring, selected=candidates
            )
            for name, (request, candidates) in asked.items()
        },
        names={file.resolved(own.file): own.as_ for one in file.farm.measure for own in one.models},
    )


def _refuse_unknown(file: FarmFile, name: str, group: Group) -> None:
    """Refuse a profile that is none, and a device that is called like one.

    Raises:
        UsageError: with what may be meant.
    """
    try:
        user_profile(group.profile or HOST)
    except UsageError as error:
        raise UsageError(f"{file.at('phones', name, 'profile')}: {error}") from error
    if group.device not in (None, HOST):
        try:
            user_profile(group.device or "")
        except UsageError:
            return
        raise UsageError(
            f"{file.at('phones', name, 'device')}: {group.device} is a profile, not a serial; write "
            f'profile = "{group.device}", and count or every.'
        )


def _refuse_absent_files(file: FarmFile) -> None:
    """Refuse a program, or a certificate's folder, that is not there.

    Raises:
        UsageError: with its place.
    """
    program, hosts = file.farm.program.binary, file.farm.hosts
    if program is not None and not file.resolved(program).is_file():
        raise UsageError(f"{file.at('program', 'binary')}: {file.resolved(program)} is no file.")
    if hosts is not None and hosts.tls is not None and not file.resolved(hosts.tls).is_dir():
        raise UsageError(
            f"{file.at('hosts', 'tls')}: {file.resolved(hosts.tls)} is no folder; mbench farm certs makes it."
        )


def _base(file: FarmFile, command: tuple[str, ...], adb_servers: tuple[str, ...], workers: int | None) -> RunRequest:
    """Return what holds for all groups."""
    said, program = file.farm.settings, file.farm.program
    settings = dict(QUICK_SETTINGS) if said.quick else {}
    settings |= {name: value for name in _SETTINGS if (value := getattr(said, name)) is not None}
    if said.warmup_secs is not None:
        settings["warmup_min_secs"] = said.warmup_secs
    rules = dict(QUICK_RULES) if said.quick else {}
    wanted = {"min_runs": said.runs, "max_runs": said.max_runs, "target_interval": said.target_interval}
    rules |= {name: value for name, value in wanted.items() if value is not None}
    return RunRequest(
        devices=(),
        selection=Selection(),
        build_inputs=BuildInputs(weights=file.farm.accuracy.weights if file.farm.accuracy else None, seed=said.seed),
        accuracy=_accuracy(file),
        settings=settings,
        rules=rules,
        memory_runs=said.memory_runs if said.memory_runs is not None else (1 if said.quick else 3),
        seed=said.seed,
        cpus=said.cpus,
        binary=None if program.binary is None else file.resolved(program.binary),
        flavour=program.flavour,
        fixed_performance=said.fixed_performance,
        governor=said.governor,
        results=file.results,
        command=command,
        workers=workers,
        adb_servers=adb_servers,
        title=file.name,
    )


def _accuracy(file: FarmFile) -> "Accuracy | None":
    """Return what files are scored on.

    Raises:
        UsageError: with its place: a unit that is none, or code that would have to travel to other hosts.
    """
    said = file.farm.accuracy
    if said is None:
        return None
    from mbench.workflows.score.scored_in_files import accuracy_of

    if said.metric is not None and said.place != "host" and file.farm.hosts is not None:
        raise UsageError(
            f"{file.at('accuracy', 'place')}: the hosts that lend phones judge their answers, and no code of yours "
            'travels there; with a metric write place = "host".'
        )
    return accuracy_of(
        said,
        lambda path: file.resolved(path).absolute(),  # a night may be gone on with from another folder
        seed=file.farm.settings.seed,
        place_of=lambda key: file.at("accuracy", key),
    )


def _of_group(
    name: str, group: Group, file: FarmFile, base: RunRequest, scoring: "Scoring | None", progress: Progress
) -> tuple[RunRequest, tuple[Candidate, ...]]:
    """Return the request of a group, and all that it is to run, each once."""
    request, candidates = base, dict[Candidate, None]()
    for number, one in enumerate(file.farm.measure):
        if name not in (one.groups or file.farm.phones):
            continue
        if (wrong := wrong_in(one, file.resolved, _quantized_files(one))) is not None:
            raise UsageError(f"{file.at('measure', number, *wrong[0])}: {wrong[1]}")
        own = None
        try:
            own = _of_measure(one, group, file, base, scoring, progress)
            candidates |= dict.fromkeys(select(own.selection))
        except UsageError as error:
            keeps = own is not None and keeps_wrongly(own.selection)
            place = ("measure", number, "keep_float") if keeps else place_of_wrong(file, number, one, error)
            raise type(error)(f"{file.at(*place)}: {error}") from error
        _refuse_alike(candidates, file.at("measure", number))
        request = replace(
            request,
            build_inputs=_with_seeded(request.build_inputs, own.build_inputs),
            profile_ops=request.profile_ops or own.profile_ops,
        )
    return request, tuple(candidates)


def _refuse_alike(candidates: Iterable[Candidate], place: str) -> None:
    """Refuse two networks of one name, which several [[measure]] may have.

    Raises:
        UsageError: with its place.
    """
    try:
        refuse_alike(one.own for one in candidates if one.own is not None)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error


def _of_measure(
    one: Measure, group: Group, file: FarmFile, base: RunRequest, scoring: "Scoring | None", progress: Progress
) -> RunRequest:
    delegates = one.delegates or group.delegates
    lists = {
        Axis.THREADS: one.threads,
        Axis.DELEGATE: ",".join(delegates) if delegates else None,
        Axis.ALPHA: one.alpha,
        Axis.RESOLUTION: one.resolution,
        Axis.QUANTIZATION: one.quantization,
    }
    for text in one.sweep:
        if text == Axis.DELEGATE:
            raise UsageError("name the delegates: delegates = [...] in [phones.GROUP] or in [[measure]].")
    request = replace(base, selection=_selection(one, file, lists))
    if one.suite is not None:
        from mbench.workflows.paper.suites import find_suite, suite_request

        suite = str(file.resolved(one.suite)) if one.suite.endswith(".toml") else one.suite
        found = find_suite(suite)
        request, notes = suite_request(request, found, suite, trusted=True, scored=False)
        if found.accuracy is not None:
            notes = (*notes, f"suite {suite}: its [accuracy] is left out; a night is scored as its farm file says")
        for note in notes:
            progress.note(f"{note}.")
    if scoring is not None:
        selection, build_inputs = scoring.suited(request.selection, request.build_inputs)
        request = replace(request, selection=selection, build_inputs=build_inputs)
    return request


def _selection(one: Measure, file: FarmFile, lists: Mapping[Axis, str | None]) -> Selection:
    """Return what a [[measure]] names; paths are relative to the farm file."""
    quantized = _quantized_files(one)
    return Selection(
        names=tuple(one.variants),
        files=() if quantized else tuple(file.resolved(own.file) for own in one.models),
        sweeps=tuple(one.sweep),
        lists={axis: text for axis, text in lists.items() if text is not None},
        own=own_sources(one, file.resolved, quantized),
        keep_float=kept_in_float(one),
        architecture=one.arch or "mobilenet_v1",
        typed=options_of(one),
    )


def _quantized_files(one: Measure) -> list[FloatFile]:
    """Return the files that are to be quantized; none where they are measured as they are."""
    quantized = one.quantizes and not one.variants
    return [FloatFile(said=own.file, called=own.as_) for own in one.models] if quantized else []


def _with_seeded(one: BuildInputs, other: BuildInputs) -> BuildInputs:
    """Return build inputs with the networks that either of them draws weights for."""
    return replace(one, weights=one.weights or other.weights, seeded=one.seeded | other.seeded)
