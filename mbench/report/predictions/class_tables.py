"""What a classifier gets right of each class, and what it takes the others for: tables of one file each."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.proportions import wilson_interval
from mbench.core.scores import NO_ANSWER, Metric
from mbench.report.predictions.class_counts import ClassCounts, most_confused
from mbench.report.render.number_format import ABSENT, percent_of
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column

MOST_IN_MATRIX: Final = 20
"""Classes of a confusion matrix; more are no table that anybody reads."""

MOST_PAIRS: Final = 20
"""Classes that are taken for another one, in the place of a matrix."""


def class_tables(counted: Sequence[ClassCounts]) -> tuple[TableValues, ...]:
    """Return for each file a table of its classes, and a confusion matrix, of many classes what is most confused."""
    return tuple(table for each in counted for table in _tables(each))


def _tables(counts: ClassCounts) -> Iterator[TableValues]:
    yield _by_class(counts)
    if len(counts.names) <= MOST_IN_MATRIX:
        yield _matrix(counts)
    else:
        yield _confused(counts)


def _by_class(counted: ClassCounts) -> TableValues:
    by_truth: dict[int, dict[int, int]] = {}
    for truth, answer, count in counted.counts:
        by_truth.setdefault(truth, {})[answer] = count
    rows = []
    for label, name in enumerate(counted.names):
        answers = by_truth.get(label, {})
        asked = sum(answers.values())
        wrong = [(count, answer) for answer, count in answers.items() if answer != label]
        most = max(wrong, key=lambda each: (each[0], each[1] != NO_ANSWER, -each[1]), default=None)
        taken = ABSENT if most is None else f"{counted.name(most[1])} ({most[0]})"
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
        title=f"{counted.label}, by class",
        columns=columns,
        rows=tuple(rows),
        foot=(f"{counted.ground}; 95 % intervals by Wilson.",),
    )


def _confused(counted: ClassCounts) -> TableValues:
    """Return the classes that are most often taken for another one, each with the share of its examples."""
    rows = [
        (
            Cell(counted.name(each.truth)),
            Cell(counted.name(each.answer)),
            Cell(str(each.count)),
            Cell(str(each.examples)),
            Cell(_share(each.count, each.examples)),
        )
        for each in most_confused(counted, MOST_PAIRS)
    ]
    return TableValues(
        title=f"{counted.label}, classes most often taken for another",
        columns=(
            Column(header="Class"),
            Column(header="Taken for"),
            right_column("Times"),
            right_column("Of examples"),
            right_column("Share (%)"),
        ),
        rows=tuple(rows),
    )


def _matrix(counted: ClassCounts) -> TableValues:
    """Return a row for each right class, a column for each answer."""
    counts = {(truth, answer): count for truth, answer, count in counted.counts}
    labels = list(range(len(counted.names)))
    answers = [*labels, *([NO_ANSWER] if any(answer == NO_ANSWER for _, answer, _ in counted.counts) else [])]
    rows = tuple(
        (
            Cell(counted.names[truth]),
            *(
                Cell(str(counts.get((truth, answer), 0)), Style.STRONG if truth == answer else Style.PLAIN)
                for answer in answers
            ),
        )
        for truth in labels
    )
    return TableValues(
        title=f"{counted.label}, right class by row and answer by column",
        columns=(Column(header="Class"), *(right_column(counted.name(answer)) for answer in answers)),
        rows=rows,
    )


def _share(right: int, asked: int) -> str:
    if not asked:
        return ABSENT
    interval = wilson_interval(right, asked)
    return percent_of(Metric(name="top1", value=right / asked, low=interval.low, high=interval.high, examples=asked))
