import base64
import math
import random
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.proportions import (
    PairedCounts,
    _bits,
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


@pytest.mark.parametrize(
    ("hits", "examples", "low", "high"),
    # scipy 1.17, binomtest(hits, examples).proportion_ci(method="wilson")
    [
        (0, 1, 0.0, 0.7934506856),
        (1, 1, 0.2065493144, 1.0),
        (1, 2, 0.0945312057, 0.9054687943),
        (9, 10, 0.5958499732, 0.9821237869),
        (499, 500, 0.9887592933, 0.9996468636),
    ],
)
def test_wilsons_interval_is_scipys(hits, examples, low, high):
    interval = wilson_interval(hits, examples)
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-9)
    assert (interval.low == 0, interval.high == 1) == (hits == 0, hits == examples)


def test_a_share_of_one_ends_at_one_whatever_rounding_says():
    assert all(wilson_interval(int(f"{hits}"), int(f"{hits}")).high == 1.0 for hits in range(250, 300))


@pytest.mark.parametrize(
    ("first", "second", "p"),
    # scipy 1.17, binomtest(first, first + second).pvalue; of a half and half, and one away from it, it is 1
    [
        (0, 0, 1.0),
        (0, 1, 1.0),
        (4, 5, 1.0),
        (5, 4, 1.0),
        (3, 3, 1.0),
        (1, 3, 0.625),
        (0, 2, 0.5),
        (2, 12, 0.012939453125),
        (420, 300, 8.807756168615114e-06),
        (10, 90, 3.0632901754379845e-17),
    ],
)
def test_mcnemars_p_is_scipys(first, second, p):
    assert mcnemar_p(first, second) == (1.0 if p == 1 else pytest.approx(p, rel=1e-10, abs=0))


@pytest.mark.parametrize(
    ("counts", "difference", "low", "high", "p"),
    # Newcombe (1998), method 10, with the Wilson intervals of scipy 1.17 and its binomtest
    [
        ((80, 5, 7, 8), -0.02, -0.0948069193, 0.0535561791, 0.7744140625),  # correlation 0.46, corrected
        ((81, 5, 7, 8), -0.0198019802, -0.0939320838, 0.0530671710, 0.7744140625),  # of an odd number of examples
        ((900, 60, 20, 20), 0.04, 0.0227412650, 0.0582277892, 8.5806e-06),
        ((4, 0, 0, 6), 0.0, -0.1755968627, 0.1755968627, 1.0),
        ((20, 30, 40, 10), -0.1, -0.2567495569, 0.0629317177, 0.2819789218),  # a negative correlation stands
        ((1, 0, 0, 1), 0.0, -0.5734194680, 0.5734194680, 1.0),  # corrected to none
        ((10, 5, 0, 0), 1 / 3, 0.0603203343, 0.5828645226, 0.0625),  # all of one right: none
        ((0, 3, 0, 9), 0.25, -0.0411067320, 0.5323053349, 0.25),
        ((0, 5, 0, 0), 1.0, 0.3855490057, 1.0, 0.0625),
    ],
)
def test_the_paired_difference_is_newcombes(counts, difference, low, high, p):
    paired = paired_difference(
        PairedCounts(both=counts[0], first_only=counts[1], second_only=counts[2], neither=counts[3])
    )
    assert paired.counts.examples == sum(counts)
    assert paired.difference == pytest.approx(difference)
    assert (paired.interval.low, paired.interval.high) == pytest.approx((low, high), abs=1e-9)
    assert paired.p == pytest.approx(p, rel=1e-4)


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


def test_scores_of_one_example_are_compared_and_those_of_none_are_not():
    nothing = score([True]).model_copy(update={"asked": 0, "hits": ""})
    assert compare_scores(nothing, nothing) is None
    paired = compare_scores(score([True]), score([False]))
    assert paired is not None
    assert paired.difference == 1


def test_what_fills_up_the_last_byte_of_hits_is_not_counted():
    filled = score([True]).model_copy(update={"hits": base64.b64encode(b"\xff").decode()})
    paired = compare_scores(filled, score([False]))
    assert paired is not None
    assert paired.counts == PairedCounts(both=0, first_only=1, second_only=0, neither=0)


def test_hits_are_missing_on_either_side():
    own = score([True, False])
    without = own.model_copy(update={"hits": None})
    assert compare_scores(without, own) is None
    assert compare_scores(own, without) is None


def test_the_hits_of_a_file_are_unpacked_once_for_a_whole_table():
    packed = pack_hits([True] * 200)
    assert _bits(packed, 200) is _bits(packed, 200)
    assert _bits.cache_parameters()["maxsize"] == 256


def test_counts_and_differences_are_frozen_values_whose_parts_are_named():
    counts = PairedCounts(both=9, first_only=1, second_only=2, neither=3)
    for value in (counts, paired_difference(counts)):
        assert not hasattr(value, "__dict__")
        assert hash(value)
        with pytest.raises(TypeError, match="positional"):
            type(value)(1, 2, 3, 4)
    with pytest.raises(FrozenInstanceError):
        counts.both = 0


def test_holms_correction_is_the_published_one():
    # Holm (1979): the smallest times 4, the next times 3, …, never below the one before
    assert holm_adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_corrected_p_is_never_more_than_one():
    assert holm_adjusted([0.9, 0.8]) == [1.0, 1.0]
