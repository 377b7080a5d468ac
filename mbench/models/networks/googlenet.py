"""GoogLeNet, Inception V1 as Table 1 of Szegedy et al. prints it (2014, arXiv 1409.4842), without side classifiers.

Its 5×5 branches are 5×5; TF-slim's Inception V1 has 3×3 there and batch normalization. Padding is "same" everywhere.
The table itself counts the first convolution as a separable one (2.7K parameters); here it is a whole one.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import head_outputs
from mbench.models.networks.normalization import local_response_normalization

INCEPTIONS: Final = (
    # name, 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection
    ("3a", 64, 96, 128, 16, 32, 32),
    ("3b", 128, 128, 192, 32, 96, 64),
    ("4a", 192, 96, 208, 16, 48, 64),
    ("4b", 160, 112, 224, 24, 64, 64),
    ("4c", 128, 128, 256, 24, 64, 64),
    ("4d", 112, 144, 288, 32, 64, 64),
    ("4e", 256, 160, 320, 32, 128, 128),
    ("5a", 256, 160, 320, 32, 128, 128),
    ("5b", 384, 192, 384, 48, 128, 128),
)

POOLED_IN_FRONT: Final = frozenset({"3a", "4a", "5a"})

DROPOUT: Final = 0.4


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 to (n, outputs)."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    x = _convolution("conv1_7x7", 64, 7, strides=2)(inputs)
    x = _pool("pool1", 2)(x)
    x = local_response_normalization("norm1")(x)
    x = _convolution("conv2_3x3_reduce", 64, 1)(x)
    x = _convolution("conv2_3x3", 192, 3)(x)
    x = local_response_normalization("norm2")(x)
    for name, *filters in INCEPTIONS:
        if name in POOLED_IN_FRONT:
            x = _pool(f"pool_{name}", 2)(x)
        x = _inception(x, f"inception_{name}", *filters)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(DROPOUT, name="dropout")(x)
    x = keras.layers.Dense(head.classes, kernel_initializer="zeros", name="classifier")(x)
    return keras.Model(inputs, head_outputs(x, head), name="googlenet")


def _inception(x: Any, name: str, one: int, reduce_3: int, three: int, reduce_5: int, five: int, pooled: int) -> Any:
    """Return an inception module's output: four branches side by side (arXiv 1409.4842, figure 2b)."""
    import keras

    branches = (
        _convolution(f"{name}_1x1", one, 1)(x),
        _convolution(f"{name}_3x3", three, 3)(_convolution(f"{name}_3x3_reduce", reduce_3, 1)(x)),
        _convolution(f"{name}_5x5", five, 5)(_convolution(f"{name}_5x5_reduce", reduce_5, 1)(x)),
        _convolution(f"{name}_pool_proj", pooled, 1)(_pool(f"{name}_pool", 1)(x)),
    )
    return keras.layers.Concatenate(name=f"{name}_output")(branches)


def _pool(name: str, strides: int) -> Any:
    import keras

    return keras.layers.MaxPooling2D(3, strides, padding="same", name=name)


def _convolution(name: str, filters: int, kernel: int, *, strides: int = 1) -> Any:
    import keras

    return keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", activation="relu", kernel_initializer="zeros", name=name
    )
