"""Networks against the counts that papers print, and files against networks: to the last multiply-add."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import architecture_facts
import numpy as np
import pytest

from mbench.artifacts.inspection import inspect_file
from mbench.artifacts.verification import verify
from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.variants import POST_TRAINING, Quantization, Size, parse_variant
from mbench.core.choices import Quantizer
from mbench.models.networks.architectures import ARCHITECTURES
from mbench.models.tflite.build import BuildRequest, BuiltFile, build_files

pytestmark = pytest.mark.tensorflow

PAPER_COUNTS = {
    # multiply-adds; weights and biases, batch normalization folded. In brackets what is printed, in millions.
    "mobilenet_v1_1.00_224": (568_740_352, 4_221_032),  # arXiv 1704.04861, Table 8 [569; 4.2]
    "conv_mobilenet_1.00_224": (4_867_293_184, 29_288_104),  # Table 4 [4866 without the classifier; 29.3]
    "shallow_mobilenet_1.00_224": (307_323_392, 2_882_152),  # Table 5 [307; 2.9]
    "layer_conv_1.00_224": (462_422_016, 2_359_296 + 512),  # Table 3 [462; 2.36]
    "layer_separable_1.00_224": (52_283_392, 266_752 + 1024),  # [52.3; 0.27]
    "layer_separable_0.75_224": (29_578_752, 150_912 + 768),  # [29.6; 0.15]
    "layer_separable_0.75_160": (15_091_200, 150_912 + 768),  # [15.1; 0.15]
    "googlenet_1.00_224": (1_582_671_872, 6_998_552),  # Table 8 [1550; 6.8]: not reproduced
    "vgg16_1.00_224": (15_470_264_320, 138_357_544),  # [15300 of convolutions alone; 138]
    "squeezenet_1.00_227": (861_339_936, 1_248_424),  # Table 9 [1700, counted twice; 1.25]
    "alexnet_1.00_227": (724_406_816, 60_965_224),  # [720; 60]
    "inception_v3_1.00_299_dogs120": (5_711_413_856, 22_014_232),  # Table 10 [5000; 23.2]: not reproduced
    "mobilenet_v2_1.00_224": (300_774_272, 3_487_816),  # arXiv 1801.04381, Table 4 [300; 3.4]
    "mobilenet_v2_1.40_224": (582_195_824, 6_084_808),  # [585; 6.9], TF-slim's page [582; 6.06]
    "mobilenet_v2_0.35_160": (30_874_800, 1_670_088),  # TF-slim's page [30; 1.66]
    "mobilenet_v3_large_1.00_224": (216_589_760, 5_470_832),  # arXiv 1905.02244 [219; 5.4], TF-slim's page [217; 5.4]
    "mobilenet_v3_large_0.75_224": (154_560_624, 3_983_984),  # [155; 4.0]
    "mobilenet_v3_small_1.00_224": (56_510_400, 2_536_800),  # [56; 2.5]
}

FLOAT_AND_INT8 = (Quantization.FP32, Quantization.INT8)

SMALL: Mapping[str, Size] = {
    "vgg16": Size(resolution=32),
    "googlenet": Size(resolution=64),
    "squeezenet": Size(resolution=67),
    "alexnet": Size(resolution=67),
    "inception_v3": Size(resolution=75),
    "layer_conv": Size(alpha=0.125, resolution=160),
    "layer_separable": Size(alpha=0.25, resolution=224),
}
"""What tests build; others at α = 0.25 and 64 px."""

OURS = tuple(name for name in ARCHITECTURES if not name.startswith(("ssd", "faster", "facenet", "inception_v2")))
"""Detectors and their bodies have their own tests."""

FULL_SIZE = tuple(name for name in OURS if f"{name}_1.00_{ARCHITECTURES[name].default.resolution}" in PAPER_COUNTS)
"""What a paper counts at the size that it has by default: the slow tests build it so."""

KINDS = ("squeezenet", "mobilenet_v3_small", "layer_conv", "layer_separable")
"""Small files of these: concatenations, hard swish and gates, and what has no head.

