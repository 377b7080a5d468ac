"""SSD 300, built as in use: counted to the last multiply-add, and run on the real runtime."""

import json
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from architecture_facts import count
from built_networks import body, build, convolution, counted, run, total, usual
from PIL import Image

from mbench.accuracy.tasks.box_decoding import decode_boxes, find_objects
from mbench.artifacts.inspection import inspect_file
from mbench.artifacts.verification import compare_outputs
from mbench.core.builds.variants import POST_TRAINING, Quantization, Size
from mbench.core.default_boxes import ssd_boxes
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec, Score
from mbench.models.tflite.build import BuiltFile
from mbench.models.tflite.quantization import BY_DEFINITION
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

pytestmark = pytest.mark.tensorflow

LEAST_SNR_DB = {
    Quantization.FP32: 90.0,
    Quantization.FP16: 35.0,
    Quantization.DRQ: 14.0,
    Quantization.INT8: 9.0,
    Quantization.INT16X8: 13.0,
}
"""Of the two outputs of SSD 300 MobileNet the worse one had 101, 41, 16, 11 and 15 dB."""

SSD_MAPS = ((19, 512, 3), (10, 1024, 6), (5, 512, 6), (3, 256, 6), (2, 256, 6), (1, 128, 6))
"""Side, channels, default boxes a pixel (tensorflow/models `ssd_mobilenet_v1_coco.config`)."""


def ssd_counts() -> tuple[int, int]:
    extras = []
    for before, after in pairwise(SSD_MAPS[1:]):
        extras.append(convolution(before[0], 1, before[1], after[1] // 2))
        extras.append(convolution(after[0], 3, after[1] // 2, after[1]))
    heads = [convolution(side, 1, channels, boxes * (4 + 91)) for side, channels, boxes in SSD_MAPS]
    return total(body(300), *extras, *heads)


NAME = "ssd300_mobilenet_v1_nms"
NARROW = Size(alpha=0.25, resolution=300)
SUPPRESSION = ("TFLite_Detection_PostProcess",)


@pytest.fixture(scope="module")
def ssd(
    tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory
) -> dict[Quantization, BuiltFile]:
    forms = (Quantization.FP32, Quantization.INT8)
    return build(tensorflow_worker, tmp_path_factory.mktemp("ssd"), NAME, forms, NARROW)


@pytest.fixture(scope="module")
def published(
    tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory
) -> dict[Quantization, BuiltFile]:
    return build(tensorflow_worker, tmp_path_factory.mktemp("published"), NAME, POST_TRAINING)


def test_ssd_300_has_the_mult_adds_of_the_published_network(tensorflow_worker: ProcessPoolExecutor) -> None:
    counts = tensorflow_worker.submit(count, usual(NAME)).result()
    assert counts == ssd_counts()
    assert counts[0] == 1_237_129_408


@pytest.mark.slow
def test_suppression_adds_no_mult_adds(
    ssd: dict[Quantization, BuiltFile], tensorflow_worker: ProcessPoolExecutor
) -> None:
    counts = tensorflow_worker.submit(count, usual(NAME, NARROW)).result()
    for built in ssd.values():
        file = counted(built)
        assert (file.mult_adds, file.parameters, file.custom_operators) == (*counts, SUPPRESSION)


def test_a_narrow_ssd_follows_the_keras_model(ssd: dict[Quantization, BuiltFile]) -> None:
    for quantization, file in ssd.items():
        follows_the_keras_model(file, quantization)


@pytest.mark.slow
@pytest.mark.parametrize("quantization", POST_TRAINING)
def test_ssd_counts_as_published_and_follows_the_keras_model_in_every_form(
    published: dict[Quantization, BuiltFile], quantization: Quantization
) -> None:
    file = counted(published[quantization])
    assert (file.mult_adds, file.custom_operators) == (1_237_129_408, SUPPRESSION)
    follows_the_keras_model(published[quantization], quantization)


def follows_the_keras_model(file: BuiltFile, quantization: Quantization) -> None:
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
    question = EvaluationSpec(dataset=f"coco:{coco}")
    files = [(counted(file).facts(), file.path), (inspect_file(file.unfinished).facts(), file.unfinished)]
    suppressed, raw = score_files(
        files,
        open_spec(question, cache=tmp_path / "home"),
        question.delegate,
        cache=tmp_path / "home",
        workers=1,
        progress=SilentProgress(),
    )
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


def ranges_by_definition() -> dict[str, list[object]]:
    """Return what quantization holds of them; runs in the worker."""
    return {name: [np.asarray(end).tolist() for end in ends.values()] for name, ends in BY_DEFINITION.items()}


def shapes_by_definition() -> dict[str, list[tuple[int, ...]]]:
    return {name: [np.shape(end) for end in ends.values()] for name, ends in BY_DEFINITION.items()}


@pytest.mark.usefixtures("ssd")
def test_quantizing_changes_nothing_that_later_files_are_quantized_by(tensorflow_worker: ProcessPoolExecutor) -> None:
    """The quantizer writes into the ranges that it is given; what was built before decided about bytes of a file."""
    assert tensorflow_worker.submit(ranges_by_definition).result() == ranges_by_definition()
    assert tensorflow_worker.submit(shapes_by_definition).result() == shapes_by_definition()
