"""Parts: what one device of a session has to do, done on it; the session folder says all that is needed for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import ArtifactError, NoDevice, PartInterrupted, StoreError
from mbench.core.ports import Clock, Progress
from mbench.core.results import DevicePlan, Plan, PlannedJob
from mbench.store.session_store import SessionStore
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.ready_device import HOST, Station, host_station, user_profile
from mbench.workflows.home import home
from mbench.workflows.run.foreign_code import host_program
from mbench.workflows.run.measure_loop import Measuring, Scorer
from mbench.workflows.run.measuring_rules import wanted_settings
from mbench.workflows.run.one_run import DeviceBench

if TYPE_CHECKING:  # phones bring adbutils, which a run on this host has no need of
    from mbench.workflows.devices.attached_phones import Fleet


@contextmanager
def attached_for(plan: Plan, adb_servers: Sequence[str], *, wait_s: float | None = None) -> "Iterator[Fleet | None]":
    """Yield the attached phones where a plan needs any, else None; see `mbench.workflows.run.find_devices.attach`.

    Raises:
        NoDevice: no adb server could be used.
    """
    if all(part.device.profile == HOST for part in plan.devices):
        yield None
        return
    from mbench.workflows.devices.attached_phones import fleet

    with fleet(adb_servers, return_s=wait_s) as phones:
        yield phones


def measure_part(
    store: SessionStore,
    part: DevicePlan,
    attached: "Fleet | None",
    *,
    progress: Progress,
    binary: Path | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> None:
    """Run what is left of a device's part; what is measured is stored run by run.

    Args:
        store: the session.
        part: the device's part of its plan.
        attached: the attached phones, None where the device is this host.
        progress: told how far it is.
        binary: the user's own benchmark_model, None where none was named; what the plan calls its path is not followed.
        stop_requested: asked before each run.

    Raises:
        PartInterrupted: a stop was requested.
        MbenchError: the device, the program or a file is not the one that was planned with.
    """
    files = _planned_files([job for job in part.jobs if store.result(job.id) is None])
    with _station(store, part, attached, progress, binary) as station:
        measure_on(station, store, part, files, clock=SystemClock(), progress=progress, stop_requested=stop_requested)


def measure_on(
    station: Station,
    store: SessionStore,
    part: DevicePlan,
    files: Mapping[str, Path],
    *,
    clock: Clock,
    progress: Progress,
    stop_requested: Callable[[], bool] = lambda: False,
) -> None:
    """Run what is left of a part on its device, which is open; `files` tells where each artifact lies on this host.

    Raises:
        PartInterrupted: a stop was requested.
        MbenchError: the device or the program is not the one that was planned with, or the device was lost.
    """
    with station.work_folder(store.plan.session) as work_dir:
        _same("device", part.device.serial, station.facts.serial, store)
        _same("benchmark program", part.binary.sha256, station.binary.sha256, store)
        _same("libraries beside it", _listed(part.binary.companions), _listed(station.binary.companions), store)
        _same("system build", part.device.build or "?", station.facts.build or "?", store)
        bench = DeviceBench(station, clock=clock, files=files, cpus=part.rules.cpus, work_dir=work_dir)
        bench.push(progress)
        Measuring(
            store.plan,
            part,
            results=store,
            bench=bench,
            clock=clock,
            progress=progress,
            busy_limit=station.profile.limits.busy_share,
            scorer=_scorer(store, part, station, bench, files, work_dir, progress, stop_requested),
            stop_requested=stop_requested,
        ).to_the_end()


def _scorer(
    store: SessionStore,
    part: DevicePlan,
    station: Station,
    bench: DeviceBench,
    files: Mapping[str, Path],
    work_dir: str,
    progress: Progress,
    stop_requested: Callable[[], bool],
) -> Scorer | None:
    """Return what asks files on the device, None where the plan does not want it."""
    if store.plan.question is None or not store.plan.ask_devices:
        return None
    from mbench.workflows.run.score_on_device import DeviceAsking

    def stop_here() -> None:
        if stop_requested():
            raise PartInterrupted(f"{part.device.serial}: interrupted.")

    return DeviceAsking(
        station,
        bench,
        store.plan.question,
        session=store.plan.session,
        files=files,
        work_dir=work_dir,
        cpus=part.rules.cpus,
        progress=progress,
        stop_here=stop_here,
    )


@contextmanager
def _station(
    store: SessionStore, part: DevicePlan, attached: "Fleet | None", progress: Progress, binary: Path | None
) -> Iterator[Station]:
    if part.device.profile == HOST:
        with host_station(host_program(part.binary, binary), sha256=part.binary.sha256) as station:
            yield station
        return
    if attached is None:
        raise NoDevice(f"{part.device.serial}: no adb server was asked for phones.")
    from mbench.workflows.devices.phone_program import ProgramWish
    from mbench.workflows.devices.ready_phone import phone_station

    with phone_station(
        attached.by_serial(part.device.serial),
        user_profile(part.device.profile),
        fleet=attached,
        wish=ProgramWish(binary=binary, planned=part.binary),
        wanted=wanted_settings(part.rules),
        session=store.plan.session,
        progress=progress,
    ) as station:
        yield station


def _planned_files(jobs: Sequence[PlannedJob]) -> dict[str, Path]:
    """Return the cached file of each artifact by SHA-256, each proved."""
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


def _listed(companions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {sha256[:12]}" for name, sha256 in sorted(companions.items())) or "none"


def _same(what: str, planned: str, found: str, store: SessionStore) -> None:
    if planned != found:
        raise StoreError(
            f"session {store.plan.session} was begun with {what} {planned}, here is {found}: "
            "its rows could not be compared; start a new run."
        )
