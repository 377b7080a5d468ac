"""Faster R-CNN's two files, built as in use, and the larger detectors' multiply-adds."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from architecture_facts import count
from built_networks import body, build, convolution, counted, depthwise, run, total, usual

from mbench.accuracy.tasks.proposals import choose_proposals, crop_features, find_in_proposals
from mbench.artifacts.verification import compare_outputs
from mbench.core.builds.variants import Quantization, Size
from mbench.core.default_boxes import rpn_boxes
from mbench.models.tflite.build import BuiltFile

pytestmark = pytest.mark.tensorflow

PROPOSALS = 300
"""Crops that go through the second stage at once, whose Keras model is counted for one."""


def first_stage_counts(resolution: int) -> tuple[int, int]:
    side = -(-resolution // 16)
    return total(body(resolution, last="conv_pw_11"), convolution(side, 3, 512, 512), convolution(side, 1, 512, 12 * 6))


def second_stage_counts() -> tuple[int, int]:
    mult_adds, parameters = total(
        depthwise(7, 3, 512), convolution(7, 1, 512, 1024), depthwise(7, 3, 1024), convolution(7, 1, 1024, 1024),
        convolution(1, 1, 1024, 91 + 90 * 4),
    )  # fmt: skip
    return PROPOSALS * mult_adds, parameters


@pytest.fixture(scope="module")
def stages(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltFile]:
    names = ("300_mobilenet_v1_first", "300_mobilenet_v1_second")
    folder = tmp_path_factory.mktemp("stages")
    files = {}
    for name in names:
        (folder / name).mkdir()
        files[name] = build(tensorflow_worker, folder / name, f"faster_rcnn{name}")[Quantization.FP32]
    return files


@pytest.mark.slow
def test_both_stages_of_faster_rcnn_have_the_published_mult_adds(stages: dict[str, BuiltFile]) -> None:
    first, second = (counted(stages[name]) for name in stages)
    assert (first.mult_adds, first.parameters) == first_stage_counts(300)
    assert (second.mult_adds, second.parameters) == second_stage_counts()
    assert (first.mult_adds or 0) + (second.mult_adds or 0) == 25_224_412_096


def test_at_600_pixels_the_first_stage_alone_grows() -> None:
    first, second = first_stage_counts(600)[0], second_stage_counts()[0]
    assert first + second == 30_493_700_224


@pytest.mark.slow
def test_both_stages_follow_the_keras_model(stages: dict[str, BuiltFile]) -> None:
    for name in ("300_mobilenet_v1_first", "300_mobilenet_v1_second"):
        with np.load(stages[name].probe) as probe:
            answers = run(stages[name].path, probe["inputs"][:1])
            ratios = {key: compare_outputs(probe[f"outputs/{key}"][0], answers[key]) for key in answers}
        assert min(ratios.values()) > 90, (name, ratios)


@pytest.mark.slow
def test_a_picture_goes_through_both_stages_to_objects(stages: dict[str, BuiltFile]) -> None:
    first, second = stages["300_mobilenet_v1_first"], stages["300_mobilenet_v1_second"]
    with np.load(first.probe) as probe:
        seen = run(first.path, probe["inputs"][:1])
    proposals = choose_proposals(seen["boxes"], seen["objectness"], np.array(rpn_boxes(19, 300)), 300)
    scored = run(second.path, crop_features(seen["features"], proposals, 14)[np.newaxis])
    found = find_in_proposals(scored["boxes"], scored["scores"], proposals)
    assert 0 < len(found.scores) <= 100
    assert found.boxes.min() >= 0
    assert found.boxes.max() <= 1


@pytest.mark.parametrize(
    ("detector", "mult_adds"),
    [
        ("300_mobilenet_v1", 25_224_412_096),
        ("600_mobilenet_v1", 30_493_700_224),
        ("300_inception_v2", 118_217_148_256),
        ("600_inception_v2", 129_565_855_104),
        ("300_vgg16", 64_304_090_112),
        ("600_vgg16", 149_540_339_712),
    ],
)
def test_both_stages_have_the_mult_adds_of_table_13(
    tensorflow_worker: ProcessPoolExecutor, detector: str, mult_adds: int
) -> None:
    first, second = (
        tensorflow_worker.submit(count, usual(f"faster_rcnn{detector}_{stage}")).result()[0]
        for stage in ("first", "second")
    )
    assert first + PROPOSALS * second == mult_adds


@pytest.mark.parametrize(
    ("name", "mult_adds"), [("ssd300_inception_v2", 3_782_485_664), ("ssd300_vgg", 34_858_153_472)]
)
def test_larger_bodies_of_one_stage_have_the_mult_adds_of_table_13(
    tensorflow_worker: ProcessPoolExecutor, name: str, mult_adds: int
) -> None:
    assert tensorflow_worker.submit(count, usual(name)).result()[0] == mult_adds


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "crops"),
    [
        ("faster_rcnn300_inception_v2_first", Size(alpha=0.25, resolution=300), 1),
        ("faster_rcnn300_inception_v2_second", Size(alpha=0.25, resolution=300), PROPOSALS),
        ("faster_rcnn300_vgg16_first", Size(resolution=300), 1),
        ("faster_rcnn300_vgg16_second", Size(resolution=300), PROPOSALS),
        ("ssd300_vgg", Size(resolution=300), 1),
    ],
)
def test_files_of_other_bodies_count_as_their_networks(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, name: str, size: Size, crops: int
) -> None:
    file = build(tensorflow_worker, tmp_path, name, size=size)[Quantization.FP32]
    mult_adds, parameters = tensorflow_worker.submit(count, usual(name, size)).result()
    inspection = counted(file)
    assert (inspection.mult_adds, inspection.parameters) == (crops * mult_adds, parameters)
