"""A verdict in sections: its first line, its counts, and what it found, in the order of the exit codes.

Regressions come first, then failures, then cells without a number; what nobody need act on comes last.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mbench.core.nights.verdict_changes import VerdictChanges, is_bad
from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict, Standing
from mbench.report.render.number_format import count_of
from mbench.report.verdicts.commands import HERE, CommandPlace
from mbench.report.verdicts.groups import Group, by_reason, by_workload
from mbench.report.verdicts.pieces import Line, Prose
from mbench.report.verdicts.sentences import details, headline, near_miss, reason, summary, unsettled

_UNMEASURED = (FindingClass.LAB, FindingClass.MISSING)


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that is reported: a line, and those below it; and the findings that it is about, the worst first."""

    line: Line
    below: tuple[Line, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks below a title, the worst first; `most` of them are shown where lines are few."""

    title: str
    blocks: tuple[Block, ...]
    most: int


@dataclass(frozen=True, slots=True)
class VerdictSections:
    """A verdict as it is reported.

    Attributes:
        first: the verdict itself.
        counts: of cells.
        sections: none is empty.
        folded: what was looked at and need not be read.
    """

    first: Line
    counts: Line
    sections: tuple[Section, ...]
    folded: tuple[Line, ...]


def in_sections(
    verdict: NightVerdict, changes: VerdictChanges | None = None, place: CommandPlace = HERE
) -> VerdictSections:
    """Return a verdict in sections.

    Args:
        verdict: of a night.
        changes: against the last night's; None: what is new is what began tonight.
        place: where its commands are typed.
    """
    findings = [finding for finding in verdict.findings if finding.accepted is None]
    alarms = [finding for finding in findings if finding.alarm]
    new, still = _parted(alarms, changes)
    sections = (
        _section("New regressions", by_workload(new), summary, partial(details, place=place), most=8),
        _section("Still bad", by_workload(still), summary, most=6),
        _section("Failed", by_reason(_of(findings, FindingClass.FAILED)), reason, most=4),
        _section("Without a number", by_reason(_of(findings, *_UNMEASURED)), reason, most=4),
        _section("The phone changed, not the model", _standing(findings, Standing.PHONE_CHANGED), summary, most=3),
        _section(
            "Suspects that nobody measured again", _standing(findings, Standing.SUSPECT), summary, unsettled, most=3
        ),
        _section("Bad the last time, and unknown tonight", by_workload(_unseen(changes, findings)), summary, most=3),
        _section("Recovered", by_workload(() if changes is None else changes.recovered), summary, most=3),
        _section("Improved", by_workload(_of(findings, FindingClass.IMPROVED)), summary, most=3),
        Section("Notes", tuple(Block(("note: ", Prose(note))) for note in verdict.notes), most=4),
    )
    near = (*verdict.near, *(each for each in findings if each.standing is Standing.WITHDRAWN))
    return VerdictSections(
        first=first_line(verdict),
        counts=_counts(verdict),
        sections=tuple(section for section in sections if section.blocks),
        folded=tuple(map(near_miss, near)),
    )


def first_line(verdict: NightVerdict) -> Line:
    """Return the verdict: `1 regression confirmed: detector gpu on Pixel 4 +10.2 % (4 of 5 Pixel 4), new`."""
    findings = [finding for finding in verdict.findings if finding.accepted is None]
    alarms = by_workload(verdict.alarms)
    if alarms:
        more = f"; and {len(alarms) - 1} more" if len(alarms) > 1 else ""
        return (f"{count_of(len(alarms), 'regression')} confirmed: ", *headline(alarms[0]), more)
    failed, missing = by_reason(_of(findings, FindingClass.FAILED)), by_reason(_of(findings, *_UNMEASURED))
    if failed:
        return (f"No regression, but {count_of(_cells(failed), 'cell')} failed: ", *reason(failed[0]))
    if missing:
        return (f"No regression, but {count_of(_cells(missing), 'cell')} without a number: ", *reason(missing[0]))
    if suspects := _standing(findings, Standing.SUSPECT):
        return (f"No regression confirmed; {count_of(len(suspects), 'suspect')} not measured again",)
    if not verdict.judged:
        return ("Nothing judged: no cell has enough nights to be compared with",)
    improved = by_workload(_of(findings, FindingClass.IMPROVED))
    better = f", {count_of(len(improved), 'improvement')}" if improved else ""
    return (f"No regression: {count_of(verdict.judged, 'cell')} judged{better}",)


def _counts(verdict: NightVerdict) -> Line:
    accepted = sum(finding.accepted is not None for finding in verdict.findings)
    unmeasured = sum(finding.kind in _UNMEASURED for finding in verdict.findings)
    counted = {
        "judged": verdict.judged,
        "as before": verdict.unchanged,
        "too young": verdict.too_young,
        "without a number": unmeasured,
        "accepted": accepted,
    }
    cells = ", ".join(f"{number} {what}" for what, number in counted.items() if number or what == "judged")
    return (f"Night of {verdict.date}, ", Prose(f"{verdict.project} {verdict.branch}"), f": {cells}.")


def _parted(
    alarms: Sequence[Finding], changes: VerdictChanges | None
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return alarms that are news, and those that are not."""
    before = None if changes is None else {(each.cell, each.kind) for each in changes.still}

    def is_new(finding: Finding) -> bool:
        return finding.nights <= 1 if before is None else (finding.cell, finding.kind) not in before

    return tuple(filter(is_new, alarms)), tuple(each for each in alarms if not is_new(each))


def _unseen(changes: VerdictChanges | None, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what was bad the last time and has no finding of its class tonight: its cell has no number."""
    found_tonight = {(each.cell, each.kind) for each in findings}
    return (each for each in (changes.unseen if changes else ()) if (each.cell, each.kind) not in found_tonight)


def _section(
    title: str,
    groups: Iterable[Group],
    line: Callable[[Group], Line],
    below: Callable[[Group], tuple[Line, ...]] = lambda _: (),
    *,
    most: int,
) -> Section:
    return Section(title, tuple(Block(line(group), below(group), group.findings) for group in groups), most)


def _of(findings: Iterable[Finding], *kinds: FindingClass) -> Iterator[Finding]:
    return (finding for finding in findings if finding.kind in kinds)


def _standing(findings: Iterable[Finding], standing: Standing) -> tuple[Group, ...]:
    """Return groups of what is neither sure nor of the lab."""
    return by_workload(
        finding
        for finding in findings
        if finding.standing is standing and finding.kind is not FindingClass.IMPROVED and not is_bad(finding)
    )


def _cells(groups: Iterable[Group]) -> int:
    return sum(len(group.findings) for group in groups)
