"""Inputs as people have them: channels first, gray, not square; and the output that the user chooses."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign_files import scored, top1
from linear_digits import linear_digits, right_answers

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.choices import Layout
from mbench.core.reasons import Unscored
from mbench.core.scores import Score, ScoredOutput
from mbench.report.accuracy.scored import once_each

pytestmark = pytest.mark.usefixtures("lasting_pool")

UNIT = SCALINGS["unit"]
TRUE = float(right_answers().mean())
WITHIN = 1 / 360
"""One example: sums in float32 are added in another order than here."""


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Score | Unscored]:
    return lambda data, **spec: scored(data, tmp_path, **{"preprocessing": "unit"} | spec)


def refused(score: Score | Unscored) -> str:
    assert isinstance(score, Unscored), score
    assert "\n" not in score.reason
    return score.reason


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("nchw", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_channels_first_and_gray_are_scored_as_the_network_is_worth(ask, dtype, *, nchw, gray):
    quantization = {"float32": None, "uint8": (1 / 255, 0), "int8": (1 / 255, -128)}[dtype]
    score = ask(linear_digits(UNIT, dtype=dtype, quantization=quantization, nchw=nchw, gray=gray))
    assert top1(score) == pytest.approx(TRUE, abs=WITHIN)
    assert (score.layout, score.gray, score.doubts) == (Layout.NCHW if nchw else Layout.NHWC, gray, ())


def test_a_gray_picture_without_an_axis_of_channels_is_scored(ask):
    assert top1(ask(linear_digits(UNIT, gray=True, flat=True))) == pytest.approx(TRUE, abs=WITHIN)


@pytest.mark.parametrize("nchw", [False, True])
@pytest.mark.parametrize("size", [(8, 20), (20, 8)])
def test_an_input_that_is_not_square_gets_pictures_of_its_height_and_width(ask, size, *, nchw):
    score = ask(linear_digits(UNIT, size=size, nchw=nchw))
    assert top1(score) == pytest.approx(float(right_answers(*size).mean()), abs=WITHIN)
    assert score.doubts == ()


def test_what_can_be_read_both_ways_is_asked_for_and_not_guessed(ask):
    data = linear_digits(UNIT, size=(3, 8))  # (1, 3, 8, 3)
    assert refused(ask(data)).endswith("say which by --layout nhwc or --layout nchw.")
    assert top1(ask(data, layout=Layout.NHWC)) == pytest.approx(float(right_answers(3, 8).mean()), abs=WITHIN)
    other = ask(data, layout=Layout.NCHW)
    assert top1(other) < top1(ask(data, layout=Layout.NHWC))
    assert other.doubts


def test_a_layout_that_the_shape_cannot_have_is_refused(ask):
    assert "(1, 8, 8, 3), not" in refused(ask(linear_digits(UNIT), layout=Layout.NCHW))


def test_a_height_and_width_that_are_open_are_refused(ask):
    assert "has no fixed height and width" in refused(ask(linear_digits(UNIT, size=(1, 1), open_size=True)))


@pytest.mark.parametrize("preprocessing", ["torchvision", "caffe", "1,2,3/255"])
def test_a_recipe_that_scales_each_channel_by_itself_says_nothing_of_gray(ask, preprocessing):
    assert "its input is gray" in refused(ask(linear_digits(UNIT, gray=True), preprocessing=preprocessing))


def test_a_gray_float_input_given_another_scaling_is_refused_with_the_one_that_fits(ask):
    score = ask(linear_digits(SCALINGS["levels"], gray=True))
    assert any("--preprocessing plain:levels" in doubt for doubt in score.doubts)


def test_two_outputs_are_refused_with_their_names_until_one_is_chosen(ask):
    data = linear_digits(UNIT, second=True)
    names = "0 scores = digit (1, 10), 1 reversed = mirror (1, 10)"
    assert refused(ask(data)) == (
        f"it has 2 outputs ({names}), and scoring takes a score per class; choose one by --output NAME."
    )
    unknown = refused(ask(data, output="boxes"))
    assert unknown == f"it has no output called 'boxes'; --output takes a name or a number of {names}."


@pytest.mark.parametrize(("names", "index"), [(("scores", "digit", "0"), 0), (("reversed", "mirror", "1"), 1)])
def test_an_output_is_chosen_by_its_tensors_name_its_signatures_or_its_index(ask, names, index):
    data = linear_digits(UNIT, second=True)
    for name in names:
        score = ask(data, output=name)
        assert score.output == ScoredOutput(index=index, name=("scores", "reversed")[index])
        assert (top1(score) == pytest.approx(TRUE, abs=WITHIN)) == (index == 0)
        assert bool(score.doubts) == (index == 1)


def test_the_only_output_may_be_named_and_goes_without_saying(ask):
    score = ask(linear_digits(UNIT), output="scores")
    assert (top1(score) == pytest.approx(TRUE, abs=WITHIN), score.output) == (True, None)
    assert "has no output called 'digit'" in refused(ask(linear_digits(UNIT), output="digit"))
    assert "has no output called '1'" in refused(ask(linear_digits(UNIT), output="1"))


def test_scores_of_two_outputs_are_told_apart(ask):
    data = linear_digits(UNIT, second=True)
    first, second = (ask(data, output=name) for name in ("digit", "mirror"))
    labels = [one.label for one in once_each([("file", first), ("file", second), ("file", first)])]
    assert len(labels) == 2
    assert "output 0 scores" in labels[0]
    assert "output 1 reversed" in labels[1]


def test_an_output_of_numbers_alone_decides_whether_a_picture_is_answered(ask):
    score = ask(linear_digits(UNIT, second=True), output="digit", examples=7)
    assert (score.scored, score.asked) == (7, 7)
    assert np.isfinite(top1(score))
