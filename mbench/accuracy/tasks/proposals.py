"""What lies between and behind the two stages of a Faster R-CNN, on the host: proposals, crops, objects.

TFLite has no operator that cuts crops out of a map, so the stages are two files
(`mbench/models/networks/faster_rcnn.py`) and this is computed by numpy. Its time is no part of either file's latency.
Source: arXiv 1506.01497, sections 3.1 and 3.3; tensorflow/models `faster_rcnn_inception_v2_coco.config`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.tasks.box_decoding import Boxes, Found, decode_boxes, find_objects

PROPOSAL_OVERLAP: Final = 0.7

_ON_THE_EDGE: Final = 1e-3
"""Pixels: what lies outside by less does so by rounding alone."""

MOST_RANKED: Final = 6000
"""So many of the surest anchors are looked at (arXiv 1506.01497, section 3.3: "N top-ranked", of 20 000)."""


def choose_proposals(
    encoded: NDArray[np.floating], objectness: NDArray[np.floating], anchors: NDArray[np.floating], most: int
) -> Boxes:
    """Return the proposals of one picture, the surest first: (most, 4), at the end empty boxes where there are fewer.

    Args:
        encoded: (anchors, 4), the first stage's `boxes`.
        objectness: (anchors, 2), nothing and something.
        anchors: (anchors, 4) centre and size, `mbench.core.default_boxes.rpn_boxes`.
        most: how many there are.
    """
    ranked = np.argsort(-objectness[:, 1], kind="stable")[:MOST_RANKED]
    boxes = np.clip(decode_boxes(encoded[ranked], anchors[ranked]), 0.0, 1.0)
    real = np.flatnonzero(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) > 0)
    surest = find_objects(
        boxes[real], objectness[ranked[real]], most=most, overlap=PROPOSAL_OVERLAP, least_score=-np.inf
    )
    chosen = np.zeros((most, 4), np.float32)
    chosen[: len(surest.boxes)] = surest.boxes
    return chosen


def crop_features(features: NDArray[np.floating], boxes: Boxes, side: int) -> NDArray[np.float32]:
    """Return each box's part of a map, resized bilinearly as `tf.image.crop_and_resize` does.

    The first and last row and column of a crop lie on the box's edges; what lies outside the map is 0.

    Args:
        features: (height, width, channels).
        boxes: (n, 4) top, left, bottom, right, as shares of the map.
        side: of the crops in pixels.

    Returns:
        (n, side, side, channels).
    """
    height, width, channels = features.shape
    rows, columns = _between(boxes[:, 0], boxes[:, 2], side, height), _between(boxes[:, 1], boxes[:, 3], side, width)
    crops = np.empty((len(boxes), side, side, channels), np.float32)
    for place, crop in enumerate(crops):  # box by box, which stays in the processor's cache
        before, behind, near, far = (each[place] for each in rows)
        lines = features[before] * near[:, None, None] + features[behind] * far[:, None, None]
        before, behind, near, far = (each[place] for each in columns)
        crop[:] = lines[:, before] * near[:, None] + lines[:, behind] * far[:, None]
    return crops


def find_in_proposals(encoded: NDArray[np.floating], scores: NDArray[np.floating], proposals: Boxes) -> Found:
    """Return the objects of one picture from the second stage's outputs.

    Args:
        encoded: (proposals, classes − 1, 4), relative to the proposals.
        scores: (proposals, classes), the background first.
        proposals: (proposals, 4), as they were cropped; empty ones find nothing.
    """
    size = proposals[:, 2:] - proposals[:, :2]
    real = np.flatnonzero(np.prod(size, axis=1) > 0)
    centred = np.concatenate([proposals[:, :2] + size / 2, size], axis=1)
    boxes = decode_boxes(encoded[real].swapaxes(0, 1), centred[real]).swapaxes(0, 1)
    return find_objects(np.clip(boxes, 0.0, 1.0), scores[real])


def _between(
    first: NDArray[np.floating], last: NDArray[np.floating], side: int, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Return the two pixels of a map's row or column that each pixel of a crop lies between, and what they give to it.

    Returns:
        Four of shape (boxes, side); what lies outside the map gets nothing of either.
    """
    steps = np.linspace(0.0, 1.0, side)
    positions = (first[:, None] + (last - first)[:, None].astype(np.float64) * steps) * (size - 1)
    inside = (positions >= -_ON_THE_EDGE) & (positions <= size - 1 + _ON_THE_EDGE)
    within = np.clip(positions, 0, size - 1)
    before = np.floor(within).astype(np.intp)
    far = within - before
    return (
        before,
        np.minimum(before + 1, size - 1),
        ((1 - far) * inside).astype(np.float32),
        (far * inside).astype(np.float32),
    )
