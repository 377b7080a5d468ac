"""The single layers of Table 3: one convolution, and the depthwise separable pair that does its work for a ninth.

Source: Howard et al., arXiv 1704.04861, section 3.4 and Table 3: D_K = 3, M = N = 512 and D_F = 14, an inner layer of
MobileNet at 224 px, thinned by α and shrunk by ρ. They take a feature map and give one: no classifier.

Biases stand where batch normalization would have left them, and ReLU6 behind each, as in the whole network; Table 3
counts neither.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size

CHANNELS: Final = 512
"""M = N at α = 1."""

KERNEL: Final = 3
"""D_K."""

REDUCTION: Final = 16
"""Of the side: 224 px are a map of 14×14 in front of these layers (Table 1), and ρ = 0.714, which is 160 px, of 10."""


def input_shape(size: Size) -> tuple[int, int, int, int]:
    """Return (1, D_F, D_F, M)."""
    side, channels = size.resolution // REDUCTION, int(CHANNELS * size.alpha)
    return (1, side, side, channels)


def build_conv(size: Size, head: Head) -> Any:
    """Return Table 3's first row: a full convolution. There is no head to build."""
    import keras

    _, *shape = input_shape(size)
    inputs = keras.Input(tuple(shape), name="input")
    x = keras.layers.Conv2D(shape[-1], KERNEL, padding="same", name="conv")(inputs)
    return keras.Model(inputs, keras.layers.ReLU(6.0, name="conv_relu")(x), name="layer_conv")


def build_separable(size: Size, head: Head) -> Any:
    """Return Table 3's other rows: a depthwise and a pointwise convolution. There is no head to build."""
    import keras

    _, *shape = input_shape(size)
    inputs = keras.Input(tuple(shape), name="input")
    x = keras.layers.DepthwiseConv2D(KERNEL, padding="same", name="conv_dw")(inputs)
    x = keras.layers.ReLU(6.0, name="conv_dw_relu")(x)
    x = keras.layers.Conv2D(shape[-1], 1, name="conv_pw")(x)
    return keras.Model(inputs, keras.layers.ReLU(6.0, name="conv_pw_relu")(x), name="layer_separable")
