"""VGG-16's thirteen convolutions up to a block, as detectors use them (Simonyan and Zisserman, arXiv 1409.1556).

Importing this module does not load tensorflow; its functions do.
"""

from collections.abc import Iterator
from typing import Any, Final

BLOCKS: Final = (
    # block, convolutions, filters
    ("conv1", 2, 64),
    ("conv2", 2, 128),
    ("conv3", 3, 256),
    ("conv4", 3, 512),
    ("conv5", 3, 512),
)


def maps(x: Any, *, padding: str) -> Iterator[tuple[str, Any]]:
    """Yield the name of each block and its output, in front of the pooling that leads to the next one.

    Args:
        x: (n, r, r, 3) Keras tensor.
        padding: of the 2×2 pooling: `same` keeps the odd pixel of 75, as Caffe does; `valid` drops it, as slim does.
    """
    import keras

    for name, count, filters in BLOCKS:
        if name != BLOCKS[0][0]:
            x = keras.layers.MaxPooling2D(2, 2, padding=padding, name=f"{name}_pool")(x)
        for number in range(1, count + 1):
            x = convolution(x, f"{name}_{number}", filters, 3)
        yield name, x


def convolution(
    x: Any, name: str, filters: int, kernel: int, *, strides: int = 1, dilation: int = 1, padding: str = "same"
) -> Any:
    """Return a convolution with bias and ReLU."""
    import keras

    return keras.layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding=padding,
        dilation_rate=dilation,
        activation="relu",
        kernel_initializer="zeros",
        name=name,
    )(x)
