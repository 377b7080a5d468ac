import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.results import MeasuringRules
from mbench.core.schedule import block_order, drift, measured_enough
from mbench.core.statistics import Interval, bootstrap_interval, median

samples = st.lists(st.floats(1, 1e7), min_size=3, max_size=12)


def rules(**changes) -> MeasuringRules:
    base = {"min_runs": 5, "max_runs": 8, "target_interval": 0.02, "memory_runs": 0, "profile_ops": False, "seed": 0}
    return MeasuringRules(**(base | changes))


@pytest.mark.parametrize(("values", "middle"), [([3], 3), ([1, 9], 5), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5)])
def test_the_median_is_the_middle(values, middle):
    assert median(values) == middle


def test_nothing_has_no_median():
    with pytest.raises(ValueError, match="nothing"):
        median([])


@given(samples)
def test_the_interval_holds_the_median_and_stays_within_the_samples(values):
    interval = bootstrap_interval(values, seed=1)
    assert min(values) <= interval.low <= median(values) <= interval.high <= max(values)


def test_the_interval_of_five_runs_spans_nearly_all_of_them():
    assert bootstrap_interval([1, 2, 3, 4, 5], seed=7) == Interval(low=1, high=5)


def test_the_interval_is_the_same_each_time():
    values = [10.0, 11.5, 10.2, 13.0, 10.1, 10.7]
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)


def test_two_runs_have_no_interval():
    assert bootstrap_interval([1, 2], seed=0) is None


def test_the_interval_covers_the_true_median_as_often_as_it_says():
    import random

    source = random.Random(5)
    hits = 0
    for trial in range(400):
        values = [source.gauss(100, 5) for _ in range(9)]
        interval = bootstrap_interval(values, seed=trial)
        hits += interval.low <= 100 <= interval.high
    assert 0.90 <= hits / 400 <= 0.99


def test_a_job_gets_at_least_its_least_runs():
    assert not measured_enough([100, 100, 100, 100], rules())


def test_a_narrow_interval_is_enough():
    assert measured_enough([100, 100.5, 100, 99.9, 100.2], rules())


def test_a_wide_interval_asks_for_more_until_the_bound():
    wide = [100, 120, 90, 130, 80]
    assert not measured_enough(wide, rules())
    assert measured_enough([*wide, 100, 120, 90], rules())


def test_the_order_of_a_block_is_seeded_and_differs_between_blocks():
    jobs = [f"job{index}" for index in range(8)]
    orders = [block_order(jobs, seed=1, block=block) for block in range(6)]
    assert orders == [block_order(reversed(jobs), seed=1, block=block) for block in range(6)]
    assert len(set(orders)) == 6
    assert all(sorted(order) == jobs for order in orders)


def test_drift_is_how_far_the_halves_of_a_session_lie_apart():
    assert drift([100, 100, 100, 110, 110, 110]) == pytest.approx(10 / 105)
    assert drift([100, 100, 160, 100, 100, 100]) == 0
    assert drift([100]) is None
    assert drift([0, 0, 0, 1]) is None
