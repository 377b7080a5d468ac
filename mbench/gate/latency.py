"""`latency` and `improved`: what tonight's number says beside the cell's own past, and what its slow steps say.

A suspect is no regression: it is what is measured again. Its limits were chosen on recorded phones: of 707 steps where
nothing had changed one is a suspect, of planted +20 % and +10 % 97 % are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mbench.core.nights.series import Counts, Floats
from mbench.core.nights.verdicts import Decision, Finding, FindingClass, Standing
from mbench.gate.course import Course, Shift, follow
from mbench.gate.held import held_shift, is_back
from mbench.gate.levels import Limits
from mbench.gate.settled import Settled, parted, settle, standings
from mbench.gate.slow import SAME_STEP, STILL_NEW, SlowCourse, follow_steps, is_worse
from mbench.gate.tonight import Tonight, known_places

LIMITS: Final = Limits(relative=0.05, absolute=80.0, noise=2.0, nights=5)
"""Of a suspect, all three: 5 %, because phones wander by less; 80 µs, because networks below a millisecond wander by
more; twice the noise of the own past, because some cells are noisier than both."""

NOISE_OF_BETTER: Final = 4.0
"""Multiples of the noise for an improvement: nobody measures it again, so that chance must be rarer."""

LEVEL_NIGHTS: Final = 14
"""Whose median is said to be the level of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyVerdict:
    """What a cell's latency is judged to be tonight.

    Attributes:
        findings: `latency` and `improved`.
        near: suspects that were withdrawn tonight.
        measured: whether it has a number tonight.
        too_young: whether its epoch has too few nights to say anything else.
    """

    findings: tuple[Finding, ...] = ()
    near: tuple[Finding, ...] = ()
    measured: bool = False
    too_young: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """A cell's nights with a number.

    Attributes:
        places: of them in its series.
        start: place among them of the epoch's first.
    """

    tonight: Tonight
    places: Counts
    values: Floats
    epoch: Counts
    start: int


def judge_latency(tonight: Tonight, decisions: Iterable[Decision]) -> LatencyVerdict:
    """Judge a cell's latency.

    Args:
        tonight: its series.
        decisions: about this cell, tonight's among them.
    """
    series = tonight.series
    known = (series.state == 0) & np.isfinite(series.latency_us) & (series.latency_us > 0)
    places = known_places(known)
    if places is None:
        return LatencyVerdict()
    epoch = series.epoch[places]
    others = np.flatnonzero(epoch != epoch[-1])
    start = int(others[-1]) + 1 if others.size else 0
    past = _Past(tonight=tonight, places=places, values=series.latency_us[places], epoch=epoch, start=start)
    settled = settle(series.night[places], sorted(decisions, key=lambda one: one.night))
    course, slow = _courses(past, settled)
    return _verdict(past, course, slow, settled)


def _courses(past: _Past, settled: Sequence[Settled]) -> tuple[Course, SlowCourse]:
    """Return what single nights say and what slow steps do, as far as these decisions leave it standing."""
    values, epoch = past.values, past.epoch
    course = follow(values, epoch, LIMITS, standings(settled))
    slow = SlowCourse()
    if course.worse is None:
        slow = _within(past, settled, past.start, values.size)
        if _fell_since(past, course, slow):
            slow = SlowCourse()  # one night showed that it is gone, which ranks will know after some more
        elif slow.worse is None:
            slow = _carried(past, settled, slow)
    held = held_shift(values, epoch, past.tonight.series.thing[past.places], settled, course)
    if held is not None:
        return _beside_held(course, slow, held, max(one.asked for one in settled if one.since == held.since))
    if slow.worse is not None and slow.worse.standing is Standing.CONFIRMED:
        slow = replace(slow, worse=slow.grown, grown=None)  # gone, which ranks will know after some more nights
    return course, slow


def _beside_held(course: Course, slow: SlowCourse, held: Shift, asked: int) -> tuple[Course, SlowCourse]:
    """Return courses that say a confirmed regression, and suspects of later nights beside it.

    What nights and ranks say since before the re-run is what it confirmed, and so is a step of which it decides; what
    grew on top of such a step since then is a suspect.
    """
    if course.worse is not None and course.worse.standing is Standing.CONFIRMED:
        return course, SlowCourse()
    suspects = (one for one in (course.worse, slow.grown, slow.worse) if one and one.standing is Standing.SUSPECT)
    new = next((one for one in suspects if one.since > asked), None)
    sudden = new is not None and new is course.worse
    return (
        replace(course, worse=None, grown=new if sudden else None, better=None),
        replace(slow, worse=held, grown=None if sudden else new, better=None),
    )


def _fell_since(past: _Past, course: Course, slow: SlowCourse) -> bool:
    """Whether the level fell after the last slow step, to what was usual before."""
    if slow.worse is None or slow.last is None or course.fell is None or course.fell <= slow.last + SAME_STEP:
        return False
    return is_back(past.values[course.fell :], slow.worse.before)


def _within(past: _Past, settled: Iterable[Settled], begin: int, end: int) -> SlowCourse:
    """Follow the slow steps of one epoch, and return them at places among all nights."""
    moved = [replace(one, since=one.since - begin, asked=one.asked - begin) for one in settled]
    slow = follow_steps(past.values[begin:end], moved)
    shifts = {name: getattr(slow, name) for name in ("worse", "grown", "better")}
    placed = {name: one and replace(one, since=one.since + begin) for name, one in shifts.items()}
    return SlowCourse(last=None if slow.last is None else slow.last + begin, **placed)


