"""How a device drifts: a steady trend, a step, noise and disturbed runs, each read as what it is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.numbers.drift import Course, find_drift


def change(medians_us, positions=None) -> float:
    """Return the change in percent of the first run, which is 100 µs."""
    found = find_drift(medians_us, range(len(medians_us)) if positions is None else positions)
    middle = sorted(medians_us)[len(medians_us) // 2] if len(medians_us) % 2 else None
    return found.change * (middle or sum(sorted(medians_us)[len(medians_us) // 2 - 1 :][:2]) / 2)


def trend(count: int, percent: float) -> list[float]:
    return [100 + percent * place / (count - 1) for place in range(count)]


def step(count: int, before: int, percent: float) -> list[float]:
    return [100.0] * before + [100.0 + percent] * (count - before)


@pytest.mark.parametrize("count", range(2, 21))
@pytest.mark.parametrize("percent", [6, -6])
def test_a_steady_trend_is_its_change_from_the_first_run_to_the_last(count, percent):
    assert change(trend(count, percent)) == pytest.approx(percent)


@pytest.mark.parametrize("count", range(4, 21))
@pytest.mark.parametrize("percent", [6, -6])
def test_a_step_is_its_height_wherever_two_runs_stand_on_either_side(count, percent):
    for before in range(2, count - 1):
        found = find_drift(step(count, before, percent), range(count))
        assert (found.course, found.before) == (Course.STEP, before)
        assert change(step(count, before, percent)) == pytest.approx(percent)


@pytest.mark.parametrize("course", [Course.STEP, Course.STEADY])
def test_a_change_is_a_share_of_the_median(course):
    medians_us = [100.0, 100.0, 110.0, 110.0] if course is Course.STEP else trend(4, 10)
    found = find_drift(medians_us, range(4))
    assert (found.course, found.change) == (course, pytest.approx(10 / 105))


def test_a_trend_has_all_runs_before_its_end():
    assert find_drift(trend(7, 6), range(7)).before == 7


def test_runs_that_stay_have_not_drifted():
    found = find_drift([100.0] * 6, range(6))
    assert (found.change, found.course) == (0, Course.STEADY)


@pytest.mark.parametrize("count", range(4, 13))
@pytest.mark.parametrize("disturbed", [1000.0, 10.0])
def test_one_disturbed_run_does_not_matter_wherever_it_is(count, disturbed):
    for place in range(count):
        with_spike = {name: list(runs) for name, runs in (("none", [100.0] * count), ("trend", trend(count, 6)))}
        for runs in with_spike.values():
            runs[place] = disturbed
        assert change(with_spike["none"]) == 0
        if count > 4:  # of three runs that are left a step of two and one is as close as a trend
            assert change(with_spike["trend"]) == pytest.approx(6)


NOISE = [0.1, -0.1, 0.2, 0.0, -0.2, 0.15, -0.05, 0.05]


@pytest.mark.parametrize("count", range(4, 9))
@pytest.mark.parametrize("disturbed", [160.0, 40.0])
def test_one_disturbed_run_does_not_matter_beside_noise(count, disturbed):
    for place in range(count):
        runs = [100 + each for each in NOISE[:count]]
        runs[place] = disturbed
        assert abs(change(runs)) < 1


@pytest.mark.parametrize("medians_us", [[100, 110], [100, 160, 160]])
def test_of_two_or_three_runs_one_may_stand_before_a_step(medians_us):
    found = find_drift(medians_us, range(len(medians_us)))
    assert (found.course, found.before) == (Course.STEP, 1)


@pytest.mark.parametrize("count", range(6, 13))
def test_a_step_is_seen_beside_one_disturbed_run(count):
    for place in range(count):
        runs = step(count, count // 2, 6)
        runs[place] = 1000.0
        assert change(runs) == pytest.approx(6)


@pytest.mark.parametrize(
    ("medians_us", "percent"),
    [
        ([100, 110], 10),
        ([110, 100], -10),
        ([100, 160, 100], 0),
        ([100, 100, 160], 60),  # three runs spare none
        ([100, 160, 160], 60),
        ([100, 130, 160], 60),
        ([100, 100, 100, 160], 0),  # four spare one
        ([160, 100, 100, 100], 0),
        ([100, 100, 160, 160], 60),
    ],
)
def test_few_runs_say_what_they_can(medians_us, percent):
    assert change(medians_us) == pytest.approx(percent)


@pytest.mark.parametrize("medians_us", [[], [100], [0, 0, 0, 1]])
def test_where_there_is_one_run_or_no_median_there_is_no_drift(medians_us):
    assert find_drift(medians_us, range(len(medians_us))) is None


def test_a_trend_is_one_over_the_session_and_not_over_the_canary_s_runs():
    positions = [3, 10, 16, 21, 25, 28]
    assert change([100 + 6 * (place - 3) / 25 for place in positions], positions) == pytest.approx(6)


def test_noise_is_seldom_drift_and_a_trend_beside_it_is_seen():
    source = random.Random(0)
    noise = [[source.gauss(0, 1) for _ in range(6)] for _ in range(1000)]  # of 1 %
    alarms = [abs(change([100 + each for each in runs])) > 5 for runs in noise]
    trends = sorted(change([a + b for a, b in zip(trend(6, 6), runs, strict=True)]) for runs in noise)
    assert sum(alarms) < 10
    assert trends[500] == pytest.approx(6, abs=1)


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12))
def test_time_runs_either_way_and_units_do_not_matter(medians_us):
    count = len(medians_us)
    found = find_drift(medians_us, range(count)).change
    assert find_drift([1000 * each for each in medians_us], range(count)).change == pytest.approx(found)
    assert find_drift(medians_us, [5 * place for place in range(count)]).change == pytest.approx(found)
