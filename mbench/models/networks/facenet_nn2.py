"""FaceNet's NN2, an Inception network that ends in an embedding of 128 numbers (Table 2 of arXiv 1503.03832).

The MobileNet paper's teacher (its section 4.7 and Table 14), and by its counts the baseline of its Table 12. The
table's "norm" is local response normalization, as in GoogLeNet; there is no batch normalization. Importing this module
does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import add_head
from mbench.models.networks.normalization import local_response_normalization

INCEPTIONS: Final = (
    # name, 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pooling, projection; without 1×1 and projection: of stride 2
    ("inception_3a", 64, 96, 128, 16, 32, "max", 32),
    ("inception_3b", 64, 96, 128, 32, 64, "L2", 64),
    ("inception_3c", 0, 128, 256, 32, 64, "max", 0),
    ("inception_4a", 256, 96, 192, 32, 64, "L2", 128),
    ("inception_4b", 224, 112, 224, 32, 64, "L2", 128),
    ("inception_4c", 192, 128, 256, 32, 64, "L2", 128),
    ("inception_4d", 160, 144, 288, 32, 64, "L2", 128),
    ("inception_4e", 0, 160, 256, 64, 128, "max", 0),
    ("inception_5a", 384, 192, 384, 48, 128, "L2", 128),
    ("inception_5b", 384, 192, 384, 48, 128, "max", 128),
)

EMBEDDING: Final = Head(name="embedding", classes=128)


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 in [-1, 1] to (n, 128) of length 1, or another head's."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    x = _convolution(inputs, "conv1", 64, 7, strides=2)
    x = _max_pool(x, "pool1", strides=2)
    x = local_response_normalization("norm1")(x)
    x = _convolution(x, "inception_2_reduce", 64, 1)
    x = _convolution(x, "inception_2", 192, 3)
    x = local_response_normalization("norm2")(x)
    x = _max_pool(x, "pool2", strides=2)
    for row in INCEPTIONS:
        x = _inception(x, *row)
    return keras.Model(inputs, add_head(x, head, name="fully_connected"), name="facenet_nn2")


def _inception(
    x: Any, name: str, one: int, reduce_3: int, three: int, reduce_5: int, five: int, pooling: str, projection: int
) -> Any:
    """Return a module's output: its branches side by side."""
    import keras

    strides = 1 if one else 2
    branches = [_convolution(x, f"{name}_1x1", one, 1)] if one else []
    branches.append(
        _convolution(_convolution(x, f"{name}_3x3_reduce", reduce_3, 1), f"{name}_3x3", three, 3, strides=strides)
    )
    branches.append(
        _convolution(_convolution(x, f"{name}_5x5_reduce", reduce_5, 1), f"{name}_5x5", five, 5, strides=strides)
    )
    pool = _max_pool if pooling == "max" else _l2_pool
    pooled = pool(x, f"{name}_pool", strides=strides)
    branches.append(_convolution(pooled, f"{name}_pool_proj", projection, 1) if projection else pooled)
    return keras.layers.Concatenate(name=name)(branches)


def _max_pool(x: Any, name: str, *, strides: int) -> Any:
    import keras

    return keras.layers.MaxPooling2D(3, strides, padding="same", name=name)(x)


def _l2_pool(x: Any, name: str, *, strides: int) -> Any:
    """Return the root of the mean square over each window: three operators, since TensorFlow has not the one."""
    import keras

    squares = keras.layers.AveragePooling2D(3, strides, padding="same", name=name)(keras.ops.square(x))
    return keras.ops.sqrt(squares)


def _convolution(x: Any, name: str, filters: int, kernel: int, *, strides: int = 1) -> Any:
    import keras

    return keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", activation="relu", kernel_initializer="zeros", name=name
    )(x)
