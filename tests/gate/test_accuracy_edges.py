"""Accuracies at their bounds: which nights are compared, and what is said of them."""

import numpy as np
import pytest
from gate_series import series, tonight

from mbench.gate.accuracy import judge_accuracy


def accuracy(correct, examples=1000, dataset=1):
    known = series(np.full(len(correct), 100.0), correct=correct, examples=examples, dataset=dataset)
    return judge_accuracy(tonight(known))


def test_it_says_how_many_fewer_and_how_many_may_be_chance():
    (one,) = accuracy([907, 905, 905, 890])
    assert one.because == "890 of 1000 right, 905 before: 15 fewer, of which 13 may be chance"
    assert (one.before, one.now, one.unit, one.since) == (90.5, 89.0, "%", "n3")


@pytest.mark.parametrize("other", [500, 2000])
def test_nights_with_more_or_fewer_examples_are_not_compared(other):
    examples = [other, other, 1000, 1000]
    right = [other, other]
    assert not accuracy([*right, 905, 905], examples)
    (one,) = accuracy([*right, 905, 880], examples)
    assert (one.before, one.since) == (90.5, "n3")


def test_fewer_wrong_answers_to_fewer_examples_are_no_better_past():
    assert not accuracy([500, 500, 400, 400], [500, 500, 1000, 1000])


def test_what_counts_is_how_many_examples_tonight_has_and_not_the_night_before():
    (one,) = accuracy([450, 450, 900, 400], [500, 500, 1000, 500])
    assert (one.before, one.now, one.since) == (90, 80, "n3")


@pytest.mark.parametrize("other", [1, 3])
def test_nights_with_another_data_set_are_not_compared(other):
    assert not accuracy([1000, 1000, 905, 905], dataset=[other, other, 2, 2])
    (one,) = accuracy([1000, 1000, 905, 880], dataset=[other, other, 2, 2])
    assert (one.before, one.since) == (90.5, "n3")


def test_a_night_without_answers_is_no_past_and_one_with_none_right_is():
    assert not accuracy([-1, -1, 0])
    (one,) = accuracy([20, 0, 0])
    assert (one.before, one.now, one.since) == (2.0, 0.0, "n1")


def test_no_examples_are_no_accuracy_and_one_is():
    assert not accuracy([0, 0, 0], 0)
    assert not accuracy([-1, -1, -1], -1)
    assert accuracy([1, 1, 0], 1)


@pytest.mark.parametrize("examples", [0, -1])
def test_right_answers_to_an_unknown_number_of_examples_say_nothing(examples):
    assert not accuracy([1, 0], examples)
    assert not accuracy([0, 1], examples)


def test_how_noisy_accuracies_were_does_not_matter():
    past = [900, 890, 910] * 5
    assert accuracy([*past, 886])
    assert not accuracy([*past, 887])
