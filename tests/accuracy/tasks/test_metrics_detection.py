import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest

from mbench.accuracy.tasks.detection_metrics import Detection, detection_metrics
from mbench.core.examples import Box

ABSENT = """
import sys
sys.modules["pycocotools"] = None
from mbench.accuracy.tasks.detection_metrics import detection_metrics
from mbench.core.errors import UsageError
from mbench.core.examples import Box
try:
    detection_metrics([[]], [(Box(left=0, top=0, right=9, bottom=9, label=1),)])
except UsageError as error:
    print(error)
"""


def test_without_pycocotools_one_line_says_how_to_get_it():
    done = subprocess.run([sys.executable, "-c", ABSENT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "scoring detections needs pycocotools: pip install 'mbench[detection]'\n"


def box(left=10.0, top=10.0, size=50.0, label=1, **more) -> Box:
    return Box(left=left, top=top, right=left + size, bottom=top + size, label=label, **more)


def found(left=10.0, top=10.0, size=50.0, label=1, score=0.9) -> Detection:
    return Detection(left=left, top=top, right=left + size, bottom=top + size, label=label, score=score)


def precision(detections, truth) -> float:
    pytest.importorskip("pycocotools", reason="comes with the extra mbench[detection]")
    (metric,) = detection_metrics(detections, truth, resamples=5)
    return metric.value


def test_boxes_that_are_all_found_exactly_are_perfect():
    assert precision([[found()], [found(label=2)]], [(box(),), (box(label=2),)]) == pytest.approx(1.0)


def test_an_overlap_of_three_quarters_counts_at_six_of_ten_thresholds():
    # 50 × 50 beside 50 × 50, moved by 7.1: IoU 0.7513, right at 0.50, 0.55, …, 0.75
    assert precision([[found(left=17.1)]], [(box(),)]) == pytest.approx(0.6)


def test_a_class_that_is_never_found_counts_as_nought():
    assert precision([[found()]], [(box(), box(left=100.0, label=2))]) == pytest.approx(0.5)


def test_crowds_neither_count_nor_harm():
    assert precision([[found(), found(left=100.0)]], [(box(), box(left=100.0, crowd=True))]) == pytest.approx(1.0)


def test_pictures_without_any_object_have_no_figure():
    pytest.importorskip("pycocotools", reason="comes with the extra mbench[detection]")
    assert detection_metrics([[found()]], [()]) == ()


def scene(pictures: int, seed: int):
    """Return detections and objects of invented pictures, some moved, some missed, some invented, scores tied."""
    source = np.random.default_rng(seed)
    detections, truth = [], []
    for _ in range(pictures):
        objects = [
            box(
                *source.uniform(0, 300, 2), source.uniform(10, 90), int(source.integers(4)), crowd=source.random() < 0.1
            )
            for _ in range(source.integers(0, 6))
        ]
        moved = [
            found(
                each.left + source.normal(0, 5), each.top, each.right - each.left, each.label, round(source.random(), 1)
            )
            for each in objects
            if source.random() < 0.8
        ]
        invented = [
            found(*source.uniform(0, 300, 2), 40.0, int(source.integers(4)), round(source.random(), 1))
            for _ in range(source.integers(0, 5))
        ]
        truth.append(tuple(objects))
        detections.append(moved + invented)
    return detections, truth


def test_the_value_is_pycocotools_own():
    coco = pytest.importorskip("pycocotools.coco", reason="comes with the extra mbench[detection]")
    from pycocotools.cocoeval import COCOeval

    detections, truth = scene(60, seed=3)

    def dataset(pictures):
        boxes = [(picture, each) for picture, all_of_it in enumerate(pictures) for each in all_of_it]
        index = coco.COCO()
        index.dataset = {
            "images": [{"id": picture} for picture in range(len(pictures))],
            "categories": [{"id": label} for label in range(4)],
            "annotations": [
                {
                    "id": number,
                    "image_id": picture,
                    "category_id": each.label,
                    "bbox": [each.left, each.top, each.right - each.left, each.bottom - each.top],
                    "area": (each.right - each.left) * (each.bottom - each.top),
                    "iscrowd": int(getattr(each, "crowd", False)),
                    "score": getattr(each, "score", 1.0),
                }
                for number, (picture, each) in enumerate(boxes, start=1)
            ],
        }
        index.createIndex()
        return index

    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCOeval(dataset(truth), dataset(detections), "bbox")
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    (metric,) = detection_metrics(detections, truth, resamples=20)
    assert metric.value == pytest.approx(float(reference.stats[0]), abs=1e-12)
    assert 0 < metric.low <= metric.value <= metric.high < 1
