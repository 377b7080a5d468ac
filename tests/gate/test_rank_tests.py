import random
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mbench.gate.block_ranks import BLOCK, block_rank_p
from mbench.gate.signed_rank import MOST_EXACT, _tail, signed_rank_p


@pytest.mark.parametrize("count", [1, 3, 6, 9])
def test_the_exact_law_is_that_of_all_signs(count: int) -> None:
    sums = [sum(rank for rank, sign in enumerate(signs, 1) if sign) for signs in product([0, 1], repeat=count)]
    for above in range(count * (count + 1) // 2 + 1):
        assert _tail(count, above) == pytest.approx(sum(one >= above for one in sums) / 2**count)


def test_ten_pairs_all_above_zero_have_the_least_p_value_of_ten() -> None:
    assert signed_rank_p([0.1 * place for place in range(1, 11)]) == 2**-10


def test_pairs_that_do_not_differ_say_nothing() -> None:
    assert signed_rank_p([]) == 1
    assert signed_rank_p([0.0, 0.0]) == 1
    assert signed_rank_p([0.0, 1.0, 2.0]) == signed_rank_p([1.0, 2.0])


def test_it_agrees_with_scipy() -> None:
    source = random.Random(5)
    for count in (8, 25):
        values = [source.gauss(0.4, 1) for _ in range(count)]
        expected = stats.wilcoxon(values, alternative="greater", method="exact").pvalue
        assert signed_rank_p(values) == pytest.approx(expected)


def test_ties_have_their_mean_rank() -> None:
    assert signed_rank_p([1.0, 1.0, -1.0, 2.0]) == _tail(4, 8)
    assert signed_rank_p([1.0, -1.0, 2.0]) == _tail(3, 4)


def test_many_pairs_are_judged_by_the_normal_law_which_is_near() -> None:
    exact = sum_tail(MOST_EXACT, 1200)
    assert _tail(MOST_EXACT, 1200) == pytest.approx(exact)
    assert _tail(MOST_EXACT + 1, 1250) == pytest.approx(sum_tail(MOST_EXACT + 1, 1250), rel=0.03)


def sum_tail(pairs: int, above: int) -> float:
    counts = {0: 1}
    for rank in range(1, pairs + 1):
        longer: dict[int, int] = {}
        for total, count in counts.items():
            for more in (0, rank):
                longer[total + more] = longer.get(total + more, 0) + count
        counts = longer
    return sum(count for total, count in counts.items() if total >= above) / 2**pairs


def test_twelve_new_runs_slower_than_all_old_ones_are_certain_enough() -> None:
    old = [100 + 0.1 * place for place in range(12)]
    assert block_rank_p(old, [one * 1.05 for one in old]) < 0.0004
    assert block_rank_p([one * 1.05 for one in old], old) > 0.9996


def test_runs_that_are_all_equal_say_nothing() -> None:
    assert block_rank_p([5.0] * 12, [5.0] * 12) == 1


def test_of_one_block_it_is_the_rank_sum_test() -> None:
    source = random.Random(1)
    old, new = [source.uniform(90, 110) for _ in range(8)], [source.uniform(95, 115) for _ in range(8)]
    expected = stats.mannwhitneyu(new, old, alternative="greater", method="asymptotic", use_continuity=False).pvalue
    assert block_rank_p(old, new) == pytest.approx(expected)


def test_a_phone_that_warms_up_over_the_pairs_hides_nothing() -> None:
    drift = [1 + 0.02 * place for place in range(32)]
    old = [100 * warm for warm in drift]
    new = [104 * warm for warm in drift]
    assert BLOCK == 8
    assert block_rank_p(old, new) < 0.0004
    assert stats.mannwhitneyu(new, old, alternative="greater").pvalue > 0.1


@given(st.lists(st.tuples(st.floats(50, 200), st.floats(50, 200)), min_size=1, max_size=40))
def test_the_other_way_round_it_is_the_other_tail(pairs: list[tuple[float, float]]) -> None:
    old, new = [one for one, _ in pairs], [one for _, one in pairs]
    there, back = block_rank_p(old, new), block_rank_p(new, old)
    assert there + back == pytest.approx(1) or there == back == 1


@pytest.mark.parametrize(("pairs", "above"), [(61, 900), (61, 1250), (100, 2900), (101, 2500)])
def test_beyond_sixty_pairs_the_law_is_the_normal_one_with_half_a_rank_for_its_steps(pairs: int, above: int) -> None:
    assert MOST_EXACT == 60
    scale = (pairs * (pairs + 1) * (2 * pairs + 1) / 24) ** 0.5
    expected = stats.norm.sf(above - 0.5, loc=pairs * (pairs + 1) / 4, scale=scale)
    assert _tail(pairs, above) == pytest.approx(expected, rel=1e-9)
    assert _tail(60, 1200) == pytest.approx(sum_tail(60, 1200), rel=1e-9)


def test_three_hundred_pairs_are_ranked_as_ten_are() -> None:
    differences = [place * (1.0 if place % 7 else -3.0) / 10 for place in range(1, 301)]
    expected = stats.wilcoxon(differences, alternative="greater", method="approx", correction=True).pvalue
    assert signed_rank_p(differences) == pytest.approx(expected, rel=1e-6, abs=0)
    balanced = [place * (1.0 if place % 2 else -1.0) for place in range(1, 301)]
    expected = stats.wilcoxon(balanced, alternative="greater", method="approx", correction=True).pvalue
    assert signed_rank_p(balanced) == pytest.approx(expected, rel=1e-6)


def test_pairs_that_are_all_tied_share_their_ranks() -> None:
    assert signed_rank_p([1.0, 1.0]) == 1 / 4
    assert signed_rank_p([2.0, 2.0, 2.0]) == 1 / 8
    assert signed_rank_p([-0.5, 0.25, 0.25]) == _tail(3, 3)


def aligned_p(old: list[float], new: list[float], bounds: list[int]) -> float:
    """The same law by hand: ranks of all runs, each less its block's median; permutation within blocks."""
    logs = np.log([old, new])
    for begin, end in pairwise(bounds):
        logs[:, begin:end] -= np.median(logs[:, begin:end])
    ranks = stats.rankdata(np.round(logs, 12)).reshape(2, -1)
    above = variance = 0.0
    for begin, end in pairwise(bounds):
        block, pairs = ranks[:, begin:end], end - begin
        above += block[1].sum() - pairs * block.mean()
        variance += pairs**2 / (2 * pairs * (2 * pairs - 1)) * ((block - block.mean()) ** 2).sum()
    return float(stats.norm.sf(above / variance**0.5))


@pytest.mark.parametrize(
    "bounds",
    [[0, 3], [0, 8], [0, 11], [0, 6, 12], [0, 6, 13], [0, 8, 16], [0, 7, 15, 22], [0, 8, 16, 24, 32, 40]],
)
def test_blocks_are_of_eight_pairs_or_as_near_to_that_as_equal_ones_can_be(bounds: list[int]) -> None:
    for seed in range(4):
        source = random.Random(seed)
        old, new = ([float(source.randint(least, least + 12)) for _ in range(bounds[-1])] for least in (95, 97))
        assert block_rank_p(old, new) == pytest.approx(aligned_p(old, new, bounds), rel=1e-9)


def test_one_pair_is_ranked_too() -> None:
    assert block_rank_p([1.0], [2.0]) == pytest.approx(stats.norm.sf(1))
    assert block_rank_p([2.0], [1.0]) == pytest.approx(stats.norm.sf(-1))


def test_runs_are_equal_where_they_differ_by_less_than_a_millionth_of_a_millionth() -> None:
    """What alignment leaves of equal runs is less than that, and no clock tells more."""
    old = [100.0] * 8
    assert block_rank_p(old, [100.0 * (1 + 4e-12)] * 8) < 0.001
    assert block_rank_p(old, [100.0 * (1 + 2e-13)] * 8) == 1
