"""What a training reads: pictures of one size with their truth, from memory or decoded as they are needed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import UsageError
from mbench.core.examples import Examples, Task
from mbench.models.training.recipe import TrainingRecipe

Pictures = npt.NDArray[np.uint8]
Truths = npt.NDArray[np.int32]
Taught = npt.NDArray[np.float32]
"""A teacher's outputs, (n, k) in the order of the split; (n, 0) where nobody teaches."""

HELD_OUT, ORDER, INITIAL, DISTORTIONS, DROPOUT = range(5)
"""What is drawn from a recipe's seed, each from a stream of its own."""

MOST_IN_MEMORY_BYTES: Final = 1 << 30
"""Prepared pictures up to here are kept in memory: 7000 of 224 px, 350 000 of 32 px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExamples:
    """The TRAIN split for one resolution; can be pickled.

    Attributes:
        examples: the split.
        prepare: makes an evaluation picture, (r, r, 3) uint8, of any picture: the recipe that scoring uses.
        prepared: a `.npy` of all evaluation pictures in order, (n, r, r, 3) uint8; None: decoded when needed.
        taught: a `.npy` of a teacher's outputs in order, (n, k) float32; None: nobody teaches.
    """

    examples: Examples
    prepare: Callable[[Pictures], Pictures]
    prepared: Path | None = None
    taught: Path | None = None

    def pictures(self) -> Pictures | None:
        """Return the evaluation pictures, read into memory; None where they are too many."""
        if self.prepared is None:
            return None
        pictures: Pictures = np.load(self.prepared)
        return pictures

    def teachings(self) -> Taught:
        """Return a teacher's outputs; (n, 0) where nobody teaches."""
        if self.taught is None:
            return np.zeros((len(self.examples), 0), np.float32)
        return np.asarray(np.load(self.taught), np.float32)

    def truths(self) -> Truths:
        """Return what is right: (n,) classes, or (n, attributes) zeros and ones.

        Raises:
            UsageError: the truth is of a kind that this training cannot follow.
        """
        facts = self.examples.facts
        if facts.task not in {Task.CLASSIFICATION, Task.ATTRIBUTES}:
            raise UsageError(f"dataset {facts.name}: training learns classes or attributes, not {facts.task}.")
        return np.asarray([self.examples.truth(index) for index in range(len(self.examples))], np.int32)


def generator(seed: int, purpose: int, *more: int) -> np.random.Generator:
    """Return the random numbers of one purpose: the same in every process and after every interruption."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, purpose, *more))))


def divide(recipe: TrainingRecipe) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the indexes of the examples that are trained on, and of those that are held out, both ascending."""
    order = generator(recipe.seed, HELD_OUT).permutation(recipe.dataset.examples)
    held_out = recipe.held_out_examples
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def epoch_order(recipe: TrainingRecipe, trained: npt.NDArray[np.int64], epoch: int) -> npt.NDArray[np.int64]:
    """Return the examples of each step of an epoch: (steps, batch) indexes, every example at most once."""
    shuffled = generator(recipe.seed, ORDER, epoch).permutation(trained)
    steps = recipe.steps_per_epoch
    return shuffled[: steps * recipe.batch].reshape(steps, -1)


def check_fit(recipe: TrainingRecipe, truths: Truths) -> None:
    """Refuse truths that the network cannot answer.

    Raises:
        UsageError: a class outside of the head, or fewer examples than a batch.
    """
    if truths.ndim == 1 and (truths.min() < 0 or truths.max() >= recipe.head.classes):
        raise UsageError(
            f"dataset {recipe.dataset.name} has classes {truths.min()} to {truths.max()}, "
            f"the head answers {recipe.head.classes}."
        )
    if truths.ndim == 2 and truths.shape[1] != recipe.head.classes:
        raise UsageError(
            f"dataset {recipe.dataset.name} has {truths.shape[1]} attributes, the head answers {recipe.head.classes}."
        )
    if recipe.trained_examples < recipe.batch:
        raise UsageError(
            f"dataset {recipe.dataset.name}: {recipe.trained_examples} examples are fewer than a batch of "
            f"{recipe.batch}. Train it with a smaller one: mbench train --batch-size."
        )
