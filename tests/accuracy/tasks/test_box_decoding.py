"""Boxes are decoded, and the less sure of two that overlap is dropped."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from mbench.accuracy.tasks.box_decoding import decode_boxes, find_objects

SQUARE = np.array([[0.5, 0.5, 0.2, 0.2]])
"""One default box."""


def row(*values: float) -> NDArray[np.float32]:
    return np.array([values], np.float32)


def test_nothing_said_is_the_default_box_itself() -> None:
    assert decode_boxes(row(0, 0, 0, 0), SQUARE)[0] == pytest.approx([0.4, 0.4, 0.6, 0.6])


def test_a_shift_of_ten_is_one_box_further() -> None:
    assert decode_boxes(row(10, 0, 0, 0), SQUARE)[0] == pytest.approx([0.6, 0.4, 0.8, 0.6])


def test_a_size_is_stated_as_five_times_the_log_of_the_ratio() -> None:
    assert decode_boxes(row(0, 0, 0, 5 * math.log(2)), SQUARE)[0] == pytest.approx([0.4, 0.3, 0.6, 0.7])


BOXES = np.array([[0.0, 0.0, 0.4, 0.4], [0.0, 0.02, 0.4, 0.42], [0.5, 0.5, 0.9, 0.9], [0.5, 0.5, 0.5, 0.9]], np.float32)
"""Two that overlap by nine tenths, one by itself, and one without an area."""

ONE_CLASS = np.array([[0, 0.6], [0, 0.9], [0, 0.5], [0, 0.1]])


def test_the_less_sure_of_two_that_overlap_is_dropped() -> None:
    assert np.array_equal(find_objects(BOXES, ONE_CLASS, most=9).boxes, BOXES[[1, 2, 3]])


def test_no_more_are_kept_than_asked_for() -> None:
    assert np.array_equal(find_objects(BOXES, ONE_CLASS, most=2).boxes, BOXES[[1, 2]])


def test_boxes_of_two_classes_may_overlap() -> None:
    scores = np.array([[0, 0.8, 0.1], [0, 0.1, 0.7], [0, 0.3, 0.2], [0, 0, 0]])
    found = find_objects(BOXES, scores)
    assert list(zip(found.classes.tolist(), found.scores.round(3).tolist(), strict=True)) == [
        (0, pytest.approx(0.8)),
        (1, pytest.approx(0.7)),
        (0, pytest.approx(0.3)),
        (1, pytest.approx(0.2)),
    ]


def test_the_background_is_never_found() -> None:
    scores = np.array([[0.9, 0.0], [0.9, 0.0], [0.9, 0.2], [0.9, 0.0]])
    assert find_objects(BOXES, scores).classes.tolist() == [0]


def test_each_class_may_have_boxes_of_its_own() -> None:
    own = np.stack([BOXES, BOXES[::-1]], axis=1)
    scores = np.array([[0, 0.8, 0.0], [0, 0.0, 0.7], [0, 0.0, 0.0], [0, 0.0, 0.0]])
    assert np.array_equal(find_objects(own, scores).boxes, BOXES[[0, 2]])


def test_the_surest_hundred_of_all_classes_are_those_of_each_class_alone() -> None:
    source = np.random.default_rng(5)
    corner = source.uniform(0, 0.7, (200, 2))
    boxes = np.concatenate([corner, corner + source.uniform(0.05, 0.3, (200, 2))], axis=1).astype(np.float32)
    scores = source.uniform(0, 1, (200, 6)).astype(np.float32)
    found = find_objects(boxes, scores, most=40)
    alone = [
        (score, label)
        for label in range(5)
        for score in find_objects(boxes, scores[:, [0, label + 1]], most=40).scores.tolist()
    ]
    assert list(zip(found.scores.tolist(), found.classes.tolist(), strict=True)) == sorted(alone, reverse=True)[:40]


def test_nothing_sure_enough_is_nothing_found() -> None:
    found = find_objects(BOXES, np.zeros((4, 3)))
    assert (found.boxes.shape, len(found.classes), len(found.scores)) == ((0, 4), 0, 0)
