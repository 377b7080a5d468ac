"""The course of a measure: follows its level night by night, and says since when it is worse than before.

A level neither freezes on an alarm nor absorbs it. While a cell is worse, the level of before is held and every night
is compared with it; the level that it has now is followed beside it, so that what grows is seen, and what goes away.
A single bad night is set aside as soon as the next one is as before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Floats
from mbench.core.nights.verdicts import Standing
from mbench.gate.levels import WINDOW, Limits, noise_of, rolling_level

RECOVERED: Final = 0.5
"""Share of the bound within which a cell is as before again: not the bound itself, about which a level would flap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A level that ended, and since when another one holds.

    Attributes:
        since: place of the first point of the new level.
        before: the level that ended.
        noise: of the past, as a share of it.
        standing: what measuring again said of it.
        left: the level of the night before it, where an alarm was open then and `before` is the level before that.
    """

    since: int
    before: float
    noise: float
    standing: Standing = Standing.SUSPECT
    left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a measure stands at its last point; lower is better.

    Attributes:
        worse: open alarm: since when, and the level of before; None where it is as good as ever.
        grown: an alarm on top of a confirmed one, that nobody has measured again yet.
        better: an improvement that still holds.
        fell: place of the last point that left a level of some nights for a lower one.
        back: place of the last point that left a level, however young, for the lower one that it had followed.
    """

    worse: Shift | None = None
    grown: Shift | None = None
    better: Shift | None = None
    fell: int | None = None
    back: int | None = None


@dataclass(slots=True)
class _State:
    """The level of now, by its last points, and what is open."""

    recent: list[float]
    begun: int
    worse: tuple[Shift, ...] = ()
    better: Shift | None = None


def follow(values: Floats, epoch: Counts, limits: Limits, settled: Mapping[int, Standing]) -> Course:
    """Follow a measure to its last point.

    Args:
        values: finite and positive, oldest first, at least one; lower is better.
        epoch: of each point.
        limits: what makes another level.
        settled: by place of a point that began a shift: what measuring again said of it.
    """
    lowest = float(values.min())
    if float(values.max()) - lowest < limits.least(lowest):
        return Course()  # no two points lie far enough apart, whatever the level and the noise are
    return _Follower(values, epoch, limits, settled).course()


class _Follower:
    def __init__(self, values: Floats, epoch: Counts, limits: Limits, settled: Mapping[int, Standing]) -> None:
        self.values, self.limits, self.settled = values, limits, settled
        changes = np.flatnonzero(epoch[1:] != epoch[:-1]) + 1
        self.bounds: list[int] = [0, *changes.tolist(), values.size]
        self.state = _State(recent=[], begun=0)
        self.left: _State | None = None
        self.fell: int | None = None
        self.back: int | None = None
        self.start = 0
        self.raw = 0  # points in a row, up to now, that belong to the level of now

    def course(self) -> Course:
        for start, end in pairwise(self.bounds):
            self._epoch(start, end)
        worse, grown = merged(self.state.worse)
        return Course(worse=worse, grown=grown, better=self.state.better, fell=self.fell, back=self.back)

    def _epoch(self, start: int, end: int) -> None:
        """Follow the points of one epoch: levels begin anew, an open alarm is carried over."""
        self.start, self.raw = start, 0
        self.state = _State(recent=[], begun=start, worse=self.state.worse)
        self.left = None
        stops = self._stops(start, end)
        place = start
        while place < end:
            if self.raw >= WINDOW and not self.state.worse:
                place = int(stops[np.searchsorted(stops, place)])
                self.state.recent = self.values[place - WINDOW : place].tolist()
            self._point(place)
            place += 1

    def _stops(self, start: int, end: int) -> Counts:
        """Return the places in an epoch that must be looked at one by one; all others lie near their level."""
        values = self.values[start:end]
        levels = rolling_level(values)
        least = np.maximum(self.limits.relative * levels, self.limits.absolute)
        near = np.abs(values - levels) < least  # False where there is no level yet
        near[-1] = False
        near[[place - start for place in self.settled if start <= place < end]] = False
        return np.flatnonzero(~near) + start

    def _point(self, place: int) -> None:
        now, state = float(self.values[place]), self.state
        if not state.recent:
            self._stay(now)
            return
        decided = self.settled.get(place)
        if decided is Standing.WITHDRAWN:
            self.raw = 0
            return
        level = median(state.recent)
        away = abs(now - level)
        far = away >= self.limits.least(level)
        noise = noise_of(self.values[self.start : place].tolist()) if far else 0.0
        if away < self.limits.bound(level, noise):
            self._stay(now)
            self._recover()
            return
        shift = Shift(since=place, before=level, noise=noise, standing=decided or Standing.SUSPECT)
        self._shift(now, shift)

    def _stay(self, now: float) -> None:
        self.state.recent = [*self.state.recent[1 - WINDOW :], now]
        self.raw += 1

    def _recover(self) -> None:
        """Close alarms whose level of before is reached again."""
        level = median(self.state.recent)
        self.state.worse = tuple(
            shift
            for shift in self.state.worse
            if level - shift.before >= RECOVERED * self.limits.bound(shift.before, shift.noise)
        )

    def _shift(self, now: float, shift: Shift) -> None:
        """Begin another level, or go back to the better one that was left: what was worse in between is over.

        What goes back up to a level that was left is worse than tonight's past, however long ago it was usual.
        """
        left, state, place = self.left, self.state, shift.since
        fell = now < shift.before
        if fell and place - state.begun >= WINDOW:
            self.fell = place
        if left is not None and fell and self._belongs(now, median(left.recent)):
            self.state, self.left, self.raw, self.back = replace(left), None, 0, place
            self._stay(now)
            self._recover()
            return
        new = _State(recent=[now], begun=place, worse=state.worse)
        if shift.standing is Standing.PHONE_CHANGED:
            slower = now / shift.before  # the phone did this: what a model did before stays as large as it was
            new.worse = tuple(replace(one, before=one.before * slower) for one in state.worse)
        elif now > shift.before and place - self.start >= self.limits.nights:
            new.worse = (*state.worse, shift)
        self.left, self.state, self.raw = state, new, 1
        if fell:
            self._recover()
            new.better = None if state.worse else shift

    def _belongs(self, now: float, level: float) -> bool:
        return abs(now - level) < self.limits.least(level)


def merged(shifts: Sequence[Shift]) -> tuple[Shift | None, Shift | None]:
    """Return the open alarm, and what grew on top of a confirmed one and was not measured again.

    The newest alarm is compared with the level before the first one: so much worse than ever before it is. A confirmed
    one stays confirmed while a further growth is but a suspect.
    """
    shifts = list(shifts)
    grown = None
    if shifts and shifts[-1].standing is Standing.SUSPECT:
        confirmed = [shift for shift in shifts if shift.standing is Standing.CONFIRMED]
        if confirmed:
            grown, shifts = shifts[-1], shifts[: shifts.index(confirmed[-1]) + 1]
    if not shifts:
        return None, grown
    return replace(shifts[-1], before=shifts[0].before, left=shifts[-1].before), grown
