from sample_predictions import read, written

from mbench.core.scores import NO_ANSWER
from mbench.report.predictions.class_counts import ClassCounts, Confused, counts_of_predictions, most_confused


def test_answers_are_counted_by_class_and_classes_that_nobody_met_are_left_out():
    names = [f"n{index}" for index in range(1000)]
    given = [("a", 3, 3, 0.5), ("b", 3, 999, 0.5), ("c", 3, 999, 0.5), ("d", 7, None, 0), ("e", 7, -1, 0.5)]
    (counted,) = counts_of_predictions(read(written("one", given, names=names)))
    assert counted == ClassCounts(
        label="one",
        ground="predictions, host, cpu",
        names=("n3", "n7", "n999"),
        counts=((0, 0, 1), (0, 2, 2), (1, NO_ANSWER, 2)),
    )


def test_a_class_without_a_name_is_called_by_its_number():
    (counted,) = counts_of_predictions(read(written("one", [("a", 3, 5, 0.5)], names=())))
    assert counted.names == ("3", "5")


def test_the_most_confused_are_the_most_frequent_mistakes_and_no_missing_answers():
    counted = ClassCounts(
        label="x",
        ground="y",
        names=("a", "b", "c"),
        counts=((0, 0, 9), (0, 1, 2), (1, NO_ANSWER, 9), (1, 0, 2), (2, 0, 3)),
    )
    assert most_confused(counted, 2) == (
        Confused(truth=2, answer=0, count=3, examples=3),
        Confused(truth=0, answer=1, count=2, examples=11),
    )
    assert len(most_confused(counted, 9)) == 3
