"""Flips: how the first answers of two files to the same examples differ, and what that does to right and wrong."""

from dataclasses import dataclass

from mbench.core.numbers.statistics import Interval
from mbench.core.proportions import wilson_interval
from mbench.core.scores import NO_ANSWER, Score, unpack_answers, unpack_hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Examples to which at least one of two files gives a class, by what becomes of the first file's answer.

    Attributes:
        same: examples with the same first answer.
        right_to_wrong: the first file is right, the second is not; `wrong_to_right` likewise.
        wrong_to_wrong: both are wrong, by different answers, one of which may be none of the classes.
    """

    same: int
    right_to_wrong: int
    wrong_to_right: int
    wrong_to_wrong: int

    @property
    def examples(self) -> int:
        """All of them."""
        return self.same + self.right_to_wrong + self.wrong_to_right + self.wrong_to_wrong

    @property
    def agreement(self) -> float:
        """Share of examples with the same first answer, 0 to 1."""
        return self.same / self.examples

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of `agreement`."""
        return wilson_interval(self.same, self.examples)


def flips_between(first: Score, second: Score) -> Flips | None:
    """Return how the answers of two files differ.

    An example to which neither gives a class, mostly a picture that cannot be decoded, says nothing of the two files
    and is left out.

    Returns:
        None where they were asked otherwise, their answers are not kept, or there is nothing to compare.
    """
    kept = (first.first_answers, second.first_answers, first.hits, second.hits)
    if any(each is None for each in kept) or not first.comparable(second):
        return None
    counts = {"same": 0, "right_to_wrong": 0, "wrong_to_right": 0, "wrong_to_wrong": 0}
    for answer, other, right, other_right in zip(
        *(unpack_answers(score.first_answers or "") for score in (first, second)),
        *(unpack_hits(score.hits or "", score.asked) for score in (first, second)),
        strict=True,
    ):
        if (change := change_of(answer, other, right=right, other_right=other_right)) is not None:
            counts[change] += 1
    return Flips(**counts) if any(counts.values()) else None


def change_of(answer: int, other: int, *, right: bool, other_right: bool) -> str | None:
    """Return which count of `Flips` an example belongs to, None where neither answer is a class.

    Args:
        answer: the first file's, as a class or `NO_ANSWER`.
        other: the second's likewise.
        right: whether the first file's is the example's class.
        other_right: whether the second's is.
    """
    if answer == other:
        return None if answer == NO_ANSWER else "same"
    if right != other_right:
        return "right_to_wrong" if right else "wrong_to_right"
    return "wrong_to_wrong"
