"""Quantization-aware training: a trained float network, trained on with the rounding of int8 in its graph.

Weights are rounded per output channel, activations to ranges whose ends are trained as well; gradients pass the
rounding straight through (Jacob et al., arXiv 1712.05877, section 3; Esser et al., arXiv 1902.08153, section 2.1).
Batch normalization is folded first, with its statistics as the float training left them. What comes out builds like
any float weights, and brings the ranges that calibration would otherwise read off examples.

Importing this module loads no tensorflow.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import TrainingFailed, UsageError
from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.tflite.learned_ranges import LearnedRanges
from mbench.models.training.qat.qat_folding import check_chain, fold, unfold
from mbench.models.training.qat.qat_network import QatNetwork, make_network, read_float_ranges
from mbench.models.weights.weights import WeightValues

Pictures = npt.NDArray[np.uint8]

Loss = Callable[[Any, Any], Any]
"""(truth of n examples, their logits) to (n,) losses: Keras tensors."""

RHO, MOMENTUM, EPSILON = 0.9, 0.9, 1e-3
"""RMSprop as the float training has it."""

FIRST_LOOK: Final = 256
"""Examples that the ranges' first values are read off."""

BITS: Final = (8, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class QatSettings:
    """How to train on.

    Attributes:
        epochs: over all pictures.
        batch: pictures a step.
        learning_rate: at the first step; it falls to zero along a cosine.
        pointwise_bits: 8, or 4: of the weights of 1×1 convolutions, the classifier apart.
        seed: of the order of examples.
    """

    epochs: int = 2
    batch: int = 32
    learning_rate: float = 2e-4
    pointwise_bits: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pointwise_bits not in BITS:
            raise UsageError(f"pointwise weights have 8 or 4 bits, not {self.pointwise_bits}.")
        if self.epochs < 1 or self.batch < 1 or not self.learning_rate > 0:
            raise UsageError("quantization-aware training needs at least one epoch, batches of one and a rate above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class QatWeights:
    """What quantization-aware training leaves.

    Attributes:
        values: weights that any build takes: kernels on their int8 (or 4-bit) steps, batch normalization that only
            adds the bias.
        learned: ranges of activations, and bits of weights.
    """

    values: WeightValues
    learned: LearnedRanges

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Return minimum and maximum by `input`, layer and `pool`."""
        return dict(self.learned.ranges)

    def archive(self) -> WeightValues:
        """Return all arrays of the `.npz` that a build reads: weights, ranges and bits."""
        return {**self.values, **self.learned.entries()}


def fine_tune(
    layers: Sequence[Layer],
    weights: WeightValues,
    pictures: Pictures,
    labels: npt.NDArray[Any],
    *,
    settings: QatSettings,
    on_epoch: Callable[..., None],
    loss: Loss | None = None,
) -> QatWeights:
    """Return weights and ranges trained for int8 arithmetic.

    Args:
        layers: a chain of convolutions with a classifier at its end.
        weights: trained float ones, with batch normalization.
        pictures: (n, r, r, 3) uint8, RGB.
        labels: (n,) classes; or, with `loss`, whatever it takes as truth, such as a teacher's (n, k) outputs.
        settings: how to train.
        on_epoch: called after each epoch as `on_epoch(epoch=1, epochs=2, loss=0.31)`.
        loss: in the place of cross-entropy with the classes.

    Raises:
        UsageError: a network that is no such chain, or no pictures.
        TrainingFailed: the loss was no number any more.
    """
    check_chain(layers)
    if not len(pictures) or len(pictures) != len(labels):
        raise UsageError(f"quantization-aware training got {len(pictures)} pictures and {len(labels)} labels.")
    folded = fold(layers, weights)
    start = read_float_ranges(layers, folded, as_levels(pictures[:FIRST_LOOK]))
    network = make_network(layers, folded, start, weight_bits=_weight_bits(layers, settings.pointwise_bits))
    step = _training_step(network, loss or cross_entropy, _optimizer(network, settings, len(pictures)))
    shuffled = np.random.Generator(np.random.PCG64(settings.seed))
    for epoch in range(1, settings.epochs + 1):
        losses = [
            float(step(as_levels(pictures[chosen]), labels[chosen]))
            for chosen in _batches(shuffled.permutation(len(pictures)), settings.batch)
        ]
        mean = sum(losses) / len(losses)
        if not math.isfinite(mean):
            raise TrainingFailed(
                f"quantization-aware training: the loss of epoch {epoch} is {mean}. Choose a lower learning rate than "
                f"{settings.learning_rate:g}, or look whether the float weights are well."
            )
        on_epoch(epoch=epoch, epochs=settings.epochs, loss=mean)
    return QatWeights(values=unfold(layers, network.folded()), learned=network.learned())


def answer(layers: Sequence[Layer], trained: QatWeights, pictures: Pictures, *, batch: int = 64) -> Any:
    """Return (n, classes) float32 logits of the network that was trained, with all its rounding.

    The int8 file that is built of the same weights gives the same first answers, but for near ties.
    """
    import keras

    network = make_network(
        layers, fold(layers, trained.values), trained.learned, weight_bits=trained.learned.weight_bits
    )
    starts = range(0, len(pictures), batch)
    answers = [network.logits(as_levels(pictures[start : start + batch])) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(logits) for logits in answers])


def as_levels(pictures: Pictures) -> npt.NDArray[np.float32]:
    """Return uint8 pictures as float32 in [-1, 1]."""
    return pictures.astype(np.float32) / 127.5 - 1.0


def cross_entropy(classes: Any, logits: Any) -> Any:
    """Return the cross-entropy of (n,) classes with (n, k) logits, one for each example."""
    from keras import ops

    return ops.sparse_categorical_crossentropy(classes, logits, from_logits=True)


def _weight_bits(layers: Sequence[Layer], pointwise_bits: int) -> dict[str, int]:
    if pointwise_bits == 8:
        return {}
    return {layer.name: pointwise_bits for layer in layers if layer.kind is LayerKind.CONV and layer.kernel == 1}


def _optimizer(network: QatNetwork, settings: QatSettings, examples: int) -> Any:
    import keras

    steps = settings.epochs * max(1, examples // settings.batch)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    optimizer = keras.optimizers.RMSprop(rate, rho=RHO, momentum=MOMENTUM, epsilon=EPSILON)
    optimizer.build(network.variables)
    return optimizer


def _training_step(network: QatNetwork, loss: Loss, optimizer: Any) -> Callable[[Any, Any], Any]:
    """Return a compiled function of a batch that updates the network and returns the loss before it."""
    import tensorflow as tf

    def step(pictures: Any, truth: Any) -> Any:
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(truth, network.logits(pictures)))
        optimizer.apply(tape.gradient(value, [variable.value for variable in network.variables]), network.variables)
        network.bound_ranges()
        return value

    compiled = tf.function(step, jit_compile=False, reduce_retracing=True)
    return lambda pictures, truth: compiled(tf.constant(pictures), tf.constant(truth))


def _batches(order: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield whole batches; what is left over is another few examples each time."""
    for start in range(0, max(1, len(order) - size + 1), size):
        yield order[start : start + size]
