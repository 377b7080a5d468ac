"""What answers show of themselves: chance, one class for all, no class at all."""

import numpy as np
import pytest

from mbench.accuracy.tasks.class_doubts import class_doubts, exchanged, guessing
from mbench.accuracy.tasks.label_offset import shifted_fit
from mbench.accuracy.tasks.top_k import NO_CLASS, BestAnswers


def doubts(hits: int, truth: list[int], first: list[int] | None = None, classes: int = 10) -> tuple[str, ...]:
    return class_doubts(np.array(first or [0, 1, 2]), np.array(truth), hits=hits, classes=classes)


@pytest.mark.parametrize(("hits", "chance"), [(15, True), (16, False)])
def test_chance_is_what_the_interval_reaches(hits: int, *, chance: bool) -> None:
    """Wilson: of 100 examples 15 right ones reach down to 9.3 %, 16 to 10.1 %."""
    found = doubts(hits, list(range(10)) * 10)
    assert any("do not show that top-1 is better than chance, 1 of 10" in doubt for doubt in found) == chance


@pytest.mark.parametrize(("hits", "said"), [(69, True), (70, False)])
def test_the_commonest_class_is_what_answers_are_held_against(hits: int, *, said: bool) -> None:
    found = doubts(hits, [0] * 60 + list(range(1, 5)) * 10, classes=5)
    assert any("one answer to all, the commonest class, 60.0%" in doubt for doubt in found) == said


def test_one_answer_to_all_is_said() -> None:
    assert any("all 3 answers are output 4" in doubt for doubt in doubts(1, [4, 5, 6], [4, 4, 4]))
    assert not any("all" in doubt for doubt in doubts(1, [4, 5, 6], [4, 4, 5]))


def test_examples_of_one_class_are_rightly_all_answered_by_it() -> None:
    assert doubts(50, [3] * 50, [3] * 50) == ()


def test_one_example_is_counted_as_one() -> None:
    assert doubts(0, [3], [4])[0].startswith("1 example does not show")


def test_scores_that_are_all_equal_are_no_answer() -> None:
    (best,) = BestAnswers(2)((np.array([[0.5, 0.5, 0.5], [0.5, 0.6, 0.5], [np.inf, np.inf, np.inf]]),))
    assert best.tolist() == [[NO_CLASS, NO_CLASS], [1, 0], [NO_CLASS, NO_CLASS]]
    assert (
        "2 of 3 answers score every class alike, or several infinitely" in doubts(1, [1, 1, 1], best[:, 0].tolist())[0]
    )


def test_a_single_score_is_an_answer() -> None:
    (best,) = BestAnswers(5)((np.zeros((2, 1)),))
    assert best.tolist() == [[0], [0]]


def test_nothing_is_said_of_nothing() -> None:
    assert doubts(0, []) == ()


def test_a_collapsed_network_is_no_label_shift() -> None:
    truth = np.array([1] * 60 + [0] * 10)
    assert shifted_fit(np.zeros(70, int), truth) is None
    assert shifted_fit(np.where(truth == 1, 2, 1), truth) == (1, 1.0)


def test_a_shift_that_is_right_by_chance_alone_is_none() -> None:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 10, 400)
    answers = np.where(generator.random(400) < 0.1, truth + 1, truth + 5)
    assert shifted_fit(answers, truth) is None


@pytest.mark.parametrize(("hits", "guesses"), [(15, True), (16, False)])
def test_hits_are_guesses_until_their_interval_lies_above_chance(hits: int, *, guesses: bool) -> None:
    """Wilson: of 100 examples 15 right ones reach down to 9.3 %, 16 to 10.1 %."""
    truth = np.arange(100) % 10
    assert guessing(truth, hits=hits, classes=10) == guesses


def test_hits_are_guesses_until_their_interval_lies_above_the_commonest_class() -> None:
    truth = np.array([0] * 60 + [1] * 40)
    assert [guessing(truth, hits=hits, classes=2) for hits in (60, 69, 70)] == [True, True, False]
    assert guessing(np.zeros(0, np.intp), hits=0, classes=2)
    assert not guessing(np.zeros(9, np.intp), hits=9, classes=2)


def order_doubt(answers: dict[int, list[int]], names: tuple[str, ...] = ()) -> str | None:
    """Return what is said of the answers to the examples of each class, of five."""
    truth = np.array([each for each, given in answers.items() for _ in given])
    return exchanged(np.array([one for given in answers.values() for one in given]), truth, names, classes=5)


@pytest.mark.parametrize(("swapped", "said"), [(10, False), (11, True)])
def test_two_exchanged_classes_are_said_from_a_millionth_on(swapped: int, *, said: bool) -> None:
    """2 ** -19 is two millionths for 10 + 10 examples, 2 ** -21 half a millionth for 11 + 11."""
    doubt = order_doubt({0: [0] * 20, 1: [3] * swapped, 3: [1] * swapped, 4: [4] * 20})
    assert (doubt is not None) == said


def test_exchanged_classes_are_named_and_counted() -> None:
    doubt = order_doubt({0: [0] * 20, 1: [3] * 19 + [1], 3: [4] * 20, 4: [1] * 20}, ("a", "b", "c", "d", "e"))
    assert doubt is not None
    assert "(b as d, d as e, e as b)" in doubt
    assert "of these 59 answers would be right instead of 1" in doubt


def test_a_class_taken_for_one_that_is_right_hides_no_exchange() -> None:
    assert order_doubt({0: [1] * 20, 1: [1] * 20}) is None
    doubt = order_doubt({0: [1] * 20, 1: [1] * 20, 2: [3] * 20, 3: [2] * 20})
    assert doubt is not None
    assert "(2 as 3, 3 as 2)" in doubt


def test_no_order_is_read_off_what_hardly_answers() -> None:
    assert order_doubt({each: [2] * 20 for each in range(5)}) is None
    assert order_doubt({each: [-1] * 20 for each in range(5)}) is None
    rng = np.random.default_rng(0)
    assert order_doubt({each: rng.integers(0, 5, 200).tolist() for each in range(5)}) is None


@pytest.mark.parametrize(
    ("scores", "first"),
    [
        ([np.inf, 0.0, 1.0], 0),
        ([0.0, np.inf, np.inf], NO_CLASS),
        ([-np.inf, -np.inf, 1.0], 2),
        ([-np.inf, -np.inf, -np.inf], NO_CLASS),
    ],
)
def test_one_infinite_score_is_the_best_and_several_name_no_class(scores, first):
    (best,) = BestAnswers(2)((np.array([scores], np.float32),))
    assert best[0, 0] == first
