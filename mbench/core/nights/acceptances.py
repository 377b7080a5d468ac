"""Accepted changes: which findings an entry of the file silences, and up to which level.

An entry silences a level and not a cell: what grows beyond it by more than the tolerance, or went away and comes back,
is an alarm again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Acceptance, Finding, FindingClass

ACCEPTABLE: Final = (
    FindingClass.FAILED,
    FindingClass.FALLBACK,
    FindingClass.ACCURACY,
    FindingClass.SIZE,
    FindingClass.MEMORY,
    FindingClass.LATENCY,
)
"""What can be meant; a phone that is away, or a cell that vanished, cannot."""

RELATIVE_TOLERANCE: Final = {FindingClass.LATENCY: 0.05, FindingClass.MEMORY: 0.05, FindingClass.SIZE: 0.01}
"""Share of the accepted level, or ratio, by which a finding may lie above it and still be the same change.

Levels of unchanged phones move by a few hundredths from night to night; sizes by a few bytes of metadata.
"""

ACCURACY_TOLERANCE: Final = 0.5
"""Percentage points below the accepted accuracy. A fallback has no tolerance: nodes are counted."""

OWN_TOLERANCE: Final = 0.005
"""Share of an accepted value of a user's metric, by which one may be worse and still be the same change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedChange:
    """An entry of the file of accepted changes.

    Attributes:
        workload: name, or a pattern with `*`, `?` and `[…]`.
        delegate: None: any; likewise threads.
        device: serial; None: every device of `model`.
        model: as people call it; None: any that `device` is.
        level: the worst value that is accepted, in `unit`; None where `ratio` says it, or for a failure.
        ratio: the worst now / before that is accepted: for the devices of a model, whose levels differ.
        error_class: of a failure; None: any.
        night: id of the night on which it was seen.
        night_date: local date of that night: what began later is another change.
        line: of the file, for messages.
    """

    workload: str
    delegate: str | None
    threads: int | None
    device: str | None
    model: str | None
    kind: FindingClass
    level: float | None
    unit: str | None
    ratio: float | None
    error_class: str | None
    night: str
    night_date: date
    because: str
    who: str
    on: date
    line: int | None = None

    def covers(self, cell: Cell, model: str) -> bool:
        """Whether it is about a cell, whatever its level."""
        return (
            (self.workload == cell.workload or fnmatchcase(cell.workload, self.workload))
            and self.delegate in (None, cell.delegate)
            and self.threads in (None, cell.threads)
            and self.device in (None, cell.serial)
            and self.model in (None, model)
        )


def accepted(finding: Finding, entries: Iterable[AcceptedChange]) -> Acceptance | None:
    """Return that a finding is meant, by the first entry that says so; None where none does."""
    entry = next((entry for entry in entries if accepts(entry, finding)), None)
    if entry is None:
        return None
    level = finding.before * entry.ratio if entry.ratio is not None and finding.before is not None else entry.level
    return Acceptance(level=level, night=entry.night, because=entry.because, who=entry.who, on=entry.on)


def accepts(entry: AcceptedChange, finding: Finding) -> bool:
    """Whether an entry silences a finding: of its cell, class and unit, not worse than its level, and not come back."""
    return (
        finding.kind is entry.kind
        and entry.covers(finding.cell, finding.model)
        and _began_before(entry, finding)
        and _holds_level(entry, finding)
    )


def stale(
    entries: Sequence[AcceptedChange], findings: Sequence[Finding], unmeasured: Sequence[tuple[Cell, str]] = ()
) -> tuple[AcceptedChange, ...]:
    """Return the entries that silence nothing any more, and can go.

    Args:
        entries: of the file.
        findings: of tonight, the accepted ones among them.
        unmeasured: cells without a number tonight, with their model: what is accepted of them is not known to be gone.
    """
    return tuple(
        entry
        for entry in entries
        if not any(accepts(entry, finding) for finding in findings)
        and not any(entry.covers(cell, model) for cell, model in unmeasured)
    )


def _began_before(entry: AcceptedChange, finding: Finding) -> bool:
    """Whether the finding is the change that was accepted, and none that began after its night."""
    if finding.since_date is not None and finding.since_date != entry.night_date:
        return finding.since_date < entry.night_date
    return finding.since == entry.night or (finding.since_date is not None and finding.since < entry.night)


def _holds_level(entry: AcceptedChange, finding: Finding) -> bool:
    if entry.kind is FindingClass.FAILED:
        return entry.error_class in (None, finding.error_class)
    if entry.ratio is not None:
        return finding.ratio is not None and _within(entry.kind, finding.ratio, entry.ratio)
    if entry.level is None or finding.now is None or finding.unit != entry.unit:
        return False
    if finding.own_metric:
        return _within_own(finding, finding.now, entry.level)
    return _within(entry.kind, finding.now, entry.level)


def _within_own(finding: Finding, now: float, level: float) -> bool:
    """Whether a value of a user's metric is no worse than an accepted one: no higher, where it rose to be worse."""
    tolerance = OWN_TOLERANCE * abs(level)
    if finding.before is not None and now > finding.before:
        return now <= level + tolerance
    return now >= level - tolerance


def _within(kind: FindingClass, now: float, level: float) -> bool:
    """Whether a value, or a ratio, is no worse than an accepted one, its tolerance added."""
    if kind is FindingClass.ACCURACY:
        return now >= level - ACCURACY_TOLERANCE
    if kind is FindingClass.FALLBACK:
        return now >= level
    return now <= level * (1 + RELATIVE_TOLERANCE[kind])
