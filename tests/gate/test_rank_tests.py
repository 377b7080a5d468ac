import random
from itertools import product

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
