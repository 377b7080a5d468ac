"""Finds the objects in a detector's outputs, whichever it has; worker processes do it picture by picture.

Two kinds are understood: `boxes` and `scores` of an SSD as `mbench/models/networks/ssd.py` builds it, which are decoded
here; and the four outputs of TFLite's operator `TFLite_Detection_PostProcess`, under its names, under ours,
or in one of the two orders that converters write them in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.worker import Tensor
from mbench.accuracy.pictures.real_values import RealValues
from mbench.accuracy.tasks.box_decoding import MOST_DETECTIONS, decode_boxes, find_objects
from mbench.core.default_boxes import SSD_VGG_SCALES, ssd_boxes
from mbench.core.errors import UnsupportedModel

SIDES: Final = (19, 10, 5, 3, 2, 1)
VGG_SIDES: Final = (38, 19, 10, 5, 3, 1)

RAW: Final = frozenset({"boxes", "scores"})

SUPPRESSED: Final = ("detection_boxes", "detection_classes", "detection_scores", "detections")

OPERATOR: Final = "TFLite_Detection_PostProcess"

FIRST_VERSION: Final = (0, 1, 2, 3)
SECOND_VERSION: Final = (1, 3, 0, 2)
"""Where boxes, classes, scores and their number stand: in the operator's own order, as TensorFlow 1's converter left
it (google-ai-edge/LiteRT `tflite/kernels/detection_postprocess.cc`); and as TensorFlow 2's sorts them, of files whose
outputs are `StatefulPartitionedCall:…` (tensorflow/models `research/object_detection/export_tflite_graph_tf2.py`)."""

NOT_IN_COCO: Final = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
"""Category numbers from 1 to 90 that no object has (cocodataset.org, `instances_val2017.json`)."""

COCO_NUMBERS: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class FindObjects:
    """Keeps of a detector's outputs what it found, the surest first.

    boxes (pictures, most, 4) top, left, bottom, right, as shares of the picture; classes (pictures, most), the
    background not counted; scores (pictures, most); and how many of each picture's count, (pictures,).

    Attributes:
        outputs: the file's.
    """

    outputs: tuple[Tensor, ...]

    def __call__(self, outputs: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
        """Return them."""
        real = [_real(tensor, stored) for tensor, stored in zip(self.outputs, outputs, strict=True)]
        if _is_raw(self.outputs):
            return _decoded({tensor.name: values for tensor, values in zip(self.outputs, real, strict=True)})
        boxes, classes, scores, count = (real[place] for place in _places(self.outputs))
        return boxes, np.rint(classes).astype(np.intp), scores, np.rint(count).astype(np.intp).ravel()


def check_detector(opened: OpenedFile) -> int | None:
    """Return how many classes a detector tells apart, the background not counted; None: its outputs do not say.

    Raises:
        UnsupportedModel: its input is no picture, or its outputs are not those of a detector.
    """
    opened.picture_input()
    outputs = opened.tensors.outputs
    if not _is_raw(outputs):
        _places(outputs)
        return None
    shapes = {tensor.name: tensor.shape for tensor in outputs}
    boxes, scores = shapes["boxes"], shapes["scores"]
    if len(scores) != 3 or boxes != (1, scores[1], 4):
        raise UnsupportedModel(f"its boxes have the shape {boxes} and its scores {scores}, which do not fit.")
    _default_boxes(boxes[1])
    return scores[2] - 1


def class_labels(found: NDArray[np.intp], outputs: int | None, classes: int) -> NDArray[np.intp]:
    """Return a data set's labels of a detector's classes; −1 where it has no such class.

    Detectors for COCO count by its category numbers, 1 to 90, and data sets by the 80 of them that objects have.

    Args:
        found: (n,) classes, the background not counted.
        outputs: how many the detector has; None: unknown, and taken for COCO's where the data set has its 80.
        classes: of the data set.

    Raises:
        UnsupportedModel: they do not fit.
    """
    if outputs == classes:
        return found
    numbers = [number for number in range(1, COCO_NUMBERS + 1) if number not in NOT_IN_COCO]
    if classes == len(numbers) and outputs in {None, COCO_NUMBERS}:
        labels = np.full(COCO_NUMBERS, -1, np.intp)
        labels[np.array(numbers) - 1] = np.arange(len(numbers))
        return np.where((found >= 0) & (found < COCO_NUMBERS), labels[np.clip(found, 0, COCO_NUMBERS - 1)], -1)
    if outputs is None:
        return np.where(found < classes, found, -1)
    raise UnsupportedModel(
        f"it tells {outputs} classes apart, and the data set has {classes}. Name one of its classes."
    )


def _decoded(outputs: Mapping[str, NDArray[np.float32]]) -> tuple[NDArray[Any], ...]:
    """Return what non-maximum suppression leaves of raw outputs."""
    defaults = _default_boxes(outputs["boxes"].shape[1])
    pictures = len(outputs["boxes"])
    boxes = np.zeros((pictures, MOST_DETECTIONS, 4), np.float32)
    classes = np.zeros((pictures, MOST_DETECTIONS), np.intp)
    scores = np.zeros((pictures, MOST_DETECTIONS), np.float32)
    counts = np.zeros(pictures, np.intp)
    for row, (encoded, sure) in enumerate(zip(outputs["boxes"], outputs["scores"], strict=True)):
        found = find_objects(decode_boxes(encoded, defaults), sure)
        counts[row] = count = len(found.scores)
        boxes[row, :count], classes[row, :count], scores[row, :count] = found.boxes, found.classes, found.scores
    return boxes, classes, scores, counts


def _real(tensor: Tensor, stored: NDArray[Any]) -> NDArray[np.float32]:
    """Return an output's real values, (pictures, …), whether it came flat or not."""
    shaped = stored.reshape(len(stored), *tensor.shape[1:])
    return RealValues(scale=tensor.scale, zero_point=tensor.zero_point).of(shaped)


