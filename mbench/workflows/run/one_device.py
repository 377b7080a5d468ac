"""Parts: what one device of a session has to do, done on it; the session folder says all that is needed for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import NoReturn

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import LostFile, MbenchError, OtherDevice, PartInterrupted, StoreError
from mbench.core.ports import Clock, Progress
from mbench.core.results import DevicePlan, PartEnding, PlannedJob
from mbench.runner.instrument import Instrument
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
        progress: reports how far it is.
        stop_requested: asked before each run.

    Raises:
        PartInterrupted: a stop was requested.
        MbenchError: the device, the program or a file is not the one that was planned with.
    """
    serial, clock = part.device.serial, SystemClock()
    store.remove_ending(serial)
    with noted_ending(store, serial, clock):
        left = [job for job in part.jobs if store.result(job.id) is None]
        if all(job.build_error is not None for job in left):  # no device is needed, nor waited for, to say so
            measuring = Measuring(
                store.plan, part, results=store, bench=_no_run, clock=clock, progress=progress, busy_limit=None
            )
            measuring.to_the_end()
            return
        files = _planned_files(left)
        measure_on(device_of(serial), store, part, files, clock=clock, progress=progress, stop_requested=stop_requested)


def _no_run(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a job without a file is never run")


@contextmanager
def noted_ending(store: SessionStore, serial: str, clock: Clock) -> Iterator[None]:
    """Keep why the block, which measures a device's part, ended before its end; an interrupt needs no reason."""
    try:
        yield
    except PartInterrupted:
        raise
    except Exception as error:
        with suppress(StoreError):  # of a disk that is full, which has its own error already
            note_ending(store, serial, error, clock)
        raise


def note_ending(store: SessionStore, serial: str, error: Exception, clock: Clock) -> None:
    """Keep why a device's part did not get to its end, for the rows of its jobs.

    Raises:
        StoreError: it could not be written.
    """
    ours = isinstance(error, MbenchError)
    store.save_ending(
        PartEnding(
            session=store.plan.session,
            serial=serial,
            ended_at=clock.now(),
            error_class=error.error_class if isinstance(error, MbenchError) else None,
            message=str(error) if ours else f"this is a defect of mbench: {type(error).__name__}: {error}.",
        )
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
        bench = DeviceBench(
            taken,
            clock=clock,
            files=files,
            cpus=part.rules.cpus,
            governor=part.rules.governor,
            programs=_other_programs(taken, part, store),
        )
        bench.push(progress)
        Measuring(
            store.plan,
            part,
            results=store,
            bench=bench,
            clock=clock,
            progress=progress,
            busy_limit=taken.profile.limits.busy_share,
            scorer=_scorer(store, part, taken, bench, files, progress, stop_requested),
            stop_requested=stop_requested,
        ).to_the_end()


def _other_programs(taken: TakenDevice, part: DevicePlan, store: SessionStore) -> dict[str, Instrument]:
    """Return the programs of jobs that are left and that the device's own does not run; each is brought once.

    Raises:
        OtherDevice: one comes to the device as another one than was planned.
        MbenchError: one is not at hand, or does not start there.
    """
    found: dict[str, Instrument] = {}
    wanted = {job.id: job.binary for job in part.jobs if job.binary is not None and store.result(job.id) is None}
    for planned in wanted.values():
        if planned.sha256 in found:
            continue
        program = taken.other_program(planned)
        if program.sha256 != planned.sha256:
            raise OtherDevice(
                f"{part.device.serial}: benchmark program {planned.sha256[:12]} is planned for some of the jobs, here "
                f"is {program.sha256[:12]}."
            )
        found[planned.sha256] = program
    return {job: found[planned.sha256] for job, planned in wanted.items()}


def _scorer(
    store: SessionStore,
    part: DevicePlan,
    taken: TakenDevice,
    bench: DeviceBench,
    files: Mapping[str, Path],
    progress: Progress,
    stop_requested: Callable[[], bool],
) -> Scorer | None:
    """Return what asks files on the device, None where the plan does not want it."""
    plan = store.plan
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
        keep=partial(store.save_predictions, "device") if plan.keep_predictions else None,
        files=files,
        cpus=part.rules.cpus,
        progress=progress,
        stop_here=stop_here,
    )


def _planned_files(jobs: Sequence[PlannedJob]) -> dict[str, Path]:
    """Return the cached file of each artifact and of its inputs' values by SHA-256, each verified."""
    found = _cached(jobs)
    there = {sha256: path for (_, sha256), path in found.items() if path is not None}
    if lost := [name for name, path in found.items() if path is None]:
        raise LostFile(f"{_listed_files(lost)}; start a new run.")
    return there


def refuse_lost_files(session: str, jobs: Sequence[PlannedJob]) -> None:
    """Refuse to go on with jobs whose files are not all there.

    Raises:
        LostFile: it names those that are gone, and what to do.
    """
    if lost := [name for name, path in _cached(jobs).items() if path is None]:
        raise LostFile(
            f"session {session} cannot go on: {_listed_files(lost)}. Start a new run; mbench report {session} prints "
            "what was measured."
        )


def _cached(jobs: Sequence[PlannedJob]) -> dict[tuple[str, str], Path | None]:
    """Return where each file that jobs read lies in the cache, by its name and SHA-256; None: it is not there."""
    cache = ArtifactCache(home() / "cache")
    read = dict.fromkeys(named for job in jobs if job.build_error is None for named in files_of(job.workload).items())
    return {(name, sha256): cache.find_file(sha256) for name, sha256 in read}


def _listed_files(lost: Sequence[tuple[str, str]]) -> str:
    """Return that files are gone: the first by name, the others by number."""
    (name, sha256), *others = lost
    more = f" and {len(others)} more files are" if others else " is"
    return f"{name} ({sha256[:12]}){more} no longer in the cache {home() / 'cache'}"


def _refuse_another(found: Identity, part: DevicePlan, session: str) -> None:
    """Refuse a device or a program that is not the planned one.

    Raises:
        OtherDevice: with the first difference.
    """
    facts, binary = found.facts, found.binary
    for what, planned, here in (
        ("device", part.device.serial, facts.serial),
        ("benchmark program", part.binary.sha256, binary.sha256),
        ("libraries beside it", _listed(part.binary.companions), _listed(binary.companions)),
        ("system build", part.device.build or "?", facts.build or "?"),
    ):
        if planned != here:
            raise OtherDevice(
                f"session {session} was begun with {what} {planned}, here is {here}: "
                "its rows could not be compared; start a new run."
            )


def _listed(companions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {sha256[:12]}" for name, sha256 in sorted(companions.items())) or "none"
