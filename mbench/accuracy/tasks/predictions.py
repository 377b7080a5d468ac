"""What a classifier answered to each example, kept while it is scored."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.tasks.class_metrics import TOP5
from mbench.accuracy.tasks.top_k import NO_CLASS, BestScored
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One of the best answers.

    Attributes:
        output: its index.
        label: the data set's class that it stands for; None: none of them.
        score: its real value.
    """

    output: int
    label: int | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One example and what was answered to it.

    Attributes:
        name: of the example.
        truth: its class.
        right: whether the first answer is its class.
        best: the best answers, at most five, the best first; none where there is no answer, or all scores are equal.
    """

    name: str
    truth: int
    right: bool
    best: tuple[Answer, ...]


class Recorder:
    """Sees the answers of one file while its evaluator weighs them."""

    def __init__(self, opened: OpenedFile, examples: Examples, evaluator: Evaluator) -> None:
        """Take a file, the examples, and the evaluator of its answers to them.

        Raises:
            UnsupportedModel: its answers are no classes.
        """
        if evaluator.meaning is None:
            raise UnsupportedModel(f"--predictions is for classes, and the data set asks for {examples.facts.task}.")
        self._output, self._examples, self._inner = opened.scores_output(), examples, evaluator
        self._meaning = evaluator.meaning
        self.predictions: tuple[Prediction, ...] = ()

    @property
    def evaluator(self) -> Evaluator:
        """The same evaluator, which notes what it weighs."""
        return replace(self._inner, keep=BestScored(TOP5), weigh=self._weigh)

    def _weigh(self, kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        top, scores = kept
        real = scores.astype(np.float64)
        if self._output.scale is not None and self._output.zero_point is not None:
            real = (real - self._output.zero_point) * self._output.scale
        self.predictions = tuple(
            self._prediction(int(row), top[place] if answered[place] else (), real[place])
            for place, row in enumerate(rows)
        )
        return self._inner.weigh((top,), answered, rows)

    def _prediction(self, row: int, top: NDArray[np.intp] | tuple[()], scores: NDArray[np.float64]) -> Prediction:
        truth = self._examples.truth(row)
        assert isinstance(truth, int)  # a classification's are
        best = tuple(
            Answer(output=int(output), label=self._label(int(output)), score=float(score))
            for output, score in zip(top, scores, strict=False)
            if output != NO_CLASS
        )
        right = bool(best) and best[0].label == truth
        return Prediction(name=self._examples.name(row), truth=truth, right=right, best=best)

    def _label(self, output: int) -> int | None:
        label = int(self._meaning[output])
        classes = self._examples.facts.classes or 0
        return label if 0 <= label < classes else None
