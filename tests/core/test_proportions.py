import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.proportions import (
    PairedCounts,
    compare_scores,
    holm_adjusted,
    mcnemar_p,
    paired_difference,
    wilson_interval,
)
from mbench.core.scores import Score, pack_hits

COUNTS = st.integers(min_value=0, max_value=60)


def score(hits: list[bool], **changes) -> Score:
    dataset = DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="d" * 64, examples=len(hits), classes=10
    )
    fields = {
        "artifact_sha256": "a" * 64,
        "place": "host",
        "delegate": "cpu",
        "dataset": dataset,
        "preprocessing": "unit",
        "asked": len(hits),
        "scored": len(hits),
        "metrics": (),
        "hits": pack_hits(hits),
        "seconds": 1.0,
    }
    return Score(**(fields | changes))


@pytest.mark.parametrize(
    ("hits", "examples", "low", "high"),
    # Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(hits, examples, low, high):
    interval = wilson_interval(hits, examples)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(min_value=1, max_value=10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_share_and_stays_a_share(seen):
    hits, examples = seen
    interval = wilson_interval(hits, examples)
    assert 0 <= interval.low <= hits / examples <= interval.high <= 1


@pytest.mark.parametrize(("hits", "examples"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_has_no_interval(hits, examples):
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(hits, examples)


@given(COUNTS, COUNTS)
def test_mcnemars_p_is_twice_the_smaller_binomial_tail(first, second):
    differing = first + second
    tail = sum(math.comb(differing, count) for count in range(min(first, second) + 1)) / 2**differing
    assert mcnemar_p(first, second) == pytest.approx(min(1.0, 2 * tail), rel=1e-9)


def test_mcnemars_p_of_many_examples_follows_the_normal_law():
    z = (abs(24_700 - 25_300) - 1) / math.sqrt(50_000)
    assert mcnemar_p(24_700, 25_300) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-3)


def test_the_paired_difference_is_the_published_one():
    # Fagerland, Lydersen and Laake, Recommended tests and confidence intervals for paired binomial proportions (2014)
    paired = paired_difference(PairedCounts(both=1, first_only=1, second_only=7, neither=12))
    assert paired.difference == pytest.approx(-0.2857, abs=5e-5)
    assert (paired.interval.low, paired.interval.high) == pytest.approx((-0.507, -0.026), abs=5e-4)
    assert paired.p == pytest.approx(0.0703, abs=5e-5)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_the_difference_lies_in_its_interval_and_turns_round_with_its_files(both, first, second, neither):
    if both + first + second + neither == 0:
        return
    paired = paired_difference(PairedCounts(both=both, first_only=first, second_only=second, neither=neither))
    turned = paired_difference(PairedCounts(both=both, first_only=second, second_only=first, neither=neither))
    assert -1 <= paired.interval.low <= paired.difference <= paired.interval.high <= 1
    assert paired.interval.low == pytest.approx(-turned.interval.high)
    assert paired.p == turned.p


@pytest.mark.parametrize(
    ("examples", "right", "first_only", "second_only"),
    [(100, 0.8, 0.05, 0.05), (360, 0.97, 0.01, 0.01), (360, 0.8, 0.08, 0.02), (1000, 0.45, 0.08, 0.06)],
)
def test_the_interval_covers_the_true_difference_as_often_as_it_says(examples, right, first_only, second_only):
    source = random.Random(3)
    weights = [right - first_only, first_only, second_only, 1 - right - second_only]
    covered = 0
    for _ in range(400):
        drawn = Counter(source.choices(range(4), weights, k=examples))
        counts = PairedCounts(both=drawn[0], first_only=drawn[1], second_only=drawn[2], neither=drawn[3])
        interval = paired_difference(counts).interval
        covered += interval.low <= first_only - second_only <= interval.high
    assert covered / 400 > 0.925  # 0.95 less 2.3 standard errors of 400 draws


def test_equals_are_told_apart_no_more_often_than_the_level_says():
    source = random.Random(5)
    called = 0
    for _ in range(2000):
        first = sum(source.random() < 0.5 for _ in range(30))
        called += mcnemar_p(first, 30 - first) < 0.05
    assert called / 2000 <= 0.05


def test_two_scores_are_compared_example_by_example():
    first = score([True, True, False, True, False, False, True, True, True])
    second = score([True, False, False, True, True, False, False, True, False])
    paired = compare_scores(first, second)
    assert paired is not None
    assert paired.counts == PairedCounts(both=3, first_only=3, second_only=1, neither=2)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_packed_hits_are_counted_as_they_were(pairs):
    paired = compare_scores(score([first for first, _ in pairs]), score([second for _, second in pairs]))
    seen = Counter(pairs)
    assert paired is not None
    assert (paired.counts.both, paired.counts.first_only, paired.counts.second_only, paired.counts.neither) == (
        seen[True, True],
        seen[True, False],
        seen[False, True],
        seen[False, False],
    )


@pytest.mark.parametrize("changes", [{"preprocessing": "other"}, {"selection_seed": 1}, {"hits": None}])
def test_scores_of_other_questions_are_not_compared(changes):
    own = score([True, False])
    assert compare_scores(own, own.model_copy(update=changes)) is None


def test_holms_correction_is_the_published_one():
    # Holm (1979): the smallest times 4, the next times 3, …, never below the one before
    assert holm_adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_corrected_p_is_never_more_than_one():
    assert holm_adjusted([0.9, 0.8]) == [1.0, 1.0]
