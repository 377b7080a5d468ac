"""Fallbacks at their bounds: what begins one, what ends it, and with what it is compared."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from gate_series import series, tonight

from mbench.core.nights.series import Series
from mbench.gate.fallback import _Open, judge_fallback


def fallback(*nights: tuple[int, int]):
    """Judge nights of so many delegated nodes of so many."""
    delegated, nodes = zip(*nights, strict=True)
    known: Series = series(np.full(len(nights), 100.0), delegated=delegated, nodes=nodes)
    return judge_fallback(tonight(known))


def test_it_is_compared_with_the_night_before_and_not_with_the_first():
    (one,) = fallback((0, 2), (2, 2), (0, 2))
    assert (one.since, one.before, one.now) == ("n2", 2, 0)
    (one,) = fallback((69, 70), (60, 64), (60, 64), (64, 64), (61, 64))
    assert (one.since, one.before, one.because) == ("n4", 64, "3 of 64 nodes run on the CPU, 0 did before")
    (one,) = fallback((64, 64), (69, 70), (60, 64))
    assert (one.since, one.before, one.because) == ("n2", 69, "4 of 64 nodes run on the CPU, 1 did before")


@pytest.mark.parametrize("after", [(0, 3), (3, 6), (0, 4)])
def test_who_delegated_nothing_before_has_nothing_to_lose(after):
    assert not fallback((0, 2), after)


@pytest.mark.parametrize("left", [0, 1, 2, 3, 5])
def test_two_nodes_more_are_none_whatever_was_left_over_before(left):
    assert not fallback((64 - left, 64), (62 - left, 64))
    assert fallback((64 - left, 64), (61 - left, 64))
    assert not fallback((64 - left, 64), (40, 64), (62 - left, 64))
    assert fallback((64 - left, 64), (40, 64), (61 - left, 64))


def test_it_stands_while_nothing_is_delegated_and_ends_with_the_first_node():
    assert fallback((3, 3), (0, 3), (0, 2))
    assert not fallback((3, 3), (0, 3), (1, 3))
    assert not fallback((3, 3), (0, 3), (0, 2), (2, 3))


@pytest.mark.parametrize("after", [(2, 4), (2, 3), (1, 2)])
def test_it_ends_where_a_new_file_is_delegated_though_as_many_or_more_are_left_over(after):
    assert fallback((2, 2), (0, 2))
    assert not fallback((2, 2), (0, 2), after)
    assert not fallback((2, 2), (0, 1), after)
    assert not fallback((1, 1), (0, 1), after)


def test_who_leaves_over_less_has_lost_nothing_though_nothing_is_delegated_any_more():
    assert not fallback((2, 10), (0, 3))
    assert not fallback((2, 10), (0, 8))
    assert fallback((2, 10), (0, 9))


def test_three_more_are_left_over_of_a_graph_that_begins_to_be_delegated_too():
    (one,) = fallback((0, 1), (1, 5))
    assert (one.before, one.now, one.because) == (0, 1, "4 of 5 nodes run on the CPU, 1 did before")
    assert not fallback((0, 1), (1, 4))


def test_a_graph_without_nodes_is_known_to_leave_none_over():
    (one,) = fallback((0, 0), (0, 3))
    assert one.because == "3 of 3 nodes run on the CPU, 0 did before"
    assert not fallback((1, 1), (0, 0), (0, 1))


def test_it_ends_where_as_few_are_left_over_as_before_it_though_the_night_before_had_fewer():
    nights = (60, 64), (0, 5), (0, 1)
    assert fallback(*nights)
    for left in (4, 6):
        assert not fallback(*nights, (1, left + 1))
    (one,) = fallback(*nights, (1, 8))
    assert (one.since, one.because) == ("n3", "7 of 8 nodes run on the CPU, 4 did before")


@pytest.mark.parametrize("unknown", [(60, -1), (-1, 64), (-1, -1)])
def test_a_night_of_which_either_number_is_unknown_says_nothing(unknown):
    assert not fallback((64, 64), unknown)
    assert not fallback((64, 64), unknown, (64, 64))
    (one,) = fallback((64, 64), unknown, (60, 64))
    assert (one.before, one.because) == (64, "4 of 64 nodes run on the CPU, 0 did before")


def test_what_holds_is_not_changed_and_made_by_name():
    held = _Open(since=1, left=2, delegated=3)
    with pytest.raises(FrozenInstanceError):
        held.left = 0
    with pytest.raises(TypeError):
        _Open(1, 2, 3)
    assert not hasattr(held, "__dict__")
