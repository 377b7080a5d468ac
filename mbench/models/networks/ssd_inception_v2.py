"""SSD 300 on Inception V2 (paper, Table 13: 3.8 billion mult-adds, 13.7 million parameters).

The published `ssd_inception_v2_coco.config` has 3×3 detection layers, 4.8 billion mult-adds and 25 million parameters;
the paper's network is reproduced with 1×1 ones. Importing this module does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.core.default_boxes import SSD_SIDES, ssd_boxes
from mbench.models.networks import inception_v2, ssd

TAKEN: Final = ("mixed_4c", "mixed_5c")
"""The body's maps that are looked at: 19×19 and 10×10."""

COUNTS: Final = ssd.TABLE_13_COUNTS


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, 300, 300, 3) float32 in [-1, 1] to `boxes` and `scores`."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    body = dict(inception_v2.maps(inputs, size.alpha))
    taken = [body[name] for name in TAKEN]
    wide = [int(filters * size.alpha) for filters in ssd.EXTRAS]
    extras = ssd.extra_maps(taken[-1], wide, relu_max=None, least_channels=inception_v2.LEAST_CHANNELS)
    return ssd.detection_model("ssd300_inception_v2", inputs, [*taken, *extras], COUNTS, head)


def add_suppression(file: bytes) -> bytes:
    """Return a built file with TFLite's non-maximum suppression behind it."""
    from mbench.models.networks.detection_operator import add_detection_operator

    return add_detection_operator(file, ssd_boxes(SSD_SIDES, COUNTS))
