"""Evaluates embeddings by pairs of faces: near embeddings are one person's (arXiv 1503.03832, section 4)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import Pairs
from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.pictures.real_values import RealValues
from mbench.accuracy.tasks.face_metrics import verification_metrics
from mbench.core.errors import UnsupportedModel

LEAST_LENGTH: Final = 1e-12
"""What is shorter is no direction, and is left as it is."""

LEAST_NUMBERS: Final = 2
"""Of one number brought to length 1 nothing is left but its sign."""


def face_evaluator(opened: OpenedFile, pairs: Pairs) -> Evaluator:
    """Return the evaluator of a file whose only output is an embedding.

    Embeddings are brought to length 1 here, which an int8 file's never quite are, and others' are not at all; their
    distance is the squared Euclidean one.

    Args:
        opened: the file.
        pairs: that are asked, in the order of their list, by the indices of pictures that all have a row.

    Raises:
        UnsupportedModel: its input is no picture, or its output is no embedding.
    """
    opened.picture_input()
    if opened.scores() < LEAST_NUMBERS:
        raise UnsupportedModel("its output is a single number, which is no embedding of a face.")
    tensor = opened.scores_output()

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        first, second, same = _pair_rows(pairs, rows)
        distances = _distances(kept[0], first, second)
        distances[~(answered[first] & answered[second])] = np.nan
        return Evaluation(metrics=verification_metrics(distances, same))

    keep = RealValues(scale=tensor.scale, zero_point=tensor.zero_point)
    return Evaluator(keep=keep, weigh=weigh, output=opened.judged_output())


def _pair_rows(pairs: Pairs, rows: Rows) -> tuple[Rows, Rows, NDArray[np.bool_]]:
    """Return the rows of first and second pictures, (pairs,) each, and whether it is one person, in order."""
    row_of = {int(index): row for row, index in enumerate(rows)}
    first, second, same = zip(*pairs, strict=True)
    return (
        np.array([row_of[index] for index in first], np.intp),
        np.array([row_of[index] for index in second], np.intp),
        np.array(same, np.bool_),
    )


def _distances(embeddings: NDArray[np.float32], first: Rows, second: Rows) -> NDArray[np.float32]:
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    unit = embeddings / np.maximum(lengths, LEAST_LENGTH)
    squared: NDArray[np.float32] = np.square(unit[first] - unit[second]).sum(axis=1)
    return squared
