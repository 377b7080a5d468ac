"""The worst examples of a file: those that it answers wrongly with the highest score."""

from collections.abc import Sequence
from heapq import nsmallest
from typing import Any

from mbench.report.predictions.flip_tables import answer_json, answer_text, file_json, score_text
from mbench.report.predictions.predicted import Answered, PredictedFile
from mbench.report.render.number_format import count_of
from mbench.report.render.text_table import Cell, Column, TableValues, right_column

_SCORE = (
    "A score is the real value of an output: a probability where the file ends in a softmax, else comparable within "
    "one file alone. – of the right class: it is not among the best five."
)


def worst_of(file: PredictedFile, count: int) -> list[Answered]:
    """Return the wrongly answered examples with the highest scores, the highest first; of equal ones the earlier.

    One without an answer has no score, and is not among them.
    """
    wrong = (each for each in file.answers if not each.right and each.score is not None)
    return nsmallest(count, wrong, key=lambda each: -(each.score or 0.0))


def worst_tables(files: Sequence[PredictedFile], count: int) -> tuple[TableValues, ...]:
    """Return a table for each file, of so many examples at most."""
    return tuple(_table(file, count) for file in files)


def worst_json(files: Sequence[PredictedFile], count: int) -> list[dict[str, Any]]:
    """Return the same as values of JSON."""
    return [
        file_json(file)
        | {
            "wrong": _wrong(file),
            "worst": [
                {"example": each.name, "truth": each.truth, "truth_name": each.truth_name or None}
                | answer_json(each)
                | {"truth_score": each.truth_score}
                for each in worst_of(file, count)
            ],
        }
        for file in files
    ]


def _table(file: PredictedFile, count: int) -> TableValues:
    rows = [
        (
            Cell(each.name),
            Cell(each.truth_name or str(each.truth)),
            Cell(answer_text(each)),
            Cell(score_text(each.score)),
            Cell(score_text(each.truth_score)),
        )
        for each in worst_of(file, count)
    ]
    wrong = f"{_wrong(file)} of {count_of(len(file.answers), 'example')} are wrong."
    return TableValues(
        title=f"{file.label}: wrong with the highest score",
        columns=(
            Column(header="Example"),
            Column(header="Right class"),
            Column(header="Answer"),
            right_column("Score"),
            right_column("Score of the right class"),
        ),
        rows=tuple(rows),
        foot=(wrong, _SCORE),
    )


def _wrong(file: PredictedFile) -> int:
    return sum(not each.right for each in file.answers)
