"""SSD 300 on deeplab-VGG, the network of the SSD paper itself (paper, Table 13: 34.9 billion mult-adds).

Its fully connected layers are convolutions, thinned to 1024 channels and dilated ("deeplab"). With COCO's 91 classes
it has 35.6 million parameters, where the table prints 33.1; its mult-adds are the table's. Source: arXiv 1512.02325,
section 3, and weiliu89/caffe `examples/ssd/ssd_coco.py`. Importing this module does not load tensorflow; `build` does.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.core.default_boxes import SSD_VGG_SCALES, SSD_VGG_SIDES, ssd_boxes
from mbench.models.networks import ssd
from mbench.models.networks.unit_length import unit_length
from mbench.models.networks.vgg16_maps import convolution, maps

COUNTS: Final = (4, 6, 6, 6, 4, 4)

KERNEL: Final = 3
"""Side of the detection layers' kernels."""

LENGTH: Final = 20.0
"""What `conv4` is scaled to before it is looked at: where SSD's training starts; here it is one number for all."""

EXTRAS: Final = (
    # name, filters of the 1×1 convolution, of the 3×3 one, its stride, its padding
    ("conv6", 256, 512, 2, "same"),
    ("conv7", 128, 256, 2, "same"),
    ("conv8", 128, 256, 1, "valid"),
    ("conv9", 128, 256, 1, "valid"),
)


def build(size: Size, head: Head) -> Any:
    """Return the Keras model, untrained: (n, 300, 300, 3) float32 to `boxes` and `scores` (a softmax over classes)."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    body = dict(maps(inputs, padding="same"))
    fine = keras.layers.Rescaling(LENGTH, name="conv4_scaled")(unit_length("conv4_unit")(body["conv4"]))
    x = keras.layers.MaxPooling2D(3, 1, padding="same", name="pool5")(body["conv5"])
    x = convolution(x, "fc6", 1024, 3, dilation=6)
    x = convolution(x, "fc7", 1024, 1)
    looked_at = [fine, x]
    for name, narrow, wide, strides, padding in EXTRAS:
        x = convolution(x, f"{name}_1", narrow, 1)
        x = convolution(x, f"{name}_2", wide, 3, strides=strides, padding=padding)
        looked_at.append(x)
    return ssd.detection_model("ssd300_vgg", inputs, looked_at, COUNTS, head, kernel=KERNEL, activation="softmax")


def add_suppression(file: bytes) -> bytes:
    """Return a built file with TFLite's non-maximum suppression behind it."""
    from mbench.models.networks.detection_operator import add_detection_operator

    return add_detection_operator(file, ssd_boxes(SSD_VGG_SIDES, COUNTS, scales=SSD_VGG_SCALES))
