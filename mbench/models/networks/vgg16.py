"""VGG-16, configuration D of Table 1 of Simonyan and Zisserman (2014, arXiv 1409.1556), at 224 px.

The layers of keras-team/keras `keras/src/applications/vgg16.py`, in its order, so its published weights fit. That
module draws 138 million numbers first, which here are to be set anyway.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.heads import head_outputs

BLOCKS: Final = (
    # convolutions, filters; 2×2 pooling behind each block
    (2, 64),
    (2, 128),
    (3, 256),
    (3, 512),
    (3, 512),
)

FULLY_CONNECTED: Final = (4096, 4096)

DROPOUT: Final = 0.5


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, r, r, 3) float32 to (n, outputs)."""
    import keras

    inputs = x = keras.Input((size.resolution, size.resolution, 3), name="input")
    for block, (convolutions, filters) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="zeros",
                name=f"block{block}_conv{number}",
            )(x)
        x = keras.layers.MaxPooling2D(2, 2, name=f"block{block}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, units in enumerate(FULLY_CONNECTED, start=1):
        x = keras.layers.Dense(units, activation="relu", kernel_initializer="zeros", name=f"fc{number}")(x)
        x = keras.layers.Dropout(DROPOUT, name=f"drop{number}")(x)
    x = keras.layers.Dense(head.classes, kernel_initializer="zeros", name="logits")(x)
    return keras.Model(inputs, head_outputs(x, head), name="vgg16")
