"""The MobileNet of full convolutions of Table 4: each depthwise separable pair is one 3×3 convolution.

Source: Howard et al., arXiv 1704.04861, section 4.1.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.chains import Row, build_chain, chain
from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.networks.mobilenet_v1 import LEAST_CHANNELS

CONV: Final = LayerKind.CONV

TABLE_4: Final[tuple[Row, ...]] = (
    # name, kind, kernel, stride of the depthwise layer, filters of the pointwise one at α = 1
    ("conv1", CONV, 3, 2, 32),
    ("conv_1", CONV, 3, 1, 64),
    ("conv_2", CONV, 3, 2, 128),
    ("conv_3", CONV, 3, 1, 128),
    ("conv_4", CONV, 3, 2, 256),
    ("conv_5", CONV, 3, 1, 256),
    ("conv_6", CONV, 3, 2, 512),
    ("conv_7", CONV, 3, 1, 512),
    ("conv_8", CONV, 3, 1, 512),
    ("conv_9", CONV, 3, 1, 512),
    ("conv_10", CONV, 3, 1, 512),
    ("conv_11", CONV, 3, 1, 512),
    ("conv_12", CONV, 3, 2, 1024),
    ("conv_13", CONV, 3, 1, 1024),
)


def layers(alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the 15 layers at width multiplier `alpha`."""
    return chain(TABLE_4, alpha, classes, least_channels=LEAST_CHANNELS)


def build(size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: see `mbench.models.networks.chains.build_chain`."""
    return build_chain("conv_mobilenet", layers(size.alpha, head.classes), size, head, dropout=dropout)
