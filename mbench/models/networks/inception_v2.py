"""Inception V2 as TF-slim has it: batch-normalized, two 3×3 for 5×5, its first layer separable.

Source: Ioffe and Szegedy 2015 (arXiv 1502.03167, figure 5) as built in tensorflow/models
`research/slim/nets/inception_v2.py`. Importing this module does not load tensorflow; `build` does.
"""

from collections.abc import Iterator
from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import add_head

LEAST_CHANNELS: Final = 16
"""No convolution gets fewer (`min_depth` there)."""

FIRST_MULTIPLIER: Final = 8
"""Depthwise filters per colour of the first layer, at most."""

BATCH_NORM_EPSILON: Final = 1e-3

DROPOUT: Final = 0.2

Row = tuple[str, int, tuple[int, int], tuple[int, int], str, int]

INCEPTIONS: Final[tuple[Row, ...]] = (
    # name, 1×1, (reduce, 3×3), (reduce, 3×3 twice), pooling, projection; without 1×1 and projection: of stride 2
    ("mixed_3b", 64, (64, 64), (64, 96), "average", 32),
    ("mixed_3c", 64, (64, 96), (64, 96), "average", 64),
    ("mixed_4a", 0, (128, 160), (64, 96), "max", 0),
    ("mixed_4b", 224, (64, 96), (96, 128), "average", 128),
    ("mixed_4c", 192, (96, 128), (96, 128), "average", 128),
    ("mixed_4d", 160, (128, 160), (128, 160), "average", 96),
    ("mixed_4e", 96, (128, 192), (160, 192), "average", 96),
    ("mixed_5a", 0, (128, 192), (192, 256), "max", 0),
    ("mixed_5b", 352, (192, 320), (160, 224), "average", 128),
    ("mixed_5c", 352, (192, 320), (192, 224), "max", 128),
)

STEM: Final = "stem"
"""What stands before the modules: 224×224×3 to 28×28×192."""


def build(size: Size, head: Head, *, dropout: float = DROPOUT) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 in [-1, 1] to (n, outputs)."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    *_, (_, features) = maps(inputs, size.alpha)
    return keras.Model(inputs, add_head(features, head, dropout=dropout), name="inception_v2")


def maps(inputs: Any, alpha: float) -> Iterator[tuple[str, Any]]:
    """Yield the name and the output of the stem and of each module; a caller that stops early builds no more.

    Args:
        inputs: (n, r, r, 3) Keras tensor.
        alpha: width multiplier (`depth_multiplier` there).
    """
    x = _stem(inputs, alpha)
    yield STEM, x
    yield from modules(x, alpha)


def modules(x: Any, alpha: float, *, first: str = INCEPTIONS[0][0]) -> Iterator[tuple[str, Any]]:
    """Yield the name and the output of each module from `first` on, over the map in front of it."""
    names = [row[0] for row in INCEPTIONS]
    for row in INCEPTIONS[names.index(first) :]:
        x = _inception(x, *row, alpha=alpha)
        yield row[0], x


def channels(name: str, alpha: float) -> int:
    """Return the channels of a module of stride 1: its four branches side by side."""
    _, one, three, double, _, projection = next(row for row in INCEPTIONS if row[0] == name)
    return sum(scale_channels(filters, alpha) for filters in (one, three[1], double[1], projection))


def scale_channels(filters: int, alpha: float) -> int:
    """Return `filters` × α rounded down, but at least `LEAST_CHANNELS`."""
    return max(int(filters * alpha), LEAST_CHANNELS)


def _stem(inputs: Any, alpha: float) -> Any:
    import keras

    first = scale_channels(64, alpha)
    x = keras.layers.DepthwiseConv2D(
        7,
        strides=2,
        depth_multiplier=min(first // 3, FIRST_MULTIPLIER),
        padding="same",
        use_bias=False,
        depthwise_initializer="zeros",
        name="conv_1a_dw_7x7",  # nothing between it and the pointwise layer, as in slim
    )(inputs)
    x = _convolution(x, "conv_1a_pw", first, 1)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool_2a")(x)
    x = _convolution(x, "conv_2b_1x1", first, 1)
    x = _convolution(x, "conv_2c_3x3", scale_channels(192, alpha), 3)
    return keras.layers.MaxPooling2D(3, 2, padding="same", name="pool_3a")(x)


def _inception(
    x: Any,
    name: str,
    one: int,
    three: tuple[int, int],
    double: tuple[int, int],
    pooling: str,
    projection: int,
    *,
    alpha: float,
) -> Any:
    """Return a module's output: its branches side by side."""
    import keras

    strides = 1 if one else 2

    def convolution(x: Any, part: str, filters: int, kernel: int, strides: int = 1) -> Any:
        return _convolution(x, f"{name}_{part}", scale_channels(filters, alpha), kernel, strides)

    branches = [convolution(x, "1x1", one, 1)] if one else []
    branches.append(
        convolution(convolution(x, "3x3_reduce", three[0], 1), "3x3", three[1], 3, strides),
    )
    twice = convolution(convolution(x, "double_reduce", double[0], 1), "double_3x3_1", double[1], 3)
    branches.append(convolution(twice, "double_3x3_2", double[1], 3, strides))
    pool = keras.layers.MaxPooling2D if pooling == "max" else keras.layers.AveragePooling2D
    pooled = pool(3, strides, padding="same", name=f"{name}_pool")(x)
    branches.append(convolution(pooled, "pool_1x1", projection, 1) if projection else pooled)
    return keras.layers.Concatenate(name=name)(branches)


def _convolution(x: Any, name: str, filters: int, kernel: int, strides: int = 1) -> Any:
    import keras

    x = keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, kernel_initializer="zeros", name=name
    )(x)
    x = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
