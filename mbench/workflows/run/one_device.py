"""Parts: what one device of a session has to do, done on it; the session folder says all that is needed for it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import ArtifactError, PartInterrupted, StoreError
from mbench.core.ports import Clock, Progress
from mbench.core.results import DevicePlan, Plan, PlannedJob
from mbench.store.session_store import SessionStore
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import Device, Identity, TakenDevice
from mbench.workflows.home import home
from mbench.workflows.run.measure_loop import Measuring, Scorer
from mbench.workflows.run.measuring_rules import wanted_settings
from mbench.workflows.run.one_run import DeviceBench, files_of

DeviceOf = Callable[[str], Device]
"""Leads from a serial to the device."""

NEVER = Event().is_set


def measure_part(
    store: SessionStore,
    part: DevicePlan,
    device_of: DeviceOf,
    *,
    progress: Progress,
    stop_requested: Callable[[], bool] = NEVER,
) -> None:
    """Run what is left of a device's part; what is measured is stored run by run.

    Args:
        store: the session.
        part: the device's part of its plan.
        device_of: finds its device.
        progress: told how far it is.
        stop_requested: asked before each run.

    Raises:
        PartInterrupted: a stop was requested.
        MbenchError: the device, the program or a file is not the one that was planned with.
    """
    files = _planned_files([job for job in part.jobs if store.result(job.id) is None])
    clock = SystemClock()
    measure_on(
        device_of(part.device.serial), store, part, files, clock=clock, progress=progress, stop_requested=stop_requested
    )


def measure_on(
    device: Device,
    store: SessionStore,
    part: DevicePlan,
    files: Mapping[str, Path],
    *,
    clock: Clock,
    progress: Progress,
    stop_requested: Callable[[], bool] = NEVER,
) -> None:
    """Run what is left of a part on its device; `files` says where each artifact lies on this host.

    Raises:
        PartInterrupted: a stop was requested.
        MbenchError: the device or the program is not the one that was planned with, or the device was lost.
    """
    with device.take(store.plan.session, wanted=wanted_settings(part.rules), progress=progress) as taken:
        _refuse_another(taken.identity, part, store.plan.session)
        bench = DeviceBench(taken, clock=clock, files=files, cpus=part.rules.cpus, governor=part.rules.governor)
        bench.push(progress)
        Measuring(
            store.plan,
            part,
            results=store,
            bench=bench,
            clock=clock,
            progress=progress,
            busy_limit=taken.profile.limits.busy_share,
            scorer=_scorer(store.plan, part, taken, bench, files, progress, stop_requested),
            stop_requested=stop_requested,
        ).to_the_end()


def _scorer(
    plan: Plan,
    part: DevicePlan,
    taken: TakenDevice,
    bench: DeviceBench,
    files: Mapping[str, Path],
    progress: Progress,
    stop_requested: Callable[[], bool],
) -> Scorer | None:
    """Return what asks files on the device, None where the plan does not want it."""
    if plan.question is None or not plan.ask_devices:
        return None
    from mbench.workflows.run.score_on_device import DeviceAsking

    def stop_here() -> None:
        if stop_requested():
            raise PartInterrupted(f"{part.device.serial}: interrupted.")

    return DeviceAsking(
        taken,
        bench,
        plan.question,
        session=plan.session,
        files=files,
        cpus=part.rules.cpus,
        progress=progress,
        stop_here=stop_here,
    )


def _planned_files(jobs: Sequence[PlannedJob]) -> dict[str, Path]:
    """Return the cached file of each artifact and of its inputs' values by SHA-256, each proved."""
    cache = ArtifactCache(home() / "cache")
    found: dict[str, Path] = {}
    for name, sha256 in (named for job in jobs if job.build_error is None for named in files_of(job.workload).items()):
        if sha256 in found:
            continue
        path = cache.find_file(sha256)
        if path is None:
            raise ArtifactError(f"{name} ({sha256[:12]}) is no longer in the cache {cache.folder}; start a new run.")
        found[sha256] = path
    return found


def _refuse_another(found: Identity, part: DevicePlan, session: str) -> None:
    """Refuse a device or a program that is not the planned one.

    Raises:
        StoreError: with the first difference.
    """
    facts, binary = found.facts, found.binary
    for what, planned, here in (
        ("device", part.device.serial, facts.serial),
        ("benchmark program", part.binary.sha256, binary.sha256),
        ("libraries beside it", _listed(part.binary.companions), _listed(binary.companions)),
        ("system build", part.device.build or "?", facts.build or "?"),
    ):
        if planned != here:
            raise StoreError(
                f"session {session} was begun with {what} {planned}, here is {here}: "
                "its rows could not be compared; start a new run."
            )


def _listed(companions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {sha256[:12]}" for name, sha256 in sorted(companions.items())) or "none"
