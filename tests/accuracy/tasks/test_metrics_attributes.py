import numpy as np
import pytest

from mbench.accuracy.tasks.attribute_metrics import attribute_metrics

ALL = np.ones(4, dtype=bool)


def mean_precision(scores, truth, answered=None, **options) -> float:
    scores = np.array(scores, dtype=np.float32)
    answered = np.ones(len(scores), dtype=bool) if answered is None else np.array(answered)
    (metric,) = attribute_metrics(scores, np.array(truth), answered, resamples=10, **options)
    return metric.value


def one_attribute(scores, truth) -> float:
    return mean_precision([[score] for score in scores], [[each] for each in truth])


@pytest.mark.parametrize(
    ("scores", "truth", "area"),
    [
        ([0.9, 0.8, 0.1, 0.0], [1, 1, 0, 0], 1.0),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.8333),  # the example of scikit-learn's documentation
        ([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0], 0.25),
        ([0.9, 0.8, 0.7, 0.6], [0, 0, 0, 1], 0.25),
    ],
)
def test_average_precision_is_the_area_under_the_steps(scores, truth, area):
    assert one_attribute(scores, truth) == pytest.approx(area, abs=5e-5)


def test_equal_scores_share_a_threshold_whatever_their_order():
    assert one_attribute([0.5, 0.5, 0.1], [1, 0, 0]) == one_attribute([0.5, 0.5, 0.1], [0, 1, 0])


def test_the_mean_is_over_attributes_that_some_example_has():
    scores = [[0.9, 0.1, 0.5], [0.1, 0.9, 0.5]]
    assert mean_precision(scores, [[1, 1, 0], [0, 0, 0]]) == pytest.approx((1.0 + 0.5) / 2)


def test_what_was_not_answered_ranks_last():
    assert mean_precision([[0.9], [0.5], [0.1]], [[1], [0], [0]], [False, True, True]) == pytest.approx(1 / 3)


def test_no_attribute_anywhere_has_no_figure():
    assert attribute_metrics(np.zeros((4, 2)), np.zeros((4, 2), dtype=int), ALL) == ()


def test_the_same_seed_gives_the_same_interval():
    source = np.random.default_rng(2)
    truth = (source.random((80, 3)) < 0.3).astype(int)
    scores = source.normal(size=(80, 3)) + truth
    answered = np.ones(80, dtype=bool)
    first, again = (attribute_metrics(scores, truth, answered, seed=4, resamples=50) for _ in range(2))
    assert first == again
    assert first[0].interval == "bootstrap"
    assert first[0].low < first[0].value < first[0].high


def test_intervals_hold_the_truth_in_most_data_sets():
    def drawn(examples, seed):
        source = np.random.default_rng(seed)
        truth = (source.random((examples, 5)) < 0.2).astype(int)
        return source.normal(size=(examples, 5)) + 1.2 * truth, truth, np.ones(examples, dtype=bool)

    (true,) = attribute_metrics(*drawn(100_000, 0), resamples=1)
    found = [attribute_metrics(*drawn(300, seed), resamples=100)[0] for seed in range(1, 101)]
    assert sum(metric.low <= true.value <= metric.high for metric in found) >= 85
