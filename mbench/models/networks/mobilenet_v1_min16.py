"""MobileNet V1 that no width multiplier thins below 16 channels a layer, as trained for detection and attributes.

tensorflow/models builds its detectors so (`research/object_detection/models/ssd_mobilenet_v1_feature_extractor.py`,
`min_depth`), and the paper's Table 12 prints 15 million mult-adds for 0.25 at 128 px, which only this bound gives. It
meets one layer alone: the first of α below 0.5.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks.chains import build_chain, chain
from mbench.models.networks.layers import Layer
from mbench.models.networks.mobilenet_v1 import TABLE_1

LEAST_CHANNELS: Final = 16


def layers(alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the 28 layers of Table 1 with at least 16 channels each."""
    return chain(TABLE_1, alpha, classes, least_channels=LEAST_CHANNELS)


def build(size: Size, head: Head, *, dropout: float = 0.0) -> Any:
    """Return the Keras model, untrained: see `mbench.models.networks.chains.build_chain`."""
    return build_chain("mobilenet_v1_min16", layers(size.alpha, head.classes), size, head, dropout=dropout)
