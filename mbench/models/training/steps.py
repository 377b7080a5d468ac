"""Steps of a training as graphs: several at a time over pictures in memory, one at a time over decoded batches.

A graph over many steps leaves Python once a second instead of once a step, and everything random comes in as an
argument, so an interrupted training goes on exactly. Keras' `fit` takes 9 s for its first epoch on 1437 pictures of
32 px where this takes 2.2 s, and half the time for the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mbench.core.examples import Task
from mbench.models.training.distortions import apply
from mbench.models.training.examples import Pictures, Taught, Truths
from mbench.models.training.network import Network, losses_and_hits
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.rms_prop import RmsPropState

Distil = Callable[[Any, Any], Any]

Gather = Callable[[dict[str, Any]], dict[str, Any]]
"""What a synchronous distribution does with gradients before they are applied."""


def as_inputs(levels: Any) -> Any:
    """Return levels in [0, 255] as the networks' inputs in [-1, 1], rounded as the scoring recipes round."""
    return levels / 127.5 - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepper:
    """Takes steps with one network.

    Attributes:
        cropping: whether crops are cut in the graph; not where they were cut from the originals.
        gather: adds up gradients of replicas; None: there is one.
        distil: loss of a teacher's outputs and logits, in the place of the loss of truths; None: nobody teaches.
    """

    recipe: TrainingRecipe
    network: Network
    optimizer: RmsPropState
    cropping: bool
    gather: Gather | None = None
    distil: Distil | None = None

    def step(self, pictures: Any, truths: Any, taught: Any, rate: Any, draws: tuple[Any, Any, Any]) -> tuple[Any, Any]:
        """Take one step in the graph; return the mean loss and the share of right answers before it."""
        import tensorflow as tf

        levels = apply(tf.cast(pictures, tf.float32), self.recipe.augmentation, draws, cropping=self.cropping)
        variables = self.network.trainable
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(variables.values()))
            logits = tf.cast(self.network.logits(as_inputs(levels), training=True), tf.float32)
            losses, hits = self._evaluate(truths, logits)
            if self.distil is not None:
                losses = self.distil(taught, logits)
            loss = tf.reduce_mean(losses)
        gradients = dict(zip(variables, tape.gradient(loss, list(variables.values())), strict=True))
        self.optimizer.apply(gradients if self.gather is None else self.gather(gradients), rate)
        return loss, tf.reduce_mean(hits)

    def over_memory(self, pictures: Pictures, truths: Truths, taught: Taught) -> Any:
        """Return a graph: (k, batch) indexes, (k,) rates, draws of k steps to (k,) losses and (k,) shares of hits."""
        import tensorflow as tf

        kept_pictures, kept_truths, kept_taught = tf.constant(pictures), tf.constant(truths), tf.constant(taught)

        batch = self.recipe.batch
        wanted = (
            tf.TensorSpec((None, batch), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((None, batch, 4), tf.float32),
            tf.TensorSpec((None, batch), tf.float32),
            tf.TensorSpec((None, batch, 3), tf.float32),
        )

        def steps(order: Any, rates: Any, boxes: Any, flips: Any, colours: Any) -> Any:
            count = tf.shape(order)[0]
            results = tf.TensorArray(tf.float32, size=count)
            for index in tf.range(count):
                loss, hits = self.step(
                    tf.gather(kept_pictures, order[index]),
                    tf.gather(kept_truths, order[index]),
                    tf.gather(kept_taught, order[index]),
                    rates[index],
                    (boxes[index], flips[index], colours[index]),
                )
                results = results.write(index, tf.stack([loss, hits]))
            return results.stack()

        return tf.function(steps, input_signature=wanted)  # traced once, for any number of steps

    def over_batches(self) -> Any:
        """Return a graph: a batch's pictures, truths, teacher's outputs, rate and draws to loss and share of hits."""
        import tensorflow as tf

        def step(pictures: Any, truths: Any, taught: Any, rate: Any, boxes: Any, flips: Any, colours: Any) -> Any:
            return tf.stack(self.step(pictures, truths, taught, rate, (boxes, flips, colours)))

        return tf.function(step, reduce_retracing=True)

    def evaluation(self) -> Any:
        """Return a graph: pictures and truths to each one's loss and hit, by moving statistics and without dropout."""
        import tensorflow as tf

        side = self.recipe.size.resolution
        truth = (None,) if self.recipe.dataset.task is Task.CLASSIFICATION else (None, self.recipe.head.classes)
        wanted = (tf.TensorSpec((None, side, side, 3), tf.uint8), tf.TensorSpec(truth, tf.int32))

        def evaluate(pictures: Any, truths: Any) -> Any:
            logits = self.network.logits(as_inputs(tf.cast(pictures, tf.float32)), training=False)
            return tf.stack(self._evaluate(truths, tf.cast(logits, tf.float32), smoothing=0.0))

        return tf.function(evaluate, input_signature=wanted)

    def _evaluate(self, truths: Any, logits: Any, smoothing: float | None = None) -> tuple[Any, Any]:
        task: Task = self.recipe.dataset.task
        share = self.recipe.label_smoothing if smoothing is None else smoothing
        return losses_and_hits(task, truths, logits, smoothing=share)


def signature(draws: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """Return draws as tensors of a graph's arguments."""
    import tensorflow as tf

    boxes, flips, colours = (tf.constant(np.asarray(part, np.float32)) for part in draws)
    return boxes, flips, colours
