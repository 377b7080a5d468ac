"""A session judged, its suspects measured again, judged once more, and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import StoreError
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdict_changes import VerdictChanges, changes_between
from mbench.core.nights.verdict_document import KeptDecision, VerdictDocument
from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict
from mbench.core.ports import Progress
from mbench.core.results import Status
from mbench.report.verdicts.commands import HERE, CommandPlace
from mbench.store.packs import is_unpacked
from mbench.store.session_store import SessionStore
from mbench.store.verdicts import save_verdict
from mbench.workflows.gate.cells import MeasuredCells, measured_cells
from mbench.workflows.gate.judging import GateRequest, Judgement, judge_session
from mbench.workflows.gate.stored import night_of
from mbench.workflows.home import home

Again = Callable[[MeasuredCells, Judgement], tuple[KeptDecision, ...]]
"""Measures the suspects of a judgement again, and says what that decided."""

Codes = Callable[[NightVerdict], tuple[int, ...]]
"""All exit codes that apply to a night with a verdict."""

_UNSETTLED: Final = frozenset({FindingClass.FALLBACK, FindingClass.ACCURACY, FindingClass.LATENCY})
"""Findings whose cell keeps the file of before, until they are gone or accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A judged session.

    Attributes:
        changes: against the last judged night; None where there is none.
        place: where the commands that it names are typed.
    """

    document: VerdictDocument
    changes: VerdictChanges | None
    place: CommandPlace = HERE

    @property
    def verdict(self) -> NightVerdict:
        """What the session is judged to be."""
        return self.document.verdict


def judge_stored(
    request: GateRequest,
    store: SessionStore,
    *,
    codes: Codes,
    again: Again | None = None,
    progress: Progress,
) -> Judged:
    """Judge a session, measure its suspects again, judge it once more, and keep that beside it.

    Args:
        request: what is judged.
        store: of the session.
        codes: says which exit codes apply.
        again: measures suspects again; None: they stay suspects.
        progress: gets what could not be read or measured.

    Raises:
        StoreError: documents, or the archive, cannot be read; or re-runs were made and the verdict cannot be kept.
        UsageError: the file of accepted changes is wrong.
    """
    measured = cells_of(request, store)
    judgement = judge_session(request, measured, note=progress.note)
    if again is not None and (tonight := again(measured, judgement)):
        judgement = judge_session(request, measured, tonight=tonight, note=progress.note)
    changes = None
    if judgement.last is not None:
        looked_at = partial(_is_planned, measured)
        changes = changes_between(judgement.last.last_known, judgement.verdict, planned=looked_at)
    document = VerdictDocument(
        session=request.session,
        compared_with=judgement.last.session if judgement.last else None,
        exit_codes=codes(judgement.verdict),
        decisions=judgement.decisions,
        unseen=_unseen(changes, judgement.verdict),
        verdict=judgement.verdict,
    )
    if is_unpacked(store.path):
        progress.note(
            f"{request.session} is packed: its pack keeps the verdict that it has, and this one is printed only"
        )
    else:
        _keep(store, document, progress, again)
    return Judged(document=document, changes=changes)


def _unseen(changes: VerdictChanges | None, tonight: NightVerdict) -> tuple[Finding, ...]:
    """Return what tonight cannot know, and does not say itself."""
    said = {(one.cell, one.kind) for one in tonight.findings}
    return tuple(one for one in changes.unseen if (one.cell, one.kind) not in said) if changes is not None else ()


def _keep(store: SessionStore, document: VerdictDocument, progress: Progress, again: Again | None) -> None:
    """Keep a verdict; where nothing was measured for it, one that cannot be kept is noted, since it can be made again.

    Raises:
        StoreError: it could not be kept, and with it what re-runs decided.
    """
    try:
        save_verdict(store.path, document)
    except StoreError as error:
        if again is not None:
            raise
        progress.note(f"the verdict is not kept, and no later night knows of it: {error}")


def _is_planned(measured: MeasuredCells, cell: Cell) -> bool:
    return measured.of(cell) is not None


def cells_of(request: GateRequest, store: SessionStore) -> MeasuredCells:
    """Return a session's cells.

    Raises:
        StoreError: a document cannot be read.
    """
    return measured_cells(store.results(), night_of(store.path), store.plan.names, request.renamed)


def pin_good_files(judged: Judged, store: SessionStore, measured: MeasuredCells, *, owner: str) -> None:
    """Keep the files that later suspects will be compared with out of reach of a cache quota.

    Of a workload whose numbers are well those are tonight's; of one that is worse now, what is pinned already stays.

    Raises:
        MbenchError: they could not be pinned.
    """
    unsettled = {
        one.cell.workload for one in judged.verdict.findings if one.kind in _UNSETTLED and one.accepted is None
    }
    cache = ArtifactCache(home() / "cache")
    reasons = {sha256: why for sha256, why in cache.pins_of(owner).items() if why.partition(": ")[0] in unsettled}
    for (workload, *_), result in measured.results.items():
        sha256 = result.workload.artifact.sha256
        if result.status is Status.OK and workload not in unsettled and sha256 is not None and cache.find_file(sha256):
            reasons[sha256] = f"{workload}: as it was measured in {store.plan.session}"
    cache.pin(owner, reasons)
