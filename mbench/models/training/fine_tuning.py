"""Quantization-aware training as a training like others: a recipe in, weights and ranges with a record out."""

import math
import time
from collections.abc import Callable

import numpy as np

from mbench.core.errors import UsageError
from mbench.models.networks.architectures import find_chain
from mbench.models.training.examples import TrainingExamples, check_fit, divide
from mbench.models.training.fitting import Tell, Trained
from mbench.models.training.qat.qat import QatSettings, answer, fine_tune
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.records import Epoch
from mbench.models.training.teaching import distillation_loss
from mbench.models.weights.weights import WeightValues


def fine_tune_recipe(
    recipe: TrainingRecipe, examples: TrainingExamples, start: WeightValues | None, tell: Tell
) -> Trained:
    """Train weights on with the rounding of int8 in the graph; what is held out of a float training stays held out.

    Raises:
        UsageError: no weights to begin with, or pictures that do not fit into memory.
        TrainingFailed: the loss was no number any more.
    """
    began = time.perf_counter()
    pictures = examples.pictures()
    if start is None or pictures is None or recipe.qat is None:
        raise UsageError("quantization-aware training needs trained weights, and pictures that fit into memory.")
    truths = examples.truths()
    check_fit(recipe, truths)
    trained, held_out = divide(recipe)
    layers = find_chain(recipe.architecture, recipe.size.alpha, recipe.head.classes)
    settings = QatSettings(**recipe.qat.model_dump())
    epochs: list[Epoch] = []
    taught = distillation_loss(recipe)
    result = fine_tune(
        layers,
        start,
        pictures[trained],
        truths[trained] if taught is None else examples.teachings()[trained],
        settings=settings,
        on_epoch=_collector(epochs, settings, len(trained), tell),
        loss=None if taught is None else lambda truth, logits: _mean(taught(truth, logits)),
    )
    if len(held_out):
        right = answer(layers, result, pictures[held_out]).argmax(axis=1) == truths[held_out]
        epochs[-1] = epochs[-1].model_copy(update={"held_out_accuracy": float(np.mean(right))})
    return Trained(
        values=result.archive(),
        epochs=tuple(epochs),
        kept_epoch=len(epochs),
        evaluated=len(held_out),
        sessions=1,
        seconds=time.perf_counter() - began,
    )


def _collector(kept: list[Epoch], settings: QatSettings, examples: int, tell: Tell) -> Callable[..., None]:
    """Return what the training reports its epochs to; they are kept with their times, and reported on."""
    last = time.perf_counter()

    def on_epoch(*, epoch: int, epochs: int, loss: float) -> None:
        nonlocal last
        now = time.perf_counter()
        rate = settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * (epoch - 1) / epochs))
        seconds = now - last
        steps = None if epoch == 1 else seconds  # the first one's include tracing
        kept.append(
            Epoch(epoch=epoch, loss=loss, learning_rate=rate, examples=examples, seconds=seconds, step_seconds=steps)
        )
        last = now
        tell(kept[-1])

    return on_epoch


def _mean(losses: object) -> object:
    from keras import ops

    return ops.mean(losses)
