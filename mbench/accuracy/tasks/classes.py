"""Evaluates classifiers: a score per class, of which the best five count."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.tasks.class_doubts import class_doubts, exchanged, guessing
from mbench.accuracy.tasks.class_metrics import (
    TOP5,
    classification_metrics,
    confusion_of,
    first_answers,
    top1_hits,
)
from mbench.accuracy.tasks.label_offset import label_offset, shifted_fit
from mbench.accuracy.tasks.output_labels import OutputLabels, meant
from mbench.accuracy.tasks.top_k import BestAnswers
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples


def class_evaluator(
    opened: OpenedFile,
    examples: Examples,
    *,
    asked_offset: int | None,
    labels: OutputLabels | None = None,
    note: Callable[[str], None],
) -> Evaluator:
    """Return the evaluator of a file that gives a score per class, in its only output or the one that was chosen.

    Args:
        opened: the file.
        examples: whose truths count.
        asked_offset: what the user said of the label offset; None: by the number of outputs.
        labels: what its outputs stand for, by the user's list; None: the data set's classes, in order.
        note: gets where the answers fit another offset than the user said.

    Raises:
        UnsupportedModel: its input is no picture, or its outputs are not those of a classifier of these classes. Its
            evaluator raises it where the answers fit a label offset far better that nobody asked for.
    """
    opened.picture_input()
    outputs, classes = opened.scores(), examples.facts.classes
    if classes is None:
        raise UnsupportedModel("the data set has no classes that a file could be scored on.")
    if labels is not None:
        meaning = labels.classes(outputs, examples.class_names)
        return _labelled_evaluator(examples, labels, meaning, classes, output=opened.judged_output())
    offset = label_offset(outputs, classes, asked_offset)

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        (top,) = kept
        truth = np.array([examples.truth(int(index)) for index in rows])
        doubt = _doubt(top[answered, 0], truth[answered], outputs, offset)
        if doubt is not None and asked_offset is None:
            raise UnsupportedModel(f"{doubt[0]}. {doubt[1]}; --label-offset {offset} scores it as it is.")
        if doubt is not None:
            note(f"warning: {doubt[0]}; --label-offset {asked_offset} was asked for, and is used.")
        return _evaluation(examples, top, top - offset, truth, answered, classes=classes)

    meaning = np.arange(outputs) - offset
    return Evaluator(
        keep=BestAnswers(TOP5), weigh=weigh, output=opened.judged_output(), label_offset=offset, meaning=meaning
    )


def _evaluation(
    examples: Examples,
    top: NDArray[np.integer],
    found: NDArray[np.integer],
    truth: NDArray[np.integer],
    answered: NDArray[np.bool_],
    *,
    classes: int,
) -> Evaluation:
    """Return what the best outputs, `top`, and the classes that they stand for, `found`, are worth; both (asked, k)."""
    hits, first = top1_hits(found, truth, answered), first_answers(found[:, 0], answered, classes=classes)
    order = exchanged(first, truth, examples.class_names, classes=classes)
    return Evaluation(
        metrics=classification_metrics(found, truth, answered, classes=classes),
        hits=hits,
        first_answers=first.tolist(),
        confusion=confusion_of(first, truth, examples.class_names, classes=classes),
        doubts=(
            *class_doubts(top[answered, 0], truth, hits=sum(hits), classes=classes),
            *([] if order is None else [order]),
        ),
        guessing=guessing(truth, hits=sum(hits), classes=classes),
    )


def _labelled_evaluator(
    examples: Examples, labels: OutputLabels, meaning: NDArray[np.intp], classes: int, *, output: int
) -> Evaluator:
    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        (top,) = kept
        truth = np.array([examples.truth(int(index)) for index in rows])
        return _evaluation(examples, top, meant(top, meaning), truth, answered, classes=classes)

    return Evaluator(keep=BestAnswers(TOP5), weigh=weigh, output=output, meaning=meaning, labels_sha256=labels.sha256)


def _doubt(first: NDArray[np.intp], truth: NDArray[np.integer], outputs: int, offset: int) -> tuple[str, str] | None:
    """Return what speaks for another offset, and what to do about it; None where nothing does."""
    shifted = shifted_fit(first, truth + offset)
    if shifted is None:
        return None
    shift, share = shifted
    right = float((first == truth + offset).mean())
    seen = f"{share:.1%} of its answers are right if class 0 is output {offset + shift}, {right:.1%} if it is {offset}"
    possible = offset + shift in {0, 1} and int(truth.max()) + offset + shift < outputs
    return (
        seen,
        f"Give --label-offset {offset + shift}" if possible else "Say what each output stands for by --labels FILE",
    )
