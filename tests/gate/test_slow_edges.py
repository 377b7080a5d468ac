"""Slow steps at their edges: which decision is about one, which step is the last, and what an improvement must be."""

import numpy as np
import pytest
from gate_series import assert_fixed

from mbench.core.nights.verdicts import Standing
from mbench.gate import slow
from mbench.gate.course import Shift
from mbench.gate.settled import Settled
from mbench.gate.slow import SlowCourse, follow_steps

CONFIRMED, WITHDRAWN = Standing.CONFIRMED, Standing.WITHDRAWN


def course(*levels: tuple[float, int], settled=()) -> SlowCourse:
    made = [Settled(since=since, asked=asked, standing=standing) for since, asked, standing in settled]
    return follow_steps(np.concatenate([np.full(count, float(level)) for level, count in levels]), made)


def test_the_constants_are_those_that_were_measured() -> None:
    assert (slow.LEAST_US, slow.SAME_STEP, slow.ASK_AGAIN) == (2.0, 5, 7)
    assert (slow.LEAST_BETTER, slow.STILL_NEW) == (0.03, 14)


def test_without_a_step_there_is_nothing_to_say() -> None:
    assert course((1000, 60)) == SlowCourse()


def test_a_suspect_has_no_noise_of_single_nights_and_names_the_last_step() -> None:
    found = course((1000, 30), (1030, 30), (1061, 20))
    assert found == SlowCourse(worse=Shift(since=60, before=1000.0, noise=0.0, left=1030.0), last=60)
    again = course((1000, 30), (1030, 100), settled=[(30, 42, WITHDRAWN)])
    assert again == SlowCourse(worse=Shift(since=30, before=1000.0, noise=0.0, left=1000.0), last=30)
    assert course((1000, 30), (1030, 100), settled=[(30, 129, WITHDRAWN)]).worse is None


@pytest.mark.parametrize("distance", [-6, 6])
def test_a_decision_six_points_from_a_step_is_not_about_it(distance: int) -> None:
    found = course((1000, 30), (1030, 20), settled=[(30 + distance, 40, CONFIRMED)]).worse
    assert found.standing is Standing.SUSPECT
    near = course((1000, 30), (1030, 20), settled=[(30 + distance - distance // 6, 40, CONFIRMED)]).worse
    assert near.standing is CONFIRMED


def test_the_newest_decision_about_a_step_counts_in_whatever_order_they_come() -> None:
    made = [(31, 40, WITHDRAWN), (29, 46, CONFIRMED)]
    for settled in (made, made[::-1]):
        assert course((1000, 30), (1030, 20), settled=settled).worse.standing is CONFIRMED
    made = [(31, 46, WITHDRAWN), (29, 40, CONFIRMED)]
    for settled in (made, made[::-1]):
        assert course((1000, 30), (1030, 20), settled=settled).worse is None


def test_what_fell_part_of_the_way_is_worse_still() -> None:
    found = course((1000, 30), (1060, 20), (1030, 20))
    assert (found.worse.since, found.worse.before, found.better) == (30, 1000, None)
    assert course((1000, 30), (1060, 20), (1012, 20)).worse is None


def test_what_rose_by_less_than_two_microseconds_is_not_worse() -> None:
    assert course((100, 30), (101.9, 30)) == SlowCourse(last=30)
    assert course((100, 30), (102, 30)).worse is not None


def test_an_improvement_is_new_for_a_fortnight_however_young_the_series_is() -> None:
    assert course((1000, 20), (970, 14)).better == Shift(since=20, before=1000.0, noise=0.0)
    assert course((1000, 20), (970, 30)).better is None


def test_of_two_improvements_the_last_one_is_measured() -> None:
    found = course((1000, 30), (985, 30), (955, 10))
    assert (found.better.since, found.better.before, found.last) == (60, 985, 60)
    assert course((1000, 30), (955, 30), (941, 10)).better is None


def test_a_rise_after_an_improvement_is_none() -> None:
    assert course((1000, 30), (950, 8), (975, 6)).better is None


def test_a_slow_course_stays_as_it_was_made() -> None:
    assert_fixed(SlowCourse())


def test_what_doubles_is_worse_and_what_halves_is_better() -> None:
    assert slow.is_worse(2000, 1000)
    assert not slow.is_worse(900, 1000)
    assert course((1000, 30), (500, 14)).better is not None
