import numpy as np

from mbench.core.nights.verdicts import Standing
from mbench.gate.settled import Settled
from mbench.gate.slow import ASK_AGAIN, SAME_STEP, follow_steps, is_worse


def course(*levels: tuple[float, int], settled: tuple[Settled, ...] = ()):
    return follow_steps(np.concatenate([np.full(count, level) for level, count in levels]), settled)


def settle(since: int, asked: int, standing: Standing) -> tuple[Settled, ...]:
    return (Settled(since=since, asked=asked, standing=standing),)


def test_a_slow_step_is_worse_since_its_night_and_stays_so() -> None:
    for nights in (8, 20, 150):
        found = course((1000, 30), (1030, nights)).worse
        assert found is not None
        assert (found.since, found.before, found.standing) == (30, 1000, Standing.SUSPECT)


def test_what_goes_back_is_over_and_no_improvement() -> None:
    for back in (1001, 1000, 971):
        found = course((1000, 30), (1040, 20), (back, 10))
        assert (found.worse, found.better) == (None, None)


def test_what_gets_better_than_before_it_got_worse_is_an_improvement_on_that() -> None:
    found = course((1000, 30), (1040, 20), (970, 10))
    assert found.worse is None
    assert found.better is not None
    assert (found.better.since, found.better.before) == (50, 1000)


def test_what_goes_back_in_two_steps_is_no_improvement() -> None:
    assert course((900, 30), (1100, 30), (1000, 30), (899, 10)).better is None
    assert course((900, 30), (1100, 30), (1000, 30), (870, 10)).better is not None


def test_what_was_withdrawn_and_goes_back_is_no_improvement() -> None:
    withdrawn = settle(30, 31, Standing.WITHDRAWN)
    assert course((1000, 30), (1040, 20), (1000, 10), settled=withdrawn).better is None
    assert course((1000, 30), (1040, 20), (960, 10), settled=withdrawn).better is not None


def test_what_the_phone_lost_and_gains_again_is_an_improvement_on_its_new_level() -> None:
    changed = settle(30, 31, Standing.PHONE_CHANGED)
    assert course((1000, 30), (1040, 20), (1000, 10), settled=changed).better is not None


def test_a_phone_that_changed_takes_the_levels_of_before_with_it() -> None:
    changed = settle(60, 61, Standing.PHONE_CHANGED)
    assert course((1000, 30), (1050, 30), (1155, 30), (1100, 10), settled=changed).better is None
    assert course((1000, 30), (1050, 30), (1155, 30), (1060, 10), settled=changed).better is not None


def test_a_level_that_was_left_below_is_no_measure_of_later_improvements() -> None:
    assert course((1000, 30), (1050, 30), (900, 30), (950, 30), (901, 10)).better is None
    assert course((1000, 30), (1050, 30), (900, 30), (950, 30), (870, 10)).better is not None


def test_a_further_step_is_compared_with_the_level_before_the_first() -> None:
    found = course((1000, 30), (1030, 30), (1060, 30)).worse
    assert found is not None
    assert (found.since, found.before) == (60, 1000)


def test_an_improvement_lowers_the_level() -> None:
    found = course((1000, 30), (950, 30), (980, 30)).worse
    assert found is not None
    assert (found.since, found.before) == (60, 950)


def test_a_confirmed_step_stays_confirmed_where_its_night_wanders() -> None:
    for since in (30 - SAME_STEP, 30 + SAME_STEP):
        found = course((1000, 30), (1030, 20), settled=settle(since, 40, Standing.CONFIRMED)).worse
        assert found is not None
        assert found.standing is Standing.CONFIRMED
    beside = course((1000, 30), (1030, 20), settled=settle(30 + SAME_STEP + 1, 40, Standing.CONFIRMED)).worse
    assert beside is not None
    assert beside.standing is Standing.SUSPECT
    assert SAME_STEP == 5


def test_a_withdrawn_step_is_asked_about_again_after_a_week() -> None:
    assert ASK_AGAIN == 7
    for nights, suspect in ((16, False), (17, True)):
        found = course((1000, 30), (1030, nights), settled=settle(30, 39, Standing.WITHDRAWN))
        assert (found.worse is not None) is suspect


def test_a_phone_that_changed_begins_a_level() -> None:
    found = course((1000, 30), (1030, 20), settled=settle(30, 49, Standing.PHONE_CHANGED))
    assert found.worse is None
    more = course((1000, 30), (1030, 30), (1060, 30), settled=settle(30, 49, Standing.PHONE_CHANGED)).worse
    assert more is not None
    assert more.before == 1030
    both = settle(30, 40, Standing.CONFIRMED) + settle(60, 70, Standing.PHONE_CHANGED)
    held = course((1000, 30), (1030, 30), (1060.9, 30), settled=both).worse
    assert held is not None
    assert round(held.before) == 1030


def test_an_improvement_is_reported_for_a_fortnight_from_three_hundredths_on() -> None:
    assert course((1000, 30), (970, 14)).better is not None
    assert course((1000, 30), (970, 15)).better is None
    assert course((1000, 30), (971, 14)).better is None


def test_worse_is_a_hundredth_and_a_quarter_and_two_microseconds() -> None:
    assert is_worse(1012.5, 1000)
    assert not is_worse(1012.4, 1000)
    assert is_worse(102, 100)
    assert not is_worse(101.9, 100)
