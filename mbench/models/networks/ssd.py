"""SSD's detection layers over the maps of any body (Liu et al. 2015, arXiv 1512.02325; paper, section 4.6).

A network ends in two outputs: `boxes`, (1, default boxes, 4), relative to the default boxes, and `scores`, (1, default
boxes, classes), class 0 being the background. What becomes of them is decided outside (`mbench/accuracy/`), or by an
operator behind them (`mbench/models/networks/detection_operator.py`).
"""

from collections.abc import Sequence
from typing import Any, Final

from mbench.core.builds.variants import Head

RESOLUTION: Final = 300

COCO: Final = Head(name="detection", classes=91)
"""The background and COCO's 90 category numbers, ten of which no picture has."""

BOXES, SCORES = "boxes", "scores"

EXTRAS: Final = (512, 256, 256, 128)
"""Channels of the maps behind the body, each half as wide as the one before (tensorflow/models
`research/object_detection/models/ssd_mobilenet_v1_feature_extractor.py`, and Inception V2's likewise)."""

PUBLISHED_COUNTS: Final = (3, 6, 6, 6, 6, 6)
"""Default boxes a pixel of the published `ssd_mobilenet_v1_coco.config`."""

TABLE_13_COUNTS: Final = (3, 6, 6, 6, 4, 4)
"""Fewer on the coarse maps: with Inception V2 these alone give the 13.7 M parameters of Table 13."""

BATCH_NORM_EPSILON: Final = 1e-3


def detection_model(
    name: str,
    inputs: Any,
    maps: Sequence[Any],
    counts: Sequence[int],
    head: Head,
    *,
    kernel: int = 1,
    activation: str = "sigmoid",
) -> Any:
    """Return the Keras model of a body and its detection layers, untrained.

    Args:
        name: of the model.
        inputs: the picture.
        maps: the body's and the extra ones, from fine to coarse.
        counts: default boxes a pixel of each.
        head: of detection; its classes include the background.
        kernel: side of the detection layers' kernels: 1 as in the paper's table (3 would double its mult-adds).
        activation: from logits to scores.
    """
    import keras

    boxes, scores = [], []
    for number, (each, count) in enumerate(zip(maps, counts, strict=True)):
        boxes.append(_predictions(each, f"box_{number}", count, 4, kernel))
        scores.append(_predictions(each, f"class_{number}", count, head.classes, kernel))
    logits = keras.layers.Concatenate(axis=1, name="logits")(scores)
    outputs = {
        BOXES: keras.layers.Concatenate(axis=1, name=BOXES)(boxes),
        SCORES: keras.layers.Activation(activation, name=SCORES)(logits),
    }
    return keras.Model(inputs, outputs, name=name)


def extra_maps(
    x: Any, filters: Sequence[int] = EXTRAS, *, relu_max: float | None, least_channels: int = 0
) -> list[Any]:
    """Return the maps behind the body: each a 1×1 convolution to half the channels, and a 3×3 one of stride 2."""
    maps = []
    for number, wide in enumerate(filters):
        x = convolution(x, f"extra_{number}_1x1", max(wide // 2, least_channels), 1, relu_max=relu_max)
        x = convolution(x, f"extra_{number}_3x3", max(wide, least_channels), 3, strides=2, relu_max=relu_max)
        maps.append(x)
    return maps


def convolution(x: Any, name: str, filters: int, kernel: int, *, strides: int = 1, relu_max: float | None) -> Any:
    """Return a convolution with batch normalization and ReLU, cut off at `relu_max`."""
    import keras

    x = keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, kernel_initializer="zeros", name=name
    )(x)
    x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(relu_max, name=f"{name}_relu")(x)


def _predictions(x: Any, name: str, count: int, values: int, kernel: int) -> Any:
    """Return (n, pixels × count, values): what one map says of its default boxes."""
    import keras

    x = keras.layers.Conv2D(count * values, kernel, padding="same", kernel_initializer="zeros", name=name)(x)
    return keras.layers.Reshape((x.shape[1] * x.shape[2] * count, values), name=f"{name}_rows")(x)
