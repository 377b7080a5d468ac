"""What a classifier gets right of each class, and what it takes the others for: tables of one file each."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.examples import Task
from mbench.core.proportions import wilson_interval
from mbench.core.scores import MOST_CLASSES_COUNTED, NO_ANSWER, Confusion, Metric, Score
from mbench.report.render.number_format import ABSENT, percent_of
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column
from mbench.report.results.scored import Scored, dataset_label

MOST_IN_MATRIX: Final = 20
"""Classes of a confusion matrix; more are no table that anybody reads."""

_OTHER: Final = "other"
"""No answer, or one that is none of the data set's classes."""


def class_tables(scored: Sequence[Scored]) -> tuple[TableValues, ...]:
    """Return for each file that was scored on classes a table of them, and a confusion matrix of few classes."""
    return tuple(table for each in scored for table in _tables(each))


def without_classes(scored: Scored) -> str | None:
    """Return why a score has no such tables, as half a sentence; None where it has some."""
    score = scored.score
    if score.confusion is not None:
        return None
    name, task, classes = score.dataset.name, score.dataset.task, score.dataset.classes
    if task is not Task.CLASSIFICATION:
        return f"{scored.label} was scored on {name}, a data set of {task}"
    if classes is not None and classes > MOST_CLASSES_COUNTED:
        return f"{scored.label} was scored on the {classes} classes of {name}, of more than {MOST_CLASSES_COUNTED}"
    return f"the score of {scored.label} is of an mbench that did not count answers by class: score it again"


def _tables(scored: Scored) -> Iterator[TableValues]:
    confusion = scored.score.confusion
    if confusion is None:
        return
    yield _by_class(scored, confusion)
    if len(confusion.names) <= MOST_IN_MATRIX:
        yield _matrix(scored, confusion)


def _by_class(scored: Scored, confusion: Confusion) -> TableValues:
    rows = []
    for label, name in enumerate(confusion.names):
        answers = {answer: count for truth, answer, count in confusion.counts if truth == label}
        asked = sum(answers.values())
        wrong = [(count, answer) for answer, count in answers.items() if answer != label]
        most = max(wrong, key=lambda each: (each[0], each[1] != NO_ANSWER, -each[1]), default=None)
        taken = ABSENT if most is None else f"{_name(confusion, most[1])} ({most[0]})"
        right = answers.get(label, 0)
        rows.append((Cell(name), Cell(str(asked)), Cell(str(right)), Cell(_share(right, asked)), Cell(taken)))
    columns = (
        Column(header="Class"),
        right_column("Examples"),
        right_column("Right"),
        right_column("Top-1 (%)"),
        Column(header="Most often taken for"),
    )
    return TableValues(
        title=f"{scored.label}, by class", columns=columns, rows=tuple(rows), foot=(_ground(scored.score),)
    )


def _matrix(scored: Scored, confusion: Confusion) -> TableValues:
    """Return a row for each right class, a column for each answer."""
    counts = {(truth, answer): count for truth, answer, count in confusion.counts}
    labels = list(range(len(confusion.names)))
    answers = [*labels, *([NO_ANSWER] if any(answer == NO_ANSWER for _, answer, _ in confusion.counts) else [])]
    rows = tuple(
        (
            Cell(confusion.names[truth]),
            *(
                Cell(str(counts.get((truth, answer), 0)), Style.STRONG if truth == answer else Style.PLAIN)
                for answer in answers
            ),
        )
        for truth in labels
    )
    return TableValues(
        title=f"{scored.label}, right class by row and answer by column",
        columns=(Column(header="Class"), *(right_column(_name(confusion, answer)) for answer in answers)),
        rows=rows,
    )


def _name(confusion: Confusion, label: int) -> str:
    return _OTHER if label == NO_ANSWER else confusion.names[label]


def _share(right: int, asked: int) -> str:
    if not asked:
        return ABSENT
    interval = wilson_interval(right, asked)
    return percent_of(Metric(name="top1", value=right / asked, low=interval.low, high=interval.high, examples=asked))


def _ground(score: Score) -> str:
    return f"{dataset_label(score.dataset)}, {score.place}, {score.delegate}; 95 % intervals by Wilson."
