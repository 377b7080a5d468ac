"""Running: `mbench run`, from what was typed to a session folder whose every job has its document."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.inspection import file_name, inspect_bytes, read_bytes, runnable_reason
from mbench.core.errors import ArtifactError, NoDevice, StoreError, UsageError
from mbench.core.ports import Progress
from mbench.core.results import BinaryFacts, MeasuringRules, PlannedJob
from mbench.core.variants import Variant
from mbench.core.workloads import ArtifactFacts, RunSettings
from mbench.devices.host import HostTransport
from mbench.devices.host_facts import HostConditions, allowed_cpus, parse_cpus, read_facts
from mbench.devices.host_folders import remove_stale, work_folder
from mbench.devices.profiles import Profile, load_profile
from mbench.report.markdown import report_markdown
from mbench.runner.instrument import Instrument
from mbench.store.session import create_session, find_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.benching import DeviceBench
from mbench.workflows.building import Artifact, BuildFailure, obtain
from mbench.workflows.clock import SystemClock
from mbench.workflows.home import home
from mbench.workflows.instruments import host_instrument
from mbench.workflows.measuring import Measuring
from mbench.workflows.origin import provenance
from mbench.workflows.planning import device_plan, plan_maker, planned_job
from mbench.workflows.recipes import recipes_of
from mbench.workflows.selection import Candidate, Ingredients, Selection, select


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
    profile = load_profile(request.device, user_folder=home() / "device_profiles")
    candidates = select(request.selection, threads=profile.threads)
    settings = RunSettings.model_validate(profile.settings.model_dump() | request.settings)
    rules = measuring_rules(request, profile)
    sources = _Sources(request, candidates, progress)
    jobs = [
        planned_job(*sources.facts_of(candidate), candidate.delegate, candidate.threads, settings)
        for candidate in candidates
    ]
    with _host(request.binary) as (transport, instrument, binary):
        store = create_session(
            request.results,
            device=profile.name,
            what=_what(request.selection),
            now=SystemClock().now(),
            plan_of=plan_maker(
                [device_plan(jobs, device=read_facts(), binary=binary, rules=rules)],
                provenance=provenance(request.command),
                clock=SystemClock(),
            ),
        )
        started(store)
        with _reported(store):
            _measure(store, transport, instrument, sources.files, profile, progress)
    return store


def resume(
    name: str | None, *, results: Path, progress: Progress, started: Callable[[SessionStore], None]
) -> SessionStore:
    """Go on with a session where it stopped: nothing is measured twice.

    Raises:
        MbenchError: the device, the program or a file is not the one that the session was begun with.
    """
    store = open_session(find_session(results, name))
    (part,) = store.plan.devices
    profile = load_profile(part.device.profile, user_folder=home() / "device_profiles")
    files = _kept_files([job for job in store.plan.jobs if store.result(job.id) is None])
    own = Path(part.binary.path) if part.binary.tool != "hostbench" else None
    with _host(own) as (transport, instrument, binary):
        _same("device", part.device.serial, read_facts().serial, store)
        _same("benchmark program", part.binary.sha256, binary.sha256, store)
        started(store)
        with _reported(store):
            _measure(store, transport, instrument, files, profile, progress)
    return store


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


class _Sources:
    """Where each candidate's artifact comes from: the cache, a build, or the user's own file."""

    def __init__(self, request: RunRequest, candidates: Sequence[Candidate], progress: Progress) -> None:
        self._cache = ArtifactCache(home() / "cache")
        self.files: dict[str, Path] = {}
        variants = list(dict.fromkeys(one.variant for one in candidates if one.variant is not None))
        self._variants = self._built(variants, request, progress)
        paths = dict.fromkeys(one.file for one in candidates if one.file is not None)
        self._own = {path: self._read(path) for path in paths}

    def facts_of(self, candidate: Candidate) -> tuple[ArtifactFacts, str | None]:
        """Return the artifact's facts, and why there is none."""
        return self._own[candidate.file] if candidate.file is not None else self._variants[candidate.variant]

    def _built(
        self, variants: Sequence[Variant], request: RunRequest, progress: Progress
    ) -> dict[Variant | None, tuple[ArtifactFacts, str | None]]:
        recipes = recipes_of(variants, request.ingredients, weights_folder=home() / "weights")
        outcomes = obtain(recipes, cache=self._cache, workers=request.workers, progress=progress)
        return {variant: self._entry(outcome) for variant, outcome in outcomes.items()}

    def _entry(self, outcome: Artifact | BuildFailure) -> tuple[ArtifactFacts, str | None]:
        if isinstance(outcome, BuildFailure):
            return unbuilt(outcome.name), outcome.reason
        assert outcome.facts.sha256 is not None
        self.files[outcome.facts.sha256] = outcome.path
        return outcome.facts, None

    def _read(self, path: Path) -> tuple[ArtifactFacts, str | None]:
        """Take a user's own file into the cache, so that a session can go on when it has moved."""
        try:
            data = read_bytes(path)
            inspection = inspect_bytes(data, name=file_name(path, data), source=str(path))
        except ArtifactError as error:
            return unbuilt(f"file:{path.stem}"), str(error)
        facts = inspection.facts()
        assert facts.sha256 is not None
        self.files[facts.sha256] = self._cache.keep_file(data)
        return facts, runnable_reason(inspection)