MobileNet V1 has its own in `test_built_families` and `test_heads_and_embeddings`.
"""

EVERY_FORM = ("squeezenet", "alexnet", "mobilenet_v3_small", "layer_separable")
"""Built in all quantizations at full size: concatenations, grouped convolutions, gates, and what has no head."""

FLOAT_ALONE = ("conv_mobilenet", "inception_v3")
"""Large, and of operators that others have in integers."""

NOT_IN_INTEGERS = {
    Quantization.FP32: (),
    Quantization.INT8: ("LOCAL_RESPONSE_NORMALIZATION",) * 2 + ("SOFTMAX",),
}
"""What has no integer kernel in AlexNet's files stays float and is named."""

STOOD_IN = ("4_conv2", "4_conv3", "5_conv1", "5_conv2", "5_conv3")
"""VGG-16's convolutions with more than two million weights."""


def left_to_slow(names: Iterable[str], usual: Collection[str]) -> list[Any]:
    return [pytest.param(name, marks=() if name in usual else pytest.mark.slow) for name in names]


def forms_of(name: str) -> tuple[Quantization, ...]:
    return (Quantization.FP32,) if name in FLOAT_ALONE else FLOAT_AND_INT8


def small(name: str) -> Size:
    return SMALL.get(name, Size(alpha=0.25, resolution=64))


def build(
    worker: ProcessPoolExecutor, folder: Path, name: str, size: Size, quantizations: tuple[Quantization, ...]
) -> list[BuiltFile]:
    request = BuildRequest(
        architecture=name,
        size=size,
        head=ARCHITECTURES[name].head,
        quantizations=quantizations,
        weights=Weights(),
        calibration=Calibration(examples=4),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )
    files = worker.submit(build_files, request).result()
    assert all(isinstance(file, BuiltFile) for file in files), files
    return files


def check(file: BuiltFile, counted: tuple[int, int]) -> None:
    """Count a file, and run it against the Keras model."""
    inspection = inspect_file(file.path)
    assert (inspection.mult_adds, inspection.parameters, inspection.notes) == (*counted, ())
    with np.load(file.probe) as probe:
        inputs, outputs = probe["inputs"], probe["outputs"]
    verify(
        file.path.read_bytes(),
        inputs=inputs[:4],
        reference=outputs[:4],
        quantization=file.variant.quantization,
        parameters=file.parameters,
    )


@pytest.mark.parametrize("name", PAPER_COUNTS)
def test_networks_have_exactly_the_counts_of_their_papers(name: str, tensorflow_worker: ProcessPoolExecutor) -> None:
    variant = parse_variant(f"{name}_fp32")

    assert tensorflow_worker.submit(architecture_facts.count, variant).result() == PAPER_COUNTS[name]


@pytest.mark.parametrize("name", left_to_slow((name for name in OURS if name in KINDS or name not in FULL_SIZE), KINDS))
def test_files_count_as_their_networks_and_answer_like_them(
    name: str, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    files = build(tensorflow_worker, tmp_path, name, small(name), forms_of(name))
    counted = tensorflow_worker.submit(architecture_facts.count, files[0].variant).result()

    for file in files:
        check(file, counted)


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL_SIZE)
def test_full_size_files_have_exactly_the_counts_of_their_papers(
    name: str, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    forms = POST_TRAINING if name in EVERY_FORM else forms_of(name)
    for file in build(tensorflow_worker, tmp_path, name, ARCHITECTURES[name].default, forms):
        check(file, PAPER_COUNTS[str(file.variant).rsplit("_", 1)[0]])
        if name == "alexnet" and file.variant.quantization in FLOAT_AND_INT8:
            assert inspect_file(file.path).float_operators == NOT_IN_INTEGERS[file.variant.quantization]


def test_large_kernels_stay_out_of_the_converter(tensorflow_worker: ProcessPoolExecutor) -> None:
    stood_in = tensorflow_worker.submit(architecture_facts.stood_in, "vgg16", small("vgg16")).result()

    assert stood_in == [f"block{number}" for number in STOOD_IN] + ["fc1", "fc2", "logits"]
