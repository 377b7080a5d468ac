"""Finds the objects that a Faster R-CNN of two files sees; worker processes do it picture by picture.

The first file was asked about the picture; what lies between the stages is computed here, and the second file is asked
about the crops, 300 of a picture in mbench's own networks (`mbench/models/networks/faster_rcnn.py`). A row of the first
file whose second stage gives no numbers has NaN, and so no answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.worker import ModelFile, Tensor, load_file, refusal, tensor_of
from mbench.accuracy.pictures.input_scaling import QUANTIZED, stored_values
from mbench.accuracy.pictures.real_values import RealValues
from mbench.accuracy.tasks.box_decoding import MOST_DETECTIONS, Boxes, Found
from mbench.accuracy.tasks.proposals import choose_proposals, crop_features, find_in_proposals
from mbench.core.default_boxes import RPN_RATIOS, RPN_SCALES, rpn_boxes
from mbench.core.errors import ArtifactError, UnsupportedModel

FIRST: Final = frozenset({"features", "boxes", "objectness"})
SECOND: Final = frozenset({"boxes", "scores"})
"""Names of the outputs of either file."""

Reals = Mapping[str, NDArray[np.float32]]
"""Real values by the name of the output."""


def is_first_stage(outputs: Iterable[str]) -> bool:
    """Whether outputs of these names are those of the first of two files."""
    return frozenset(outputs) == FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class FindInTwoStages:
    """Keeps what both files found in pictures: arrays like those of `find_objects.FindObjects`.

    Attributes:
        outputs: of the first file.
        resolution: of its picture.
        second: the second file.
        crops: its input.
    """

    outputs: tuple[Tensor, ...]
    resolution: int
    second: ModelFile
    crops: Tensor

    def __call__(self, outputs: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
        """Return boxes (pictures, most, 4), classes and scores (pictures, most) and their counts (pictures,)."""
        pictures = len(outputs[0])
        boxes = np.zeros((pictures, MOST_DETECTIONS, 4), np.float32)
        classes = np.zeros((pictures, MOST_DETECTIONS), np.intp)
        scores = np.zeros((pictures, MOST_DETECTIONS), np.float32)
        counts = np.zeros(pictures, np.intp)
        for row in range(pictures):
            found = self._found(
                {tensor.name: _real(tensor, stored[row]) for tensor, stored in zip(self.outputs, outputs, strict=True)}
            )
            if found is None:
                scores[row] = np.nan
                continue
            counts[row] = count = len(found.scores)
            boxes[row, :count], classes[row, :count], scores[row, :count] = found.boxes, found.classes, found.scores
        return boxes, classes, scores, counts

    def _found(self, seen: Reals) -> Found | None:
        """Return the objects of one picture; None where the second stage gives no numbers."""
        most, side = self.crops.shape[:2]
        anchors = _anchors(seen["features"].shape[0], self.resolution)
        proposals = choose_proposals(seen["boxes"], seen["objectness"], anchors, most)
        answers = self._second_answers(crop_features(seen["features"], proposals, side))
        if any(np.isnan(values).any() for values in answers.values()):
            return None
        return find_in_proposals(answers["boxes"], answers["scores"], proposals)

    def _second_answers(self, crops: NDArray[np.float32]) -> Reals:
        """Return what the second file says of one picture's crops."""
        stored = (
            crops if self.crops.dtype not in QUANTIZED else np.stack([stored_values(one, self.crops) for one in crops])
        )
        interpreter, source, targets = _second(self.second)
        try:
            interpreter.set_tensor(source, stored)
            interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(f"its second stage: {refusal(error)}") from error
        return {tensor.name: _real(tensor, interpreter.get_tensor(index)) for tensor, index in targets}


def two_stage_detector(first: OpenedFile, second: OpenedFile) -> tuple[FindInTwoStages, int]:
    """Return what finds objects by two files, and how many classes they tell apart, the background not counted.

    Raises:
        UnsupportedModel: they do not fit each other, or are not the two files of a Faster R-CNN.
    """
    shapes = {tensor.name: tensor.shape for tensor in first.tensors.outputs}
    resolution, features = first.picture_input().shape[1], shapes["features"]
    if len(features) != 4 or features[1] != features[2]:
        raise UnsupportedModel(f"its features have the shape {features}, not (1, side, side, channels).")
    anchors = features[1] ** 2 * len(RPN_SCALES) * len(RPN_RATIOS)
    if (shapes["boxes"], shapes["objectness"]) != ((1, anchors, 4), (1, anchors, 2)):
        raise UnsupportedModel(
            f"its boxes have the shape {shapes['boxes']} and its objectness {shapes['objectness']}; a map of "
            f"{features[1]} x {features[1]} has {anchors} anchors."
        )
    return (
        FindInTwoStages(
            outputs=first.tensors.outputs,
            resolution=resolution,
            second=second.file,
            crops=_crops(second, features[3]),
        ),
        _classes(second),
    )


def _crops(second: OpenedFile, channels: int) -> Tensor:
    """Return the second file's input, (proposals, side, side, channels).

    Raises:
        UnsupportedModel: it takes something else.
    """
    inputs = second.tensors.inputs
    fits = len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].shape[1] == inputs[0].shape[2]
    if not fits or inputs[0].shape[3] != channels or inputs[0].dtype not in QUANTIZED | {"float32"}:
        listed = ", ".join(f"{tensor.dtype} {tensor.shape}" for tensor in inputs)
        raise UnsupportedModel(
            f"the file behind it takes {listed}, not crops of its {channels} features, (proposals, side, side, "
            f"{channels}). Name its second stage right behind it."
        )
    return inputs[0]


def _classes(second: OpenedFile) -> int:
    shapes = {tensor.name: tensor.shape for tensor in second.tensors.outputs}
    crops = second.tensors.inputs[0].shape[0]
    scores, boxes = shapes.get("scores", ()), shapes.get("boxes", ())
    if shapes.keys() != SECOND or len(scores) != 2 or scores[0] != crops or boxes != (crops, scores[1] - 1, 4):
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise UnsupportedModel(
            f"the file behind it has the outputs {listed}, not scores ({crops}, classes) and boxes ({crops}, "
            "classes - 1, 4). Name its second stage right behind it."
        )
    return scores[1] - 1


@cache
def _anchors(side: int, resolution: int) -> Boxes:
    return np.array(rpn_boxes(side, resolution), np.float32)


@lru_cache(maxsize=1)
def _second(file: ModelFile) -> tuple[Any, int, tuple[tuple[Tensor, int], ...]]:
    """Return the second file's interpreter, the index of its input, and its outputs with theirs."""
    interpreter = load_file(file)
    (source,) = interpreter.get_input_details()
    targets = tuple((tensor_of(detail), int(detail["index"])) for detail in interpreter.get_output_details())
    return interpreter, int(source["index"]), targets


def _real(tensor: Tensor, stored: NDArray[Any]) -> NDArray[np.float32]:
    return RealValues(scale=tensor.scale, zero_point=tensor.zero_point).of(stored)
