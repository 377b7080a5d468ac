"""`mbench gate`: a stored session judged on its own, with nothing measured again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mbench.core.ports import SilentProgress
from mbench.store.packs import is_unpacked
from mbench.store.session import find_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.gate.command_place import command_place
from mbench.workflows.gate.judging import GateRequest
from mbench.workflows.gate.night_gate import Judged, cells_of, judge_stored
from mbench.workflows.gate.stored import night_of
from mbench.workflows.home import results_root
from mbench.workflows.nightly.farm_file import FarmFile, read_farm_file
from mbench.workflows.nightly.judging_night import gate_request, place_of, write_judged
from mbench.workflows.nightly.outputs import remove_outputs
from mbench.workflows.nightly.summary import exit_codes


class _Notes(SilentProgress):
    """Progress of which only what stays is shown."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    def note(self, text: str) -> None:
        """Show it."""
        self._note(text)


class JudgedByName(NamedTuple):
    """A session that was judged, and by what: its store, its results folder, its farm file, the files written."""

    judged: Judged
    written: tuple[str, ...]
    store: SessionStore
    root: Path
    file: FarmFile | None


def judge_by_name(
    session: str | None,
    *,
    farm: Path | None,
    results: Path | None,
    accepted: Path | None,
    against: str | None,
    note: Callable[[str], None],
) -> JudgedByName:
    """Return what a session is judged to be, and the files that were written.

    Args:
        session: by name, beginning of a name or path; None: the latest.
        farm: farm file; None: the results folder and nothing else.
        results: the results folder; None: the usual one.
        accepted: file of accepted changes, before the farm file's.
        against: a branch whose past the session is judged by, before the farm file's.
        note: gets what could not be read.

    Raises:
        MbenchError: there is no such session, or it cannot be judged.
    """
    file = None if farm is None else read_farm_file(farm)
    root = results_root(results) if file is None else file.results
    path = find_session(root, session)
    store = open_session(path)
    name = store.plan.session
    own = root if is_unpacked(path) else path.parent
    request = GateRequest(root=own, session=name) if file is None else gate_request(file, name)
    if accepted is not None:
        request = replace(request, accepted=accepted)
    if against is not None:
        request = replace(request, against=against)
    stored = night_of(path)
    if stored is not None and stored.end is None:
        note(f"{name} has not ended: what it has not measured yet counts as missing")
    if file is not None:
        remove_outputs(file.farm.outputs, resolved=file.resolved)
    found = store.results()
    judged = judge_stored(
        request,
        store,
        codes=lambda verdict: exit_codes(found, interrupted=False, verdict=verdict),
        progress=_Notes(note),
    )
    named = None if session is None else name
    measured = cells_of(request, store)
    if file is None:
        place = command_place(judged.verdict, measured, root=root, accepted=request.accepted, session=named)
    else:
        place = place_of(file, judged.verdict, measured, session=named)
    judged = replace(judged, place=place)
    written = () if file is None else write_judged(judged, store, file, note=note)
    return JudgedByName(judged, written, store, own, file)
