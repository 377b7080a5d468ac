"""Suspects with what they were measured with, and what is known of each while it is measured again."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding, FindingClass, Rerun
from mbench.core.results import BinaryFacts, JobResult, Pass
from mbench.gate.confirm import FIRST_PAIRS, Confirmation, confirm
from mbench.gate.plan import PlannedRerun
from mbench.workflows.compare.rerun import RerunCell
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.gate.old_files import Before, EarlierResults

Lack = Callable[[RerunCell], str | None]
"""Says what of a cell's old side cannot be had, in a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A suspect, and how it is measured again.

    Attributes:
        result: of tonight.
        before: of the last good night before it; None where there was none.
        what: is measured: without the old file where that, or its program, cannot be had.
        lack: why not, in a clause; None where it can.
    """

    planned: PlannedRerun
    result: JobResult
    before: Before | None
    what: RerunCell
    lack: str | None

    @property
    def cell(self) -> Cell:
        """Whose finding it is."""
        return self.planned.finding.cell

    @property
    def purpose(self) -> Pass:
        """Which runs measure it again."""
        return purpose_of(self.planned.finding)


def purpose_of(finding: Finding) -> Pass:
    """Return which runs measure what a finding is about."""
    return Pass.MEMORY if finding.kind is FindingClass.MEMORY else Pass.LATENCY


def suspects_of(
    planned: Iterable[PlannedRerun], measured: MeasuredCells, earlier: EarlierResults, lack: Lack
) -> dict[str, list[Suspect]]:
    """Return planned re-runs with what is measured for them, by the serial of their phones.

    Args:
        planned: worst first.
        measured: tonight's cells.
        earlier: results of nights before.
        lack: of the host that holds their phones.
    """
    by_serial: dict[str, list[Suspect]] = {}
    for each in planned:
        result = measured.of(each.finding.cell)
        if result is None:
            continue
        before = earlier.before(each.finding.cell, each.finding.since)
        what, why = _what(result, before, lack)
        suspect = Suspect(planned=each, result=result, before=before, what=what, lack=why)
        by_serial.setdefault(result.device.serial, []).append(suspect)
    return by_serial


def _what(result: JobResult, before: Before | None, lack: Lack) -> tuple[RerunCell, str | None]:
    """Return what is measured again, and why the old side is not."""
    alone = RerunCell(new=result.workload, old=None)
    if before is None:
        return alone, "no earlier result of it is known"
    old = before.result
    if old.binary.tool != result.binary.tool:
        return alone, f"it was measured by another kind of program, {old.binary.tool}"
    whole = RerunCell(new=result.workload, old=old.workload.artifact, old_binary=_other(old.binary, result.binary))
    why = lack(whole)
    return (whole, None) if why is None else (alone, why)


def _other(old: BinaryFacts, new: BinaryFacts) -> BinaryFacts | None:
    """Return the old program where it is another one, with what lies beside it."""
    return None if (old.sha256, old.companions) == (new.sha256, new.companions) else old


def by_purpose(suspects: Sequence[Suspect]) -> dict[Pass, list[Suspect]]:
    """Return suspects by what is measured again, latency first; what nothing is of is left out."""
    found = {purpose: [one for one in suspects if one.purpose is purpose] for purpose in (Pass.LATENCY, Pass.MEMORY)}
    return {purpose: each for purpose, each in found.items() if each}


@dataclass(slots=True)
class Deciding:
    """Decides about suspects of one purpose, round by round.

    First as many pairs as a clear case needs, then the others to their end.

    Attributes:
        suspects: all of them, worst first.
        taken: what was measured of each so far.
        said: what that says.
        begun: whether the first round was given out.
    """

    suspects: Sequence[Suspect]
    taken: dict[Cell, Rerun] = field(default_factory=dict)
    said: dict[Cell, Confirmation] = field(default_factory=dict)
    begun: bool = False

    @property
    def alone(self) -> list[Suspect]:
        """Suspects without an old side."""
        return [each for each in self.suspects if each.what.old is None]

    def next_round(self) -> tuple[list[Suspect], int]:
        """Return the suspects that are measured in pairs next, and how many pairs; none where all is decided."""
        left = [each for each in self.suspects if each.what.old is not None]
        if not self.begun:
            self.begun = True
            return left, FIRST_PAIRS
        left = [each for each in left if each.cell in self.said and self.said[each.cell].more and self._pairs_of(each)]
        pairs = max((each.planned.pairs - self._pairs_of(each) for each in left), default=0)
        return (left, pairs) if pairs > 0 else ([], 0)

    def add(self, measured: Iterable[tuple[Suspect, Rerun, str | None]]) -> None:
        """Add what was measured, with what was lacking, and decide by all of it."""
        for suspect, rerun, reason in measured:
            before = self.taken.get(suspect.cell)
            whole = self.taken[suspect.cell] = rerun if before is None else _together(before, rerun)
            finding = suspect.planned.finding
            confirmation = confirm(whole, before=finding.before or math.nan, now=finding.now or math.nan)
            if (why := reason or suspect.lack) is not None:
                confirmation = replace(confirmation, because=f"{confirmation.because} ({why.rstrip('.')})")
            self.said[suspect.cell] = confirmation

    @property
    def decided(self) -> list[tuple[Finding, Confirmation]]:
        """What measuring again says of the suspects that were measured."""
        return [(each.planned.finding, self.said[each.cell]) for each in self.suspects if each.cell in self.said]

    def _pairs_of(self, suspect: Suspect) -> int:
        return len(self.taken[suspect.cell].old)


def _together(before: Rerun, after: Rerun) -> Rerun:
    return replace(
        after,
        old_us=before.old_us + after.old_us,
        new_us=before.new_us + after.new_us,
        old_kib=before.old_kib + after.old_kib,
        new_kib=before.new_kib + after.new_kib,
        p_value=None,
    )
