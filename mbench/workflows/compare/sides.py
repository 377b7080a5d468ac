"""The two sides of a comparison, out of what is stored: sessions, nights, or values that divide the same sessions."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from mbench.core.conclusions import block_pairs_us
from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.report.compare.cells import By, CellPair, Matched, Side, match_cells
from mbench.report.compare.comparison import Comparison, compare
from mbench.report.render.number_format import SHORT_SHA
from mbench.report.results.hidden_serials import hiding, with_texts
from mbench.store.nights import NIGHT_FILE, list_nights, read_night
from mbench.store.session import find_session, open_session
from mbench.store.session_store import PLAN_FILE, SessionStore
from mbench.workflows.run.against import LAST

_MOST_NAMED: Final = 8

_VALUES: Final[Mapping[By, Callable[[JobResult], str]]] = {
    By.DEVICE: lambda result: result.device.serial,
    By.DELEGATE: lambda result: str(result.workload.delegate),
    By.THREADS: lambda result: str(result.workload.threads),
    By.BINARY: lambda result: result.binary.sha256,
    By.BUILD: lambda result: result.device.build or "unknown",
}
"""What divides the results of the same sessions."""

_BY_BEGINNING: Final = frozenset({By.BINARY, By.BUILD})
"""Values that the beginning of one may stand for."""


def compared(
    old: str, new: str | None, *, by: By, within: Sequence[str], root: Path, hide_serials: bool = False
) -> Comparison:
    """Return the comparison of two sides.

    Args:
        old: a session by name, beginning of one or path, or `last`; with another `by`, one of its values.
        new: likewise; None: the session is one that timed old and new files in turn.
        by: what `old` and `new` are.
        within: the sessions that a value divides; none: the latest.
        root: the results folder.
        hide_serials: whether phones have names that last in place of their serials.

    Raises:
        StoreError: a session is not there, or cannot be read.
        UsageError: something is no session, date or value of what is stored.
    """
    if within and by not in _VALUES:
        raise UsageError(f"--in says in which sessions --by {', '.join(_VALUES)} looks; leave it out.")
    if new is None:
        return paired_comparison(_paired_session(old, by, root), hide_serials=hide_serials)
    if by in _VALUES:
        found = [_side(_found(root, name)) for name in within or [LAST]]
        before, after = (_of_value(value, by, found) for value in (old, new))
    elif by is By.NIGHT:
        before, after = (_of_night(date, root) for date in (old, new))
    else:
        before, after = (_side(_found(root, name)) for name in (old, new))
    if before.label == after.label:
        raise UsageError(f"{old} and {new} are the same; name two.")
    comparison = compare(before, after, match_cells(before, after, by=by), by=by)
    return _without_serials(comparison, (*before.results, *after.results)) if hide_serials else comparison


def paired_comparison(store: SessionStore, *, hide_serials: bool = False) -> Comparison:
    """Return what a session that timed old and new files in turn shows.

    Args:
        store: of the session.
        hide_serials: whether phones have names that last in place of their serials.

    Raises:
        StoreError: a document cannot be read.
        UsageError: it did not.
    """
    pairing = store.plan.pairing
    if pairing is None:
        raise UsageError(f"session {store.plan.session} compares nothing by itself; name another one beside it.")
    results = {result.job: result for result in store.results()}
    pairs = [(results[pair.old], results[pair.new]) for pair in pairing.pairs]
    matched = Matched(
        pairs=tuple(
            CellPair(name=new.workload.artifact.bare_name, old=old, new=new, blocks=block_pairs_us(old.runs, new.runs))
            for old, new in pairs
        ),
        only_old=(),
        only_new=tuple(result for job, result in results.items() if job not in _in_pairs(pairs)),
    )
    old, new = (
        Side(label=label, results=tuple(each[place] for each in pairs))
        for place, label in enumerate((pairing.old_from, f"session {store.plan.session}"))
    )
    found = compare(old, new, matched, by=By.SESSION)
    return _without_serials(found, tuple(results.values())) if hide_serials else found


def _without_serials(found: Comparison, results: Sequence[JobResult]) -> Comparison:
    hidden = hiding({result.device.serial: result.device.profile for result in results})
    changed: Comparison = with_texts(found, hidden)
    return changed


def _in_pairs(pairs: Sequence[tuple[JobResult, JobResult]]) -> frozenset[str]:
    return frozenset(result.job for pair in pairs for result in pair)


def _paired_session(name: str, by: By, root: Path) -> SessionStore:
    if by is not By.SESSION:
        raise UsageError(f"--by {by} compares two values; name the other one beside {name}.")
    return open_session(_found(root, name))


def _found(root: Path, name: str) -> Path:
    """Return a session's folder; one that lies deeper in the results folder is named by its way: `reruns/NAME`."""
    if "/" in name and os.path.lexists(root / name / PLAN_FILE):
        return root / name
    return find_session(root, None if name == LAST else name)


def _side(path: Path) -> Side:
    """Return all that a session measured, but for the old files of one that compared some."""
    store = open_session(path)
    old = frozenset() if store.plan.pairing is None else store.plan.pairing.old_jobs
    night = read_night(path).night if os.path.lexists(path / NIGHT_FILE) else None
    session = store.plan.session
    return Side(
        label=f"session {session}",
        results=tuple(result for result in store.results() if result.job not in old),
        names={} if night is None else {(session, job): name for job, name in night.names.items()},
    )


def _of_night(date: str, root: Path) -> Side:
    """Return the night of a date, or of a session.

    Raises:
        UsageError: there is none, or several.
    """
    nights = list_nights(root)
    found = [each for each in nights if date in (each.night.date.isoformat(), each.night.session)]
    if len(found) == 1:
        return _side(found[0].path)
    if found:
        sessions = ", ".join(each.night.session for each in found)
        raise UsageError(f"{len(found)} nights began on {date}; name the session of one: {sessions}.")
    dates = ", ".join(dict.fromkeys(each.night.date.isoformat() for each in nights[-_MOST_NAMED:])) or "none"
    raise UsageError(f"no night of {date} in {root}; the last there are: {dates}.")


def _of_value(value: str, by: By, sides: Sequence[Side]) -> Side:
    """Return the results that have a value.

    Raises:
        UsageError: none has it, or it is the beginning of several.
    """
    of = _VALUES[by]
    known = dict.fromkeys(of(result) for side in sides for result in side.results)
    meant = [each for each in known if each == value]
    if not meant and by in _BY_BEGINNING:
        meant = [each for each in known if each.startswith(value)]
    if len(meant) != 1:
        there = ", ".join(_shown(each, by) for each in [*known][:_MOST_NAMED])
        which = "is not one" if not meant else f"is the beginning of {len(meant)}"
        raise UsageError(f"{value!r} {which} of the values of {by} here; there are {there}.")
    return Side(
        label=f"{by} {_shown(meant[0], by)}",
        results=tuple(result for side in sides for result in side.results if of(result) == meant[0]),
        names={key: name for side in sides for key, name in side.names.items()},
    )


def _shown(value: str, by: By) -> str:
    return value[:SHORT_SHA] if by is By.BINARY else value
