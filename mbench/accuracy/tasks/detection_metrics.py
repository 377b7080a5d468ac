"""Detection: COCO's average precision over IoU 0.50 to 0.95 (arXiv 1704.04861, Table 13), counted by pycocotools.

pycocotools is the reference implementation, needs nothing but numpy, and comes with the extra `mbench[detection]`.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.accuracy.tasks.bootstrap import bootstrap_metric, quotient
from mbench.core.errors import UsageError
from mbench.core.examples import Box
from mbench.core.scores import Metric

NAME: Final = "coco_ap"
MOST_DETECTIONS: Final = 100
"""Of each picture the 100 surest of a class count, as in COCO's own table."""

RESAMPLES: Final = 200
"""Each one weighs every class at ten overlaps anew."""

_EVERY_AREA: Final = [[0, 1e5**2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One object that was found: pixels of the original, (left, top, right, bottom), its class, and how sure it is."""

    left: float
    top: float
    right: float
    bottom: float
    label: int
    score: float


def detection_metrics(
    found: Sequence[Sequence[Detection]],
    truth: Sequence[Sequence[Box]],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Metric, ...]:
    """Return COCO's AP@[.50:.05:.95] over all areas, its interval a bootstrap over pictures; none without objects.

    Args:
        found: per picture what was found; nothing in pictures that were not answered.
        truth: per picture its objects; crowds neither count nor harm.
        seed: of the bootstrap.
        resamples: how many are drawn.

    Raises:
        UsageError: pycocotools is not installed.
    """
    classes = [_Ranked(matches) for matches in _matched(found, truth)]
    classes = [each for each in classes if each.objects.any()]
    if not classes:
        return ()

    def mean_over_classes(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        each = np.array([[ranked.average_precision(drawn) for ranked in classes] for drawn in weights])
        present = ~np.isnan(each)
        count = present.sum(axis=1)
        total = np.where(present, each, 0.0).sum(axis=1)
        return quotient(total, count)

    metric = bootstrap_metric(NAME, mean_over_classes, len(truth), seed=seed, resamples=resamples)
    return () if metric is None else (metric,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matches:
    """One class: what pycocotools matched, picture by picture.

    Attributes:
        pictures: (detections,) index of the picture of each.
        scores: (detections,).
        right: (overlaps, detections) whether it was matched with an object.
        counts: (overlaps, detections) whether it counts at all: not one that was matched with a crowd.
        objects: (pictures,) how many are to be found.
    """

    pictures: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.bool_]
    objects: npt.NDArray[np.int64]


class _Ranked:
    """One class's detections, the surest first: sorted once, weighed anew for each resample."""

    def __init__(self, matches: _Matches) -> None:
        order = np.argsort(-matches.scores, kind="mergesort")  # as pycocotools: equals in order of pictures
        self.objects = matches.objects
        self._pictures = matches.pictures[order]
        counts = matches.counts[:, order]
        self._right = matches.right[:, order] & counts
        self._wrong = ~matches.right[:, order] & counts

    def average_precision(self, weights: npt.NDArray[np.int64]) -> float:
        """Return the mean over overlaps of the mean precision at 101 recalls; NaN where nothing is to be found."""
        objects = int(weights @ self.objects)
        if objects == 0:
            return float("nan")
        if not len(self._pictures):
            return 0.0
        drawn = weights[self._pictures]
        right = np.cumsum(self._right * drawn, axis=1, dtype=np.float64)
        wrong = np.cumsum(self._wrong * drawn, axis=1, dtype=np.float64)
        precision = right / (right + wrong + np.spacing(1))
        highest_behind = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        return float(np.mean([_at_recalls(*pair) for pair in zip(right / objects, highest_behind, strict=True)]))


_RECALLS: Final = np.linspace(0.0, 1.0, 101)


def _at_recalls(recall: npt.NDArray[np.float64], precision: npt.NDArray[np.float64]) -> float:
    at = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.append(precision, 0.0)[at].mean())  # what is never reached has precision 0


def _matched(found: Sequence[Sequence[Detection]], truth: Sequence[Sequence[Box]]) -> Iterator[_Matches]:
    """Yield what pycocotools matches, class by class."""
    evaluation = _evaluated(found, truth)
    pictures, overlaps = len(truth), len(evaluation.params.iouThrs)
    for index in range(len(evaluation.params.catIds)):
        entries = evaluation.evalImgs[index * pictures : (index + 1) * pictures]
        seen = [(place, entry) for place, entry in enumerate(entries) if entry is not None]
        objects = np.zeros(pictures, dtype=np.int64)
        for place, entry in seen:
            objects[place] = np.count_nonzero(np.asarray(entry["gtIgnore"]) == 0)
        none = np.zeros((overlaps, 0))
        yield _Matches(
            pictures=np.array([place for place, entry in seen for _ in entry["dtScores"]], dtype=np.int64),
            scores=np.array([score for _, entry in seen for score in entry["dtScores"]], dtype=np.float64),
            right=np.concatenate([none, *(entry["dtMatches"] for _, entry in seen)], axis=1) > 0,
            counts=np.concatenate([none, *(entry["dtIgnore"] for _, entry in seen)], axis=1) == 0,
            objects=objects,
        )


def _evaluated(found: Sequence[Sequence[Detection]], truth: Sequence[Sequence[Box]]) -> Any:
    """Return pycocotools' evaluation after its matching; what it prints is dropped."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise UsageError("scoring detections needs pycocotools: pip install 'mbench[detection]'") from error
    objects = [_annotation(box, picture) for picture, boxes in enumerate(truth) for box in boxes]
    answers = [_annotation(each, picture) for picture, each_found in enumerate(found) for each in each_found]
    labels = sorted({each["category_id"] for each in objects})
    with contextlib.redirect_stdout(io.StringIO()):
        reference, answered = (_indexed(COCO(), boxes, len(truth), labels) for boxes in (objects, answers))
        evaluation = COCOeval(reference, answered, "bbox")
        evaluation.params.areaRng = _EVERY_AREA
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [MOST_DETECTIONS]
        evaluation.evaluate()
    return evaluation


def _annotation(box: Box | Detection, picture: int) -> dict[str, Any]:
    width, height = box.right - box.left, box.bottom - box.top
    about = {"score": box.score} if isinstance(box, Detection) else {"iscrowd": int(box.crowd)}
    return {
        "image_id": picture,
        "category_id": box.label,
        "bbox": [box.left, box.top, width, height],
        "area": width * height,
        **about,
    }


def _indexed(empty: Any, boxes: Sequence[dict[str, Any]], pictures: int, labels: Sequence[int]) -> Any:
    """Fill a COCO object; ids begin at 1, because pycocotools takes a match with 0 for none."""
    empty.dataset = {
        "images": [{"id": picture} for picture in range(pictures)],
        "categories": [{"id": label} for label in labels],
        "annotations": [{"iscrowd": 0, **box, "id": number} for number, box in enumerate(boxes, start=1)],
    }
    empty.createIndex()
    return empty
