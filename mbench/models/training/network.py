"""The network that is trained: an architecture's Keras model up to its logits, and the loss of its answers."""

from dataclasses import dataclass
from typing import Any, Final

from mbench.core.examples import Task
from mbench.models.networks.architectures import find_architecture
from mbench.models.training.initial_weights import draw
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.weights.weights import WeightValues, set_weights

LOGITS: Final = "logits"
"""The layer in front of the last softmax or sigmoid; see `mbench/models/networks/heads.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A Keras model and the part of it that is trained.

    Attributes:
        model: the whole model, whose weights are kept.
        logits: the same layers up to what goes into the last softmax or sigmoid.
    """

    model: Any
    logits: Any

    @property
    def trainable(self) -> dict[str, Any]:
        """The tensorflow variables that steps change, by `layer/weight`, in the model's order."""
        return {
            f"{layer.name}/{variable.name}": variable.value
            for layer in self.model.layers
            for variable in layer.trainable_weights
        }

    @property
    def weights(self) -> dict[str, Any]:
        """All Keras variables that are kept, moving statistics included, by `layer/weight`."""
        return {f"{layer.name}/{variable.name}": variable for layer in self.model.layers for variable in layer.weights}

    def values(self) -> WeightValues:
        """Return copies of all weights."""
        return {name: variable.numpy().copy() for name, variable in self.weights.items()}

    def set_values(self, values: WeightValues) -> None:
        """Set all weights."""
        set_weights(self.model, values)

    def reseed(self, seed: int) -> None:
        """Let whatever the model itself draws (dropout) follow from a seed."""
        kept = {id(variable) for variable in self.weights.values()}
        for variable in self.model.variables:
            if id(variable) not in kept:
                variable.assign([seed & 0xFFFFFFFF, 0])


def build_network(recipe: TrainingRecipe, start: WeightValues | None) -> Network:
    """Return the network at the beginning of a training.

    Args:
        recipe: of the training.
        start: weights to begin with; None draws them.

    Raises:
        UsageError: unknown architecture.
    """
    import keras

    model = find_architecture(recipe.architecture).build(recipe.size, recipe.head, dropout=recipe.dropout)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = recipe.bn_momentum
    network = Network(model=model, logits=keras.Model(model.input, model.get_layer(LOGITS).output))
    network.set_values(draw(model, recipe.seed) if start is None else start)
    return network


def losses_and_hits(task: Task, truths: Any, logits: Any, *, smoothing: float) -> tuple[Any, Any]:
    """Return the cross entropy of each example, and the share of right answers in each: both (n,) float32.

    Args:
        task: classes are answered by a softmax, attributes by a sigmoid each.
        truths: (n,) classes, or (n, attributes) zeros and ones; int32.
        logits: (n, classes) or (n, attributes) float32.
        smoothing: share of the truth that is given to all classes alike (arXiv 1512.00567, section 7).
    """
    import tensorflow as tf

    if task is Task.ATTRIBUTES:
        wanted = tf.cast(truths, tf.float32)
        losses = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits), axis=-1)
        return losses, tf.reduce_mean(tf.cast((logits > 0) == (wanted > 0.5), tf.float32), axis=-1)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truths, logits)
    if smoothing:
        everywhere = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        losses = (1.0 - smoothing) * losses + smoothing * everywhere
    return losses, tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == truths, tf.float32)
