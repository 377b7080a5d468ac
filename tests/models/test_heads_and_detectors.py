"""Detectors and embedding networks, built as in use: counted to the last multiply-add, and run on the real runtime."""

import json
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from architecture_facts import spread_over_inputs
from numpy.typing import NDArray
from PIL import Image

from mbench.accuracy.box_decoding import decode_boxes, find_objects
from mbench.accuracy.proposals import choose_proposals, crop_features, find_in_proposals
from mbench.artifacts.inspection import Inspection, inspect_file
from mbench.artifacts.running import run_outputs
from mbench.artifacts.verification import compare_outputs
from mbench.core.default_boxes import rpn_boxes, ssd_boxes
from mbench.core.ports import SilentProgress
from mbench.core.recipes import Calibration, Quantizer, Weights
from mbench.core.scores import Question, Score
from mbench.core.variants import POST_TRAINING, Head, Quantization, Size
from mbench.models.architectures import find_architecture
from mbench.models.build import BuiltFile, FailedFile, FamilyRequest, build_family
from mbench.models.layers import count_mult_adds, count_weights
from mbench.models.mobilenet_v1 import layers as mobilenet_layers
from mbench.models.mobilenet_v1_maps import body_layers
from mbench.workflows.evaluating import host_scores

pytestmark = pytest.mark.tensorflow

FP32 = (Quantization.FP32,)

LEAST_SNR_DB = {
    Quantization.FP32: 90.0,
    Quantization.FP16: 35.0,
    Quantization.DRQ: 14.0,
    Quantization.INT8: 9.0,
    Quantization.INT16X8: 13.0,
}
"""Of the two outputs of SSD 300 MobileNet the worse one had 101, 41, 16, 11 and 15 dB."""


def build(
    worker: ProcessPoolExecutor,
    folder: Path,
    name: str,
    quantizations: tuple[Quantization, ...] = FP32,
    size: Size | None = None,
) -> dict[Quantization, BuiltFile]:
    """Build an architecture with its own head, at its own size unless another is named."""
    architecture = find_architecture(name)
    request = FamilyRequest(
        architecture=name,
        size=size or architecture.default,
        head=architecture.head,
        quantizations=quantizations,
        weights=Weights(),
        calibration=Calibration(examples=4),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )
    files = worker.submit(build_family, request).result()
    assert [file for file in files if isinstance(file, FailedFile)] == []
    return {file.variant.quantization: file for file in files if isinstance(file, BuiltFile)}


def counted(file: BuiltFile) -> Inspection:
    return inspect_file(file.path)


