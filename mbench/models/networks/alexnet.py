"""AlexNet (Krizhevsky, Sutskever and Hinton 2012), grouped as on its two graphics cards, at 227 px.

Layer by layer as in BVLC/caffe `models/bvlc_alexnet/train_val.prototxt`, paddings included, so "same" padding would
not do: the first convolution and the poolings have none.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import head_outputs
from mbench.models.networks.normalization import local_response_normalization

CONVOLUTIONS: Final = (
    # filters, kernel, stride, padding, groups, normalized, pooled
    (96, 11, 4, "valid", 1, True, True),
    (256, 5, 1, "same", 2, True, True),
    (384, 3, 1, "same", 1, False, False),
    (384, 3, 1, "same", 2, False, False),
    (256, 3, 1, "same", 2, False, True),
)

FULLY_CONNECTED: Final = (4096, 4096)

LEAST_RESOLUTION: Final = 67
"""Leaves one pixel behind the last pooling."""

DROPOUT: Final = 0.5


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 to (n, outputs)."""
    import keras

    inputs = x = keras.Input((size.resolution, size.resolution, 3), name="input")
    for number, (filters, kernel, stride, padding, groups, normalized, pooled) in enumerate(CONVOLUTIONS, start=1):
        x = keras.layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            padding=padding,
            groups=groups,
            activation="relu",
            kernel_initializer="zeros",
            name=f"conv{number}",
        )(x)
        if normalized:
            x = local_response_normalization(f"norm{number}")(x)
        if pooled:
            x = keras.layers.MaxPooling2D(3, 2, name=f"pool{number}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, units in enumerate(FULLY_CONNECTED, start=6):
        x = keras.layers.Dense(units, activation="relu", kernel_initializer="zeros", name=f"fc{number}")(x)
        x = keras.layers.Dropout(DROPOUT, name=f"drop{number}")(x)
    x = keras.layers.Dense(head.classes, kernel_initializer="zeros", name="fc8")(x)
    return keras.Model(inputs, head_outputs(x, head), name="alexnet")
