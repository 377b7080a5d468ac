"""A night judged, its suspects measured again, judged once more, kept, and written to where it was asked for."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import MbenchError
from mbench.core.nights import FARM_NAME
from mbench.core.ports import Progress
from mbench.core.results import Status
from mbench.core.verdict_changes import VerdictChanges, changes_between
from mbench.core.verdict_document import KeptDecision, VerdictDocument
from mbench.core.verdicts import FindingClass, NightVerdict
from mbench.report.exports.cell_rows import cell_rows
from mbench.store.session import open_session
from mbench.store.session_store import SessionStore
from mbench.store.verdicts import save_verdict
from mbench.workflows.gate.cells import MeasuredCells, measured_cells
from mbench.workflows.gate.judging import GateRequest, Judgement, judge_session
from mbench.workflows.gate.stored import night_of
from mbench.workflows.home import home
from mbench.workflows.nightly.gate_tables import Outputs
from mbench.workflows.nightly.outputs import JudgedNight, write_outputs

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
        written: files that were asked for.
    """

    document: VerdictDocument
    changes: VerdictChanges | None
    written: tuple[Path, ...] = ()

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
        progress: is told what could not be read or measured.

    Raises:
        StoreError: documents, or the archive, cannot be read or written.
        UsageError: the file of accepted changes is wrong.
    """
    measured = measured_cells(store.results(), night_of(store.path), store.plan.names, request.renamed)
    judgement = judge_session(request, measured, note=progress.note)
    if again is not None and (tonight := again(measured, judgement)):
        judgement = judge_session(request, measured, tonight=tonight, note=progress.note)
    document = VerdictDocument(
        session=request.session,
        compared_with=judgement.last.session if judgement.last else None,
        exit_codes=codes(judgement.verdict),
        decisions=judgement.decisions,
        verdict=judgement.verdict,
    )
    save_verdict(store.path, document)
    changes = changes_between(judgement.last.verdict, judgement.verdict) if judgement.last else None
    return Judged(document=document, changes=changes)


def write_judged(
    judged: Judged, store: SessionStore, outputs: Outputs, *, resolved: Callable[[str], Path]
) -> tuple[Path, ...]:
    """Write a judged session to the files that a farm file names.

    Raises:
        DiskError: one could not be written; those before it are.
        StoreError: the session's documents cannot be read.
    """
    verdict, stored = judged.verdict, night_of(store.path)
    names: Mapping[str, str] = store.plan.names if stored is None else stored.night.names
    rows = cell_rows(store.results(), project=verdict.project, branch=verdict.branch, names=names)
    night = JudgedNight(verdict=verdict, changes=judged.changes, rows=rows)
    return write_outputs(outputs, night, resolved=resolved)


def pin_good_files(judged: Judged, store: SessionStore, measured: MeasuredCells, owner: str) -> None:
    """Keep the files that later suspects will be compared with out of reach of a cache quota.

    Of a cell whose number is well that is tonight's file; of one that has become worse, what is pinned already stays.
    """
    unsettled = {
        one.cell for one in judged.verdict.findings if one.kind in _UNSETTLED and one.accepted is None
    }
    keep = any(unsettled)
    cache = ArtifactCache(home() / "cache")
    reasons: dict[str, str] = {}
    bad = {(cell.workload, cell.delegate, cell.threads, cell.serial) for cell in unsettled}
    for key, result in measured.results.items():
        sha256 = result.workload.artifact.sha256
        if result.status is Status.OK and key not in bad and sha256 is not None and cache.find_file(sha256):
            reasons[sha256] = f"{key[0]} as it was measured in {store.plan.session}"
    if keep:
        reasons = {**cache.pins_of(owner), **reasons}
    with suppress(MbenchError):  # a full disk, say: the files are there, if a quota leaves them
        cache.pin(owner, reasons)


__all__ = ["FARM_NAME", "Judged", "judge_stored", "open_session", "pin_good_files", "write_judged"]
