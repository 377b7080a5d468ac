"""Evaluators: what a task makes of a file's outputs, the same for answers of this host and of a device.

    outputs of some pictures --keep--> what the evaluator needs of them --weigh, all at once--> metrics

An evaluator is made for one file and one split before any picture is prepared; a file that does not fit gets none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mbench.core.scores import Confusion, Metric, OwnMetric

Outputs = tuple[NDArray[Any], ...]
"""Each output, (pictures, …) as the file stores it; or what is kept of them."""

Keep = Callable[[Outputs], Outputs]
"""From outputs to what of them is kept, a row per picture. A value that can be pickled and hashed: workers do it, a few
pictures at a time, so that nothing larger than what is kept is ever held of all of them."""

Rows = NDArray[np.intp]
"""(asked,) which example of the split each row is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What answers are worth.

    Attributes:
        hits: for each asked example, whether the first answer was right; None for tasks without such a thing.
        first_answers: of a classification, for each asked example: the class of its first answer, or `NO_ANSWER`.
        confusion: of a classification of few classes: what was answered to which.
        values: of a user's metric of values, for each asked example.
        doubts: why the metrics may not be what the network can do, a sentence each.
        guessing: whether the first answers are not shown to be better than guesses.
    """

    metrics: tuple[Metric, ...]
    hits: list[bool] | None = None
    first_answers: list[int] | None = None
    confusion: Confusion | None = None
    values: list[float] | None = None
    doubts: tuple[str, ...] = ()
    guessing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """How one file's answers on one split are judged.

    Attributes:
        keep: what is kept of its outputs.
        weigh: (what was kept, answered (asked,), rows) -> what it is worth. Rows without an answer mean nothing, and
            count as wrong by each metric's own rule. It may raise UnsupportedModel, where only the answers show that
            the file does not fit.
        output: index of the only output that is judged, which alone is kept and weighed; None: all of them.
        label_offset: output index of class 0.
        meaning: of a classifier: (outputs,) the data set's class of each output; out of its range: none of them.
        cells_sha256: of a geolocation: the file that says where each class lies.
        labels_sha256: the user's list of what each output stands for; None: there is none.
        own_metric: the user's function that judges; None: the data set's task says what counts.
    """

    keep: Keep
    weigh: Callable[[Outputs, NDArray[np.bool_], Rows], Evaluation]
    output: int | None = None
    label_offset: int = 0
    meaning: NDArray[np.intp] | None = field(default=None, compare=False)
    cells_sha256: str | None = None
    labels_sha256: str | None = None
    own_metric: OwnMetric | None = None

    def evaluate(self, outputs: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        """Return what whole outputs are worth, (asked, …) each: those that are judged."""
        return self.weigh(self.keep(outputs), answered, rows)

    def judged(self, outputs: Outputs) -> Outputs:
        """Return those of all of a file's outputs that are judged."""
        return outputs if self.output is None else (outputs[self.output],)