def unbuilt(name: str) -> ArtifactFacts:
    """Return what is known of a file that is not there: its name."""
    return ArtifactFacts(
        name=name, sha256=None, size_bytes=None, mult_adds=None, parameters=None, activation_bytes=None
    )


@contextmanager
def _host(binary: Path | None) -> Iterator[tuple[HostTransport, Instrument, BinaryFacts]]:
    root = home() / "host"
    remove_stale(root)
    transport = HostTransport(root)
    if not transport.alive(timeout_s=10):
        raise NoDevice(f"{transport.serial} does not run a shell command within 10 s; look at its load.")
    yield transport, *host_instrument(transport, binary)


def _measure(
    store: SessionStore,
    transport: HostTransport,
    instrument: Instrument,
    files: dict[str, Path],
    profile: Profile,
    progress: Progress,
) -> None:
    """Run what is left of a plan; the folder on the device is gone afterwards, whatever happened."""
    (part,) = store.plan.devices
    with store.lock(), work_folder(Path(transport.root), store.plan.session) as work_dir:
        bench = DeviceBench(
            transport,
            instrument=instrument,
            clock=SystemClock(),
            read_conditions=HostConditions().read,
            files=files,
            cpus=part.rules.cpus,
            work_dir=work_dir,
        )
        bench.push()
        Measuring(
            store.plan,
            part,
            results=store,
            bench=bench,
            clock=SystemClock(),
            progress=progress,
            busy_limit=profile.limits.busy_share,
        ).to_the_end()


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


def _kept_files(jobs: Sequence[PlannedJob]) -> dict[str, Path]:
    """Return the cached files of jobs, each proved."""
    cache = ArtifactCache(home() / "cache")
    found: dict[str, Path] = {}
    for artifact in (job.workload.artifact for job in jobs):
        if artifact.sha256 is None or artifact.sha256 in found:
            continue
        path = cache.find_file(artifact.sha256)
        if path is None:
            raise ArtifactError(
                f"{artifact.name} ({artifact.sha256[:12]}) is no longer in the cache {cache.folder}; start a new run."
            )
        found[artifact.sha256] = path
    return found


def _same(what: str, planned: str, found: str, store: SessionStore) -> None:
    if planned != found:
        raise StoreError(
            f"session {store.plan.session} was begun with {what} {planned[:12]}, here is {found[:12]}: "
            "its rows could not be compared; start a new run."
        )


def _what(selection: Selection) -> str:
    axes = [sweep.partition("=")[0] for sweep in selection.sweeps]
    return "-".join(axes) or ("model" if selection.files else "run")
