"""Parts: what one device of a session has to do, done on it; the session folder says all that is needed for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import ArtifactError, StoreError
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan, PlannedJob
from mbench.store.session_store import SessionStore
from mbench.workflows.benching import DeviceBench
from mbench.workflows.clock import SystemClock
from mbench.workflows.home import home
from mbench.workflows.measuring import Measuring
from mbench.workflows.stations import HOST, Station, host_station


def measure_part(store: SessionStore, part: DevicePlan, *, progress: Progress) -> None:
    """Run what is left of a device's part; what is measured is stored run by run.

    Raises:
        MbenchError: the device, the program or a file is not the one that was planned with.
    """
    files = _planned_files([job for job in part.jobs if store.result(job.id) is None])
    with _station(part) as station, station.work_folder(store.plan.session) as work_dir:
        _same("device", part.device.serial, station.facts.serial, store)
        _same("benchmark program", part.binary.sha256, station.binary.sha256, store)
        bench = DeviceBench(
            station.transport,
            instrument=station.instrument,
            clock=SystemClock(),
            read_conditions=station.read_conditions,
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
            busy_limit=station.profile.limits.busy_share,
        ).to_the_end()


@contextmanager
def _station(part: DevicePlan) -> Iterator[Station]:
    assert part.device.profile == HOST
    own = None if part.binary.tool == "hostbench" else Path(part.binary.path)
    with host_station(own) as station:
        yield station


def _planned_files(jobs: list[PlannedJob]) -> dict[str, Path]:
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


def _same(what: str, planned: str, found: str, store: SessionStore) -> None:
    if planned != found:
        raise StoreError(
            f"session {store.plan.session} was begun with {what} {planned[:12]}, here is {found[:12]}: "
            "its rows could not be compared; start a new run."
        )
