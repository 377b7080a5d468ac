"""Predictions for the tests of the report, as CSV that the writer wrote."""

from collections.abc import Sequence

from mbench.accuracy.tasks.predictions import Answer, Prediction
from mbench.report.predictions.predicted import PredictedFile, parse_predictions
from mbench.workflows.score.predictions import FilePredictions, predictions_csv

NAMES = ("cat", "dog", "emu")

Given = tuple[str, int, int | None, float]
"""An example's name and class, and the first answer with its score; None: there is none."""


def written(name: str, given: Sequence[Given], names: Sequence[str] = NAMES, **changes) -> FilePredictions:
    """Return what a file answered; the right class, where it is not the first answer, is the second with 0.125."""
    fields = {"sha256": name.encode().hex().ljust(64, "0")[-64:], "place": "host", "delegate": "cpu"}
    return FilePredictions(
        name=name,
        class_names=tuple(names),
        predictions=tuple(_prediction(*each) for each in given),
        **(fields | changes),
    )


def _prediction(name: str, truth: int, answer: int | None, score: float) -> Prediction:
    best = () if answer is None else (Answer(output=answer, label=answer if answer >= 0 else None, score=score),)
    if best and answer != truth:
        best = (*best, Answer(output=truth, label=truth, score=0.125))
    return Prediction(name=name, truth=truth, right=answer == truth, best=best)


def read(*files: FilePredictions) -> tuple[PredictedFile, ...]:
    """Return files as they are read back."""
    return parse_predictions({"answers.csv": predictions_csv(files)})
