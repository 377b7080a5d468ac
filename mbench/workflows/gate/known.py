"""What earlier verdicts said: decisions of re-runs, which later nights are judged by, and the last verdict.

Each verdict carries the decisions before it along. Nights of several farm files overlap, so that the last verdict need
not know of all of them: the last one of each farm file together do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.core.nights.verdict_document import KeptDecision, VerdictDocument
from mbench.core.nights.verdicts import NightName
from mbench.store.session import list_sessions, session_folder
from mbench.store.verdicts import read_verdict
from mbench.workflows.gate.cells import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVerdicts:
    """Verdicts that a night is judged by.

    Attributes:
        last: of the last judged night of the same farm file, else of any; None where none was judged.
        others: the last one of each other farm file, the earliest first.
        own: of the night itself, where it was judged before.
    """

    last: VerdictDocument | None
    others: tuple[VerdictDocument, ...]
    own: VerdictDocument | None

    def decisions(self, tonight: tuple[KeptDecision, ...]) -> tuple[KeptDecision, ...]:
        """Return all decisions, tonight's last; what was decided anew tonight counts as it is now.

        Args:
            tonight: of re-runs that were made just now; those of an earlier judgement of the night go before them.
        """
        found: dict[tuple[Key, str, str, str], KeptDecision] = {}
        for document in (*self.others, *((self.last,) if self.last else ())):
            found |= {_key(one): one for one in document.decisions}
        own = () if self.own is None else (one for one in self.own.decisions if one.night == self.own.session)
        for one in (*own, *tonight):
            found.pop(_key(one), None)
            found[_key(one)] = one
        return tuple(found.values())


def known_verdicts(
    root: Path,
    names: Mapping[int, NightName],
    farms: Mapping[int, str | None],
    index: int,
    note: Callable[[str], None],
) -> KnownVerdicts:
    """Return what is known when a night is judged; a damaged verdict is noted and passed over.

    Args:
        root: the results folder.
        names: of nights by index.
        farms: names of their farm files; None outside of nights.
        index: of the night that is judged.
        note: gets what could not be read.
    """
    newest: dict[str | None, VerdictDocument] = {}
    there = set(list_sessions(root))  # of a night that never began, and of an import, there is nothing to read
    places = sorted((place for place in names if place < index and names[place].id in there), reverse=True)
    wanted = {farms[place] for place in places}
    for place in places:
        if farms[place] in newest or (found := _verdict(root, names[place].id, note)) is None:
            continue
        newest[farms[place]] = found
        if newest.keys() == wanted:
            break
    last = newest.pop(farms[index], None) or (newest.pop(next(iter(newest))) if newest else None)
    return KnownVerdicts(last=last, others=tuple(reversed(newest.values())), own=_verdict(root, names[index].id, note))


def _verdict(root: Path, session: str, note: Callable[[str], None]) -> VerdictDocument | None:
    try:
        return read_verdict(session_folder(root, session))
    except StoreError as error:
        note(f"an earlier verdict was passed over: {error}")
        return None


def _key(one: KeptDecision) -> tuple[Key, str, str, str]:
    cell = one.cell
    return (cell.workload, cell.delegate, cell.threads, cell.serial), one.since, one.night, one.kind
