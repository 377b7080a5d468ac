"""SqueezeNet v1.0 (Iandola et al. 2016, arXiv 1602.07360, Table 1), at 227 px.

Layer by layer as in forresti/SqueezeNet `SqueezeNet_v1.0/train_val.prototxt`, paddings included: none around the
first convolution and the poolings, and one pixel around the 1×1 convolution at the end, whose map is 15×15 for it.
Caffe rounds the size of a pooled map up, Keras down; at 227 px both are whole.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import head_outputs

FIRST_FILTERS: Final = 96

FIRES: Final = (
    # name, 1×1 filters that squeeze, 1×1 and 3×3 filters that expand, pooled behind it
    ("fire2", 16, 64, 64, False),
    ("fire3", 16, 64, 64, False),
    ("fire4", 32, 128, 128, True),
    ("fire5", 32, 128, 128, False),
    ("fire6", 48, 192, 192, False),
    ("fire7", 48, 192, 192, False),
    ("fire8", 64, 256, 256, True),
    ("fire9", 64, 256, 256, False),
)

LEAST_RESOLUTION: Final = 67
"""Leaves one pixel behind the last pooling with Caffe's rounding, too."""

DROPOUT: Final = 0.5


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 to (n, outputs)."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    x = _convolution("conv1", FIRST_FILTERS, 7, strides=2)(inputs)
    x = keras.layers.MaxPooling2D(3, 2, name="pool1")(x)
    for name, squeeze, expand_1x1, expand_3x3, pooled in FIRES:
        x = _fire(x, name, squeeze, expand_1x1, expand_3x3)
        if pooled:
            x = keras.layers.MaxPooling2D(3, 2, name=name.replace("fire", "pool"))(x)
    x = keras.layers.Dropout(DROPOUT, name="drop9")(x)
    x = keras.layers.ZeroPadding2D(1, name="pad10")(x)
    x = _convolution("conv10", head.classes, 1)(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool10")(x)
    return keras.Model(inputs, head_outputs(x, head), name="squeezenet")


def _fire(x: Any, name: str, squeeze: int, expand_1x1: int, expand_3x3: int) -> Any:
    """Return a fire module's output (arXiv 1602.07360, section 3.2)."""
    import keras

    x = _convolution(f"{name}_squeeze1x1", squeeze, 1)(x)
    wide = (_convolution(f"{name}_expand1x1", expand_1x1, 1)(x), _convolution(f"{name}_expand3x3", expand_3x3, 3)(x))
    return keras.layers.Concatenate(name=f"{name}_concat")(wide)


def _convolution(name: str, filters: int, kernel: int, *, strides: int = 1) -> Any:
    import keras

    padding = "same" if kernel == 3 else "valid"
    return keras.layers.Conv2D(
        filters, kernel, strides=strides, padding=padding, activation="relu", kernel_initializer="zeros", name=name
    )
