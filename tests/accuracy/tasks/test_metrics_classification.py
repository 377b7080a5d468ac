import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mbench.accuracy.tasks.class_metrics import (
    classification_metrics,
    confusion_of,
    first_answers,
    share_metric,
    top1_hits,
)
from mbench.accuracy.tasks.top_k import top_k

TRUTH = np.array([3, 1, 0, 7])
TOP = np.array([[3, 1, 0, 2, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
ANSWERED = np.array([True, True, False, True])


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int8, np.int16, np.float16, np.float32]),
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=12),
    ),
    st.integers(min_value=1, max_value=6),
)
def test_the_best_are_those_of_a_stable_sort_whatever_the_type(scores, k):
    wanted = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :k]
    assert top_k(scores, k).tolist() == wanted.tolist()


def test_the_lowest_index_wins_a_tie():
    assert top_k(np.array([[0, 5, 5, 0], [7, 7, 7, 7]], dtype=np.uint8), 3).tolist() == [[1, 2, 0], [0, 1, 2]]


def test_lowest_scores_of_a_type_are_taken_once_each():
    assert top_k(np.full((1, 4), -128, dtype=np.int8), 4).tolist() == [[0, 1, 2, 3]]


def test_what_is_no_number_ranks_last():
    assert top_k(np.array([[np.nan, 0.1, -np.inf, 0.3]]), 4).tolist() == [[3, 1, 2, 0]]


def test_many_rows_are_ranked_as_few_are():
    scores = np.random.default_rng(1).integers(0, 50, (5000, 101), dtype=np.uint8)
    assert (top_k(scores, 5) == np.argsort(-scores.astype(int), axis=1, kind="stable")[:, :5]).all()


def test_top1_and_top5_count_what_was_not_answered_as_wrong():
    top1, top5 = classification_metrics(TOP, TRUTH, ANSWERED)
    assert (top1.name, top1.value, top1.examples) == ("top1", 1 / 4, 4)
    assert (top5.name, top5.value, top5.interval) == ("top5", 2 / 4, "wilson")


@pytest.mark.parametrize(("width", "classes"), [(5, 5), (4, None), (5, 3)])
def test_there_is_no_top5_where_five_answers_are_all(width, classes):
    metrics = classification_metrics(TOP[:, :width], TRUTH, ANSWERED, classes=classes)
    assert [metric.name for metric in metrics] == ["top1"]


def test_hits_are_those_of_the_first_answer():
    assert top1_hits(TOP, TRUTH, ANSWERED) == [True, False, False, False]


def test_a_share_has_wilsons_interval():
    metric = share_metric("top1", 354, 360)
    assert (metric.low, metric.high) == pytest.approx((0.9641, 0.9923), abs=1e-4)


def test_nothing_has_no_accuracy():
    with pytest.raises(ValueError, match="no share"):
        classification_metrics(TOP[:0], TRUTH[:0], ANSWERED[:0])


def test_a_confusion_counts_what_was_answered_to_which_class():
    first, truth = np.array([0, 1, 1, 2, -5, 3]), np.array([0, 0, 1, 1, 1, 2])
    answered = np.array([True, True, True, False, True, True])
    counted = confusion_of(first_answers(first, answered, classes=3), truth, (), classes=3)
    assert counted is not None
    assert counted.names == ("0", "1", "2")
    assert counted.counts == ((0, 0, 1), (0, 1, 1), (1, -1, 2), (1, 1, 1), (2, -1, 1))


@pytest.mark.parametrize(("classes", "counted"), [(200, True), (201, False)])
def test_a_confusion_of_many_classes_is_not_counted(classes, counted):
    one = np.array([0])
    assert (confusion_of(one, one, (), classes=classes) is not None) is counted
