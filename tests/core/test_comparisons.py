"""Ratios, their intervals and their words: each bound from both sides."""

import math
import random

import pytest

from mbench.core.numbers.comparisons import Change, Compared, Ratio, geometric_mean, ratio_of_medians, ratio_of_pairs
from mbench.core.numbers.statistics import bootstrap_interval, median

STEADY = [10_000.0, 10_010, 9_990, 10_005, 9_995]


def scaled(factor: float) -> list[float]:
    return [factor * each for each in STEADY]


@pytest.mark.parametrize(
    ("ratio", "change"),
    [
        (Ratio(value=1.0101, low=1.0001, high=1.02), Change.SLOWER),
        (Ratio(value=1.0099, low=1.0001, high=1.02), Change.NONE_SHOWN),
        (Ratio(value=1.5, low=1.0, high=2.0), Change.NONE_SHOWN),
        (Ratio(value=0.9899, low=0.98, high=0.9999), Change.FASTER),
        (Ratio(value=0.9901, low=0.98, high=0.9999), Change.NONE_SHOWN),
        (Ratio(value=0.5, low=0.2, high=1.0), Change.NONE_SHOWN),
        (Ratio(value=3.0), Change.NONE_SHOWN),
    ],
)
def test_a_word_needs_a_change_of_a_hundredth_and_an_interval_without_one(ratio, change):
    assert ratio.change is change


def test_two_runs_have_a_ratio_and_no_interval_and_three_have_one():
    few = ratio_of_medians([100.0] * 2, [150.0] * 5, seed=0)
    assert (few.value, few.low, few.change) == (1.5, None, Change.NONE_SHOWN)
    assert ratio_of_medians([100.0] * 5, [150.0] * 2, seed=0).low is None
    assert ratio_of_medians([100.0] * 3, [150.0] * 3, seed=0).change is Change.SLOWER


def test_a_ratio_is_longer_by_what_the_clock_cuts_off():
    found = ratio_of_medians([100.0] * 5, [110.0] * 5, seed=0)
    assert (found.low, found.high) == (pytest.approx(110 / 101), pytest.approx(111 / 100))
    of_pairs = ratio_of_pairs([(100.0, 110.0)] * 6)
    assert (of_pairs.low, of_pairs.high) == (pytest.approx(110 / 101), pytest.approx(111 / 100))
    assert ratio_of_medians([10.0] * 5, [11.0] * 5, seed=0).change is Change.NONE_SHOWN  # 10.99 and 11.0 read so


def test_a_change_beyond_the_scatter_of_both_sides_is_found():
    assert ratio_of_medians(STEADY, scaled(1.02), seed=0).change is Change.SLOWER
    assert ratio_of_medians(STEADY, scaled(0.98), seed=0).change is Change.FASTER
    assert ratio_of_medians(STEADY, scaled(1.0), seed=0).change is Change.NONE_SHOWN


def test_the_interval_holds_one_in_19_of_20_cases_or_nearly_so_where_nothing_changed():
    source = random.Random(5)
    outside = 0
    for _ in range(400):
        old, new = ([source.gauss(10_000, 200) for _ in range(6)] for _ in range(2))
        found = ratio_of_medians(old, new, seed=0)
        outside += not found.low <= 1 <= found.high
    assert 2 <= outside <= 28


@pytest.mark.parametrize(
    "new",
    [
        [9_000.0, 9_500, 10_000, 10_100, 10_700, 11_900, 12_500, 13_000],
        [10_000 + 40.0 * place**1.5 for place in range(21)],
    ],
    ids=len,
)
def test_against_a_level_without_scatter_the_interval_is_that_of_the_median(new):
    found, alone = ratio_of_medians([10_000.0] * 5, new, seed=3), bootstrap_interval(new, seed=4)
    assert found.low == pytest.approx(alone.low / 10_001)
    assert found.high == pytest.approx(alone.high / 10_000 * (1 + 1 / median(new)))


def test_the_same_samples_give_the_same_interval():
    assert ratio_of_medians(STEADY, scaled(1.1), seed=3) == ratio_of_medians(STEADY[::-1], scaled(1.1), seed=3)


@pytest.mark.parametrize(("old", "new"), [([], STEADY), (STEADY, []), ([0.0] * 3, STEADY), (STEADY, [0.0] * 3)])
def test_what_cannot_be_divided_has_no_ratio(old, new):
    assert ratio_of_medians(old, new, seed=0) is None


def test_pairs_take_out_what_both_have_in_common():
    warmth = [1.0, 1.3, 0.8, 1.5, 1.1, 0.9]
    pairs = [(10_000 * each, 10_200 * each) for each in warmth]
    found = ratio_of_pairs(pairs)
    assert (found.value, found.change, found.p_value) == (pytest.approx(1.02), Change.SLOWER, 0.03125)
    apart = ratio_of_medians([old for old, _ in pairs], [new for _, new in pairs], seed=0)
    assert apart.change is Change.NONE_SHOWN


def test_five_pairs_have_a_ratio_and_a_p_value_and_no_interval():
    found = ratio_of_pairs([(1000.0, 1500.0)] * 5)
    assert (found.value, found.low, found.p_value, found.change) == (
        pytest.approx(1.5),
        None,
        0.0625,
        Change.NONE_SHOWN,
    )


@pytest.mark.parametrize("pairs", [[], [(0.0, 1.0)], [(1.0, 0.0)]])
def test_pairs_that_cannot_be_divided_have_no_ratio(pairs):
    assert ratio_of_pairs(pairs) is None


def test_what_changed_most_beyond_its_noise_is_farthest_from_one():
    slower = Ratio(value=1.2, low=1.1, high=1.3)
    faster = Ratio(value=0.8, low=0.7, high=1 / 1.1)
    assert slower.beyond_noise == pytest.approx(math.log(1.1))
    assert faster.beyond_noise == pytest.approx(math.log(1.1))
    noisy = Ratio(value=1.5, low=0.9, high=2.0)
    assert noisy.beyond_noise < 0
    assert Ratio(value=9.0).beyond_noise < noisy.beyond_noise


def test_the_geometric_mean_of_a_doubling_and_a_halving_is_one():
    cells = [
        Compared(old_us=tuple(STEADY), new_us=tuple(scaled(2))),
        Compared(old_us=tuple(STEADY), new_us=tuple(scaled(0.5))),
    ]
    found = geometric_mean(cells, seed=0)
    assert found.value == pytest.approx(1.0)
    assert 0.998 < found.low < 1.0 < found.high < 1.002


def test_the_interval_of_a_mean_of_pairs_is_drawn_from_their_ratios():
    pairs = tuple((1000.0 * place, 1100.0 * place) for place in range(1, 8))
    cell = Compared(old_us=(), new_us=(), pairs=pairs)
    found = geometric_mean([cell, cell], seed=0)
    assert (found.value, found.low, found.high) == (pytest.approx(1.1),) * 3


def test_a_mean_with_a_cell_of_few_runs_has_no_interval_and_one_without_cells_is_none():
    few = Compared(old_us=(100.0,), new_us=(200.0,))
    found = geometric_mean([few, Compared(old_us=tuple(STEADY), new_us=tuple(scaled(2)))], seed=0)
    assert (found.value, found.low, found.high) == (pytest.approx(2.0), None, None)
    assert geometric_mean([], seed=0) is None
    assert geometric_mean([Compared(old_us=(), new_us=())], seed=0) is None
