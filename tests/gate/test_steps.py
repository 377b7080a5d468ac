import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.gate.steps import ALPHA, _sharpened, find_steps


def wavy(level: float, count: int, noise: float = 0.004) -> list[float]:
    """Calm noise without chance: a fixed pattern about a level."""
    return [level * (1 + noise * (((7 * place) % 11) - 5) / 5) for place in range(count)]


def test_a_step_is_found_at_its_first_night_with_both_levels() -> None:
    (step,) = find_steps(np.array(wavy(100, 30) + wavy(103, 12)))
    assert step.at == 30
    assert step.before == pytest.approx(100, rel=0.002)
    assert step.after == pytest.approx(103, rel=0.002)


def test_three_nights_of_a_new_level_are_needed_where_there_is_no_noise() -> None:
    assert not find_steps(np.array([100.0] * 20 + [103.0] * 2))
    assert [step.at for step in find_steps(np.array([100.0] * 20 + [103.0] * 3))] == [20]


def test_a_new_step_is_placed_on_its_first_night() -> None:
    for nights in range(7, 14):
        assert [step.at for step in find_steps(np.array(wavy(100, 30) + wavy(104, nights)))] == [30]
        assert [step.at for step in find_steps(np.array(wavy(100, nights) + wavy(104, 30)))] == [nights]


def test_ten_nights_are_needed() -> None:
    assert not find_steps(np.array([100.0] * 4 + [103.0] * 5))
    assert not find_steps(np.array([]))


def test_what_chance_explains_is_no_step() -> None:
    """Of 5 and 5 without an overlap p is 0.009 for one place; with one of them on the other side it is 0.03."""
    assert ALPHA == 0.02
    assert find_steps(np.array([100.0] * 5 + [103.0] * 5))
    assert not find_steps(np.array([100.0, 100.1, 100.2, 100.3, 103.2, 103.0, 103.1, 103.3, 103.4, 100.4]))


def test_a_step_of_less_than_a_hundredth_and_a_quarter_is_not_named() -> None:
    assert not find_steps(np.array([100.0] * 30 + [101.2] * 30))
    assert find_steps(np.array([100.0] * 30 + [101.3] * 30))


def test_steps_that_are_small_alone_are_named_together() -> None:
    (step,) = find_steps(np.array([100.0] * 30 + [101.0] * 30 + [102.0] * 30))
    assert step.after / step.before > 1.0125


def test_two_groups_that_a_series_jumps_between_are_no_step() -> None:
    mixed = [100.0, 140.0, 100.5, 100.2, 140.2, 100.1] * 10
    more = [140.0, 100.0, 140.5, 140.2, 100.2, 140.1] * 10
    assert not find_steps(np.array(mixed + more))


def test_a_step_must_be_as_large_as_the_noise() -> None:
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.02, 300)
    larger = 100 * (1 + noise) * np.where(np.arange(300) >= 150, 1.03, 1)
    smaller = 100 * (1 + noise) * np.where(np.arange(300) >= 150, 1.014, 1)
    assert [step.at for step in find_steps(larger)] == pytest.approx([150], abs=5)
    assert not find_steps(smaller)


def test_both_sides_of_a_step_are_searched() -> None:
    values = wavy(100, 20) + wavy(110, 20) + wavy(104, 20) + wavy(99, 20)
    assert [step.at for step in find_steps(np.array(values))] == [20, 40, 60]


def test_one_hot_night_is_no_step() -> None:
    values = wavy(100, 40)
    values[20] = 300
    assert not find_steps(np.array(values))


@given(
    st.lists(st.sampled_from([99.0, 100.0, 101.0, 120.0]), min_size=0, max_size=70), st.sampled_from([0.001, 1000.0])
)
def test_neither_units_nor_constants_change_or_break_anything(values: list[float], unit: float) -> None:
    places = [step.at for step in find_steps(np.array(values))]
    assert places == [step.at for step in find_steps(np.array(values) * unit)]
    assert places == sorted(set(places))


def test_of_constant_series_there_is_nothing_to_say() -> None:
    assert find_steps(np.full(365, 5.0)) == ()


def test_a_split_moves_by_two_points_at_most_and_at_an_edge_by_five() -> None:
    values = np.array([0.0] * 20 + [1.0] * 20)
    assert [_sharpened(values, split) for split in (17, 18, 20, 22, 23)] == [19, 20, 20, 20, 21]
    late = np.array([0.0] * 30 + [1.0] * 3)
    assert _sharpened(late, 28) == 30
    early = np.array([0.0] * 3 + [1.0] * 30)
    assert _sharpened(early, 5) == 3
