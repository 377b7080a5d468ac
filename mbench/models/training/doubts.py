"""What a training's own figures say against it: that it went astray, or learned nothing."""

import math
from collections.abc import Iterator
from typing import Final

from mbench.core.examples import Task
from mbench.core.proportions import wilson_interval
from mbench.models.training.distillation import Distillation
from mbench.models.training.records import TrainingRecord

ASTRAY: Final = 2.0
"""Times the loss of whoever holds all classes for equally likely: no training that works ends there."""


def training_doubts(record: TrainingRecord) -> tuple[str, ...]:
    """Return why the weights of a training are hardly worth using, half a sentence each."""
    return (*_astray(record), *_by_chance(record))


def _astray(record: TrainingRecord) -> Iterator[str]:
    guessing = _guessing_loss(record)
    last = record.epochs[-1]
    if guessing is not None and last.loss > ASTRAY * guessing:
        rate = record.recipe.optimizer.learning_rate if record.recipe.qat is None else record.recipe.qat.learning_rate
        yield (
            f"it diverged: the loss of its last epoch is {last.loss:.3g}, that of guessing {guessing:.2g}; try "
            f"--learning-rate {rate / 4:.2g} (it was {rate:g})"
        )


def _guessing_loss(record: TrainingRecord) -> float | None:
    """Return the cross entropy of equal probabilities; None where the loss is another thing, or there is one class."""
    recipe = record.recipe
    if recipe.dataset.task is Task.ATTRIBUTES:
        return math.log(2)
    if recipe.dataset.task is not Task.CLASSIFICATION or recipe.head.classes < 2:
        return None
    teacher = recipe.teacher
    if teacher is not None and teacher.kind != Distillation.SOFTMAX:
        return None
    return math.log(recipe.head.classes) * (1.0 if teacher is None else teacher.temperature**2)


def _by_chance(record: TrainingRecord) -> Iterator[str]:
    share, classes = record.kept.held_out_accuracy, record.recipe.head.classes
    if record.recipe.dataset.task is not Task.CLASSIFICATION or share is None or not record.evaluated or classes < 2:
        return
    if is_chance(round(share * record.evaluated), record.evaluated, classes):
        yield (
            f"it is no better than chance: {share:.1%} of {record.evaluated} validation examples, guessing gets "
            f"{1 / classes:.1%}; train longer, or with another --learning-rate"
        )


def is_chance(hits: int, examples: int, classes: int) -> bool:
    """Whether the 95 % interval of a share of right answers reaches down to what guessing has."""
    return wilson_interval(hits, examples).low <= 1 / classes
