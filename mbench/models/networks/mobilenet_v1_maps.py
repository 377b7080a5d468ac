"""MobileNet V1's body up to a block and from a block on, as detectors use it; no layer thinner than 16 channels.

Importing this module does not load tensorflow; its function does.
"""

from collections.abc import Iterator
from typing import Any

from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.networks.mobilenet_v1_min16 import layers

BATCH_NORM_EPSILON = 1e-3


def body_layers(alpha: float, *, first: str = "conv1", last: str = "conv_pw_13") -> tuple[Layer, ...]:
    """Return the layers of Table 1 from `first` to `last`, both included."""
    chain = layers(alpha, 1)
    names = [layer.name for layer in chain]
    return chain[names.index(first) : names.index(last) + 1]


def maps(x: Any, chain: tuple[Layer, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the name of each layer of a chain and its output, "same"-padded: 300 pixels become 150, 75, 38, 19, 10."""
    import keras

    for layer in chain:
        same = {"strides": layer.stride, "padding": "same", "use_bias": False, "name": layer.name}
        if layer.kind is LayerKind.DEPTHWISE:
            x = keras.layers.DepthwiseConv2D(layer.kernel, depthwise_initializer="zeros", **same)(x)
        else:
            x = keras.layers.Conv2D(layer.filters, layer.kernel, kernel_initializer="zeros", **same)(x)
        x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{layer.name}_bn")(x)
        x = keras.layers.ReLU(6.0, name=f"{layer.name}_relu")(x)
        yield layer.name, x
