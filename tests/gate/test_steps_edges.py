"""The scan for slow steps against the textbook's formula, and at the edges of a series and of its parts."""

import math

import numpy as np
import pytest
from gate_series import assert_fixed
from scipy import stats

from mbench.gate import steps
from mbench.gate.levels import NORMAL
from mbench.gate.steps import Step, _apart, _best_split, _midranks, _sharpened, _worth_naming, find_steps


def wavy(level: float, count: int) -> list[float]:
    """Calm noise without chance: a fixed pattern about a level."""
    return [level * (1 + 0.004 * (((7 * place) % 11) - 5) / 5) for place in range(count)]


def places(*levels: tuple[float, int]) -> list[int]:
    return [step.at for step in find_steps(np.array([one for level, count in levels for one in wavy(level, count)]))]


def test_the_constants_are_those_that_were_measured() -> None:
    assert (steps.ALPHA, steps.LEAST_POINTS, steps.NEAR) == (0.02, 5, 2)
    assert (steps.LEAST_CHANGE, steps.LEAST_OF_NOISE) == (0.0125, 1.0)


def mann_whitney(values: np.ndarray) -> np.ndarray:
    """Two-sided p-values of all splits with five points on either side, with midranks and the variance for ties."""
    count, ranks = values.size, stats.rankdata(values)
    _, ties = np.unique(values, return_counts=True)
    found = []
    for left in range(5, count - 4):
        right = count - left
        statistic = ranks[:left].sum() - left * (left + 1) / 2
        tied = sum(tie**3 - tie for tie in ties) / (count * (count - 1))
        scale = math.sqrt(left * right / 12 * (count + 1 - tied))
        found.append(2 * stats.norm.sf(abs(statistic - left * right / 2) / scale))
    return np.array(found)


@pytest.mark.parametrize("decimals", [1, 0, -1])
def test_a_split_is_the_one_that_ranks_speak_for_most_where_chance_does_not_explain_it(decimals: int) -> None:
    """Of values that are rounded more, more are tied: of the last kind nearly all."""
    source, outcomes = np.random.default_rng(8), set()
    for _ in range(150):
        count, step = int(source.integers(10, 34)), float(source.uniform(0.5, 2.5))
        values = source.normal(0, 1, count) + step * (np.arange(count) >= source.integers(3, count))
        values = np.round(values, decimals) if decimals >= 0 else (values > 1.2).astype(float)
        if np.ptp(values) == 0:
            continue
        expected, split = mann_whitney(values), _best_split(values)
        outcomes.add(split is None)
        assert (split is None) == (expected.min() * expected.size >= 0.02)
        if split is not None:
            assert expected[split - 5] == pytest.approx(expected.min())
    assert outcomes == {True, False}


@pytest.mark.parametrize("count", range(10))
def test_fewer_than_ten_points_are_not_split(count: int) -> None:
    assert _best_split(np.arange(count, dtype=float)) is None
    assert _best_split(np.arange(10.0)) == 5


def test_the_fifth_point_from_the_end_is_the_last_to_split_at() -> None:
    """With four on a side the ranks would speak for two nights behind 26."""
    assert not find_steps(np.array([100.0] * 26 + [103.0] * 2))
    assert not find_steps(np.array([103.0] * 2 + [100.0] * 26))


def test_ranks_of_ties_are_their_mean() -> None:
    values = np.array([3.0, 1, 2, 1, 2, 2, 9])
    ranks, ties = _midranks(values)
    assert ranks.tolist() == stats.rankdata(values).tolist()
    assert ties == (2**3 - 2) + (3**3 - 3)


def test_a_part_is_searched_whatever_lies_before_it() -> None:
    assert places((100, 20), (110, 20), (121, 15)) == [20, 40]
    assert places((100, 15), (110, 14), (121, 8)) == [15, 29]
    assert places((100, 60), (120, 12), (125, 12), (130, 24)) == [60, 72, 84]
    assert places((130, 24), (125, 12), (120, 12), (100, 60)) == [24, 36, 48]


def test_a_split_at_an_edge_moves_by_five_points_and_another_one_by_two() -> None:
    late, early = np.array([0.0] * 23 + [1.0] * 10), np.array([0.0] * 10 + [1.0] * 23)
    assert [_sharpened(late, split) for split in (28, 27)] == [23, 25]
    assert [_sharpened(early, split) for split in (5, 6)] == [10, 8]
    assert _sharpened(np.array([0.0, 1, 1, 0, 0, *[1.0] * 20]), 5) == 1
    assert _sharpened(np.array([0.0] * 20 + [1.0, 1, 1, 0, 0]), 20) == 20


def test_two_stretches_are_apart_from_their_noise_on() -> None:
    noisy, calm = np.array([-1.0, 1, -1, 1, 0]), np.array([NORMAL])
    assert _apart(noisy, calm)
    assert not _apart(noisy, np.nextafter(calm, 0))
    for factor, apart in ((1 + 1e-9, True), (1 - 1e-9, False)):
        assert _apart(100 + noisy, 100 + calm * factor) is apart
        assert _apart(100 + calm * factor, 100 + noisy) is apart
        assert _apart(100 + noisy, 100 - calm * factor) is apart


def test_steps_have_the_medians_of_the_stretches_beside_them() -> None:
    values = np.array([100.0, 102, 104, 110, 112, 114, 130, 132, 134])
    assert _worth_naming(values, [3, 6]) == (Step(at=3, before=102, after=112), Step(at=6, before=112, after=132))
    assert _worth_naming(values, []) == ()


def test_the_smallest_step_is_left_out_first_and_the_others_are_measured_anew() -> None:
    values = np.array([100.0] * 9 + [101.0] * 3 + [104.0] * 9)
    assert _worth_naming(values, [9, 12]) == (Step(at=12, before=100, after=104),)
    assert _worth_naming(values[:12], [9]) == ()
    falling = np.array([104.0] * 9 + [103.0] * 3 + [100.0] * 9)
    assert _worth_naming(falling, [9, 12]) == (Step(at=12, before=104, after=100),)


def test_a_step_of_a_hundredth_and_a_quarter_is_named() -> None:
    least = math.exp(math.log1p(0.0125))
    for change, named in ((least * (1 + 1e-12), True), (least * (1 - 1e-12), False)):
        assert bool(_worth_naming(np.array([1.0, 1.0, change, change]), [2])) is named
        assert bool(_worth_naming(np.array([change, change, 1.0, 1.0]), [2])) is named


def test_a_step_stays_as_it_was_made() -> None:
    assert_fixed(Step(at=3, before=1.0, after=2.0))
