"""Medians and the bootstrap interval, against the plain way of doing them and the law they follow."""

import math
import random
import statistics
from dataclasses import FrozenInstanceError
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.numbers.statistics import (
    Interval,
    _middle_ranks,
    bootstrap_interval,
    for_coarse_clock,
    median,
    two_groups,
)

samples = st.lists(st.floats(1, 1e7), min_size=3, max_size=12)


@pytest.mark.parametrize(("values", "middle"), [([3], 3), ([1, 9], 5), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5)])
def test_the_median_is_the_middle(values, middle):
    assert median(values) == middle


@pytest.mark.parametrize("count", range(1, 14))
def test_the_median_is_that_of_the_standard_library(count):
    values = [(7 * index % 13) ** 3 / 3 for index in range(count)]
    assert median(values) == statistics.median(values)


def test_nothing_has_no_median():
    with pytest.raises(ValueError, match="nothing"):
        median([])


def test_half_an_interval_is_a_share_of_its_centre():
    assert Interval(low=97, high=104).relative_half_width(100) == 0.035
    assert Interval(low=97, high=104).relative_half_width(50) == 0.07
    assert Interval(low=5, high=5).relative_half_width(5) == 0


def test_about_zero_half_an_interval_is_nothing_or_without_bounds():
    assert Interval(low=0, high=0).relative_half_width(0) == 0
    assert Interval(low=-1, high=1).relative_half_width(0) == math.inf


def test_an_interval_is_a_frozen_value_whose_ends_are_named():
    interval = Interval(low=1, high=2)
    with pytest.raises(FrozenInstanceError):
        interval.low = 0
    with pytest.raises(TypeError):
        Interval(1, 2)
    assert not hasattr(interval, "__dict__")


def test_two_runs_have_no_interval_and_three_have_one():
    assert bootstrap_interval([1, 2], seed=0) is None
    assert bootstrap_interval([1, 2, 3], seed=0) == Interval(low=1, high=3)


def test_the_seed_of_an_interval_is_named():
    with pytest.raises(TypeError):
        bootstrap_interval([1, 2, 3], 0)


@pytest.mark.parametrize(("count", "seed"), [(21, 0), (20, 10), (20, 11), (20, 53), (20, 80), (20, 108)])
def test_the_interval_leaves_out_50_of_2000_medians_at_either_end(count, seed):
    values = [index**2 for index in range(count)]
    source = random.Random(seed)  # of each seed but 0 a neighbour of a bound differs; of 108 with 2001 resamples
    medians = sorted(statistics.median(source.choices(values, k=count)) for _ in range(2000))
    assert bootstrap_interval(values, seed=seed) == Interval(low=medians[50], high=medians[-51])


def chance_of_a_median_up_to(rank: int, count: int) -> float:
    """How likely the median of a resample is at most the `rank`-th of an odd `count`: Efron (1979), section 3."""
    return sum(
        math.comb(count, low) * rank**low * (count - rank) ** (count - low) for low in range(count // 2 + 1, count + 1)
    ) / (count**count)


@pytest.mark.parametrize("count", [5, 11, 17, 25])
def test_the_interval_is_the_one_that_all_resamples_together_would_give(count):
    interval = bootstrap_interval(range(1, count + 1), seed=3)
    bounds = [chance_of_a_median_up_to(rank, count) for rank in range(count + 1)]
    (low,) = (rank for rank, (below, above) in enumerate(pairwise(bounds), 1) if below <= 0.025 < above)
    (high,) = (rank for rank, (below, above) in enumerate(pairwise(bounds), 1) if below < 0.975 <= above)
    assert interval == Interval(low=low, high=high)


def test_one_count_and_seed_is_drawn_once_for_a_whole_report():
    assert _middle_ranks(5, 0) is _middle_ranks(5, 0)
    assert _middle_ranks.cache_parameters()["maxsize"] == 256


@given(samples)
def test_the_interval_holds_the_median_and_stays_within_the_samples(values):
    interval = bootstrap_interval(values, seed=1)
    assert min(values) <= interval.low <= median(values) <= interval.high <= max(values)


def test_the_interval_of_five_runs_spans_nearly_all_of_them():
    assert bootstrap_interval([1, 2, 3, 4, 5], seed=7) == Interval(low=1, high=5)


def test_the_interval_is_the_same_each_time():
    values = [10.0, 11.5, 10.2, 13.0, 10.1, 10.7]
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)


def test_the_interval_covers_the_true_median_as_often_as_it_says():
    source = random.Random(5)
    hits = 0
    for trial in range(150):
        values = [source.gauss(100, 5) for _ in range(9)]
        interval = bootstrap_interval(values, seed=trial)
        hits += interval.low <= 100 <= interval.high
    assert 0.90 <= hits / 150 <= 0.99


@pytest.mark.parametrize(
    ("samples", "low", "high"),
    [
        ((9, 9, 9, 9, 9), 9, 10),
        ((9, 9, 9, 9, 10), 9, 11),
        ((9, 9, 9, 9, 10.9), 9, 11.9),
        ((9, 9, 9, 9, 11), 9, 11),
        ((9, 9, 9, 9, 15), 9, 15),
        ((0, 0, 0), 0, 1),
    ],
)
def test_an_interval_that_is_narrower_than_two_microseconds_is_one_longer(samples, low, high):
    assert for_coarse_clock(bootstrap_interval(samples, seed=0)) == Interval(low=low, high=high)


@pytest.mark.parametrize(
    ("samples", "low", "high"),
    [
        ((100, 200, 100, 200), (100, 100), (200, 200)),
        ((100, 200, 201, 101, 102), (100, 101, 102), (200, 201)),
        ((1000, 1000, 1021, 1021, 1021), (1000, 1000), (1021, 1021, 1021)),
        ((1000, 1000, 1020, 1020, 1020), None, None),
        ((1000, 1010, 1031, 1031, 1031), (1000, 1010), (1031, 1031, 1031)),
        ((1000, 1011, 1033, 1033, 1033), None, None),
        ((1000, 1000, 1000, 1022, 1032.9), (1000, 1000, 1000), (1022, 1032.9)),
        ((1000, 1000, 1000, 1022, 1033), None, None),
        ((9, 9, 12, 12), (9, 9), (12, 12)),
        ((9, 9, 11, 11), None, None),
        ((100, 100, 100, 200), None, None),
        ((100, 200, 200, 200, 200), None, None),
        ((100, 200, 200), None, None),
        ((100, 100, 100, 100), None, None),
        ((), None, None),
    ],
)
def test_groups_lie_further_apart_than_they_are_wide_and_have_two_runs_or_more(samples, low, high):
    found = two_groups(samples)
    assert (None if found is None else (found.low, found.high)) == (None if low is None else (low, high))


def test_normal_runs_seldom_look_like_two_groups_and_runs_in_two_groups_mostly_do():
    source = random.Random(5)
    jobs = 1000
    for spread, at_most in ((0.005, 0.0), (0.01, 0.005), (0.02, 0.02), (0.05, 0.03)):
        alike = sum(two_groups([1e5 * source.gauss(1, spread) for _ in range(8)]) is not None for _ in range(jobs))
        assert alike / jobs <= at_most
    for runs, at_least in ((5, 0.55), (8, 0.9), (10, 0.95)):
        draws = ([1e5 * source.choice((1, 1.1)) * source.gauss(1, 0.005) for _ in range(runs)] for _ in range(jobs))
        assert sum(two_groups(samples) is not None for samples in draws) / jobs >= at_least
