"""Between the stages of a Faster R-CNN: proposals are chosen, and cut out of the map."""

import numpy as np
import pytest

from mbench.accuracy.tasks.proposals import choose_proposals, crop_features, find_in_proposals
from mbench.core.default_boxes import rpn_boxes

ANCHORS = np.array(rpn_boxes(4, 64), np.float32)


def test_there_are_always_as_many_proposals_as_asked_for_the_surest_first() -> None:
    source = np.random.default_rng(1)
    objectness = source.uniform(0, 1, (len(ANCHORS), 2))
    chosen = choose_proposals(source.normal(0, 1, (len(ANCHORS), 4)), objectness, ANCHORS, 300)
    assert chosen.shape == (300, 4)
    assert np.all(chosen[0, 2:] > chosen[0, :2])
    assert np.all(chosen[-1] == 0)  # 192 anchors leave the end empty


def test_proposals_lie_within_the_picture() -> None:
    chosen = choose_proposals(np.full((len(ANCHORS), 4), 3.0), np.ones((len(ANCHORS), 2)), ANCHORS, 300)
    assert chosen.min() >= 0
    assert chosen.max() <= 1


def test_the_whole_map_at_its_own_size_is_the_map() -> None:
    features = np.random.default_rng(2).normal(size=(14, 14, 3)).astype(np.float32)
    (crop,) = crop_features(features, np.array([[0.0, 0.0, 1.0, 1.0]], np.float32), 14)
    assert crop == pytest.approx(features, abs=1e-5)


def test_a_crop_is_bilinear() -> None:
    ramp = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((5, 5, 1), np.float32)
    (crop,) = crop_features(ramp, np.array([[0.25, 0.0, 0.75, 1.0]], np.float32), side=5)
    assert crop[:, 2, 0] == pytest.approx([1.0, 1.5, 2.0, 2.5, 3.0])


def test_what_lies_outside_the_map_is_nothing() -> None:
    (crop,) = crop_features(np.ones((5, 5, 1), np.float32), np.array([[-1.0, 0.0, 1.0, 1.0]], np.float32), side=5)
    assert crop[:, 0, 0].tolist() == [0, 0, 1, 1, 1]


def test_a_box_is_relative_to_its_proposal() -> None:
    proposals = np.array([[0.2, 0.2, 0.4, 0.4], [0, 0, 0, 0]], np.float32)
    encoded = np.zeros((2, 1, 4), np.float32)
    encoded[0, 0] = (10, 0, 0, 0)  # one height further down
    found = find_in_proposals(encoded, np.array([[0.1, 0.9], [0.1, 0.9]]), proposals)
    assert found.boxes.tolist() == [pytest.approx([0.4, 0.2, 0.6, 0.4])]


def test_the_less_sure_of_two_proposals_that_overlap_is_dropped() -> None:
    anchors = np.array([[0.5, 0.5, 0.4, 0.4], [0.5, 0.52, 0.4, 0.4], [0.2, 0.2, 0.2, 0.2]], np.float32)
    objectness = np.array([[0.4, 0.6], [0.1, 0.9], [1.0, 0.0]])
    chosen = choose_proposals(np.zeros((3, 4)), objectness, anchors, 3)
    assert chosen == pytest.approx(np.array([[0.3, 0.32, 0.7, 0.72], [0.1, 0.1, 0.3, 0.3], [0, 0, 0, 0]]), abs=1e-6)
