"""Slow steps of a series, held against the level of before: since when it is worse, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mbench.core.nights.series import Floats
from mbench.core.nights.verdicts import Standing
from mbench.gate.course import Shift, merged
from mbench.gate.settled import Settled
from mbench.gate.steps import LEAST_CHANGE, Step, find_steps

LEAST_US: Final = 2.0
"""Between levels: two steps of the clock, below which a small network's hundredth may be none."""

SAME_STEP: Final = 5
"""Points by which the night of a step may wander as more nights come in; within them a decision is about it."""

ASK_AGAIN: Final = 7
"""Nights for which a step that was withdrawn is not asked about again: two chances within the fortnight."""

LEAST_BETTER: Final = 0.03
"""Of an improvement, whose nights nobody measures again: the smallest step that these rules are built to find."""

STILL_NEW: Final = 14
"""Nights for which an improvement is reported: slow ones show only after some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowCourse:
    """What steps say of the level at the end of a series; as in `Course`.

    Attributes:
        last: place of the last step.
    """

    worse: Shift | None = None
    grown: Shift | None = None
    better: Shift | None = None
    last: int | None = None


def follow_steps(values: Floats, settled: Sequence[Settled]) -> SlowCourse:
    """Follow the steps of one epoch; places count from its first point."""
    steps = find_steps(values)
    if not steps:
        return SlowCourse()
    shifts: tuple[Shift, ...] = ()
    better: Shift | None = None
    earlier: tuple[float, ...] = ()  # levels that it rose from: who goes back to one has recovered, not improved
    for step in steps:
        decided = _decision(step, settled)
        standing = decided.standing if decided else Standing.SUSPECT
        shift = Shift(since=step.at, before=step.before, noise=0.0, standing=standing)
        better = None
        if step.after < step.before:
            shifts = tuple(one for one in shifts if is_worse(step.after, one.before))
            lowest = min((*earlier, step.before))
            if not shifts and lowest - step.after >= LEAST_BETTER * lowest:
                better = replace(shift, before=lowest)
            continue
        if standing is Standing.PHONE_CHANGED:
            slower = step.after / step.before
            shifts = tuple(replace(one, before=one.before * slower) for one in shifts)
            earlier = tuple(level * slower for level in earlier)
            continue
        earlier = (*earlier, step.before)
        if standing is Standing.WITHDRAWN:
            if decided is not None and values.size - 1 - decided.asked >= ASK_AGAIN:
                shifts = (*shifts, Shift(since=step.at, before=step.before, noise=0.0))
        elif is_worse(step.after, step.before):
            shifts = (*shifts, shift)
    worse, grown = merged(shifts)
    if better is not None and values.size - better.since > STILL_NEW:
        better = None
    return SlowCourse(worse=worse, grown=grown, better=better, last=steps[-1].at)


def is_worse(level: float, before: float) -> bool:
    """Whether a level is so far above another one that it is worth naming."""
    return level - before >= max(LEAST_CHANGE * before, LEAST_US)


def _decision(step: Step, settled: Sequence[Settled]) -> Settled | None:
    """Return the newest decision about a step."""
    about = [one for one in settled if abs(one.since - step.at) <= SAME_STEP]
    return max(about, key=lambda one: one.asked) if about else None
