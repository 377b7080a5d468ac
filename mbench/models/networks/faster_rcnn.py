"""Faster R-CNN in two files (Ren et al. 2015, arXiv 1506.01497; paper, section 4.6 and Table 13).

The first stage takes the picture to a map of a sixteenth of its side, and says for twelve anchors a pixel whether
something is there and where (`features`, `boxes`, `objectness`). The 300 best proposals are chosen, and a 14×14 crop of
the map cut out for each, outside, on the host (`mbench/accuracy/tasks/proposals.py`): TFLite has no operator
for either.
The second stage takes the crops, (300, 14, 14, channels), to `scores`, (300, classes), and `boxes`, (300, classes − 1,
4). Both together have the mult-adds of Table 13; later public configurations pool the crops to 7×7 and cost a quarter.

Importing this module does not load tensorflow; its functions do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mbench.core.builds.variants import Head, Size
from mbench.models.networks import inception_v2, mobilenet_v1_maps, vgg16_maps
from mbench.models.networks.architecture import Shape

RESOLUTIONS: Final = (300, 600)
PROPOSALS: Final = 300
CROP: Final = 14
ANCHORS: Final = 12
"""A pixel: four scales, three aspect ratios."""

RPN_CHANNELS: Final = 512
HIDDEN: Final = 4096
"""Of VGG's two fully connected layers."""

FEATURES, BOXES, OBJECTNESS, SCORES = "features", "boxes", "objectness", "scores"

MOBILENET_SPLIT: Final = ("conv_pw_11", "conv_dw_12")
INCEPTION_SPLIT: Final = ("mixed_4e", "mixed_5a")
"""Where the body is cut: the first stage ends in the one, the second begins with the other."""


def build_mobilenet_first(size: Size, head: Head) -> Any:
    """Return the first stage on MobileNet V1's first eleven blocks, untrained."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    chain = mobilenet_v1_maps.body_layers(size.alpha, last=MOBILENET_SPLIT[0])
    *_, (_, features) = mobilenet_v1_maps.maps(inputs, chain)
    return _first("mobilenet_v1", inputs, features, relu_max=6.0)


def build_mobilenet_second(size: Size, head: Head) -> Any:
    """Return the second stage: MobileNet V1's last two blocks on each crop, untrained."""
    inputs = _crops(size, mobilenet_shape)
    chain = mobilenet_v1_maps.body_layers(size.alpha, first=MOBILENET_SPLIT[1])
    *_, (_, features) = mobilenet_v1_maps.maps(inputs, chain)
    return _second("mobilenet_v1", inputs, _pooled(features), head)


def mobilenet_shape(size: Size) -> Shape:
    """Return the shape of the second stage's crops."""
    chain = mobilenet_v1_maps.body_layers(size.alpha, last=MOBILENET_SPLIT[0])
    return (PROPOSALS, CROP, CROP, chain[-1].filters)


def build_inception_first(size: Size, head: Head) -> Any:
    """Return the first stage on Inception V2 up to Mixed 4e, untrained."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    features = next(x for name, x in inception_v2.maps(inputs, size.alpha) if name == INCEPTION_SPLIT[0])
    return _first("inception_v2", inputs, features, relu_max=None)


def build_inception_second(size: Size, head: Head) -> Any:
    """Return the second stage: Inception V2's Mixed 5a to 5c on each crop, untrained."""
    inputs = _crops(size, inception_shape)
    *_, (_, features) = inception_v2.modules(inputs, size.alpha, first=INCEPTION_SPLIT[1])
    return _second("inception_v2", inputs, _pooled(features), head)


def inception_shape(size: Size) -> Shape:
    """Return the shape of the second stage's crops."""
    return (PROPOSALS, CROP, CROP, inception_v2.channels(INCEPTION_SPLIT[0], size.alpha))


def build_vgg_first(size: Size, head: Head) -> Any:
    """Return the first stage on VGG-16's convolutions, untrained."""
    import keras

    inputs = keras.Input((size.resolution, size.resolution, 3), name="input")
    *_, (_, features) = vgg16_maps.maps(inputs, padding="valid")
    return _first("vgg16", inputs, features, relu_max=None)


