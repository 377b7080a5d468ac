import numpy as np
import pytest

from mbench.accuracy.tasks.face_metrics import fold_hits, validation_rate, verification_metrics


def pairs(count: int, apart: float, seed: int = 0):
    """Return distances of `count` same and as many different pairs, mixed."""
    source = np.random.default_rng(seed)
    same = np.arange(2 * count) % 2 == 0
    return source.normal(size=2 * count) + np.where(same, 0.0, apart), same


def test_pairs_that_a_threshold_parts_are_all_decided_rightly():
    accuracy, val = verification_metrics(*pairs(1000, 50.0), resamples=5)
    assert (accuracy.name, accuracy.value, accuracy.examples) == ("verification_accuracy", 1.0, 2000)
    assert (val.name, val.value) == ("val_at_far_0.001", 1.0)


def test_accuracy_comes_near_what_the_best_threshold_gives():
    accuracy, _ = verification_metrics(*pairs(3000, 2.0), resamples=5)
    assert accuracy.value == pytest.approx(0.8413, abs=0.02)  # two normal laws, two deviations apart


def test_a_fold_is_decided_by_the_threshold_of_the_others():
    distances = np.array([0.1, 0.2, 0.5, 0.95, 0.6, 0.7])
    same = np.array([True, True, True, False, True, False])
    assert fold_hits(distances, same, folds=3).tolist() == [True, True, True, True, True, False]


def test_a_pair_without_a_distance_is_decided_wrongly_and_moves_no_threshold():
    distances, same = pairs(100, 50.0)
    distances[:2] = np.nan
    hits = fold_hits(distances, same)
    assert hits[:2].tolist() == [False, False]
    assert hits[2:].all()


def test_val_is_the_share_of_same_pairs_nearer_than_the_false_accepts_allow():
    alike, apart = np.array([0.1, 0.2, 0.3, 0.4]), np.arange(1000) / 1000 + 0.25
    distances = np.concatenate([alike, apart])
    same = np.arange(len(distances)) < len(alike)
    metric = validation_rate(distances, same, false_accept_rate=1e-3, resamples=5)
    assert metric is not None
    assert metric.value == 0.5  # one of the 1000 is accepted at 0.25; the next, 0.251, sets the limit


@pytest.mark.parametrize(("different", "resolved"), [(999, False), (1000, True)])
def test_a_rate_that_the_pairs_do_not_resolve_has_no_figure(different, resolved):
    distances = np.linspace(0, 1, different + 10)
    same = np.arange(different + 10) < 10
    assert (validation_rate(distances, same, false_accept_rate=1e-3, resamples=2) is not None) is resolved


def test_the_interval_of_val_holds_it_and_repeats_with_its_seed():
    distances, same = pairs(2000, 3.0)
    first, again = (validation_rate(distances, same, false_accept_rate=1e-3, seed=3, resamples=50) for _ in range(2))
    assert first == again
    assert first.low < first.value < first.high
