"""What measuring again decides about, and its decisions at places of a series: what is judged by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, Standing

MEASURED_AGAIN: Final = {FindingClass.LATENCY: Standing.SUSPECT, FindingClass.MEMORY: Standing.CERTAIN}
"""Classes that measuring again decides about, and the standing of what it has not decided yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A decision, at places of a series.

    Attributes:
        since: place of the point on which the shift began.
        asked: place of the last point when it was measured again.
        decision: whose places these are.
    """

    since: int
    asked: int
    standing: Standing
    decision: Decision | None = None


def is_measured_again(finding: Finding) -> bool:
    """Whether a finding is one that measuring again decides about, and has not yet."""
    return MEASURED_AGAIN.get(finding.kind) is finding.standing


def settle(nights: Counts, decisions: Iterable[Decision]) -> list[Settled]:
    """Return decisions by places among the nights with a number; those of nights that are no more are left out.

    Args:
        nights: indices of the nights with a number, in order.
        decisions: about one cell.
    """
    settled = []
    for one in decisions:
        since, asked = np.searchsorted(nights, one.since), np.searchsorted(nights, one.night, side="right") - 1
        if since < nights.size and nights[since] == one.since and asked >= since:
            settled.append(Settled(since=int(since), asked=int(asked), standing=one.standing, decision=one))
    return settled


def parted(settled: Iterable[Settled], place: int) -> tuple[list[Settled], list[Settled]]:
    """Return decisions of before a place, and those of it: a suspect is what it was before it was measured again."""
    before: list[Settled] = []
    there: list[Settled] = []
    for one in settled:
        (before if one.asked < place else there).append(one)
    return before, there


def standings(settled: Iterable[Settled]) -> dict[int, Standing]:
    """Return decisions by place: what was withdrawn is so for all nights up to the one on which it was asked about."""
    found: dict[int, Standing] = {}
    for one in settled:
        last = one.asked if one.standing is Standing.WITHDRAWN else one.since
        found |= dict.fromkeys(range(one.since, last + 1), one.standing)
    return found
