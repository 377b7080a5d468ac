"""Networks that are one chain of convolutions: from the rows of a paper's table to layers, and on to a Keras model.

Importing this module does not load tensorflow; `build_chain` does.
"""

from collections.abc import Sequence
from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import CLASSIFIER_NAME, add_head
from mbench.models.networks.layers import Layer, LayerKind

Row = tuple[str, LayerKind, int, int, int]
"""Name, kind, side of the kernel, stride, and filters at α = 1."""

BATCH_NORM_EPSILON: Final = 1e-3
"""Default of Keras, which the published weights were trained with."""


def chain(rows: Sequence[Row], alpha: float, classes: int, *, least_channels: int) -> tuple[Layer, ...]:
    """Return the layers of a table at width multiplier `alpha` (paper, section 3.3), the classifier at their end."""
    layers: list[Layer] = []
    inputs = 3
    for name, kind, kernel, stride, filters in rows:
        scaled = max(int(filters * alpha), least_channels)
        layers.append(Layer(name=name, kind=kind, kernel=kernel, stride=stride, inputs=inputs, filters=scaled))
        inputs = scaled
    layers.append(
        Layer(name=CLASSIFIER_NAME, kind=LayerKind.CLASSIFIER, kernel=1, stride=1, inputs=inputs, filters=classes)
    )
    return tuple(layers)


def build_chain(name: str, layers: Sequence[Layer], size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 in [-1, 1] to (n, outputs).

    Weights start at zero and are to be set; drawing them here would cost more than the rest. "Same" padding equals
    the one of `keras.applications.MobileNet` wherever every stride-2 layer sees an even side, so at all multiples of
    32 pixels, and there its published weights give its published outputs.

    Args:
        name: of the model; converters write it into the names of tensors.
        layers: the chain, the classifier last.
        size: of which the resolution counts here.
        head: of as many outputs as the classifier; says what is made of them.
        dropout: share of pooled features dropped in training; no part of an inference.
    """
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    *body, classifier = layers
    x = inputs
    for layer in body:
        x = _convolution(layer)(x)
        x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{layer.name}_bn")(x)
        x = keras.layers.ReLU(6.0, name=f"{layer.name}_relu")(x)
    return keras.Model(inputs, add_head(x, head, dropout=dropout, name=classifier.name), name=name)


def _convolution(layer: Layer) -> Any:
    import keras

    same = {"strides": layer.stride, "padding": "same", "use_bias": False, "name": layer.name}
    if layer.kind is LayerKind.DEPTHWISE:
        return keras.layers.DepthwiseConv2D(layer.kernel, depthwise_initializer="zeros", **same)
    return keras.layers.Conv2D(layer.filters, layer.kernel, kernel_initializer="zeros", **same)
