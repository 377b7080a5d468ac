"""Evaluates classifiers over cells of the globe by how far off their first answer lies."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.text import MOST_BYTES
from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.tasks.cells import locate, read_cells
from mbench.accuracy.tasks.place_metrics import place_metrics
from mbench.accuracy.tasks.top_k import BestAnswers
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples, Place
from mbench.files.hashes import hash_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Where a network's classes lie.

    Attributes:
        path: of the table.
        sha256: of its bytes.
        positions: (classes, 2) degrees, latitude and longitude.
    """

    path: Path
    sha256: str
    positions: NDArray[np.float64]


def open_cells(path: Path) -> Cells:
    """Return the cells of a table.

    Raises:
        DatasetError: no such file, or not of the format.
    """
    positions = read_cells(path)
    return Cells(path=path, sha256=hash_file(path, limit_bytes=MOST_BYTES), positions=positions)


def place_evaluator(opened: OpenedFile, examples: Examples, cells: Cells) -> Evaluator:
    """Return the evaluator of a classifier over cells.

    Args:
        opened: the file.
        examples: whose truths count: places.
        cells: where the file's classes lie.

    Raises:
        UnsupportedModel: its input is no picture, or it has not one output for each cell.
    """
    opened.picture_input()
    outputs, known = opened.scores(), len(cells.positions)
    if outputs != known:
        raise UnsupportedModel(f"it has {outputs} outputs, and {cells.path} {known} cells; name its own by --cells.")

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        truth = np.array([_position(examples, int(index)) for index in rows])
        return Evaluation(metrics=place_metrics(locate(kept[0], cells.positions), truth, answered))

    return Evaluator(keep=BestAnswers(1), weigh=weigh, output=opened.judged_output(), cells_sha256=cells.sha256)


def _position(examples: Examples, index: int) -> tuple[float, float]:
    place = examples.truth(index)
    assert isinstance(place, Place)  # a geolocation's truths are
    return place.latitude, place.longitude
