import base64
import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.flips import Flips, flips_between
from mbench.core.proportions import wilson_interval
from mbench.core.scores import NO_ANSWER, Metric, Score, pack_answers, pack_hits, unpack_answers

CLASSES = st.integers(min_value=NO_ANSWER, max_value=3)
TRIPLES = st.lists(st.tuples(st.integers(min_value=0, max_value=3), CLASSES, CLASSES), min_size=1, max_size=40)


def score(truths: list[int], answers: list[int], **changes) -> Score:
    hits = [truth == answer for truth, answer in zip(truths, answers, strict=True)]
    fields = {
        "artifact_sha256": "a" * 64,
        "place": "host",
        "delegate": "cpu",
        "dataset": DatasetFacts(
            name="d", task=Task.CLASSIFICATION, split=Split.TEST, sha256="b" * 64, examples=len(truths), classes=4
        ),
        "preprocessing": "unit_range",
        "asked": len(truths),
        "scored": len(truths),
        "metrics": (Metric(name="top1", value=sum(hits) / len(hits), examples=len(hits)),),
        "hits": pack_hits(hits),
        "first_answers": pack_answers(answers),
        "seconds": 1,
    }
    return Score(**(fields | changes))


@given(TRIPLES)
def test_each_example_that_one_file_gives_a_class_is_counted_once(examples):
    truths, firsts, seconds = map(list, zip(*examples, strict=True))
    found = flips_between(score(truths, firsts), score(truths, seconds))
    with_class = [each for each in examples if each[1:] != (NO_ANSWER, NO_ANSWER)]
    if not with_class:
        assert found is None
        return
    assert found == Flips(
        same=sum(one == other for _, one, other in with_class),
        right_to_wrong=sum(truth == one != other for truth, one, other in with_class),
        wrong_to_right=sum(one != other == truth for truth, one, other in with_class),
        wrong_to_wrong=sum(len({truth, one, other}) == 3 for truth, one, other in with_class),
    )
    assert found.examples == len(with_class)


def test_an_answer_that_is_none_of_the_classes_differs_from_one_that_is():
    found = flips_between(score([0, 0], [1, 0]), score([0, 0], [NO_ANSWER, NO_ANSWER]))
    assert found == Flips(same=0, right_to_wrong=1, wrong_to_right=0, wrong_to_wrong=1)


def test_the_agreement_has_wilsons_interval():
    flips = Flips(same=354, right_to_wrong=3, wrong_to_right=2, wrong_to_wrong=1)
    assert flips.agreement == 354 / 360
    assert flips.interval == wilson_interval(354, 360)


@pytest.mark.parametrize(
    "changes", [{"first_answers": None}, {"hits": None}, {"preprocessing": "inception"}, {"selection_seed": 1}]
)
def test_what_was_asked_otherwise_or_not_kept_is_not_compared(changes):
    plain, other = score([0, 1], [0, 1]), score([0, 1], [0, 1], **changes)
    assert flips_between(plain, plain) is not None
    assert flips_between(plain, other) is None
    assert flips_between(other, plain) is None


def test_first_answers_are_16_bits_each_the_low_byte_first():
    packed = pack_answers([0, 1, 258, 65534, NO_ANSWER])
    assert packed is not None
    assert base64.b64decode(packed) == bytes([0, 0, 1, 0, 2, 1, 0xFE, 0xFF, 0xFF, 0xFF])
    assert unpack_answers(packed) == [0, 1, 258, 65534, NO_ANSWER]
    assert pack_answers([0, 65535]) is None


def test_first_answers_mean_the_same_on_a_host_of_the_other_byte_order(monkeypatch):
    other = "big" if sys.byteorder == "little" else "little"
    monkeypatch.setattr("mbench.core.scores.sys.byteorder", other)
    packed = pack_answers([258, NO_ANSWER])
    assert packed is not None
    native = array("H", [258, 65535])
    if other == "big":
        native.byteswap()
    assert base64.b64decode(packed) == native.tobytes()
    assert unpack_answers(packed) == [258, NO_ANSWER]


@pytest.mark.parametrize("text", ["", "AAA", "AAAA", "AAAAAAAA", "ÄÄÄÄAA=="])
def test_a_document_with_first_answers_of_other_examples_is_refused(text):
    assert score([0, 1], [0, 1], first_answers="AAABAA==").first_answers == "AAABAA=="
    with pytest.raises(ValidationError, match="first_answers: these are not the classes of 2 examples in base64"):
        score([0, 1], [0, 1], first_answers=text)
