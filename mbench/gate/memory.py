"""`memory`: the peak of the memory pass grew. One pass a night, so limits are wider than those of latency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Floats
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, Standing
from mbench.gate.course import Shift, follow
from mbench.gate.levels import Limits
from mbench.gate.settled import Settled, parted, settle, standings
from mbench.gate.tonight import Tonight, known_places

LIMITS: Final = Limits(relative=0.10, absolute=2048.0, noise=4.0, nights=5)
"""A tenth, 2 MiB (an allocator keeps pools of as much), and four times the noise: it is an alarm before it is measured
again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryVerdict:
    """What a cell's memory is judged to be tonight.

    Attributes:
        findings: growths that are certain or confirmed, and those that the phone brought.
        near: those that were withdrawn tonight.
    """

    findings: tuple[Finding, ...] = ()
    near: tuple[Finding, ...] = ()


def judge_memory(tonight: Tonight, decisions: Iterable[Decision] = ()) -> MemoryVerdict:
    """Return that a cell needs more memory than in the nights before, and since when.

    A growth is certain until it is measured again, and stays so where that decides nothing.

    Args:
        tonight: its series.
        decisions: about this cell's memory, tonight's among them.
    """
    series = tonight.series
    places = known_places(np.isfinite(series.memory_kib) & (series.memory_kib > 0))
    if places is None:
        return MemoryVerdict()
    values, epoch = series.memory_kib[places], series.epoch[places]
    settled = settle(series.night[places], sorted(decisions, key=lambda one: one.night))
    course = follow(values, epoch, LIMITS, standings(settled))
    findings = [_finding(tonight, places, values, one, settled) for one in (course.worse, course.grown) if one]
    before, tonights = parted(settled, values.size - 1)
    until = follow(values, epoch, LIMITS, standings(before)) if tonights else course
    suspect = until.grown or until.worse
    decided = [
        _finding(tonight, places, values, replace(suspect, standing=one.standing), settled)
        for one in tonights
        if suspect is not None and suspect.since == one.since
    ]
    findings += [one for one in decided if one.standing is Standing.PHONE_CHANGED]
    return MemoryVerdict(
        findings=tuple(findings), near=tuple(one for one in decided if one.standing is Standing.WITHDRAWN)
    )


def _finding(tonight: Tonight, places: Counts, values: Floats, shift: Shift, settled: Sequence[Settled]) -> Finding:
    now = float(np.median(values[shift.since :]))
    words = (
        f"{now:.0f} KiB, {shift.before:.0f} before: {now / shift.before - 1:+.1%}, at least {LIMITS.relative:.0%}, "
        f"{LIMITS.absolute:.0f} KiB and {LIMITS.noise:.0f} × noise of {shift.noise:.1%}"
    )
    decided = next((one.decision for one in reversed(settled) if one.since == shift.since), None)
    if decided is not None and decided.because:
        words += f"; {decided.because}"
    return tonight.finding(
        FindingClass.MEMORY,
        standing=Standing.CERTAIN if shift.standing is Standing.SUSPECT else shift.standing,
        since=int(places[shift.since]),
        before=shift.before,
        now=now,
        unit="KiB",
        because=words,
        rerun=decided.rerun if decided is not None else None,
    )
