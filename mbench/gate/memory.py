"""`memory`: the peak of the memory pass grew. One pass a night, so limits are wider than those of latency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Floats
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, Standing
from mbench.gate.course import Shift, follow
from mbench.gate.levels import Limits
from mbench.gate.settled import Settled, settle, standings
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
    values = series.memory_kib[places]
    settled = settle(series.night[places], sorted(decisions, key=lambda one: one.night))
    course = follow(values, series.epoch[places], LIMITS, standings(settled))
    asked = {one.since for one in settled if one.asked == values.size - 1}

    def said(shift: Shift | None) -> tuple[Finding, ...]:
        return () if shift is None else (_finding(tonight, places, values, shift, settled),)

    def tonights(shift: Shift | None) -> Shift | None:
        return shift if shift is not None and shift.since in asked else None

    return MemoryVerdict(
        findings=(*said(course.worse), *said(course.grown), *said(tonights(course.phone_changed))),
        near=said(tonights(course.withdrawn)),
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
