"""Which interrupted sessions cannot go on, because artifacts that they need were removed."""

from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.store.session import list_sessions, open_session


def ended_sessions(results: Path, removed: Set[str]) -> tuple[str, ...]:
    """Return the names of the sessions in a results folder that still had to measure one of these artifacts.

    Args:
        results: the folder; where it is not there, it holds none.
        removed: SHA-256 of the artifacts that are gone.
    """
    return tuple(name for name in _sessions(results) if _needs(results / name, removed)) if removed else ()


def _sessions(results: Path) -> tuple[str, ...]:
    with suppress(StoreError):
        return list_sessions(results)
    return ()


def _needs(session: Path, removed: Set[str]) -> bool:
    with suppress(StoreError):  # one that cannot be read cannot be resumed either
        store = open_session(session)
        jobs = (job for part in store.plan.devices for job in part.jobs if job.workload.artifact.sha256 in removed)
        return any(store.result(job.id) is None for job in jobs)
    return False
