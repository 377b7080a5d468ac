"""Confirmed regressions, held until they are gone: the evidence is the re-run, whatever single nights look like.

A hot night may lead to a re-run that finds new files 3 % slower than old ones. The next night is cooler, and the 3 %
are still there; ranks need a week to see them, and see them begin now on one night and now on another.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Floats
from mbench.core.nights.verdicts import Standing
from mbench.gate.course import Course, Shift
from mbench.gate.levels import WINDOW
from mbench.gate.settled import Settled
from mbench.gate.slow import is_worse
from mbench.gate.steps import find_steps

BEFORE_NIGHTS: Final = 14
"""Whose median is the level before a confirmed regression: a fortnight, since it may be a small one."""

AS_BEFORE: Final = 0.025
"""Of the level of before, within which one night is as before again: half of what makes a suspect."""

ONE_NIGHT: Final = 0.05
"""Of a confirmed change, from which on one night can show that it is gone; ranks must show it of a smaller one."""

AT_ONCE: Final = 0.1
"""Of a confirmed change, from which on one night shows that it is gone even if it was there for a night or two; of a
smaller one two nights must. A regression is often mended the next day."""


def held_shift(
    values: Floats, epoch: Counts, thing: Counts, settled: Sequence[Settled], course: Course
) -> Shift | None:
    """Return the confirmed regression that still holds, the newest, with the level before the first that does.

    Args:
        values: nights with a number, oldest first.
        epoch: of each.
        thing: under test, of each.
        settled: decisions at places of them.
        course: what single nights say.
    """
    confirmed = [one for one in settled if one.standing is Standing.CONFIRMED]
    if not confirmed:
        return None
    bounds = [0, *(np.flatnonzero(epoch[1:] != epoch[:-1]) + 1).tolist(), values.size]
    shifts = []
    for one in confirmed:
        before = _level_before(values, bounds, one.since)
        if before is None:
            continue
        change = _change(values, one, before)
        if not _mended(values, thing, one, before, change) and not _gone(values, bounds, one, before, change, course):
            shifts.append(Shift(since=one.since, before=before, noise=0.0, standing=Standing.CONFIRMED))
    if not shifts:
        return None
    first, last = min(shifts, key=lambda one: one.since), max(shifts, key=lambda one: one.since)
    return Shift(since=last.since, before=first.before, noise=0.0, standing=Standing.CONFIRMED)


def _mended(values: Floats, thing: Counts, one: Settled, before: float, change: float) -> bool:
    """Whether another file or program was as before: what is slow again after that is another regression.

    A lucky night of the same file mends nothing.
    """
    if change < ONE_NIGHT:
        return False
    least = _nights_needed(change)
    for begin in range(one.asked + 1, values.size):
        if thing[begin] in (thing[begin - 1], thing[one.asked]):
            continue
        for end in range(begin + least, values.size + 1):
            if thing[end - 1] != thing[begin]:
                break
            if is_back(values[begin:end], before):
                return True
    return False


def _nights_needed(change: float) -> int:
    """Return how many nights as before show that a confirmed change is gone."""
    return 1 if change >= AT_ONCE else 2


def is_back(nights: Floats, before: float) -> bool:
    """Whether nights after a fall are as before."""
    return float(np.median(nights)) < (1 + AS_BEFORE) * before


def _gone(values: Floats, bounds: Sequence[int], one: Settled, before: float, change: float, course: Course) -> bool:
    """Whether a confirmed regression's level was as before again; what is gone does not come back with another epoch.

    Args:
        values: nights with a number.
        bounds: places at which epochs begin, and where the last one ends.
        one: the decision.
        before: level before it.
        change: that was confirmed, as a share.
        course: what single nights say: where one left a level for a lower one.
    """
    own = bisect_right(bounds, one.since) - 1
    start, end = bounds[own : own + 2]
    for begin, stop in pairwise(bounds[own + 1 :]):  # another epoch: its own nights say where it stands
        if stop > one.asked and stop - begin >= WINDOW and not is_worse(float(np.median(values[begin:stop])), before):
            return True
    if end > one.asked and _has_fallen(values[start:end], one.since - start, before):
        return True
    if change < ONE_NIGHT:
        return False
    fell, back = course.fell, course.back
    if fell is not None and one.asked < fell < end and is_back(values[fell:end], before):
        return True
    nights = _nights_needed(change)
    return back is not None and one.asked < back <= end - nights and is_back(values[back:end], before)


def _has_fallen(values: Floats, since: int, before: float) -> bool:
    """Whether ranks see that an epoch's level fell to that of before, after a place in it."""
    falls = [step for step in find_steps(values) if step.after < step.before]
    return any(step.at > since and not is_worse(step.after, before) for step in falls)


def _level_before(values: Floats, bounds: Sequence[int], since: int) -> float | None:
    """Return the level of the nights before a place, in the epoch of the night before it; None where there is none."""
    begin = max(bounds[bisect_right(bounds, since - 1) - 1], since - BEFORE_NIGHTS)
    return float(np.median(values[begin:since])) if begin < since else None


def _change(values: Floats, one: Settled, before: float) -> float:
    """Return by how much a regression was confirmed: by its re-run, or by the nights up to it."""
    rerun = one.decision.rerun if one.decision else None
    if rerun is not None and rerun.old_us and rerun.new_us:
        return median(rerun.new_us) / median(rerun.old_us) - 1
    return float(np.median(values[one.since : one.asked + 1])) / before - 1
