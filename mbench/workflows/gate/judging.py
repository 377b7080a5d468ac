"""Judging a session by its project's past: the archive's series, the gate's rules, what is accepted and decided."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import AcceptedChange, accepted, stale
from mbench.core.nights.series import Series
from mbench.core.nights.verdict_document import KeptDecision, VerdictDocument
from mbench.core.nights.verdicts import UNMEASURED, Decision, Finding, NightName, NightVerdict, Standing
from mbench.gate.judge import judge
from mbench.history.archive import Archive
from mbench.history.deletions import FILE as DELETED_FILE
from mbench.history.past import Past
from mbench.workflows.accepting.accept_file import read_accepted, stale_note
from mbench.workflows.gate.against import judged_against, without_others
from mbench.workflows.gate.asked_changes import AskedChanges
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.gate.cells_now import CellsNow, cells_now
from mbench.workflows.gate.earlier_values import EarlierValues
from mbench.workflows.gate.known import known_verdicts
from mbench.workflows.history.archives import asked


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What is judged.

    Attributes:
        root: the results folder.
        session: of the night, or any other one.
        accepted: file of accepted changes; None: nothing is accepted.
        renamed: new names of workloads by old ones.
        against: a branch whose past it is judged by, as a pull request is by that of `main`; None: its own.
    """

    root: Path
    session: str
    accepted: Path | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    against: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a session is judged to be, and by what.

    Attributes:
        decisions: by which it was judged, those of earlier nights among them.
        last: the verdict of the last judged night; None where there was none, or where it is another branch's.
        nights: sessions of the nights that it was judged by, the earliest first, itself the last.
    """

    verdict: NightVerdict
    decisions: tuple[KeptDecision, ...]
    last: VerdictDocument | None
    nights: tuple[str, ...] = ()


def judge_session(
    request: GateRequest,
    measured: MeasuredCells,
    *,
    tonight: tuple[KeptDecision, ...] = (),
    note: Callable[[str], None],
) -> Judgement:
    """Judge a session by what was known on it.

    Args:
        request: what is judged.
        measured: its cells.
        tonight: what its own re-runs decided.
        note: gets what could not be read.

    Raises:
        StoreError: documents or the archive cannot be read.
        UsageError: the file of accepted changes is wrong, or the session is not one of the results.
    """
    entries = () if request.accepted is None else read_accepted(request.accepted)
    return asked(request.root, lambda archive: _judged(archive, request, measured, entries, tonight, note), note=note)


def _judged(
    archive: Archive,
    request: GateRequest,
    measured: MeasuredCells,
    entries: tuple[AcceptedChange, ...],
    tonight: tuple[KeptDecision, ...],
    note: Callable[[str], None],
) -> Judgement:
    project, branch = _project_of(archive, request.session)
    past = Past(archive, project, branch, request.renamed)
    index = next(night.index for night in past.nights if night.session == request.session)
    series: Iterator[Series] = (each for batch in past.batches() for each in batch)
    compared = past
    if request.against is not None and request.against != branch:
        compared = Past(archive, project, request.against, request.renamed)
        index, series = judged_against(compared, series, index)
    names = {night.index: NightName(id=night.name, date=night.day) for night in compared.nights if night.index < index}
    names[index] = NightName(id=request.session, date=_day_of(past, request.session))
    farms = {night.index: night.farm for night in compared.nights}
    farms[index] = next(night.farm for night in past.nights if night.session == request.session)
    known = known_verdicts(request.root, names, farms, index, note)
    decisions = known.decisions(tonight)
    now = cells_now(compared, request.renamed, branch)
    changes = AskedChanges()
    verdict = judge(
        series,
        project=project,
        branch=branch,
        night=index,
        nights=names,
        decisions=_numbered(decisions, names, now),
        accepted=lambda finding: accepted(finding, entries),
        changed=changes,
        error_class=measured.error_class,
        message=measured.message,
        compared=EarlierValues(request.root, measured, names, request.renamed),
        alone=compared is not past,
    )
    verdict = changes.filled(verdict, (past,) if compared is past else (past, compared), names)
    stale_notes = tuple(_stale_notes(request, entries, verdict))
    if compared is not past:
        verdict = without_others(verdict, compared.branch)
    return Judgement(
        verdict=replace(verdict, notes=(*verdict.notes, *stale_notes)),
        decisions=tuple(_carried(one, request.session) for one in decisions),
        last=now.document(known.last) if known.last and compared is past else None,
        nights=(*(each.session for each in compared.nights[:index] if each.session and each.farm), request.session),
    )


def _project_of(archive: Archive, session: str) -> tuple[str, str]:
    for night in archive.nights:
        if night.session == session:
            return night.project, night.branch
    raise UsageError(
        f"{archive.folder.parent} holds no session {session} that could be judged: it cannot be read, or its project "
        f"was deleted; {DELETED_FILE} there names those, until they are taken out of it."
    )


def _day_of(past: Past, session: str) -> date:
    return next(night.day for night in past.nights if night.session == session)


def _numbered(decisions: tuple[KeptDecision, ...], names: Mapping[int, NightName], now: CellsNow) -> Iterator[Decision]:
    """Yield decisions with the indices of their nights, of cells as they are called now.

    Those about nights that are no more are left out.
    """
    index_of = {name.id: index for index, name in names.items()}
    for one in decisions:
        since, night = index_of.get(one.since), index_of.get(one.night)
        if since is None or night is None:
            continue
        for cell in now.of(one.cell):
            yield Decision(
                cell=cell,
                since=since,
                night=night,
                standing=one.standing,
                rerun=one.rerun,
                because=one.because,
                kind=one.kind,
            )


def _carried(one: KeptDecision, session: str) -> KeptDecision:
    """Return a decision as later nights need it: the runs of what was not confirmed stand in their own session."""
    if one.night == session or one.standing is Standing.CONFIRMED:
        return one
    return one.model_copy(update={"rerun": None})


def _stale_notes(request: GateRequest, entries: tuple[AcceptedChange, ...], verdict: NightVerdict) -> Iterator[str]:
    unmeasured = [(one.cell, one.model) for one in verdict.findings if one.kind in UNMEASURED]
    findings: tuple[Finding, ...] = (*verdict.findings, *verdict.near)
    for entry in stale(entries, findings, unmeasured):
        yield stale_note(str(request.accepted), entry)
