"""Common causes: many cells of one phone, or many that changed at once, that became slower on the same night.

One hot phone is one message, and so is one slow program. A few of its cells are measured again and speak for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mbench.core.nights.series import Cell
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, Standing

LEAST_CELLS: Final = 4
"""That shifted, for a cause: three may do so by themselves."""

LEAST_SHARE: Final = 0.5
"""Of the cells that share it and were measured."""

SAMPLED: Final = 3
"""Cells of a cause that are measured again: enough to see that they agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a cell that was measured tonight may share with others.

    Attributes:
        changed: whether what is under test, its file or program, is another one than the night before.
    """

    cell: Cell
    changed: bool


def name_causes(findings: Sequence[Finding], measured: Iterable[Shared]) -> tuple[Finding, ...]:
    """Return findings, those that began tonight with many others of one phone or one change with their common cause.

    A phone goes first: what is slow on one phone alone is not the program's doing.
    """
    measured = list(measured)
    new = {one.cell for one in findings if one.kind is FindingClass.LATENCY and one.nights == 1}
    causes: dict[Cell, str] = {}
    by_phone: dict[str, list[Cell]] = {}
    for shared in measured:
        by_phone.setdefault(shared.cell.serial, []).append(shared.cell)
    phones = {serial: cells for serial, cells in by_phone.items() if _many(cells, new)}
    changed = [shared.cell for shared in measured if shared.changed]
    everywhere = _many(changed, new) and len({cell.serial for cell in changed if cell in new}) > 1
    for serial, cells in phones.items():
        hit = [cell for cell in cells if cell in new]
        causes |= dict.fromkeys(hit, f"{serial}: {len(hit)} of {len(cells)} cells shifted at once")
    if everywhere and len(phones) != 1:
        hit = [cell for cell in changed if cell in new]
        words = f"another program or file: {len(hit)} of {len(changed)} cells that changed shifted at once"
        causes |= dict.fromkeys(hit, words)
    return tuple(
        replace(one, common_cause=causes[one.cell])
        if one.kind is FindingClass.LATENCY and one.nights == 1 and one.cell in causes
        else one
        for one in findings
    )


def decide_alike(findings: Iterable[Finding], decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return decisions, and those of cells whose common cause's sampled cells all came out alike.

    Args:
        findings: of tonight, before the re-runs.
        decisions: of tonight's re-runs.
    """
    decisions = tuple(decisions)
    made = {one.cell: one for one in decisions if one.kind is FindingClass.LATENCY}
    by_cause: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.common_cause is not None and finding.standing is Standing.SUSPECT:
            by_cause.setdefault(finding.common_cause, []).append(finding)
    more = [one for cause, members in by_cause.items() for one in _alike(cause, members, made)]
    return (*decisions, *more)


def _alike(cause: str, members: list[Finding], made: Mapping[Cell, Decision]) -> list[Decision]:
    sampled = [made[one.cell] for one in members if one.cell in made]
    if len(sampled) < min(SAMPLED, len(members)) or len({one.standing for one in sampled}) != 1:
        return []
    words = f"as {len(sampled)} others of {cause}"
    return [replace(sampled[0], cell=one.cell, rerun=None, because=words) for one in members if one.cell not in made]


def _many(cells: Sequence[Cell], new: set[Cell]) -> bool:
    hit = sum(cell in new for cell in cells)
    return hit >= LEAST_CELLS and hit >= LEAST_SHARE * len(cells)
