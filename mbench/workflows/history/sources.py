"""Sources of the archive: the sessions of a results folder, packed ones too, and what was imported beside them."""

import os
from functools import partial
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.core.nights.nights import Night
from mbench.core.results import JobResult
from mbench.history.archive import Read, Source, read_or_note
from mbench.history.imports.kept import kept_imports
from mbench.history.manifest import ArchivedNight
from mbench.history.points import MAIN, RUNS_PROJECT, points_of
from mbench.store.marks import is_driven, session_marks
from mbench.store.nights import NIGHT_FILE, read_night
from mbench.store.session import open_session, session_folder
from mbench.store.session_store import SessionStore


def sources_of(root: Path) -> dict[str, Source]:
    """Return what the archive of a results folder is made of, by name.

    Raises:
        StoreError: the folder, or a pack of sessions, cannot be read.
    """
    sessions = {
        name: Source(mark=mark, read=partial(read_or_note, partial(read_session, root, name), f"session {name}"))
        for name, mark in session_marks(root).items()
    }
    return sessions | dict(kept_imports(root))


def read_session(root: Path, name: str) -> Read:
    """Return the points of a session; a job whose document cannot be read is missing, and noted.

    Raises:
        StoreError: its plan or its night cannot be read.
    """
    folder = session_folder(root, name)
    going_on = is_driven(folder)  # before anything is read: what ends meanwhile has another mark
    store = open_session(folder)
    stored = read_night(folder) if os.path.lexists(folder / NIGHT_FILE) else None
    night = None if stored is None else stored.night
    found = [(planned.id, document) for planned, document in store.documents()]
    results = {job: document for job, document in found if isinstance(document, JobResult)}
    unread = {job: str(document) for job, document in found if isinstance(document, StoreError)}
    points = points_of(store.plan, night, results, unread=unread, going_on=going_on)
    ended = None if stored is None or stored.end is None else stored.end.end
    return Read(
        nights=(_night_of(store, night).model_copy(update={"end": ended}),),
        points=tuple(points),
        note="; ".join(unread.values()) or None,
    )


def _night_of(store: SessionStore, night: Night | None) -> ArchivedNight:
    plan = store.plan
    if night is None:
        return ArchivedNight(
            session=plan.session,
            project=RUNS_PROJECT,
            branch=MAIN,
            day=plan.created_at.date(),
            begun_at=plan.created_at,
        )
    return ArchivedNight(
        session=plan.session,
        project=night.project,
        branch=night.branch,
        farm=night.farm,
        day=night.date,
        begun_at=night.begun_at,
        missed=night.missed,
    )
