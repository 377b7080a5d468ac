"""SSD 300 on MobileNet V1, as published (paper, Table 13: 1.2 billion mult-adds, 6.8 million parameters).

Source: tensorflow/models `research/object_detection/samples/configs/ssd_mobilenet_v1_coco.config`. Importing this
module does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.core.default_boxes import SSD_SIDES, ssd_boxes
from mbench.models.networks import ssd
from mbench.models.networks.mobilenet_v1_maps import body_layers, maps
from mbench.models.networks.mobilenet_v1_min16 import LEAST_CHANNELS

TAKEN: Final = ("conv_pw_11", "conv_pw_13")
"""The body's maps that are looked at: 19×19 and 10×10."""

COUNTS: Final = ssd.PUBLISHED_COUNTS

RELU_MAX: Final = 6.0


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, 300, 300, 3) float32 in [-1, 1] to `boxes` and `scores`."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    body = dict(maps(inputs, body_layers(size.alpha)))
    taken = [body[name] for name in TAKEN]
    wide = [int(filters * size.alpha) for filters in ssd.EXTRAS]
    extras = ssd.extra_maps(taken[-1], wide, relu_max=RELU_MAX, least_channels=LEAST_CHANNELS)
    return ssd.detection_model("ssd300_mobilenet_v1", inputs, [*taken, *extras], COUNTS, head)


def add_suppression(file: bytes) -> bytes:
    """Return a built file with TFLite's non-maximum suppression behind it."""
    from mbench.models.networks.detection_operator import add_detection_operator

    return add_detection_operator(file, ssd_boxes(SSD_SIDES, COUNTS))
