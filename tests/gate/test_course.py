import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.nights.verdicts import Standing
from mbench.gate.course import Course, follow
from mbench.gate.levels import Limits

LIMITS = Limits(relative=0.05, absolute=0.0, noise=0.0, nights=5)
CALM = [100.0] * 10


def course(values, settled=None, epoch=None, limits=LIMITS) -> Course:
    values = np.asarray(values, dtype=float)
    epoch = np.zeros(values.size, dtype=int) if epoch is None else np.asarray(epoch)
    return follow(values, epoch, limits, settled or {})


def test_a_night_within_the_bound_says_nothing() -> None:
    assert course([*CALM, 104.9]) == Course()
    assert course([*CALM, 95.1]) == Course()


def test_a_night_at_the_bound_is_worse_than_before() -> None:
    found = course([*CALM, 105.0]).worse
    assert found is not None
    assert (found.since, found.before, found.standing) == (10, 100, Standing.SUSPECT)


def test_noise_of_the_past_raises_the_bound() -> None:
    noisy = Limits(relative=0.05, absolute=0, noise=2, nights=5)
    past = [98.0, 102.0] * 10  # noise of 2.97 %, a level of 102
    assert course([*past, 108.1], limits=noisy).worse is not None
    assert course([*past, 108.0], limits=noisy).worse is None
    assert course([*past, 108.0]).worse is not None


def test_with_fewer_nights_than_demanded_no_night_is_another_level() -> None:
    assert course([*[100.0] * 4, 150]).worse is None
    assert course([*[100.0] * 5, 150]).worse is not None


def test_a_regression_that_stays_is_worse_every_night_and_the_level_of_before_is_held() -> None:
    for nights in range(1, 120):
        found = course([*CALM, *[110.0] * nights]).worse
        assert found is not None
        assert (found.since, found.before) == (10, 100)


def test_a_regression_that_creeps_back_is_gone_at_half_of_the_bound() -> None:
    assert course([*CALM, *[110.0] * 5, *[106.0] * 5, *[102.6] * 5]).worse is not None
    assert course([*CALM, *[110.0] * 5, *[106.0] * 5, *[102.4] * 5]).worse is None


def test_a_single_hot_night_is_forgotten_the_night_after() -> None:
    assert course([*CALM, 130, 101]) == Course(back=11)
    assert course([*CALM, 130, 101, 104.9]) == Course(back=11)


def test_what_grows_begins_again_with_the_level_before_the_first() -> None:
    found = course([*CALM, *[110.0] * 6, 125]).worse
    assert found is not None
    assert (found.since, found.before) == (16, 100)


def test_a_confirmed_regression_stays_confirmed_while_its_growth_is_a_suspect() -> None:
    found = course([*CALM, *[110.0] * 6, 125], settled={10: Standing.CONFIRMED})
    assert found.worse is not None
    assert (found.worse.since, found.worse.standing) == (10, Standing.CONFIRMED)
    assert found.grown is not None
    assert (found.grown.since, found.grown.before, found.grown.standing) == (16, 110, Standing.SUSPECT)
    both = {10: Standing.CONFIRMED, 16: Standing.CONFIRMED}
    found = course([*CALM, *[110.0] * 6, 125], settled=both)
    assert found.grown is None
    assert found.worse is not None
    assert (found.worse.since, found.worse.before) == (16, 100)


def test_a_withdrawn_night_is_no_part_of_the_level() -> None:
    settled = {10: Standing.WITHDRAWN}
    found = course([*CALM, 120], settled=settled)
    assert found.worse is None
    later = course([*CALM, 120, 120], settled=settled)
    assert later.worse is not None
    assert later.worse.since == 11


def test_a_phone_that_changed_begins_a_level_and_keeps_what_the_model_did() -> None:
    changed = {10: Standing.PHONE_CHANGED}
    found = course([*CALM, *[120.0] * 3], settled=changed)
    assert found.worse is None
    assert course([*CALM, *[120.0] * 6, 130], settled=changed).worse is not None
    both = {10: Standing.CONFIRMED, 15: Standing.PHONE_CHANGED}
    slower = course([*CALM, *[110.0] * 5, *[121.0] * 5], settled=both)
    assert slower.worse is not None
    assert slower.worse.before == pytest.approx(110)
    fixed = course([*CALM, *[110.0] * 5, *[121.0] * 5, *[115.0] * 5, *[112.0] * 5], settled=both)
    assert fixed.worse is None
    cooled = course([*CALM, *[110.0] * 5, *[121.0] * 5, *[110.0] * 5], settled=both)
    assert cooled.worse is not None
    assert cooled.worse.before == 100


def test_an_open_alarm_is_carried_into_another_epoch() -> None:
    epoch = [0] * 15 + [1] * 3
    assert course([*CALM, *[110.0] * 5, *[110.0] * 3], epoch=epoch).worse is not None
    assert course([*CALM, *[110.0] * 5, *[101.0] * 3], epoch=epoch).worse is None


def test_levels_of_another_epoch_are_no_past() -> None:
    assert course([*CALM, *[150.0] * 10], epoch=[0] * 10 + [1] * 10) == Course()


def test_an_improvement_is_no_alarm_and_going_back_up_is_one() -> None:
    found = course([*CALM, *[80.0] * 6])
    assert found.worse is None
    assert found.better is not None
    assert (found.better.since, found.better.before) == (10, 100)
    back = course([*CALM, *[80.0] * 6, 100])
    assert back.worse is not None
    assert back.worse.before == 80


def test_what_recovers_is_no_improvement() -> None:
    assert course([*CALM, *[120.0] * 8, 100]) == Course(fell=18, back=18)


def test_a_fall_is_one_from_a_level_of_five_nights() -> None:
    assert course([*CALM, *[120.0] * 5, 100]).fell == 15
    assert course([*CALM, *[120.0] * 4, 100]).fell is None
    assert course([*CALM, 80]).fell == 10


def test_a_level_that_drifts_slowly_is_followed() -> None:
    drifting = 100 * 1.002 ** np.arange(200)
    assert course(drifting).worse is None


@given(
    st.lists(st.floats(min_value=50, max_value=200), min_size=1, max_size=60),
    st.floats(min_value=1e-3, max_value=1e6),
)
def test_the_unit_of_a_measure_does_not_matter(values: list[float], unit: float) -> None:
    limits = Limits(relative=0.0501, absolute=0, noise=2.003, nights=5)
    whole = course(values, limits=limits)
    scaled = course([value * unit for value in values], limits=limits)
    assert (whole.worse is None) == (scaled.worse is None)
    if whole.worse is not None and scaled.worse is not None:
        assert scaled.worse.since == whole.worse.since
        assert scaled.worse.before == pytest.approx(whole.worse.before * unit)


@given(st.lists(st.sampled_from([0.0, 1e-9, 1.0, 1.05, 1e12]), min_size=1, max_size=80), st.integers(0, 3))
def test_constants_zeros_and_giants_break_nothing(values: list[float], epochs: int) -> None:
    epoch = (np.arange(len(values)) * (epochs + 1)) // len(values)
    found = course(values, epoch=epoch)
    assert found.worse is None or 0 <= found.worse.since < len(values)


@given(st.lists(st.floats(min_value=80, max_value=125), min_size=8, max_size=80))
def test_nights_that_are_passed_over_are_those_that_change_nothing(values: list[float]) -> None:
    """Whoever looks at every night sees the same: a decision about each of them makes the course look."""
    settled = dict.fromkeys(range(len(values)), Standing.SUSPECT)
    assert course(values) == course(values, settled=settled)
