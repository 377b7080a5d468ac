"""The smallest Faster R-CNN of two files: proposals near the picture's quarters, and how red, green or blue each is."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from small_detectors import QUARTERS, _File

from mbench.core.default_boxes import rpn_boxes

RESOLUTION, STRIDE, SIDE = 64, 16, 4
CROPS, CROP = 9, 7
CLASSES = 4
"""The background, and three."""

_BUILTIN, _OPTIONS = schema.BuiltinOperator, schema.BuiltinOptions


def _unchanged(file: _File, name: str, values: np.ndarray) -> int:
    """Return a tensor that always has these values."""
    made = file.tensor(name, values.shape)
    inputs = [file.constant(f"{name}_values", values), file.constant(f"{name}_zero", np.zeros(1, np.float32))]
    options: dict[str, Any] = {"builtinOptionsType": _OPTIONS.AddOptions, "builtinOptions": schema.AddOptionsT()}
    file.operator(_BUILTIN.ADD, inputs, [made], **options)
    return made


def first_stage(*, seed: int = 0, shift: float = 0.02) -> bytes:
    """Return the first file: its features are the picture's, at a sixteenth; proposals lie about the quarters.

    Args:
        seed: of how unsure each proposal is, and of where it lies.
        shift: standard deviation of the proposals' sides from the quarters', as shares of the picture.
    """
    source, file = np.random.default_rng(seed), _File()
    anchors = np.array(rpn_boxes(SIDE, RESOLUTION), np.float64)
    picture = file.tensor("picture", (1, RESOLUTION, RESOLUTION, 3))
    features = file.tensor("features", (1, SIDE, SIDE, 3))
    pooling = schema.Pool2DOptionsT()
    pooling.padding = schema.Padding.VALID
    pooling.strideW = pooling.strideH = pooling.filterWidth = pooling.filterHeight = STRIDE
    options: dict[str, Any] = {"builtinOptionsType": _OPTIONS.Pool2DOptions, "builtinOptions": pooling}
    file.operator(_BUILTIN.AVERAGE_POOL_2D, [picture], [features], **options)
    wanted = np.tile(QUARTERS.astype(np.float64), (3, 1))
    wanted += source.normal(0, shift, wanted.shape)
    moved = np.zeros((1, len(anchors), 4), np.float32)
    own = anchors[: len(wanted)]
    moved[0, : len(wanted), :2] = 10 * (wanted[:, :2] - own[:, :2]) / own[:, 2:]
    moved[0, : len(wanted), 2:] = 5 * np.log(wanted[:, 2:] / own[:, 2:])
    there = source.uniform(0.1, 0.4, len(anchors)).astype(np.float32)
    there[: len(wanted)] = source.uniform(0.6, 0.9, len(wanted))
    outputs = [
        features,
        _unchanged(file, "boxes", moved),
        _unchanged(file, "objectness", np.stack([1 - there, there], axis=1)[np.newaxis]),
    ]
    return file.finish([picture], outputs)


def second_stage(*, seed: int = 0, channels: int = 3, number: float = 0.0) -> bytes:
    """Return the second file: a crop's mean red, green and blue are the scores; boxes are a little beside the crops.

    Args:
        seed: of where they lie.
        channels: of the crops.
        number: that is added to each score; NaN: there are none.
    """
    source, file = np.random.default_rng(seed), _File()
    crops = file.tensor("crops", (CROPS, CROP, CROP, channels))
    means, sure = file.tensor("means", (CROPS, channels)), file.tensor("sure", (CROPS, channels + 1))
    scores = file.tensor("scores", (CROPS, channels + 1))
    reduced: dict[str, Any] = {
        "builtinOptionsType": _OPTIONS.ReducerOptions,
        "builtinOptions": schema.ReducerOptionsT(),
    }
    file.operator(_BUILTIN.MEAN, [crops, file.constant("sides", np.array([1, 2], np.int32))], [means], **reduced)
    before = file.constant("before", np.array([[0, 0], [1, 0]], np.int32))
    file.operator(_BUILTIN.PAD, [means, before], [sure])
    added: dict[str, Any] = {"builtinOptionsType": _OPTIONS.AddOptions, "builtinOptions": schema.AddOptionsT()}
    file.operator(_BUILTIN.ADD, [sure, file.constant("number", np.array([number], np.float32))], [scores], **added)
    beside = source.normal(0, 0.4, (CROPS, channels, 4)).astype(np.float32)
    return file.finish([crops], [_unchanged(file, "boxes", beside), scores])
