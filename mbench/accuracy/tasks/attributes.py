"""Evaluates networks of attributes: one output, a number per attribute, in the data set's order.

Average precision asks in which order examples come, not how far apart they are: sigmoid outputs and logits give the
same figure, as long as a higher number means a surer attribute. Sigmoids that saturate (in int8: below 1/256) make
ties, which count as ties.
"""

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.pictures.real_values import RealValues
from mbench.accuracy.tasks.attribute_metrics import attribute_metrics
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples


def attribute_evaluator(opened: OpenedFile, examples: Examples) -> Evaluator:
    """Return the evaluator of a file that tells attributes.

    Args:
        opened: the file.
        examples: whose truths count: 0 or 1 per attribute.

    Raises:
        UnsupportedModel: its input is no picture, or it has not one number for each attribute.
    """
    opened.picture_input()
    outputs, attributes = opened.scores(), len(_truth(examples, 0))
    if outputs != attributes:
        raise UnsupportedModel(
            f"it has {outputs} outputs, and the data set {attributes} attributes. Name a file with one output for each."
        )
    tensor = opened.scores_output()

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        truth = np.array([_truth(examples, int(index)) for index in rows])
        return Evaluation(metrics=attribute_metrics(kept[0], truth, answered))

    keep = RealValues(scale=tensor.scale, zero_point=tensor.zero_point)
    return Evaluator(keep=keep, weigh=weigh, output=opened.judged_output())


def _truth(examples: Examples, index: int) -> tuple[int, ...]:
    truth = examples.truth(index)
    assert isinstance(truth, tuple)  # a data set of attributes has a 0 or 1 for each
    return tuple(int(value) for value in truth if isinstance(value, int))