def run(path: Path, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return each output for one input, without the batch of one where the input came without."""
    return {name: each.values[0] for name, each in run_outputs(path.read_bytes(), inputs).items()}


def convolution(side: int, kernel: int, inputs: int, filters: int) -> tuple[int, int]:
    """Return multiply-adds, and weights with a bias each, of a convolution whose output has this side."""
    weights = kernel * kernel * inputs * filters
    return side * side * weights, weights + filters


def depthwise(side: int, kernel: int, channels: int) -> tuple[int, int]:
    return side * side * kernel * kernel * channels, kernel * kernel * channels + channels


def total(*parts: tuple[int, int]) -> tuple[int, int]:
    mult_adds, parameters = (sum(part) for part in zip(*parts, strict=True))
    return mult_adds, parameters


def body(resolution: int, **ends: str) -> tuple[int, int]:
    """Return the counts of MobileNet's layers, whose own test holds them to the paper."""
    chain = body_layers(1.0, **ends)
    return count_mult_adds(chain, resolution), count_weights(chain) + sum(layer.filters for layer in chain)


SSD_MAPS = ((19, 512, 3), (10, 1024, 6), (5, 512, 6), (3, 256, 6), (2, 256, 6), (1, 128, 6))
"""Side, channels, default boxes a pixel (tensorflow/models `ssd_mobilenet_v1_coco.config`)."""


def ssd_counts() -> tuple[int, int]:
    extras = []
    for before, after in pairwise(SSD_MAPS[1:]):
        extras.append(convolution(before[0], 1, before[1], after[1] // 2))
        extras.append(convolution(after[0], 3, after[1] // 2, after[1]))
    heads = [convolution(side, 1, channels, boxes * (4 + 91)) for side, channels, boxes in SSD_MAPS]
    return total(body(300), *extras, *heads)


def first_stage_counts(resolution: int) -> tuple[int, int]:
    side = -(-resolution // 16)
    return total(body(resolution, last="conv_pw_11"), convolution(side, 3, 512, 512), convolution(side, 1, 512, 12 * 6))


def second_stage_counts() -> tuple[int, int]:
    mult_adds, parameters = total(
        depthwise(7, 3, 512), convolution(7, 1, 512, 1024), depthwise(7, 3, 1024), convolution(7, 1, 1024, 1024),
        convolution(1, 1, 1024, 91 + 90 * 4),
    )  # fmt: skip
    return 300 * mult_adds, parameters


@pytest.fixture(scope="module")
def ssd(
    tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory
) -> dict[Quantization, BuiltFile]:
    return build(tensorflow_worker, tmp_path_factory.mktemp("ssd"), "ssd300_mobilenet_v1_nms", POST_TRAINING)


def test_ssd_300_has_the_mult_adds_of_the_published_network(ssd: dict[Quantization, BuiltFile]) -> None:
    file = counted(ssd[Quantization.FP32])
    assert (file.mult_adds, file.parameters) == ssd_counts()
    assert file.mult_adds == 1_237_129_408


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_suppression_adds_no_mult_adds_in_any_form(
    ssd: dict[Quantization, BuiltFile], quantization: Quantization
) -> None:
    file = counted(ssd[quantization])
    assert (file.mult_adds, file.custom_operators) == (1_237_129_408, ("TFLite_Detection_PostProcess",))


@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_ssd_follows_the_keras_model_in_every_form(
    ssd: dict[Quantization, BuiltFile], quantization: Quantization
) -> None:
    file = ssd[quantization]
    assert file.unfinished is not None
    with np.load(file.probe) as probe:
        answers = run(file.unfinished, probe["inputs"][:1])
        ratios = {name: compare_outputs(probe[f"outputs/{name}"][0], answers[name]) for name in ("boxes", "scores")}
    assert min(ratios.values()) >= LEAST_SNR_DB[quantization], ratios


def test_suppression_within_the_file_finds_what_the_host_finds(ssd: dict[Quantization, BuiltFile]) -> None:
    file = ssd[Quantization.FP32]
    assert file.unfinished is not None
    with np.load(file.probe) as probe:
        picture = probe["inputs"][:1]
    inside, raw = run(file.path, picture), run(file.unfinished, picture)
    default_boxes = np.array(ssd_boxes((19, 10, 5, 3, 2, 1), (3, 6, 6, 6, 6, 6)))
    outside = find_objects(decode_boxes(raw["boxes"], default_boxes), raw["scores"])
    assert inside["detections"] == len(outside.scores) == 100
    assert inside["detection_classes"].tolist() == outside.classes.tolist()
    assert inside["detection_scores"].tolist() == outside.scores.tolist()
    assert inside["detection_boxes"] == pytest.approx(outside.boxes, abs=1e-5)


def test_a_detector_is_scored_on_coco(ssd: dict[Quantization, BuiltFile], tmp_path: Path) -> None:
    pytest.importorskip("pycocotools", reason="comes with the extra mbench[detection]")
    coco = write_coco(tmp_path / "coco")
    file = ssd[Quantization.INT8]
    assert file.unfinished is not None
    question = Question(dataset=f"coco:{coco}")
    files = [(counted(file).facts(), file.path), (inspect_file(file.unfinished).facts(), file.unfinished)]
    suppressed, raw = host_scores(files, question, cache=tmp_path / "home", workers=1, progress=SilentProgress())
    assert isinstance(suppressed, Score)
    assert isinstance(raw, Score)
    assert (raw.asked, raw.scored, raw.metrics[0].name) == (2, 2, "coco_ap")
    assert suppressed.metrics[0].value == pytest.approx(raw.metrics[0].value, abs=0.01)


def write_coco(root: Path) -> Path:
    """Write two pictures with an object each, of a data set with COCO's eighty categories."""
    numbers = [number for number in range(1, 91) if number not in {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}]
    names = ("000000000001.png", "000000000002.png")
    (root / "val2017").mkdir(parents=True)
    for place, name in enumerate(names):
        Image.new("RGB", (64, 48), (60 + 90 * place,) * 3).save(root / "val2017" / name)
    annotations = [{"image_id": image, "category_id": 1, "bbox": [8, 8, 40, 30], "iscrowd": 0} for image in (1, 2)]
    contents = {
        "images": [{"id": image, "file_name": name} for image, name in enumerate(names, start=1)],
        "categories": [{"id": number, "name": f"category {number}"} for number in numbers],
        "annotations": annotations,
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(contents))
    return root


@pytest.fixture(scope="module")
def stages(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltFile]:
    names = ("300_mobilenet_v1_first", "300_mobilenet_v1_second")
    folder = tmp_path_factory.mktemp("stages")
    files = {}
    for name in names:
        (folder / name).mkdir()
        files[name] = build(tensorflow_worker, folder / name, f"faster_rcnn{name}")[Quantization.FP32]
    return files


def test_both_stages_of_faster_rcnn_have_the_published_mult_adds(stages: dict[str, BuiltFile]) -> None:
    first, second = (counted(stages[name]) for name in stages)
    assert (first.mult_adds, first.parameters) == first_stage_counts(300)
    assert (second.mult_adds, second.parameters) == second_stage_counts()
    assert (first.mult_adds or 0) + (second.mult_adds or 0) == 25_224_412_096


def test_at_600_pixels_the_first_stage_alone_grows() -> None:
    first, second = first_stage_counts(600)[0], second_stage_counts()[0]
    assert first + second == 30_493_700_224


def test_both_stages_follow_the_keras_model(stages: dict[str, BuiltFile]) -> None:
    for name in ("300_mobilenet_v1_first", "300_mobilenet_v1_second"):
        with np.load(stages[name].probe) as probe:
            answers = run(stages[name].path, probe["inputs"][:1])
            ratios = {key: compare_outputs(probe[f"outputs/{key}"][0], answers[key]) for key in answers}
        assert min(ratios.values()) > 90, (name, ratios)


def test_a_picture_goes_through_both_stages_to_objects(stages: dict[str, BuiltFile]) -> None:
    first, second = stages["300_mobilenet_v1_first"], stages["300_mobilenet_v1_second"]
    with np.load(first.probe) as probe:
        seen = run(first.path, probe["inputs"][:1])
    proposals = choose_proposals(seen["boxes"], seen["objectness"], np.array(rpn_boxes(19, 300)))
    told = run(second.path, crop_features(seen["features"], proposals)[np.newaxis])
    found = find_in_proposals(told["boxes"], told["scores"], proposals)
    assert 0 < len(found.scores) <= 100
    assert found.boxes.min() >= 0
    assert found.boxes.max() <= 1


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


def test_facenet_nn2_has_the_counts_of_its_table(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    file = build(tensorflow_worker, tmp_path, "facenet_nn2")[Quantization.FP32]
    inspection = counted(file)
    assert (inspection.mult_adds, inspection.parameters) == nn2_counts() == (1_596_530_688, 7_456_304)
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


def test_inception_v2_at_its_own_width_has_the_channels_of_slim() -> None:
    counts = inception_v2_counts(Size(), 1000)
    assert counts == (1_934_857_216, 11_178_360)


@pytest.mark.parametrize(
    "size",
    [Size(alpha=0.25, resolution=96), pytest.param(Size(), marks=pytest.mark.slow)],
    ids=["a quarter as wide", "at its own width"],
)
def test_inception_v2_has_the_counts_of_slim(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, size: Size
) -> None:
    file = build(tensorflow_worker, tmp_path, "inception_v2", size=size)[Quantization.FP32]
    inspection = counted(file)
    assert (inspection.mult_adds, inspection.parameters) == inception_v2_counts(size, 1000)
    with np.load(file.probe) as probe:
        assert compare_outputs(probe["outputs"][0], run(file.path, probe["inputs"][:1])["output"]) > 90


@pytest.mark.parametrize(
    ("name", "resolution"), [("inception_v2", 64), ("facenet_nn2", 64), ("ssd300_mobilenet_v1", 300)]
)
def test_every_layer_answers_differently_to_different_pictures(
    tensorflow_worker: ProcessPoolExecutor, name: str, resolution: int
) -> None:
    spread = tensorflow_worker.submit(spread_over_inputs, name, Size(resolution=resolution)).result()
    assert {layer for layer, deviation in spread.items() if deviation < 1e-4} == set()


@pytest.mark.parametrize(("kind", "classes"), [("attributes", 40), ("embedding", 128), ("cells", 9766)])
def test_mobilenet_carries_every_kind_of_head(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, kind: str, classes: int
) -> None:
    request = FamilyRequest(
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
    for file in tensorflow_worker.submit(build_family, request).result():
        assert isinstance(file, BuiltFile), file
        inspection = counted(file)
        assert inspection.mult_adds == count_mult_adds(body, 32)
        assert inspection.outputs[0].shape == (1, classes)
        with np.load(file.probe) as probe:
            assert compare_outputs(probe["outputs"], answers_of(file, probe["inputs"])) > 6 or kind == "cells"


def answers_of(file: BuiltFile, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    return run_outputs(file.path.read_bytes(), inputs)["output"].values


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "mult_adds"),
    [
        (("ssd300_inception_v2",), 3_782_485_664),
        (("faster_rcnn600_mobilenet_v1_first", "faster_rcnn600_mobilenet_v1_second"), 30_493_700_224),
        (("ssd300_vgg",), 34_858_153_472),
        (("faster_rcnn300_inception_v2_first", "faster_rcnn300_inception_v2_second"), 118_217_148_256),
        (("faster_rcnn600_inception_v2_first", "faster_rcnn600_inception_v2_second"), 129_565_855_104),
        (("faster_rcnn300_vgg16_first", "faster_rcnn300_vgg16_second"), 64_304_090_112),
        (("faster_rcnn600_vgg16_first", "faster_rcnn600_vgg16_second"), 149_540_339_712),
    ],
)
def test_the_larger_detectors_have_the_mult_adds_of_table_13(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, names: tuple[str, ...], mult_adds: int
) -> None:
    files = [build(tensorflow_worker, tmp_path, name)[Quantization.FP32] for name in names]
    assert sum(counted(file).mult_adds or 0 for file in files) == mult_adds