def _carried(past: _Past, settled: Iterable[Settled], slow: SlowCourse) -> SlowCourse:
    """Return the slow steps of this epoch, with what was worse at the end of the one before and still is."""
    if past.start == 0:
        return slow
    others = np.flatnonzero(past.epoch[: past.start] != past.epoch[past.start - 1])
    before = _within(past, settled, int(others[-1]) + 1 if others.size else 0, past.start).worse
    if before is None or not is_worse(float(np.median(past.values[past.start :])), before.before):
        return slow
    return replace(slow, worse=before)


def _verdict(past: _Past, course: Course, slow: SlowCourse, settled: list[Settled]) -> LatencyVerdict:
    findings = [_worse(past, shift, settled, LIMITS) for shift in (course.worse, course.grown) if shift]
    findings += [_worse(past, shift, settled) for shift in (slow.worse, slow.grown) if shift]
    decided = _decided_tonight(past, settled)
    findings += [one for one in decided if one.standing is Standing.PHONE_CHANGED]
    if not findings:
        findings += _improved(past, course, slow)
    return LatencyVerdict(
        findings=tuple(findings),
        near=tuple(one for one in decided if one.standing is Standing.WITHDRAWN),
        measured=True,
        too_young=past.values.size - 1 - past.start < LIMITS.nights and not findings,
    )


def _decided_tonight(past: _Past, settled: list[Settled]) -> list[Finding]:
    """Return what was a suspect until it was measured again tonight, for as many nights as it was one."""
    before, tonights = parted(settled, past.values.size - 1)
    if not tonights:
        return []
    course, slow = _courses(past, before)
    suspects = ((course.grown or course.worse, 0, LIMITS), (slow.grown or slow.worse, SAME_STEP, None))
    return [
        _worse(past, replace(shift, standing=one.standing), settled, limits)
        for one in tonights
        for shift, apart, limits in suspects
        if shift and shift.standing is Standing.SUSPECT and abs(shift.since - one.since) <= apart
    ]


def _worse(past: _Past, shift: Shift, settled: list[Settled], limits: Limits | None = None) -> Finding:
    """Return the finding of a shift; without limits it is one of slow steps."""
    if past.tonight.alone and shift.left is not None and shift.since == past.values.size - 1:
        shift = replace(shift, before=shift.left)
    level = _level_since(past, shift)
    apart = SAME_STEP if limits is None else 0
    decided = next((one.decision for one in reversed(settled) if abs(one.since - shift.since) <= apart), None)
    words = f"{_us(level)} since then, {_us(shift.before)} before: {level / shift.before - 1:+.1%}"
    if limits is None and shift.standing is not Standing.CONFIRMED:
        words += "; ranks of the nights before and since differ beyond chance"
    elif limits is not None:
        words += (
            f"; at least {limits.relative:.0%}, {limits.absolute:.0f} µs "
            f"and {limits.noise:.0f} × noise of {shift.noise:.1%}"
        )
    if decided is not None and decided.because:
        words += f"; {decided.because}"
    return _finding(past, FindingClass.LATENCY, shift, level, words, decided)


def _improved(past: _Past, course: Course, slow: SlowCourse) -> list[Finding]:
    """Return an improvement that is new enough to be reported, and larger than chance."""
    better = course.better
    if better is not None:
        level = _level_since(past, better)
        nights = past.values.size - better.since
        large = better.before - level >= NOISE_OF_BETTER * better.noise * better.before
        if nights <= STILL_NEW and large and better.since - past.start >= LIMITS.nights:
            words = f"{_us(level)} since then, {_us(better.before)} before: {level / better.before - 1:+.1%}"
            return [_finding(past, FindingClass.IMPROVED, better, level, words, None)]
    if slow.better is not None:
        shift = slow.better
        level = _level_since(past, shift)
        words = f"{_us(level)} since then, {_us(shift.before)} before: {level / shift.before - 1:+.1%}, a slow step"
        return [_finding(past, FindingClass.IMPROVED, shift, level, words, None)]
    return []


def _finding(
    past: _Past, kind: FindingClass, shift: Shift, level: float, words: str, decided: Decision | None
) -> Finding:
    half = float(past.tonight.series.half_width_us[-1])
    known = np.isfinite(half) and shift.since == past.values.size - 1
    return past.tonight.finding(
        kind,
        standing=shift.standing,
        since=int(past.places[shift.since]),
        before=shift.before,
        now=level,
        unit="µs",
        because=words,
        low=(level - half) / shift.before if known else None,
        high=(level + half) / shift.before if known else None,
        rerun=decided.rerun if decided else None,
    )


def _level_since(past: _Past, shift: Shift) -> float:
    """Return the level that holds since a shift: the median of its nights, of the last fortnight at most."""
    return float(np.median(past.values[max(shift.since, past.values.size - LEVEL_NIGHTS) :]))


def _us(value: float) -> str:
    return f"{value / 1000:.2f} ms" if value >= 10_000 else f"{value:.0f} µs"
