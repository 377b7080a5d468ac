from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from mbench.gate.levels import NOISE_NIGHTS, WINDOW, Limits, middle, noise_of, rolling_level


def test_the_level_is_the_median_of_the_five_nights_before() -> None:
    levels = rolling_level(np.array([1.0, 9, 2, 8, 3, 100, 4]))
    assert np.isnan(levels[:5]).all()
    assert levels[5:].tolist() == [3, 8]
    assert WINDOW == 5


def test_five_nights_or_fewer_have_no_rolling_level() -> None:
    assert np.isnan(rolling_level(np.arange(5.0) + 1)).all()
    assert rolling_level(np.arange(6.0) + 1)[5] == 3


def test_noise_is_the_scaled_median_deviation_as_a_share_of_the_median() -> None:
    assert noise_of([98.0, 99, 100, 101, 102]) == pytest.approx(1.4826 * 0.01)
    assert noise_of([100.0] * 7) == 0


def test_noise_is_of_the_last_thirty_nights() -> None:
    assert NOISE_NIGHTS == 30
    assert noise_of([1.0] * 50 + [100.0] * 30) == 0
    calm = [99.0, 101.0] * 15
    assert noise_of([500.0, *calm]) == noise_of(calm)
    assert noise_of([99.0] + [100.0] * 14 + [200.0] * 15) == pytest.approx(1.4826 * 50 / 150)


def test_a_level_of_zero_has_no_noise() -> None:
    assert noise_of([0.0, 0.0, 0.0, 5.0]) == 0


def test_a_level_below_zero_has_no_noise() -> None:
    assert noise_of([-4.0, -2.0, -1.0]) == 0


def test_a_bound_stays_as_it_was_made_and_names_its_shares() -> None:
    limits = Limits(relative=0.05, absolute=80, noise=2, nights=5)
    with pytest.raises(FrozenInstanceError):
        limits.noise = 3
    with pytest.raises(TypeError):
        Limits(0.05, 80, 2, 5)
    assert not hasattr(limits, "__dict__")


def test_a_bound_demands_all_three() -> None:
    limits = Limits(relative=0.05, absolute=80, noise=2, nights=5)
    assert limits.least(1000) == 80
    assert limits.least(2000) == 100
    assert limits.bound(2000, 0.01) == 100
    assert limits.bound(2000, 0.04) == 160


def test_the_middle_of_an_even_number_is_between_two() -> None:
    assert middle([1, 2, 4, 9]) == 3
    assert middle([1, 2, 4, 9, 10, 11]) == 6.5
    assert middle([1, 2, 4]) == 2
