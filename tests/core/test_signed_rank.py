"""The signed-rank test against printed tables of its distribution, each bound from both sides."""

import pytest

from mbench.core.numbers.signed_rank import middle_difference, signed_rank_interval, signed_rank_p


@pytest.mark.parametrize(("count", "p"), [(1, 1.0), (2, 0.5), (5, 0.0625), (6, 0.03125), (10, 0.001953125)])
def test_pairs_that_all_differ_one_way_have_the_smallest_p_value_of_their_number(count, p):
    assert signed_rank_p(range(1, count + 1)) == p
    assert signed_rank_p([-each for each in range(1, count + 1)]) == p


def test_the_p_value_is_that_of_the_printed_table():
    # n = 8, W = 3: two-sided 0.0391 (Wilcoxon and Wilcox, 1964)
    assert signed_rank_p([-1, -2, 3, 4, 5, 6, 7, 8]) == pytest.approx(0.0390625)
    assert signed_rank_p([1, 2, -3, 4, 5, 6, 7, 8]) == pytest.approx(0.0390625)
    assert signed_rank_p([1, 2, 3, -4, 5, 6, 7, 8]) == pytest.approx(0.0546875)


def test_equal_sizes_share_their_rank():
    assert signed_rank_p([-1, 1, 1, 1]) == pytest.approx(0.625)  # the five of 16 signs with a sum of 2.5 or less, twice


def test_a_zero_has_a_rank_and_no_sign():
    assert signed_rank_p([0, 0, 0]) == 1.0
    assert signed_rank_p([0, 1, -2, 3]) == pytest.approx(0.75)
    assert signed_rank_p([1, -2, 3]) == pytest.approx(0.75)
    # ranks 2 to 4 of four pairs: a sum of 3 or less is had by 2 of 8 signs, not by 3 as without the zero
    assert signed_rank_p([0, -1, -2, 3]) == pytest.approx(1.0)
    assert signed_rank_p([0, 1, 2, -3]) == pytest.approx(1.0)


def test_no_pairs_show_nothing():
    assert signed_rank_p([]) == 1.0


def test_the_middle_difference_is_that_of_all_means():
    assert middle_difference([1, 2, 9]) == 3.5  # 1, 1.5, 2, 5, 5.5, 9
    assert middle_difference([4]) == 4
    with pytest.raises(ValueError, match="median of nothing"):
        middle_difference([])


def test_five_pairs_have_no_interval_and_six_have_their_range():
    assert signed_rank_interval([1, 2, 3, 4, 5]) is None
    found = signed_rank_interval([1, 2, 3, 4, 5, 60])
    assert (found.low, found.high) == (1, 60)


@pytest.mark.parametrize(("count", "outside"), [(7, 2), (8, 3), (9, 5), (10, 8), (12, 13), (20, 52)])
def test_the_interval_ends_at_the_critical_value_of_the_printed_table(count, outside):
    differences = [2.0**place for place in range(count)]
    averages = sorted((one + other) / 2 for i, one in enumerate(differences) for other in differences[i:])
    found = signed_rank_interval(differences)
    assert (found.low, found.high) == (averages[outside], averages[-1 - outside])
