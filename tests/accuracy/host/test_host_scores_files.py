"""Files asked about pictures on this host: right answers, refusals in one line, damage that stays local."""

import hashlib

import numpy as np
import pytest
from picture_sets import PlainColours, mean_colour_file

from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.host.score import score_file
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.accuracy.tasks.top_k import BestAnswers
from mbench.core.delegates import Delegate, parse_delegate
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.ports import SilentProgress
from mbench.core.scores import unpack_hits

QUIET = SilentProgress()
PLAIN = find_recipe("plain")


class Notes(SilentProgress):
    """Progress that keeps its notes."""

    def __init__(self):
        self.noted = []

    def note(self, text):
        self.noted.append(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scores")


@pytest.fixture
def opened(folder, pool):
    def open_bytes(data: bytes, delegate=Delegate.CPU):
        path = folder / f"{hashlib.sha256(data).hexdigest()}.tflite"
        path.write_bytes(data)
        return open_file(path, delegate=delegate, pool=pool)

    return open_bytes


@pytest.fixture
def score(opened, folder, pool):
    def score_bytes(data, examples=PlainColours(), *, offset=None, asked=None, resolution=32, progress=QUIET):  # noqa: B008
        file = opened(data)
        prepared = prepare(
            examples, PLAIN, resolution, asked=asked, seed=0, folder=folder / "prepared", pool=pool, progress=QUIET
        )
        return score_file(
            file,
            prepared,
            examples,
            PLAIN,
            class_evaluator(file, examples, asked_offset=offset, note=progress.note),
            artifact_sha256=hashlib.sha256(data).hexdigest(),
            delegate=Delegate.CPU,
            pool=pool,
            progress=progress,
        )

    return score_bytes


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("background", [False, True])
def test_a_classifier_that_is_always_right_scores_one_with_or_without_background(score, dtype, background):
    scored = score(mean_colour_file(dtype=dtype, background=background))
    assert scored.metric("top1").value == 1.0
    assert (scored.label_offset, scored.asked, scored.scored) == (int(background), 40, 40)


def test_examples_that_cannot_be_decoded_count_as_wrong_and_are_named(score):
    scored = score(mean_colour_file(), PlainColours(damaged=frozenset({0, 39})))
    assert scored.metric("top1").value == 38 / 40
    assert (scored.scored, scored.failed) == (38, ("colour #0", "colour #39"))
    assert [index for index, hit in enumerate(unpack_hits(scored.hits, 40)) if not hit] == [0, 39]


def test_a_part_is_scored_in_the_order_of_its_draw(score):
    scored = score(mean_colour_file(), PlainColours(damaged=frozenset(range(0, 40, 3))), asked=10)
    assert (scored.asked, scored.selection_seed) == (10, 0)
    from mbench.accuracy.host.sampling import chosen_indices

    assert unpack_hits(scored.hits, 10) == [bool(index % 3) for index in chosen_indices(40, 10, 0)]


def test_outputs_that_are_no_numbers_are_no_answers(opened, folder, pool):
    examples = PlainColours(count=3)
    prepared = prepare(examples, PLAIN, 32, asked=None, seed=0, folder=folder / "prepared", pool=pool, progress=QUIET)
    file = opened(mean_colour_file(root=True))  # the dark channels lie below zero
    answered = answer(file, prepared, PLAIN.scaling, keep=BestAnswers(5), pool=pool, progress=QUIET)
    assert not answered.answered.any()


def test_raw_outputs_are_those_of_the_tensors_own_type_and_zero_where_nothing_was_decoded(opened, folder, pool):
    examples = PlainColours(count=6, damaged=frozenset({2}))
    prepared = prepare(examples, PLAIN, 32, asked=None, seed=0, folder=folder / "prepared", pool=pool, progress=QUIET)
    answered = answer(
        opened(mean_colour_file(dtype="int8", background=True)),
        prepared,
        PLAIN.scaling,
        keep=None,
        pool=pool,
        progress=QUIET,
    )
    (output,) = answered.outputs
    assert (output.shape, output.dtype) == ((6, 4), np.int8)
    assert output[2].tolist() == [0, 0, 0, 0]
    assert output[0].tolist() in ([0, 72, -127, -127], [0, 73, -127, -127])  # 200 lies on a half


def test_both_kernels_give_the_same_answers_to_a_step(opened, folder, pool):
    prepared = prepare(
        PlainColours(), PLAIN, 32, asked=None, seed=0, folder=folder / "prepared", pool=pool, progress=QUIET
    )
    outputs = [
        answer(
            opened(mean_colour_file(dtype="int8"), parse_delegate(delegate)),
            prepared,
            PLAIN.scaling,
            keep=None,
            pool=pool,
            progress=QUIET,
        ).outputs[0]
        for delegate in ("cpu", "builtin")
    ]
    assert np.abs(outputs[0].astype(int) - outputs[1]).max() <= 1


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"inputs": 2}, r"it has 2 inputs \(0 picture0 \(1, 32, 32, 3\), 1 picture1 \(1, 32, 32, 3\)\)"),
        ({"outputs": 2}, r"it has 2 outputs .*; choose one by --output NAME"),
        ({"channels": 2}, r"has the shape \(1, 32, 32, 2\)"),
        ({"dtype": "int8", "scale": None}, "takes int8 without a scale"),
        ({"resolution": 16}, "it takes 16 x 16 pixels, and the pictures are prepared at 32"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_in_one_line(score, shape, message):
    with pytest.raises(UnsupportedModel, match=message) as refusal:
        score(mean_colour_file(**shape))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("classes", "outputs"), [(2, 4), (4, 3), (10, 3)])
