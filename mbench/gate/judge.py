"""The verdict over a night: every rule asked about every cell, then what cells say together.

Series come one after the other and are not kept, so that a year of twenty thousand cells fits into memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from mbench.core.nights.series import Cell, PointState, Series
from mbench.core.nights.verdicts import (
    Acceptance,
    Decision,
    Finding,
    FindingClass,
    NightName,
    NightVerdict,
    Standing,
)
from mbench.gate.accuracy import judge_accuracy
from mbench.gate.common_cause import Shared, name_causes
from mbench.gate.fallback import judge_fallback
from mbench.gate.fleet import Tail, agreement, by_workload, tail_of
from mbench.gate.fleet_findings import fleet_finding
from mbench.gate.latency import LIMITS, judge_latency
from mbench.gate.memory import judge_memory
from mbench.gate.settled import MEASURED_AGAIN
from mbench.gate.size import judge_size
from mbench.gate.tonight import Changed, Compared, Tonight, nothing_compared, up_to
from mbench.gate.unmeasured import judge_unmeasured
from mbench.gate.values import judge_values

Accepted = Callable[[Finding], Acceptance | None]
"""That a finding is meant; None where nobody said so."""

RESTLESS_NIGHTS: Final = 12
"""Looked at, to see whether epochs ever last: twice what a cell needs to be old enough."""

RESTLESS_EPOCHS: Final = 4
"""Of so many nights, from which on a cell never becomes old enough; an update and its correction are three."""

_ORDER: Final = {kind: place for place, kind in enumerate(FindingClass)}


@dataclass(slots=True)
class _Seen:
    """What is kept of the series that were read."""

    findings: list[Finding] = field(default_factory=list)
    near: list[Finding] = field(default_factory=list)
    tails: list[Tail] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    begun: dict[tuple[str, int, int], int] = field(default_factory=dict)
    restless: dict[tuple[str, int, int], int] = field(default_factory=dict)
    too_young: int = 0
    judged: set[Cell] = field(default_factory=set)
    unjudged: list[str] = field(default_factory=list)


def judge(
    series: Iterable[Series],
    *,
    project: str,
    branch: str,
    night: int,
    nights: Mapping[int, NightName],
    decisions: Iterable[Decision] = (),
    accepted: Accepted = lambda _: None,
    changed: Changed = lambda _cell, _before, _after: (),
    error_class: Callable[[Cell], str | None] = lambda _: None,
    message: Callable[[Cell], str | None] = lambda _: None,
    compared: Compared = nothing_compared,
    notes: Sequence[str] = (),
    alone: bool = False,
) -> NightVerdict:
    """Judge a night, by what was known on it: later points of the series are not looked at.

    Args:
        series: of the project and branch, in any order; each is looked at once.
        project: that is judged.
        branch: of it.
        night: index of the night.
        nights: what nights are called, by the index that series have.
        decisions: of re-runs, tonight's among them; those of later nights do not count.
        accepted: says what is meant.
        changed: says what changed of a cell between two nights.
        error_class: of a cell that failed tonight, or that phone or host kept from being measured.
        message: what the document of such a cell says.
        compared: compares a cell's values of each example tonight with those of an earlier night, by a user's metric.
        notes: what else the verdict must say.
        alone: whether the nights before are another branch's.
    """
    made = _by_cell(one for one in decisions if one.night <= night)
    seen = _Seen()
    for whole in series:
        cut = up_to(whole, night)
        if cut is not None:
            cell = Tonight(series=cut, nights=nights, changed=changed, alone=alone, compared=compared)
            _look(seen, cell, made, error_class, message)
    findings = _together(seen, made[FindingClass.LATENCY], night, nights)
    findings = [replace(one, accepted=accepted(one)) for one in findings]
    found = {one.cell for one in findings}
    return NightVerdict(
        project=project,
        branch=branch,
        night=nights[night].id,
        date=nights[night].date,
        judged=len(seen.judged),
        too_young=seen.too_young,
        unchanged=len(seen.judged - found),
        findings=tuple(sorted(findings, key=_worst_first)),
        near=tuple(sorted(seen.near, key=_worst_first)),
        notes=(*notes, *_begun_epochs(seen.begun, nights), *_restless(seen.restless), *sorted(seen.unjudged)),
    )


def _by_cell(decisions: Iterable[Decision]) -> dict[FindingClass, dict[Cell, list[Decision]]]:
    """Return decisions by what they are about."""
    made: dict[FindingClass, dict[Cell, list[Decision]]] = {kind: {} for kind in MEASURED_AGAIN}
    for one in decisions:
        made[one.kind].setdefault(one.cell, []).append(one)
    return made


def _look(
    seen: _Seen,
    tonight: Tonight,
    made: Mapping[FindingClass, Mapping[Cell, list[Decision]]],
    error_class: Callable[[Cell], str | None],
    message: Callable[[Cell], str | None],
) -> None:
    """Ask every rule about one cell."""
    series = tonight.series
    cell = series.cell
    if tonight.state is not PointState.NUMBER:
        seen.findings += judge_unmeasured(tonight, error_class(cell), message(cell))
        return
    latency = judge_latency(tonight, made[FindingClass.LATENCY].get(cell, ()))
    memory = judge_memory(tonight, made[FindingClass.MEMORY].get(cell, ()))
    for judge_class in (judge_fallback, judge_accuracy, judge_size):
        seen.findings += judge_class(tonight)
    values = judge_values(tonight)
    seen.unjudged += [] if values.unjudged is None else [values.unjudged]
    seen.findings += (*values.findings, *memory.findings, *latency.findings)
    seen.near += (*memory.near, *latency.near)
    if latency.too_young:
        seen.too_young += 1
        _note_epoch(seen, series)
    else:
        seen.judged.add(cell)
    tail = tail_of(tonight)
    if tail is not None:
        seen.tails.append(tail)
        seen.shared.append(Shared(cell=cell, changed=len(series) > 1 and series.thing[-1] != series.thing[-2]))


def _note_epoch(seen: _Seen, series: Series) -> None:
    """Count a cell whose epoch is young because another one ended, by phone and night."""
    others = np.flatnonzero(series.epoch != series.epoch[-1])
    if others.size:
        begun = int(others[-1]) + 1
        recent = series.epoch[-RESTLESS_NIGHTS:]
        epochs = 1 + int(np.count_nonzero(recent[1:] != recent[:-1]))
        if epochs >= RESTLESS_EPOCHS:
            restless = (series.cell.serial, epochs, len(recent))
            seen.restless[restless] = seen.restless.get(restless, 0) + 1
            return
        key = (series.cell.serial, int(series.night[begun]), len(series) - begun)
        seen.begun[key] = seen.begun.get(key, 0) + 1


def _begun_epochs(begun: Mapping[tuple[str, int, int], int], nights: Mapping[int, NightName]) -> list[str]:
    return [
        f"{serial}: a new epoch since {nights[night].id}: {cells} cell{'s' if cells != 1 else ''} "
        f"with {points} of {LIMITS.nights + 1} nights"
        for (serial, night, points), cells in sorted(begun.items())
    ]


def _restless(restless: Mapping[tuple[str, int, int], int]) -> list[str]:
    keep = LIMITS.nights + 1
    return [
        f"{serial}: {epochs} epochs in {nights} nights of {cells} cell{'' if cells == 1 else 's'}, too young for ever: "
        f"OS build, run settings, pinning or clocks change again and again. Keep them for {keep} nights (turn off the "
        "phone's automatic updates, say), or time two files at once: mbench run --against FILE"
        for (serial, epochs, nights), cells in sorted(restless.items())
    ]


def _together(
    seen: _Seen, made: Mapping[Cell, list[Decision]], night: int, nights: Mapping[int, NightName]
) -> list[Finding]:
    """Return all findings, with what other devices say of them, and those that devices show together alone."""
    groups = by_workload(seen.tails)
    group_of = {tail.cell: tails for tails in groups.values() for tail in tails}
    findings = [_agreed(one, group_of) for one in name_causes(seen.findings, seen.shared)]
    slower = {one.cell for one in findings if one.kind is FindingClass.LATENCY}
    for tails in groups.values():
        found = fleet_finding(tails, slower, made, night, nights)
        if found is None:
            continue
        (seen.near if found.standing is Standing.WITHDRAWN else findings).append(found)
        seen.judged.add(found.cell)
    return findings


def _agreed(finding: Finding, group_of: Mapping[Cell, list[Tail]]) -> Finding:
    if finding.ratio is None or finding.kind not in {FindingClass.LATENCY, FindingClass.IMPROVED}:
        return finding
    tails = group_of[finding.cell]
    said = agreement(tails, cell=finding.cell, ratio=finding.ratio, nights=finding.nights)
    return replace(finding, agreement=said)


def _worst_first(finding: Finding) -> tuple[int, bool, float, Cell, str]:
    """Order by class; then what is an alarm, then by how much, and by cell where that is equal."""
    ratio = finding.ratio
    if ratio is not None and finding.kind in {FindingClass.FALLBACK, FindingClass.ACCURACY, FindingClass.IMPROVED}:
        ratio = max(ratio, 1 / ratio) if ratio else float("inf")  # of a user's metric either may be worse
    cell = replace(finding.cell, threads=finding.cell.threads or 0)
    return _ORDER[finding.kind], not finding.alarm, -(ratio or 0.0), cell, finding.since
