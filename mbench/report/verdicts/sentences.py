"""A group of findings as lines: one that says what it is, and those that say why, what changed and what to do next."""

from collections.abc import Iterator

from mbench.core.nights.verdicts import Finding, FindingClass, Standing
from mbench.core.numbers.statistics import median
from mbench.report.render.number_format import count_of, milliseconds
from mbench.report.verdicts.commands import (
    HERE,
    CommandPlace,
    accept_command,
    history_command,
    reproduce_command,
    workload_of,
)
from mbench.report.verdicts.figures import change, interval, levels, percent
from mbench.report.verdicts.groups import Group
from mbench.report.verdicts.pieces import Command, Line, Name, Prose

MOST_CHANGED = 3
"""Of what changed that night, as many are named in a line."""

_UNITED = frozenset({"nodes"})
"""Units of which the change itself says from what to what."""


def headline(group: Group) -> Line:
    """Return a group in a few words: `detector gpu on Pixel 4 +10.2 % (4 of 5 Pixel 4), new`."""
    worst = group.worst
    what = "" if worst.kind is FindingClass.LATENCY else f"{worst.kind} of "
    return (what, *_where(group), f" {change(worst)}", *_agreement(group), ", ", *_since(worst))


def summary(group: Group) -> Line:
    """Return a group in one line, its class first."""
    worst = group.worst
    known = levels(worst)
    said = f", {known}" if known and worst.unit not in _UNITED else ""
    figures = f": {change(worst)}{interval(worst)}{said}"
    return (f"{worst.kind} ", *_where(group), figures, *_agreement(group), ", ", *_since(worst))


def details(group: Group, place: CommandPlace = HERE) -> tuple[Line, ...]:
    """Return the lines below a group's first one: the evidence, what changed, and commands that work in a place."""
    worst = group.worst
    device = () if group.devices == 1 else ("; figures are of ", Name(worst.cell.serial))
    evidence: Line = (*_evidence(worst), *device)
    commands: Line = (Command(history_command(worst.cell, place)), " shows it")
    again = reproduce_command(worst.cell, place)
    if again is not None:
        commands = (*commands, "; ", Command(again), " measures it again")
    meant: Line = ("meant? ", Command(accept_command(worst, devices=group.devices, place=place)))
    return tuple(line for line in (evidence, _changed(worst), commands, meant) if line)


def unsettled(group: Group) -> tuple[Line, ...]:
    """Return why measuring a suspect again did not settle it; nothing where nobody has measured it again."""
    return () if group.worst.rerun is None else (_evidence(group.worst),)


def reason(group: Group) -> Line:
    """Return cells without a number, or failed, that share a reason: `lab: 14 cells on R58M1: transport: …`."""
    worst = group.worst
    said = worst.error_class is None or worst.because.endswith(f": {worst.error_class}")
    of_class = "" if said else f"{worst.error_class}: "
    where: Line = (Name(workload_of(worst.cell)), " on ", Name(worst.cell.serial))
    if len(group.findings) > 1:
        where = (f"{len(group.findings)} cells on ", *_devices(group))
    why = Prose(f"{of_class}{worst.because}".rstrip("."))
    return (f"{worst.kind}: ", *where, ": ", why, *_message(group), ", ", *_since(worst))


def _message(group: Group) -> Iterator[str | Prose]:
    """Yield what the first cell's document says, where the reason does not say so already."""
    worst = group.worst
    if worst.message is not None and worst.message.rstrip(".") not in worst.because:
        yield ": " if len(group.findings) == 1 else ", the first: "
        yield Prose(worst.message.rstrip("."))


def near_miss(finding: Finding) -> Line:
    """Return what was looked at and is no regression, in one line."""
    where: Line = (Name(workload_of(finding.cell)), " on ", Name(finding.cell.serial))
    return (
        f"{finding.standing} {finding.kind} ".replace("_", " "),
        *where,
        f": {change(finding)}: ",
        _because(finding),
    )


def _since(finding: Finding) -> Line:
    """Return since when it is so: `since 2026-11-29, 3 nights`, by the night's id where no date is known; or `new`."""
    if finding.nights <= 1:
        return ("new",)
    began = Name(finding.since) if finding.since_date is None else str(finding.since_date)
    return ("since ", began, f", {finding.nights} nights")


def _where(group: Group) -> Line:
    worst = group.worst
    if worst.common_cause is not None and len({workload_of(each.cell) for each in group.findings}) > 1:
        return (
            f"{len(group.findings)} cells with one cause, ",
            Prose(worst.common_cause),
            ", at worst ",
            *_cell(worst),
        )
    if group.devices == 1 and worst.agreement is None:
        return (*_cell(worst), " ", Name(worst.cell.serial))
    return _cell(worst)


def _cell(finding: Finding) -> Line:
    return (Name(workload_of(finding.cell)), " on ", Name(finding.model))


def _agreement(group: Group) -> Line:
    agreements = [each.agreement for each in group.findings if each.agreement is not None]
    if agreements:
        most = max(agreements, key=lambda each: (each.shifted, each.devices))
        return (f" ({most.shifted} of {most.devices} ", Name(most.model), ")")
    return () if group.devices == 1 else (f" ({group.devices} devices)",)


def _devices(group: Group) -> Iterator[str | Name]:
    serials = list(dict.fromkeys(finding.cell.serial for finding in group.findings))
    for place, serial in enumerate(serials[:MOST_CHANGED]):
        yield from (", ", Name(serial)) if place else (Name(serial),)
    if len(serials) > MOST_CHANGED:
        yield f" and {count_of(len(serials) - MOST_CHANGED, 'device')} more"


def _evidence(finding: Finding) -> Line:
    rerun = finding.rerun
    if rerun is None:
        said = "not measured again: " if finding.standing is Standing.SUSPECT else "why: "
        return (said, _because(finding))
    old, new = _middle(rerun.old), _middle(rerun.new)
    if new is None:
        return ("why: ", _because(finding))
    shown, unit = (_kib, "KiB") if rerun.new_kib else (milliseconds, "ms")
    if old is None:
        return (f"measured again, without the old files: {shown(new)} {unit}; ", _because(finding))
    p_value = "" if rerun.p_value is None else f", p = {rerun.p_value:.2g}"
    ratio = f", {percent(new / old)}" if old else ""
    runs = f"{len(rerun.old)} and {len(rerun.new)} runs"
    measured = f"measured again in turn: old {shown(old)}, new {shown(new)} {unit}{ratio}, {runs}{p_value}; "
    return (measured, _because(finding))


def _kib(value_kib: float) -> str:
    return f"{value_kib:.0f}"


def _because(finding: Finding) -> Prose:
    return Prose(finding.because.rstrip("."))


def _changed(finding: Finding) -> Line:
    if not finding.changed:
        return ()
    more = len(finding.changed) - MOST_CHANGED
    named: list[str | Prose] = []
    for each in finding.changed[:MOST_CHANGED]:
        named += ["; ", Prose(each)]
    return ("changed then: ", *named[1:], *((f"; and {more} more",) if more > 0 else ()))


def _middle(samples: tuple[float, ...]) -> float | None:
    return median(samples) if samples else None
