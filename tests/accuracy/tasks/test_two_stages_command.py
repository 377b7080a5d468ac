"""`mbench evaluate FIRST SECOND`: the AP of a Faster R-CNN of two files, against one that is computed by other means.

The other means: LiteRT's interpreter, boxes, suppression and bilinear crops written out anew number by number, and
pycocotools' own summary of COCO's own files.
"""

import csv
import io
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import task_sets as sets
from command_line import Command
from PIL import Image
from small_two_stages import CROP, CROPS, RESOLUTION, SIDE, first_stage, second_stage

from mbench.accuracy.pictures.recipes import find_recipe
from mbench.artifacts.inspection import inspect_file
from mbench.core.default_boxes import rpn_boxes
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec, Score
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

pytest.importorskip("pycocotools")

Box = tuple[float, float, float, float]
"""Top, left, bottom, right, as shares of the picture."""


@pytest.fixture(scope="module")
def mbench(tmp_path_factory) -> Command:
    """Call `mbench` beside first.tflite and second.tflite, and `coco`: six pictures with an object each."""
    folder = tmp_path_factory.mktemp("stages")
    (folder / "first.tflite").write_bytes(first_stage())
    (folder / "second.tflite").write_bytes(second_stage())
    sets.write_objects(folder / "coco")
    return Command(folder, folder / "home")


def evaluate(mbench: Command, *words: str) -> "subprocess.CompletedProcess[str]":
    return mbench("evaluate", *words, "--dataset", "coco:coco", "--workers", "1", "--quiet")


@pytest.fixture(scope="module")
def scored(mbench) -> dict:
    """What JSON says of both files, which were scored for it."""
    done = evaluate(mbench, "first.tflite", "second.tflite", "--format", "json")
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)
    return one["score"]


class Titles(SilentProgress):
    """Progress that keeps the titles of its stages."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def start(self, title: str, total: int, *, unit: str = "steps") -> None:
        self.titles.append(title)


@pytest.fixture
def score(tmp_path, lasting_pool) -> Callable[..., Score]:
    """Score both files as the command does, in processes that live on."""
    asked = EvaluationSpec(dataset=sets.write_objects(tmp_path / "coco"))

    def score_both(second: bytes, *, progress: SilentProgress) -> Score:
        for name, data in (("first", first_stage()), ("second", second)):
            (tmp_path / f"{name}.tflite").write_bytes(data)
        files = [(inspect_file(path).facts(), path) for path in (tmp_path / "first.tflite", tmp_path / "second.tflite")]
        opened = open_spec(asked, cache=tmp_path / "home")
        (found,) = score_files(
            files[:1],
            opened,
            asked.delegate,
            cache=tmp_path / "home",
            workers=1,
            progress=progress,
            seconds={0: files[1]},
        )
        assert isinstance(found, Score)
        return found

    return score_both


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


def test_two_files_have_the_average_precision_that_is_computed_by_other_means(mbench, scored):
    (metric,) = scored["metrics"]
    assert (metric["name"], metric["examples"], scored["scored"]) == ("coco_ap", 6, 6)
    expected = average_precision(mbench.folder)
    assert 0.2 < expected < 0.95  # neither all right nor all wrong
    assert metric["value"] == pytest.approx(expected, abs=1e-6)


def test_both_files_stand_in_the_table_and_in_csv_and_are_not_scored_again(mbench, scored):
    shown = evaluate(mbench, "first.tflite", "second.tflite", "--format", "md").stdout
    hashes = [line for line in shown.splitlines() if line.startswith("- Artifacts (sha256): ")]
    assert hashes[0].count(" + ") == 2  # of the names, and of the hashes
    said = evaluate(mbench, "first.tflite", "second.tflite", "--format", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(said))
    assert row["name"].count(" + ") == 1
    assert (len(row["sha256"]), len(row["second_sha256"]), row["error"]) == (64, 64, "")
    assert float(row["seconds"]) == scored["seconds"]


def test_another_second_stage_is_another_detector_and_a_score_is_kept(score):
    heard = [Titles() for _ in range(3)]
    first, again = (score(second_stage(), progress=titles) for titles in heard[:2])
    assert first == again  # the seconds, too
    other = score(second_stage(seed=5), progress=heard[2])
    assert other.metrics != first.metrics
    assert [bool(titles.titles) for titles in heard] == [True, False, True]


def test_files_that_do_not_fit_are_refused_with_the_reason(mbench):
    files = {
        "a.tflite": first_stage(seed=1),
        "again.tflite": first_stage(seed=2),
        "b.tflite": first_stage(seed=3),
        "other.tflite": second_stage(channels=5),
        "c.tflite": first_stage(seed=4),
    }
    for name, data in files.items():
        (mbench.folder / name).write_bytes(data)
    done = evaluate(mbench, "second.tflite", *files, "--format", "json")
    assert done.returncode == 4
    rows = json.loads(done.stdout)
    assert [row["name"].count(" + ") for row in rows] == [0, 1, 1, 0]
    for row, said in zip(
        rows,
        (
            "its input 'crops' has the shape (9, 7, 7, 3), not (1, h, w, 3)",
            "the file behind it has the outputs features (1, 4, 4, 3)",
            "the file behind it takes float32 (9, 7, 7, 5), not crops of its 3 features",
            "it is the first of a Faster R-CNN's two files. Name the second right behind it",
        ),
        strict=True,
    ):
        assert (row["score"], said in row["error"]) == (None, True), row["error"]


def test_a_second_stage_without_numbers_leaves_pictures_unanswered(score):
    found = score(second_stage(number=math.nan), progress=SilentProgress())
    assert (found.asked, found.scored, len(found.failed)) == (6, 0, 6)
    assert found.metrics[0].value == 0
