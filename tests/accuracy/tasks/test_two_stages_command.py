"""`mbench evaluate FIRST SECOND`: the AP of a Faster R-CNN of two files, against one that is computed by other means.

The other means: LiteRT's interpreter, boxes, suppression and bilinear crops written out anew number by number, and
pycocotools' own summary of COCO's own files.
"""

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import task_sets as sets
from PIL import Image
from small_two_stages import CROP, CROPS, RESOLUTION, SIDE, first_stage, second_stage

from mbench.accuracy.pictures.recipes import find_recipe
from mbench.core.default_boxes import rpn_boxes

pytest.importorskip("pycocotools")

ROOT = Path(__file__).parents[3]

Box = tuple[float, float, float, float]
"""Top, left, bottom, right, as shares of the picture."""


@pytest.fixture
def mbench(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Call `mbench evaluate` beside first.tflite and second.tflite, on six pictures with an object each."""
    (tmp_path / "first.tflite").write_bytes(first_stage())
    (tmp_path / "second.tflite").write_bytes(second_stage())
    dataset = sets.write_objects(tmp_path / "coco")
    environment = os.environ | {"MBENCH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        command = (sys.executable, "-m", "mbench", "evaluate", *words, "--dataset", dataset, "--quiet")
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
        )

    return call


def score_of(done: "subprocess.CompletedProcess[str]") -> dict:
    (one,) = json.loads(done.stdout)
    return one


def anew(shifts, anchor) -> Box:
    """Return a box from what a stage says relative to an anchor: centre and size."""
    y, x, height, width = anchor
    middle = shifts[0] / 10 * height + y, shifts[1] / 10 * width + x
    half = math.exp(shifts[2] / 5) * height / 2, math.exp(shifts[3] / 5) * width / 2
    sides = middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]
    return tuple(min(max(float(side), 0.0), 1.0) for side in sides)


def overlap(one: Box, other: Box) -> float:
    height = min(one[2], other[2]) - max(one[0], other[0])
    width = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(height, 0) * max(width, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared) if sum(areas) > shared else 0.0


def suppressed(boxes: list[tuple[float, Box]], most: float) -> list[tuple[float, Box]]:
    """Return what is left of (score, box), the surest first, where none overlaps a surer one by more than `most`."""
    kept: list[tuple[float, Box]] = []
    for score, box in sorted(boxes, key=lambda each: -each[0]):
        if all(overlap(box, other) <= most for _, other in kept):
            kept.append((score, box))
    return kept


def cropped(features: np.ndarray, box: Box) -> np.ndarray:
    """Return a crop, each of its pixels between four of the map."""
    crop = np.zeros((CROP, CROP, 3), np.float32)
    for row in range(CROP):
        for column in range(CROP):
            y = (box[0] + (box[2] - box[0]) * row / (CROP - 1)) * (SIDE - 1)
            x = (box[1] + (box[3] - box[1]) * column / (CROP - 1)) * (SIDE - 1)
            for to_y, to_x in ((0, 0), (0, 1), (1, 0), (1, 1)):
                at_y, at_x = min(int(y) + to_y, SIDE - 1), min(int(x) + to_x, SIDE - 1)
                share = (y % 1 if to_y else 1 - y % 1) * (x % 1 if to_x else 1 - x % 1)
                crop[row, column] += share * features[at_y, at_x]
    return crop


def invoked(path: Path, values: np.ndarray) -> dict[str, np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return {each["name"]: interpreter.get_tensor(each["index"]) for each in interpreter.get_output_details()}


def objects(folder: Path, picture: np.ndarray) -> list[tuple[float, int, Box]]:
    """Return (score, class, box) of all that both files find in a picture."""
    recipe = find_recipe("plain")
    pixels = recipe.scaling.real_values(recipe.crop_and_resize(picture, RESOLUTION))
    first = invoked(folder / "first.tflite", pixels[np.newaxis])
    anchors = rpn_boxes(SIDE, RESOLUTION)
    seen = [
        (float(first["objectness"][0, place, 1]), anew(first["boxes"][0, place], anchor))
        for place, anchor in enumerate(anchors)
    ]
    proposals = [box for _, box in suppressed(seen, 0.7)][:CROPS]
    crops = np.stack([cropped(first["features"][0], box) for box in proposals])
    filled = np.concatenate([crops, np.zeros((CROPS - len(crops), CROP, CROP, 3), np.float32)])
    second = invoked(folder / "second.tflite", filled)
    found = []
    for label in range(3):
        candidates = [
            (
                float(second["scores"][place, label + 1]),
                anew(
                    second["boxes"][place, label],
                    ((top + bottom) / 2, (left + right) / 2, bottom - top, right - left),
                ),
            )
            for place, (top, left, bottom, right) in enumerate(proposals)
            if second["scores"][place, label + 1] >= 1e-8
        ]
        found += [(score, label, box) for score, box in suppressed(candidates, 0.6)]
    return sorted(found, reverse=True)[:100]


def average_precision(folder: Path) -> float:
    """Return COCO's AP over all pictures, by pycocotools from COCO's own files."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    listed = json.loads((folder / "coco" / "annotations" / "instances_val2017.json").read_text(encoding="utf-8"))
    for each in listed["annotations"]:
        each["area"] = each["bbox"][2] * each["bbox"][3]
        each["id"] += 1  # it takes a match with number 0 for none
    (folder / "truth.json").write_text(json.dumps(listed), encoding="utf-8")
    truth = COCO(str(folder / "truth.json"))
    results = []
    for image in truth.loadImgs(truth.getImgIds()):
        picture = np.asarray(Image.open(folder / "coco" / "val2017" / image["file_name"]).convert("RGB"))
        height, width = picture.shape[:2]
        for score, label, (top, left, bottom, right) in objects(folder, picture):
            box = [left * width, top * height, (right - left) * width, (bottom - top) * height]
            results.append({"image_id": image["id"], "category_id": (1, 3, 90)[label], "bbox": box, "score": score})
    counting = COCOeval(truth, truth.loadRes(results), "bbox")
    counting.evaluate()
    counting.accumulate()
    counting.summarize()
    return float(counting.stats[0])


def test_two_files_have_the_average_precision_that_is_computed_by_other_means(mbench, tmp_path):
    done = mbench("first.tflite", "second.tflite", "--format", "json")
    assert done.returncode == 0, done.stderr
    one = score_of(done)
    (metric,) = one["score"]["metrics"]
    assert (metric["name"], metric["examples"], one["score"]["scored"]) == ("coco_ap", 6, 6)
    expected = average_precision(tmp_path)
    assert 0.2 < expected < 0.95  # neither all right nor all wrong
    assert metric["value"] == pytest.approx(expected, abs=1e-6)


def test_both_files_stand_in_the_table_and_in_csv(mbench):
    shown = mbench("first.tflite", "second.tflite", "--format", "md").stdout
    hashes = [line for line in shown.splitlines() if line.startswith("- Artifacts (sha256): ")]
    assert hashes[0].count(" + ") == 2  # of the names, and of the hashes
    said = mbench("first.tflite", "second.tflite", "--format", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(said))
    assert row["name"].count(" + ") == 1
    assert (len(row["sha256"]), len(row["second_sha256"]), row["error"]) == (64, 64, "")


def test_another_second_stage_is_another_detector_and_a_score_is_kept(mbench, tmp_path):
    done = [mbench("first.tflite", "second.tflite", "--format", "json") for _ in range(2)]
    assert done[0].stdout == done[1].stdout  # the seconds, too
    (tmp_path / "second.tflite").write_bytes(second_stage(seed=5))
    other = score_of(mbench("first.tflite", "second.tflite", "--format", "json"))["score"]
    assert other["metrics"] != score_of(done[0])["score"]["metrics"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("first.tflite",), "it is the first of a Faster R-CNN's two files. Name the second right behind it"),
        (("second.tflite", "first.tflite"), "it is the first of a Faster R-CNN's two files."),
        (("first.tflite", "again.tflite"), "the file behind it has the outputs features (1, 4, 4, 3)"),
        (
            ("first.tflite", "other.tflite"),
            "the file behind it takes float32 (9, 7, 7, 5), not crops of its 3 features",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_reason(mbench, tmp_path, files, said):
    (tmp_path / "other.tflite").write_bytes(second_stage(channels=5))
    (tmp_path / "again.tflite").write_bytes(first_stage(seed=1))
    done = mbench(*files)
    assert done.returncode == 4
    assert said in done.stdout


def test_a_second_stage_without_numbers_leaves_pictures_unanswered(mbench, tmp_path):
    (tmp_path / "second.tflite").write_bytes(second_stage(number=math.nan))
    score = score_of(mbench("first.tflite", "second.tflite", "--format", "json"))["score"]
    assert (score["asked"], score["scored"], len(score["failed"])) == (6, 0, 6)
    assert score["metrics"][0]["value"] == 0
