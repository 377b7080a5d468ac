"""Inception V2, FaceNet NN2 and MobileNet's heads, counted to the last multiply-add and built as in use."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from architecture_facts import count, spread_over_inputs
from built_networks import build, convolution, counted, depthwise, run, total, usual
from numpy.typing import NDArray

from mbench.artifacts.running import run_outputs
from mbench.artifacts.verification import compare_outputs
from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.variants import Head, Quantization, Size
from mbench.core.choices import Quantizer
from mbench.models.networks.layers import count_mult_adds, count_weights
from mbench.models.networks.mobilenet_v1 import layers as mobilenet_layers
from mbench.models.tflite.build import BuildRequest, BuiltFile, build_files

pytestmark = pytest.mark.tensorflow

NN2 = (
    # side of the output; channels coming in; 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, projection
    (28, 192, 64, 96, 128, 16, 32, 32),
    (28, 256, 64, 96, 128, 32, 64, 64),
    (14, 320, 0, 128, 256, 32, 64, 0),
    (14, 640, 256, 96, 192, 32, 64, 128),
    (14, 640, 224, 112, 224, 32, 64, 128),
    (14, 640, 192, 128, 256, 32, 64, 128),
    (14, 640, 160, 144, 288, 32, 64, 128),
    (7, 640, 0, 160, 256, 64, 128, 0),
    (7, 1024, 384, 192, 384, 48, 128, 128),
    (7, 1024, 384, 192, 384, 48, 128, 128),
)
"""Table 2 of arXiv 1503.03832."""


def nn2_counts() -> tuple[int, int]:
    parts = [convolution(112, 7, 3, 64), convolution(56, 1, 64, 64), convolution(56, 3, 64, 192)]
    for side, inputs, one, reduce_3, three, reduce_5, five, projection in NN2:
        reduced = side if one else 2 * side
        parts += [convolution(side, 1, inputs, filters) for filters in (one, projection) if filters]
        parts += [convolution(reduced, 1, inputs, reduce_3), convolution(side, 3, reduce_3, three)]
        parts += [convolution(reduced, 1, inputs, reduce_5), convolution(side, 5, reduce_5, five)]
    return total(*parts, convolution(1, 1, 1024, 128))


def test_facenet_nn2_has_the_counts_of_its_table(tensorflow_worker: ProcessPoolExecutor) -> None:
    counts = tensorflow_worker.submit(count, usual("facenet_nn2")).result()
    assert counts == nn2_counts() == (1_596_530_688, 7_456_304)


@pytest.mark.slow
def test_a_file_of_facenet_nn2_counts_and_answers_as_its_network(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    size = Size(resolution=96)
    file = build(tensorflow_worker, tmp_path, "facenet_nn2", size=size)[Quantization.FP32]
    inspection = counted(file)
    counts = tensorflow_worker.submit(count, usual("facenet_nn2", size)).result()
    assert (inspection.mult_adds, inspection.parameters) == counts
    with np.load(file.probe) as probe:
        answers = run(file.path, probe["inputs"][:1])["output"]
        assert compare_outputs(probe["outputs"][0], answers) > 90
    assert np.linalg.norm(answers) == pytest.approx(1.0, abs=1e-5)


INCEPTION_V2 = (
    # side of the output at 224 px; channels coming in; 1×1, 3×3 reduce, 3×3, double reduce, double 3×3, projection
    (28, 192, 64, 64, 64, 64, 96, 32),
    (28, 256, 64, 64, 96, 64, 96, 64),
    (14, 320, 0, 128, 160, 64, 96, 0),
    (14, 576, 224, 64, 96, 96, 128, 128),
    (14, 576, 192, 96, 128, 96, 128, 128),
    (14, 576, 160, 128, 160, 128, 160, 96),
    (14, 576, 96, 128, 192, 160, 192, 96),
    (7, 576, 0, 128, 192, 192, 256, 0),
    (7, 1024, 352, 192, 320, 160, 224, 128),
    (7, 1024, 352, 192, 320, 192, 224, 128),
)
"""tensorflow/models `research/slim/nets/inception_v2.py`."""


def inception_v2_counts(size: Size, classes: int) -> tuple[int, int]:
    """Return the counts at a width and a resolution of whole multiples of 32 pixels."""

    def wide(filters: int) -> int:
        return max(int(filters * size.alpha), 16) if filters else 0

    half, first = size.resolution // 2, wide(64)
    colours = 3 * min(first // 3, 8)
    parts = [depthwise(half, 7, colours), convolution(half, 1, colours, first), convolution(half // 2, 1, first, first)]
    parts.append(convolution(half // 2, 3, first, wide(192)))
    inputs = wide(192)
    for side_at_224, _, *filters in INCEPTION_V2:
        side = side_at_224 * size.resolution // 224
        one, reduce_3, three, reduce_double, double, projection = map(wide, filters)
        reduced = side if one else 2 * side
        parts += [convolution(side, 1, inputs, branch) for branch in (one, projection) if branch]
        parts += [convolution(reduced, 1, inputs, reduce_3), convolution(side, 3, reduce_3, three)]
        parts += [convolution(reduced, 1, inputs, reduce_double), convolution(reduced, 3, reduce_double, double)]
        parts.append(convolution(side, 3, double, double))
        inputs = one + three + double + projection if one else three + double + inputs
    return total(*parts, convolution(1, 1, inputs, classes))


NARROW = Size(alpha=0.25, resolution=96)


def test_inception_v2_at_its_own_width_has_the_channels_of_slim() -> None:
    counts = inception_v2_counts(Size(), 1000)
    assert counts == (1_934_857_216, 11_178_360)


@pytest.mark.parametrize("size", [NARROW, Size()], ids=["a quarter as wide", "at its own width"])
def test_inception_v2_has_the_counts_of_slim(tensorflow_worker: ProcessPoolExecutor, size: Size) -> None:
    counts = tensorflow_worker.submit(count, usual("inception_v2", size)).result()
    assert counts == inception_v2_counts(size, 1000)


@pytest.mark.slow
def test_a_file_of_inception_v2_counts_and_answers_as_its_network(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    file = build(tensorflow_worker, tmp_path, "inception_v2", size=NARROW)[Quantization.FP32]
    inspection = counted(file)
    assert (inspection.mult_adds, inspection.parameters) == inception_v2_counts(NARROW, 1000)
    with np.load(file.probe) as probe:
        assert compare_outputs(probe["outputs"][0], run(file.path, probe["inputs"][:1])["output"]) > 90


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("facenet_nn2", 64),
        pytest.param("inception_v2", 64, marks=pytest.mark.slow),
        pytest.param("ssd300_mobilenet_v1", 300, marks=pytest.mark.slow),
    ],
)
def test_every_layer_answers_differently_to_different_pictures(
    tensorflow_worker: ProcessPoolExecutor, name: str, resolution: int
) -> None:
    spread = tensorflow_worker.submit(spread_over_inputs, name, Size(resolution=resolution)).result()
    assert {layer for layer, deviation in spread.items() if deviation < 1e-4} == set()


@pytest.mark.parametrize(
    ("kind", "classes"),
    [
        ("embedding", 128),
        pytest.param("attributes", 40, marks=pytest.mark.slow),
        pytest.param("cells", 9766, marks=pytest.mark.slow),
    ],
)
def test_mobilenet_carries_every_kind_of_head(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, kind: str, classes: int
) -> None:
    request = BuildRequest(
        architecture="mobilenet_v1",
        size=Size(alpha=0.25, resolution=32),
        head=Head(name=kind, classes=classes),
        quantizations=(Quantization.FP32, Quantization.INT8),
        weights=Weights(),
        calibration=Calibration(examples=4),
        quantizer=Quantizer.LITERT,
        folder=tmp_path,
    )
    body = mobilenet_layers(0.25, classes)
    for file in tensorflow_worker.submit(build_files, request).result():
        assert isinstance(file, BuiltFile), file
        inspection = counted(file)
        assert inspection.mult_adds == count_mult_adds(body, 32)
        assert inspection.parameters == count_weights(body) + sum(layer.filters for layer in body)
        assert inspection.outputs[0].shape == (1, classes)
        with np.load(file.probe) as probe:
            assert compare_outputs(probe["outputs"], answers_of(file, probe["inputs"])) > 6 or kind == "cells"


def answers_of(file: BuiltFile, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    return run_outputs(file.path.read_bytes(), inputs)["output"].values
