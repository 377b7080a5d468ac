"""MobileNet V1 as Table 1 of the paper prints it (Howard et al., arXiv 1704.04861).

Importing this module does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.chains import Row, build_chain, chain
from mbench.models.networks.layers import Layer, LayerKind

CONV, DEPTHWISE = LayerKind.CONV, LayerKind.DEPTHWISE

LEAST_CHANNELS: Final = 8
"""No layer gets fewer channels (tensorflow/models `research/slim/nets/mobilenet_v1.py`, `min_depth`).

The published widths do not meet this bound: 0.25 × 32 = 8.
"""

TABLE_1: Final[tuple[Row, ...]] = (
    # name, kind, kernel, stride, filters at α = 1
    ("conv1", CONV, 3, 2, 32),
    ("conv_dw_1", DEPTHWISE, 3, 1, 32),
    ("conv_pw_1", CONV, 1, 1, 64),
    ("conv_dw_2", DEPTHWISE, 3, 2, 64),
    ("conv_pw_2", CONV, 1, 1, 128),
    ("conv_dw_3", DEPTHWISE, 3, 1, 128),
    ("conv_pw_3", CONV, 1, 1, 128),
    ("conv_dw_4", DEPTHWISE, 3, 2, 128),
    ("conv_pw_4", CONV, 1, 1, 256),
    ("conv_dw_5", DEPTHWISE, 3, 1, 256),
    ("conv_pw_5", CONV, 1, 1, 256),
    ("conv_dw_6", DEPTHWISE, 3, 2, 256),
    ("conv_pw_6", CONV, 1, 1, 512),
    ("conv_dw_7", DEPTHWISE, 3, 1, 512),  # the paper's "5×" begins
    ("conv_pw_7", CONV, 1, 1, 512),
    ("conv_dw_8", DEPTHWISE, 3, 1, 512),
    ("conv_pw_8", CONV, 1, 1, 512),
    ("conv_dw_9", DEPTHWISE, 3, 1, 512),
    ("conv_pw_9", CONV, 1, 1, 512),
    ("conv_dw_10", DEPTHWISE, 3, 1, 512),
    ("conv_pw_10", CONV, 1, 1, 512),
    ("conv_dw_11", DEPTHWISE, 3, 1, 512),
    ("conv_pw_11", CONV, 1, 1, 512),  # and ends
    ("conv_dw_12", DEPTHWISE, 3, 2, 512),
    ("conv_pw_12", CONV, 1, 1, 1024),
    ("conv_dw_13", DEPTHWISE, 3, 1, 1024),  # printed "s2", but the next row takes 7×7, which only stride 1 leaves
    ("conv_pw_13", CONV, 1, 1, 1024),
)
"""The 27 convolutions of Table 1, named as in keras-team/keras `keras/src/applications/mobilenet.py`.

The 28th layer is the classifier, whose width the head decides.
"""


def layers(alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the 28 layers of Table 1 at width multiplier `alpha` (paper, section 3.3)."""
    return chain(TABLE_1, alpha, classes, least_channels=LEAST_CHANNELS)


def build(size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: see `mbench.models.networks.chains.build_chain`."""
    return build_chain("mobilenet_v1", layers(size.alpha, head.classes), size, head, dropout=dropout)
