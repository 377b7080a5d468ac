"""Files of other people, trained on any scaling: a wrong accuracy is refused, or bears a doubt.

What is said of each scaling that is given to files trained on each is the table of `test_table_of_forms.py`.
"""

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from foreign_files import scored, top1
from linear_digits import linear_digits, normalization_metadata

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.inspection import inspect_file
from mbench.core.reasons import Unscored
from mbench.core.scores import Score
from mbench.core.workloads import Normalization

pytestmark = pytest.mark.usefixtures("lasting_pool")

TRUE_TOP1 = 0.92
"""Of the linear classifier, by the scaling that it was trained on: 93.6 % of 360."""

NAMES = {"unit": "plain:unit", "symmetric": "plain"}
"""What advice calls scalings: the data set's own recipe is kept."""


@pytest.mark.parametrize(
    ("quantization", "fits"),
    [((1 / 255, -128), "unit"), ((1 / 127.5, -1), "symmetric")],
)
@pytest.mark.parametrize("given", ["levels", "unit", "symmetric", "imagenet"])
def test_an_input_of_int8_before_a_float_body_refuses_what_it_cannot_hold(
    quantization: tuple[float, int], fits: str, given: str, tmp_path: Path
) -> None:
    data = linear_digits(SCALINGS[fits], dtype="int8", quantization=quantization)
    score = scored(data, tmp_path, preprocessing=given)
    if given == fits:
        assert top1(score) > TRUE_TOP1
    else:
        assert isinstance(score, Unscored)
        assert f"--preprocessing {NAMES[fits]} fits" in score.reason
        assert "input holds" in score.reason


def test_the_normalization_in_a_files_metadata_is_used(tmp_path: Path) -> None:
    data = linear_digits(SCALINGS["levels"], metadata=normalization_metadata([0.0], [1.0]))
    score = scored(data, tmp_path)
    assert top1(score) > TRUE_TOP1
    assert isinstance(score, Score)
    assert (score.preprocessing, score.doubts) == ("plain:levels", ())


def test_a_scaling_that_contradicts_the_metadata_is_said(tmp_path: Path) -> None:
    data = linear_digits(SCALINGS["levels"], metadata=normalization_metadata([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]))
    score = scored(data, tmp_path, preprocessing="plain")
    assert isinstance(score, Score)
    assert "its metadata asks for levels, and plain was given" in score.doubts


@pytest.mark.parametrize(
    ("mean", "std", "read"),
    [
        ([127.5], [127.5], Normalization(mean=(127.5,) * 3, std=(127.5,) * 3)),
        ([1.0, 2.0, 3.0], [4.0], Normalization(mean=(1.0, 2.0, 3.0), std=(4.0,) * 3)),
        ([0.0], [1e-40], None),
        ([0.0], [float("inf")], None),
        ([0.0], [0.0], None),
        ([float("nan")], [1.0], None),
        ([1.0, 2.0], [1.0], None),
        ([1e30], [1.0], None),
    ],
)
def test_metadata_is_read_or_passed_over(
    mean: list[float], std: list[float], read: Normalization | None, tmp_path: Path
) -> None:
    path = tmp_path / "file.tflite"
    path.write_bytes(linear_digits(SCALINGS["unit"], metadata=normalization_metadata(mean, std)))
    assert inspect_file(path).normalization == read


def test_damaged_metadata_says_nothing_and_the_file_is_read(tmp_path: Path) -> None:
    whole = normalization_metadata([127.5], [127.5])
    generator = np.random.default_rng(1)
    path = tmp_path / "file.tflite"
    for _ in range(50):
        damaged = bytearray(whole)
        for place in generator.integers(8, len(whole), 4):
            damaged[place] = generator.integers(256)
        path.write_bytes(linear_digits(SCALINGS["unit"], metadata=bytes(damaged)))
        found = inspect_file(path).normalization
        assert found is None or min(found.std) > 0


def test_reversed_classes_are_no_better_than_chance_and_say_so(tmp_path: Path) -> None:
    score = scored(linear_digits(SCALINGS["symmetric"], reverse=True), tmp_path)
    assert isinstance(score, Score)
    assert any("better than chance, 1 of 10" in doubt for doubt in score.doubts)


def test_reversed_classes_score_what_they_are_worth_by_their_list(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(reversed([str(digit) for digit in range(10)])))
    score = scored(linear_digits(SCALINGS["symmetric"], reverse=True), tmp_path, labels=str(path))
    assert top1(score) > TRUE_TOP1
    assert isinstance(score, Score)
    assert (score.labels_sha256 is not None, score.doubts) == (True, ())


def test_outputs_that_are_no_numbers_are_said_to_be_none(tmp_path: Path) -> None:
    weights = linear_digits(SCALINGS["symmetric"])
    model = schema.ModelT.InitFromPackedBuf(weights, 0)
    largest = max(model.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
    largest.data = np.full(len(largest.data) // 4, np.nan, np.float32).view(np.uint8)
    builder = flatbuffers.Builder(len(weights))
    builder.Finish(model.Pack(builder), b"TFL3")
    score = scored(bytes(builder.Output()), tmp_path)
    assert top1(score) == 0
    assert "360 of 360 outputs hold what is no number (NaN); they count as wrong" in score.doubts
