"""Default boxes: where a detector looks, as shares of the picture; what its box outputs are relative to.

Plain numbers, because networks have them as constants and whoever decodes their outputs needs the same ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DefaultBox = tuple[float, float, float, float]
"""Centre and size: (y, x, height, width), the picture being 1 high and 1 wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCoder:
    """How a box is stated relative to a default one: t = (scale × shift / size, scale × log of the ratio of sizes).

    Scales are those of the paper's detectors (tensorflow/models
    `research/object_detection/box_coders/faster_rcnn_box_coder.py`, and every `.config` of its SSD and Faster R-CNN).
    """

    y_scale: float = 10.0
    x_scale: float = 10.0
    height_scale: float = 5.0
    width_scale: float = 5.0


BOX_CODER: Final = BoxCoder()

SSD_SIDES: Final = (19, 10, 5, 3, 2, 1)
"""Of the maps of an SSD 300 on a body of stride 32, "same"-padded throughout."""

SSD_VGG_SIDES: Final = (38, 19, 10, 5, 3, 1)

SSD_SCALES: Final = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Of six maps from fine to coarse, evenly, and what would follow (tensorflow/models `ssd_mobilenet_v1_coco.config`)."""

SSD_VGG_SCALES: Final = (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05)
"""21 to 261 of 300 pixels, as trained on COCO (weiliu89/caffe `examples/ssd/ssd_coco.py`)."""

_LOWEST: Final = ((0.1, 1.0), (0.2, 2.0), (0.2, 0.5))
"""(scale, aspect ratio) where the finest map has three boxes a pixel (`reduce_boxes_in_lowest_layer`)."""

_RATIOS: Final = (1.0, 2.0, 0.5, 3.0, 1 / 3)

RPN_SCALES: Final = (0.25, 0.5, 1.0, 2.0)
RPN_RATIOS: Final = (0.5, 1.0, 2.0)
RPN_BASE_PX: Final = 256
RPN_STRIDE_PX: Final = 16
"""Twelve boxes a pixel of a map at a sixteenth of the picture (`faster_rcnn_inception_v2_coco.config`)."""


def ssd_boxes(
    sides: Sequence[int], counts: Sequence[int], *, scales: Sequence[float] = SSD_SCALES
) -> tuple[DefaultBox, ...]:
    """Return SSD's default boxes: map by map, row by row, pixel by pixel, in the order of the head's channels.

    Args:
        sides: of the square maps in pixels, the finest first.
        counts: boxes per pixel of each map: 3 (the finest alone), 4 or 6.
        scales: side of the square box of each map, and of one map more.
    """
    boxes: list[DefaultBox] = []
    for place, (side, count) in enumerate(zip(sides, counts, strict=True)):
        shapes = _shapes(count, scales[place], scales[place + 1])
        boxes += [
            ((row + 0.5) / side, (column + 0.5) / side, height, width)
            for row in range(side)
            for column in range(side)
            for height, width in shapes
        ]
    return tuple(boxes)


def rpn_boxes(side: int, resolution: int) -> tuple[DefaultBox, ...]:
    """Return the anchors of a Faster R-CNN's first stage, pixel by pixel; they lie on pixels' corners, as there.

    Source: tensorflow/models `research/object_detection/anchor_generators/grid_anchor_generator.py`.

    Args:
        side: of the square map in pixels.
        resolution: of the square picture in pixels.
    """
    base, stride = RPN_BASE_PX / resolution, RPN_STRIDE_PX / resolution
    shapes = [_shape(scale * base, ratio) for ratio in RPN_RATIOS for scale in RPN_SCALES]
    return tuple(
        (row * stride, column * stride, height, width)
        for row in range(side)
        for column in range(side)
        for height, width in shapes
    )


def _shapes(count: int, scale: float, coarser: float) -> list[tuple[float, float]]:
    """Return (height, width) of a pixel's boxes; one of six or four lies between this map's scale and the next."""
    if count == len(_LOWEST):
        return [_shape(*shape) for shape in _LOWEST]
    between = math.sqrt(scale * coarser)
    return [*(_shape(scale, ratio) for ratio in _RATIOS[: count - 1]), (between, between)]


def _shape(scale: float, ratio: float) -> tuple[float, float]:
    return scale / math.sqrt(ratio), scale * math.sqrt(ratio)