def _is_raw(outputs: Sequence[Tensor]) -> bool:
    return {tensor.name for tensor in outputs} == RAW


@cache
def _default_boxes(count: int) -> NDArray[np.float32]:
    """Return the default boxes of an SSD 300 that has so many.

    Raises:
        UnsupportedModel: none of those that are known has.
    """
    layouts = (
        ssd_boxes(SIDES, (3, 6, 6, 6, 6, 6)),
        ssd_boxes(SIDES, (3, 6, 6, 6, 4, 4)),
        ssd_boxes(VGG_SIDES, (4, 6, 6, 6, 4, 4), scales=SSD_VGG_SCALES),
    )
    boxes = next((each for each in layouts if len(each) == count), None)
    if boxes is None:
        known = ", ".join(str(len(each)) for each in layouts)
        raise UnsupportedModel(f"it has {count} default boxes, and where they lie is known of {known} alone.")
    return np.array(boxes, np.float32)


def _places(outputs: Sequence[Tensor]) -> tuple[int, ...]:
    """Return which outputs are boxes, classes, scores and their number: by their names, or else by their shapes.

    Raises:
        UnsupportedModel: they are not those of TFLite's operator.
    """
    names = [tensor.name for tensor in outputs]
    for known in (SUPPRESSED, (OPERATOR, *(f"{OPERATOR}:{place}" for place in (1, 2, 3)))):
        if sorted(names) == sorted(known):
            return tuple(names.index(name) for name in known)
    shapes = [tensor.shape for tensor in outputs]
    for order in (FIRST_VERSION, SECOND_VERSION):
        if len(shapes) == len(order) and _fit(*(shapes[place] for place in order)):
            return order
    listed = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in outputs)
    raise UnsupportedModel(f"its outputs are {listed}; a detector has boxes and scores, or those of {OPERATOR}.")


def _fit(boxes: tuple[int, ...], classes: tuple[int, ...], scores: tuple[int, ...], count: tuple[int, ...]) -> bool:
    return len(boxes) == 3 and boxes[2] == 4 and classes == scores == boxes[:2] and count == (1,)