def test_outputs_that_fit_neither_the_classes_nor_one_more_are_refused(score, classes, outputs):
    with pytest.raises(UnsupportedModel, match=f"it has {outputs} outputs, and the data set {classes} classes"):
        score(mean_colour_file(background=outputs == 4), PlainColours(classes=classes))


def test_background_in_a_file_without_room_for_it_is_refused(score):
    with pytest.raises(UnsupportedModel, match="--label-offset must be 0"):
        score(mean_colour_file(), offset=1)


def test_answers_that_fit_another_offset_are_refused_with_the_option_that_mends_it(score):
    # Four classes and four outputs, whose first is the background all the same.
    data, examples = mean_colour_file(background=True), PlainColours(count=200, classes=4)
    with pytest.raises(
        UnsupportedModel, match=r"100.0% of its answers are right if class 0 is output 1, 0.0% if it is 0"
    ):
        score(data, examples)


def test_an_offset_that_the_user_gave_is_used_and_doubted_aloud(score):
    notes = Notes()
    scored = score(mean_colour_file(background=True), PlainColours(count=200), offset=0, progress=notes)
    assert scored.metric("top1").value == 0.0
    assert "class 0 is output 1" in notes.noted[0]


def test_a_few_examples_do_not_blame_the_offset(score):
    assert score(mean_colour_file(background=True), PlainColours(count=12, classes=4)).metric("top1").value == 0.0


@pytest.mark.parametrize("data", [b"", b"not a model", mean_colour_file()[:400]])
def test_what_is_no_file_of_the_runtime_is_refused_in_one_line(opened, data):
    with pytest.raises(ArtifactError, match=r"^[^\n]*$"):
        opened(data)


def test_a_file_that_is_not_there_is_refused(folder, pool):
    with pytest.raises(ArtifactError, match="could not read"):
        open_file(folder / "nothing.tflite", delegate=Delegate.CPU, pool=pool)


def test_a_delegate_of_phones_is_refused(folder, pool):
    with pytest.raises(UnsupportedModel, match="not by gpu"):
        open_file(folder / "any.tflite", delegate=parse_delegate("gpu"), pool=pool)


def test_a_file_that_was_replaced_is_loaded_again(folder, pool):
    path = folder / "replaced.tflite"
    path.write_bytes(mean_colour_file(resolution=32))
    open_file(path, delegate=Delegate.CPU, pool=pool)
    path.write_bytes(mean_colour_file(resolution=16))
    assert open_file(path, delegate=Delegate.CPU, pool=pool).picture_input().shape[1] == 16
