"""The course of a measure at its edges: which nights make a level, where epochs begin, and who goes back where."""

import numpy as np
import pytest
from gate_series import assert_fixed

from mbench.core.nights.verdicts import Standing
from mbench.gate.course import RECOVERED, Course, Shift, _State, follow, merged
from mbench.gate.levels import Limits

LIMITS = Limits(relative=0.05, absolute=0.0, noise=0.0, nights=5)
CALM = [100.0] * 10
WITHDRAWN = Standing.WITHDRAWN


def course(values, settled=None, epoch=None, limits=LIMITS) -> Course:
    values = np.asarray(values, dtype=float)
    epoch = np.zeros(values.size, dtype=int) if epoch is None else np.asarray(epoch)
    return follow(values, epoch, limits, settled or {})


def since(values, **more) -> int | None:
    found = course(values, **more).worse
    return None if found is None else found.since


def test_the_level_is_the_median_of_the_last_five_nights() -> None:
    """Of the last four it would be 112 in the first case, and of the last six it would be 112 in the second."""
    assert since([*CALM, 110, 110, 110, 114, 114, 115.6]) == 15
    assert since([*CALM, 110, 110, 110, 114, 114, 114, 118]) == 10


def test_withdrawn_nights_are_no_part_of_the_level_of_the_nights_after_them() -> None:
    settled = dict.fromkeys((10, 11, 12), WITHDRAWN)
    assert since([*CALM, 120, 120, 120, 96, 96, 104, 104, 105], settled=settled) == 17
    assert since([*CALM, 120, 96, 96, 104, 104, 105], settled={10: WITHDRAWN}) == 15


def test_a_hot_night_is_no_part_of_the_level_of_the_nights_after_it() -> None:
    assert since([*CALM, 130, 96, 96, 104, 104, 105]) == 15


def test_the_nights_before_an_improvement_are_no_part_of_its_level() -> None:
    assert since([*CALM, 80, 78, 78, 81, 83]) == 14


def test_a_withdrawn_night_that_lies_near_its_level_is_no_part_of_it_either_in_a_later_epoch() -> None:
    """With it the level before the last night would be 104."""
    values = [*[50.0] * 5, *[100.0] * 7, 96, 104, 104, 104, 105]
    epoch = [0] * 5 + [1] * 12
    assert since(values, epoch=epoch, settled={14: WITHDRAWN}) == 16
    assert since(values, epoch=epoch) is None


def test_decisions_of_other_epochs_are_at_places_of_theirs() -> None:
    values, epoch = [*CALM, *[110.0] * 5, *[110.0] * 3], [0] * 15 + [1] * 3
    assert course(values, epoch=epoch, settled={10: Standing.CONFIRMED}).worse.standing is Standing.CONFIRMED
    assert since([*CALM, 100, 100, 106], epoch=[0] * 10 + [1] * 3, settled={10: WITHDRAWN}) is None
    assert since([*CALM, *[100.0] * 5, 120], epoch=[0] * 10 + [1] * 6, settled={15: WITHDRAWN}) is None


@pytest.mark.parametrize("codes", [(0, 1), (1, 0)])
@pytest.mark.parametrize("past", [10, 12])
def test_an_epoch_needs_five_nights_of_its_own(codes, past) -> None:
    for nights, found in ((4, None), (5, past + 5)):
        epoch = [codes[0]] * past + [codes[1]] * (nights + 1)
        assert since([*[100.0] * past, *[100.0] * nights, 150], epoch=epoch) == found


def test_in_a_later_epoch_the_last_night_is_looked_at() -> None:
    assert since([*[50.0] * 5, *[100.0] * 19, 106], epoch=[0] * 5 + [1] * 20) == 24


@pytest.mark.parametrize("level", [105.0, 200.0, 300.0])
def test_a_level_in_the_middle_is_not_passed_over(level: float) -> None:
    assert since([*CALM, *[level] * 8]) == 10


def test_a_year_is_followed_as_a_fortnight_is() -> None:
    assert since([*[100.0] * 300, *[120.0] * 3]) == 300
    assert since([120.0, *[100.0] * 300]) is None


def test_noise_is_asked_of_a_night_at_the_least_bound_and_beyond_it() -> None:
    noisy = Limits(relative=0.05, absolute=0, noise=2, nights=5)
    past = [98.0, 100.0, 102.0] * 5  # a level of 100 and a noise of 2.97 %
    for now, found in ((105.0, None), (105.5, None), (105.94, 15)):
        assert since([*past, now], limits=noisy) == found
    assert course([*past, 110.0], limits=noisy).worse.noise == pytest.approx(1.4826 * 0.02)
    wild = [*[150.0, 50.0] * 8, *[100.0] * 10]
    assert since([*wild, 110], limits=noisy, epoch=[0] * 16 + [1] * 11) == 26, "another epoch's noise is none of it"


def test_what_creeps_back_is_gone_below_half_of_the_bound_and_not_at_it() -> None:
    assert RECOVERED == 0.5
    creeping = [*CALM, *[110.0] * 5, *[106.0] * 5]
    assert since([*creeping, *[102.5] * 5]) == 10
    assert since([*creeping, *[102.49] * 5]) is None


def test_what_has_crept_back_stays_gone_when_it_creeps_up_again() -> None:
    assert since([*CALM, *[110.0] * 6, *[106.0] * 6, *[102.0] * 6, *[104.5] * 6]) is None


def test_a_night_is_back_below_the_least_bound_and_not_at_it() -> None:
    assert course([*CALM, 130, 104.9]).back == 11
    assert course([*CALM, 130, 105.0]).back is None


def test_a_fall_is_from_a_level_of_five_nights_whatever_its_place() -> None:
    for past in (10, 11, 12, 13):
        assert course([*[100.0] * past, *[120.0] * 4, 100]).fell is None
        assert course([*[100.0] * past, *[120.0] * 5, 100]).fell == past + 5


def test_what_is_worse_is_no_improvement_and_what_rises_is_no_fall() -> None:
    found = course([*CALM, 110])
    assert (found.better, found.fell, found.back) == (None, None, None)
    found = course([*CALM, *[80.0] * 6, 100])
    assert (found.worse.since, found.worse.before, found.back) == (16, 80, None)


def test_of_several_alarms_the_newest_confirmed_one_is_worse_and_a_newer_suspect_has_grown() -> None:
    values = [*CALM, *[110.0] * 6, *[121.0] * 6, 135]
    found = course(values, settled={10: Standing.CONFIRMED, 16: Standing.CONFIRMED})
    assert (found.worse.since, found.worse.before, found.worse.left) == (16, 100, 110)
    assert (found.grown.since, found.grown.before) == (22, 121)
    only = course(values)
    assert (only.worse.since, only.worse.before, only.worse.left, only.grown) == (22, 100, 121, None)


def test_no_alarm_is_none_worse_and_none_grown() -> None:
    assert merged(()) == (None, None)
    one = Shift(since=3, before=1.0, noise=0.0)
    assert merged((one,)) == (Shift(since=3, before=1.0, noise=0.0, left=1.0), None)


def test_values_below_one_are_followed_as_others_are() -> None:
    assert since([*[0.01] * 10, 0.02]) == 10
    assert since(np.array([*CALM, 110]) * 1e6) == 10


def test_a_course_and_its_shifts_stay_as_they_were_made() -> None:
    assert_fixed(Course())
    assert_fixed(Shift(since=1, before=1.0, noise=0.0))
    assert not hasattr(_State(recent=[], begun=0), "__dict__")
