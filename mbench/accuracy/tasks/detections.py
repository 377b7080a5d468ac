"""Evaluates detectors by COCO's average precision."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import BoxedExamples
from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Keep, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.tasks.detection_metrics import Detection, detection_metrics
from mbench.accuracy.tasks.find_objects import FindObjects, check_detector, class_labels
from mbench.accuracy.tasks.two_stages import is_first_stage, two_stage_detector
from mbench.core.errors import UnsupportedModel, UsageError
from mbench.core.examples import Box


def check_counting() -> None:
    """Refuse to begin where what counts detections is not there.

    Raises:
        UsageError: pycocotools is not installed.
    """
    if find_spec("pycocotools") is None:
        raise UsageError("scoring detections needs pycocotools: pip install 'mbench[detection]'")


def detection_evaluator(opened: OpenedFile, examples: BoxedExamples, second: OpenedFile | None = None) -> Evaluator:
    """Return the evaluator of a file that finds objects.

    Args:
        opened: the file.
        examples: whose truths count: boxes in pixels of the original, which the network sees squeezed to a square.
        second: of a detector in two files: the second of them.

    Raises:
        UnsupportedModel: its input is no picture, its outputs are not those of a detector, or it tells other classes
            apart.
    """
    keep, outputs = _finder(opened, second)
    classes = len(examples.class_names)
    class_labels(np.zeros(0, np.intp), outputs, classes)

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        boxes, found, scores, counts = kept
        labels = class_labels(found, outputs, classes)
        detections = [
            _in_pixels(boxes[row, :count], labels[row, :count], scores[row, :count], examples.size(int(index)))
            if answered[row]
            else []
            for row, (index, count) in enumerate(zip(rows, counts, strict=True))
        ]
        return Evaluation(metrics=detection_metrics(detections, [_objects(examples, int(index)) for index in rows]))

    return Evaluator(keep=keep, weigh=weigh)


def _finder(opened: OpenedFile, second: OpenedFile | None) -> tuple[Keep, int | None]:
    """Return what finds objects in a file's outputs, and how many classes it tells apart; None: they do not say."""
    if is_first_stage(tensor.name for tensor in opened.tensors.outputs):
        if second is None:
            raise UnsupportedModel(
                "it is the first of a Faster R-CNN's two files. Name the second right behind it: mbench evaluate FIRST "
                "SECOND."
            )
        return two_stage_detector(opened, second)
    return FindObjects(outputs=opened.tensors.outputs), check_detector(opened)


def _in_pixels(
    boxes: NDArray[np.float32], labels: NDArray[np.intp], scores: NDArray[np.float32], size: tuple[int, int]
) -> list[Detection]:
    """Return detections in the pixels of a picture, width and height `size`; those of no class are left out."""
    width, height = size
    scaled = (boxes * np.array([height, width, height, width], np.float32)).tolist()
    return [
        Detection(left=left, top=top, right=right, bottom=bottom, label=label, score=score)
        for (top, left, bottom, right), label, score in zip(scaled, labels.tolist(), scores.tolist(), strict=True)
        if label >= 0
    ]


def _objects(examples: BoxedExamples, index: int) -> list[Box]:
    boxes = examples.truth(index)
    assert isinstance(boxes, tuple)  # a detection's truths are
    return [box for box in boxes if isinstance(box, Box)]
