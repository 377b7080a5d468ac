"""MobileNet V1 as Table 1 of the paper prints it (Howard et al., arXiv 1704.04861).

Importing this module does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.variants import Head, Size
from mbench.models.layers import Layer, LayerKind

CONV, DEPTHWISE, CLASSIFIER = LayerKind.CONV, LayerKind.DEPTHWISE, LayerKind.CLASSIFIER

LEAST_CHANNELS: Final = 8
"""No layer gets fewer channels (tensorflow/models `research/slim/nets/mobilenet_v1.py`, `min_depth`).

The published widths do not meet this bound: 0.25 × 32 = 8.
"""

BATCH_NORM_EPSILON: Final = 1e-3
"""Default of Keras, which the published weights were trained with."""

TABLE_1: Final = (
    # name, kind, kernel, stride, filters at α = 1
    ("conv1", CONV, 3, 2, 32),
    ("conv_dw_1", DEPTHWISE, 3, 1, 32),
    ("conv_pw_1", CONV, 1, 1, 64),
    ("conv_dw_2", DEPTHWISE, 3, 2, 64),
    ("conv_pw_2", CONV, 1, 1, 128),
    ("conv_dw_3", DEPTHWISE, 3, 1, 128),
    ("conv_pw_3", CONV, 1, 1, 128),
    ("conv_dw_4", DEPTHWISE, 3, 2, 128),
    ("conv_pw_4", CONV, 1, 1, 256),
    ("conv_dw_5", DEPTHWISE, 3, 1, 256),
    ("conv_pw_5", CONV, 1, 1, 256),
    ("conv_dw_6", DEPTHWISE, 3, 2, 256),
    ("conv_pw_6", CONV, 1, 1, 512),
    ("conv_dw_7", DEPTHWISE, 3, 1, 512),  # the paper's "5×" begins
    ("conv_pw_7", CONV, 1, 1, 512),
    ("conv_dw_8", DEPTHWISE, 3, 1, 512),
    ("conv_pw_8", CONV, 1, 1, 512),
    ("conv_dw_9", DEPTHWISE, 3, 1, 512),
    ("conv_pw_9", CONV, 1, 1, 512),
    ("conv_dw_10", DEPTHWISE, 3, 1, 512),
    ("conv_pw_10", CONV, 1, 1, 512),
    ("conv_dw_11", DEPTHWISE, 3, 1, 512),
    ("conv_pw_11", CONV, 1, 1, 512),  # and ends
    ("conv_dw_12", DEPTHWISE, 3, 2, 512),
    ("conv_pw_12", CONV, 1, 1, 1024),
    ("conv_dw_13", DEPTHWISE, 3, 1, 1024),  # printed "s2", but the next row takes 7×7, which only stride 1 leaves
    ("conv_pw_13", CONV, 1, 1, 1024),
)
"""The 27 convolutions of Table 1, named as in keras-team/keras `keras/src/applications/mobilenet.py`.

The 28th layer is the classifier, whose width the head decides.
"""


def layers(alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the 28 layers of Table 1 at width multiplier `alpha` (paper, section 3.3)."""
    chain: list[Layer] = []
    inputs = 3
    for name, kind, kernel, stride, filters in TABLE_1:
        scaled = scale_channels(filters, alpha)
        chain.append(Layer(name=name, kind=kind, kernel=kernel, stride=stride, inputs=inputs, filters=scaled))
        inputs = scaled
    chain.append(Layer(name="conv_preds", kind=CLASSIFIER, kernel=1, stride=1, inputs=inputs, filters=classes))
    return tuple(chain)


def scale_channels(filters: int, alpha: float) -> int:
    """Return `filters` × α rounded down, as slim and Keras do, but at least `LEAST_CHANNELS`."""
    return max(int(filters * alpha), LEAST_CHANNELS)


def build(size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 in [-1, 1] to (n, classes) probabilities.

    Weights start at zero and are to be set; drawing them here would cost more than the rest. "Same" padding equals
    the one of `keras.applications.MobileNet` wherever every stride-2 layer sees an even side, so at all multiples of
    32 pixels, and there its published weights give its published outputs.

    Args:
        size: width multiplier and resolution.
        head: the classifier.
        dropout: share of pooled features dropped in training; no part of an inference.
    """
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    *body, classifier = layers(size.alpha, head.classes)
    x = inputs
    for layer in body:
        x = _convolution(layer)(x)
        x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{layer.name}_bn")(x)
        x = keras.layers.ReLU(6.0, name=f"{layer.name}_relu")(x)
    x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    x = keras.layers.Conv2D(classifier.filters, 1, kernel_initializer="zeros", name=classifier.name)(x)
    x = keras.layers.Reshape((classifier.filters,), name="logits")(x)
    outputs = keras.layers.Softmax(name="predictions")(x)
    return keras.Model(inputs, outputs, name="mobilenet_v1")


def _convolution(layer: Layer) -> Any:
    import keras

    same = {"strides": layer.stride, "padding": "same", "use_bias": False, "name": layer.name}
    if layer.kind is DEPTHWISE:
        return keras.layers.DepthwiseConv2D(layer.kernel, depthwise_initializer="zeros", **same)
    return keras.layers.Conv2D(layer.filters, layer.kernel, kernel_initializer="zeros", **same)
