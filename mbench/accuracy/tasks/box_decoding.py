"""Detectors' raw outputs to boxes in the picture: box decoding and non-maximum suppression, on the host.

What TFLite's operator `TFLite_Detection_PostProcess` does inside a file is done here for files without it, with the
same rules: each class by itself, overlap 0.6, the 100 surest of a picture (tensorflow/models
`ssd_mobilenet_v1_coco.config`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.core.default_boxes import BOX_CODER, BoxCoder

MOST_DETECTIONS: Final = 100
OVERLAP: Final = 0.6
LEAST_SCORE: Final = 1e-8

Boxes = NDArray[np.float32]
"""(n, 4): top, left, bottom, right, as shares of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in one picture, the surest first.

    Attributes:
        boxes: (n, 4) top, left, bottom, right, as shares of the picture.
        classes: (n,) the background not counted: 0 is the first class behind it.
        scores: (n,).
    """

    boxes: Boxes
    classes: NDArray[np.intp]
    scores: NDArray[np.float32]


def decode_boxes(
    encoded: NDArray[np.floating], default_boxes: NDArray[np.floating], coder: BoxCoder = BOX_CODER
) -> Boxes:
    """Return boxes from what a network says relative to its default boxes.

    Source: tensorflow/models `research/object_detection/box_coders/faster_rcnn_box_coder.py`, `_decode`.

    Args:
        encoded: (…, n, 4): shifts of the centre (y, x) and logs of height and width, each times the coder's scale.
        default_boxes: (n, 4) centre and size: y, x, height, width.
        coder: the scales.

    Returns:
        (…, n, 4) top, left, bottom, right.
    """
    y, x, height, width = np.moveaxis(np.asarray(default_boxes, np.float32), -1, 0)
    shift_y, shift_x, log_height, log_width = np.moveaxis(np.asarray(encoded, np.float32), -1, 0)
    centre_y = shift_y / coder.y_scale * height + y
    centre_x = shift_x / coder.x_scale * width + x
    half_height = np.exp(log_height / coder.height_scale) * height / 2
    half_width = np.exp(log_width / coder.width_scale) * width / 2
    corners = (centre_y - half_height, centre_x - half_width, centre_y + half_height, centre_x + half_width)
    return np.stack(corners, axis=-1).astype(np.float32)


def find_objects(
    boxes: Boxes,
    scores: NDArray[np.floating],
    *,
    most: int = MOST_DETECTIONS,
    overlap: float = OVERLAP,
    least_score: float = LEAST_SCORE,
) -> Found:
    """Return the surest objects of one picture after non-maximum suppression of each class by itself.

    Args:
        boxes: (n, 4), or (n, classes − 1, 4) where each class has its own.
        scores: (n, classes), the background first.
        most: of all classes together.
        overlap: a box that overlaps a surer one of its class by more (intersection over union) is dropped.
        least_score: less sure ones are not looked at.
    """
    by_class = boxes[:, np.newaxis] if boxes.ndim == 2 else boxes
    by_class = np.broadcast_to(by_class, (len(boxes), scores.shape[1] - 1, 4))
    sure = scores[:, 1:].astype(np.float32)
    kept = list(islice(_kept(by_class, sure, overlap, least_score), most))
    rows, labels = (np.array(each, np.intp) for each in (zip(*kept, strict=True) if kept else ((), ())))
    return Found(boxes=by_class[rows, labels].astype(np.float32), classes=labels, scores=sure[rows, labels])


def _kept(boxes: Boxes, scores: NDArray[np.float32], overlap: float, least_score: float) -> Iterator[tuple[int, int]]:
    """Yield (box, class) of all that is kept, the surest first; of equal scores the lowest class, then box, first.

    All classes are walked at once in order of their scores, so that whoever wants the surest hundred looks no further.
    """
    by_class = scores.T.ravel()  # of each class by box
    candidates = np.flatnonzero(by_class >= least_score)
    ordered = candidates[np.argsort(-by_class[candidates], kind="stable")]
    of_class: dict[int, list[NDArray[np.float32]]] = {}
    for label, row in zip(*(each.tolist() for each in np.divmod(ordered, len(scores))), strict=True):
        box, surer = boxes[row, label], of_class.setdefault(label, [])
        if not surer or _overlaps(box, np.array(surer)).max() <= overlap:
            surer.append(box)
            yield row, label


def _overlaps(box: NDArray[np.float32], others: Boxes) -> NDArray[np.floating]:
    """Return intersection over union of one box with others, (n,); of what has no area 0."""
    inner = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(inner, 0).prod(axis=1)
    union = _area(box) + _area(others) - shared
    quotient: NDArray[np.floating] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return quotient


def _area(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    area: NDArray[np.floating] = np.maximum(boxes[..., 2:] - boxes[..., :2], 0).prod(axis=-1)
    return area