def build_vgg_second(size: Size, head: Head) -> Any:
    """Return the second stage: VGG-16's fully connected layers on each crop, pooled to 7×7, untrained."""
    import keras

    inputs = _crops(size, vgg_shape)
    x = keras.layers.MaxPooling2D(2, 2, name="pool5")(inputs)
    x = vgg16_maps.convolution(x, "fc6", HIDDEN, CROP // 2, padding="valid")
    x = vgg16_maps.convolution(x, "fc7", HIDDEN, 1)
    return _second("vgg16", inputs, x, head)


def vgg_shape(size: Size) -> Shape:
    """Return the shape of the second stage's crops."""
    return (PROPOSALS, CROP, CROP, vgg16_maps.BLOCKS[-1][2])


def _first(body: str, inputs: Any, features: Any, *, relu_max: float | None) -> Any:
    """Return the model of a body and its region proposal network (arXiv 1506.01497, section 3.1)."""
    import keras

    x = keras.layers.Conv2D(RPN_CHANNELS, 3, padding="same", kernel_initializer="zeros", name="rpn")(features)
    x = keras.layers.ReLU(relu_max, name="rpn_relu")(x)
    anchors = features.shape[1] * features.shape[2] * ANCHORS
    there = keras.layers.Conv2D(ANCHORS * 2, 1, kernel_initializer="zeros", name="rpn_objectness")(x)
    where = keras.layers.Conv2D(ANCHORS * 4, 1, kernel_initializer="zeros", name="rpn_boxes")(x)
    there = keras.layers.Reshape((anchors, 2), name="rpn_objectness_rows")(there)
    outputs = {
        FEATURES: features,
        BOXES: keras.layers.Reshape((anchors, 4), name=BOXES)(where),
        OBJECTNESS: keras.layers.Softmax(name=OBJECTNESS)(there),
    }
    return keras.Model(inputs, outputs, name=f"faster_rcnn_{body}_first")


def _crops(size: Size, shape: Callable[[Size], Shape]) -> Any:
    import keras

    return keras.Input(shape(size)[1:], name="input")


def _pooled(features: Any) -> Any:
    import keras

    return keras.layers.GlobalAveragePooling2D(keepdims=True, name="pool")(features)


def _second(body: str, inputs: Any, x: Any, head: Head) -> Any:
    """Return the model of a body's end and its two fully connected layers over (n, 1, 1, channels)."""
    import keras

    classes = head.classes
    scores = keras.layers.Conv2D(classes, 1, kernel_initializer="zeros", name="class")(x)
    boxes = keras.layers.Conv2D((classes - 1) * 4, 1, kernel_initializer="zeros", name="box")(x)
    outputs = {
        BOXES: keras.layers.Reshape((classes - 1, 4), name=BOXES)(boxes),
        SCORES: keras.layers.Softmax(name=SCORES)(keras.layers.Reshape((classes,), name="logits")(scores)),
    }
    return keras.Model(inputs, outputs, name=f"faster_rcnn_{body}_second")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """How the two files of one body are built, what the second one takes, and the memory that its building takes."""

    build_first: Callable[[Size, Head], Any]
    build_second: Callable[[Size, Head], Any]
    crops_shape: Callable[[Size], Shape]
    second_building_kib: int = 2 << 20


STAGES: Final[Mapping[str, Stages]] = {
    "mobilenet_v1": Stages(
        build_first=build_mobilenet_first, build_second=build_mobilenet_second, crops_shape=mobilenet_shape
    ),
    "inception_v2": Stages(
        build_first=build_inception_first, build_second=build_inception_second, crops_shape=inception_shape
    ),
    "vgg16": Stages(
        build_first=build_vgg_first,
        build_second=build_vgg_second,
        crops_shape=vgg_shape,
        second_building_kib=5 << 20,  # 4.3 GiB were its process's peak for fp32, fp16, drq and int8
    ),
}
"""By body."""
