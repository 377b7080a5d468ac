"""Predictions as CSV: a line for each file and example, in columns that stay."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.accuracy.tasks.predictions import Prediction
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_foreign_file
from mbench.files.whole import write_whole
from mbench.report.predictions.predicted import ANSWERS_KEPT, COLUMNS
from mbench.report.results.delimited import csv_text

_BEGINS: Final = ",".join(COLUMNS).encode()
_OPTION: Final = "--predictions"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePredictions:
    """What one file answered.

    Attributes:
        name: of the file.
        place: `host` or `device`.
        delegate: that executed it.
        device: its serial; None: this host.
        class_names: by class; empty where nobody knows them.
    """

    name: str
    sha256: str
    place: str
    delegate: str
    device: str | None = None
    class_names: tuple[str, ...]
    predictions: tuple[Prediction, ...]


Record = Callable[[FilePredictions], None]
"""Gets what a file answered once it is scored; what is not kept then is gone."""


def joined(texts: Sequence[str]) -> str:
    """Return what several files answered, each as `predictions_csv` returns it, as one text."""
    header = csv_text([COLUMNS])
    return "".join([header, *(text.removeprefix(header) for text in texts)])


def predictions_csv(files: Sequence[FilePredictions]) -> str:
    """Return a header and a line for each file and example; what is not there is an empty field."""
    return csv_text([COLUMNS, *(line for file in files for line in _lines(file))])


def refuse_place(path: Path) -> None:
    """Refuse a path where predictions would replace what is not predictions; to be asked before anything is scored.

    Raises:
        UsageError: it says what is there.
    """
    instead = f", or {_OPTION} - for stdout"
    refuse_foreign_file(path, option=_OPTION, begins=_BEGINS, what="predictions of mbench", instead=instead)


def write_predictions(path: Path, text: str) -> None:
    """Write predictions in place of those that are there.

    Raises:
        DiskError: they could not be written.
    """
    with disk_errors("write predictions to", path, otherwise=f"name another file with {_OPTION}"):
        write_whole(path, text.encode(), fsync=False)


def _lines(file: FilePredictions) -> Iterator[list[object]]:
    for each in file.predictions:
        answers: list[object] = []
        for answer in each.best:
            answers += [answer.output, answer.label, _name(file, answer.label), float(f"{answer.score:.6g}")]
        answers += [None] * (4 * ANSWERS_KEPT - len(answers))
        yield [
            *(file.name, file.sha256, file.place, file.delegate, file.device),
            *(each.name, each.truth, _name(file, each.truth), int(each.right)),
            *answers,
        ]


def _name(file: FilePredictions, label: int | None) -> str | None:
    return file.class_names[label] if label is not None and label < len(file.class_names) else None
