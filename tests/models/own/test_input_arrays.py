"""Arrays for the inputs of users' networks."""

import numpy as np
import pytest

from mbench.core.errors import ArtifactError
from mbench.models.own.input_arrays import OwnInput, checked_examples, synthetic_examples, with_shapes

LEFT = OwnInput(name="left", shape=(1, 4, 2), dtype="float32")
TOKENS = OwnInput(name="tokens", shape=(1, 3), dtype="int32")
BOTH = (LEFT, TOKENS)


def test_examples_by_name_get_the_inputs_shape_and_type() -> None:
    given = [{"tokens": np.array([1, 2, 3]), "left": np.ones((1, 4, 2), np.float64)}]

    (example,) = checked_examples(given, BOTH, source="x")

    assert {name: (each.shape, each.dtype.name) for name, each in example.items()} == {
        "left": ((1, 4, 2), "float32"),
        "tokens": ((1, 3), "int32"),
    }


def test_examples_without_names_are_taken_in_order() -> None:
    (example,) = checked_examples([(np.ones((4, 2)), np.zeros(3, int))], BOTH, source="x")

    assert example["left"].sum() == 8


def test_the_array_of_an_only_input_needs_no_name() -> None:
    (example,) = checked_examples([np.ones((4, 2))], (LEFT,), source="x")

    assert example["left"].shape == (1, 4, 2)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"right": np.ones((4, 2)), "tokens": np.ones(3, int)}, "example 0 has right, tokens; its inputs are left"),
        ((np.ones((4, 2)),), "has 1 arrays; its inputs are"),
        ({"left": np.ones((2, 4)), "tokens": np.ones(3, int)}, "is 2×4 for input left"),
        ({"left": np.ones((4, 2)), "tokens": np.ones(3)}, "holds float64 for input tokens"),
        ({"left": np.array([["a", "b"]] * 4), "tokens": np.ones(3, int)}, "holds <U1 for input left"),
        ({"left": np.full((4, 2), np.nan), "tokens": np.ones(3, int)}, "holds NaN or infinity for input 'left'"),
        ({"left": np.full((4, 2), np.inf), "tokens": np.ones(3, int)}, "holds NaN or infinity for input 'left'"),
        ({"left": np.full((4, 2), 3.5e38), "tokens": np.ones(3, int)}, "holds numbers beyond those of input left"),
        ({"left": np.full((4, 2), -3.5e38), "tokens": np.ones(3, int)}, "holds numbers beyond those of input left"),
        ({"left": np.ones((4, 2)), "tokens": np.full(3, 2**31)}, "holds numbers beyond those of input tokens"),
        ({"left": np.ones((4, 2)), "tokens": np.full(3, -(2**31) - 1)}, "holds numbers beyond those of input tokens"),
    ],
)
def test_an_example_that_does_not_fit_is_refused_with_what_is_wrong(given: object, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        list(checked_examples([given], BOTH, source="x"))


def test_the_last_numbers_that_a_type_holds_are_taken() -> None:
    given = {"left": np.full((4, 2), -3.4e38), "tokens": np.array([2**31 - 1, -(2**31), 0])}
    (example,) = checked_examples([given], BOTH, source="x")

    assert example["tokens"].tolist() == [[2**31 - 1, -(2**31), 0]]
    assert np.isfinite(example["left"]).all()


@pytest.mark.parametrize("value", [-1, 2])
def test_an_input_of_truths_takes_zero_and_one_alone(value: int) -> None:
    flags = (OwnInput(name="flag", shape=(1, 2), dtype="bool"),)
    (example,) = checked_examples([np.array([0, 1])], flags, source="x")
    assert example["flag"].tolist() == [[False, True]]

    with pytest.raises(ArtifactError, match="holds numbers beyond those of input flag"):
        list(checked_examples([np.array([0, value])], flags, source="x"))


def test_an_open_batch_is_one_and_other_open_sizes_must_be_given() -> None:
    batch = OwnInput(name="x", shape=(-1, 8), dtype="float32")
    length = OwnInput(name="x", shape=(-1, -1, 8), dtype="float32")

    assert with_shapes([batch], [])[0].shape == (1, 8)
    assert with_shapes([length], ["x:1,20,8"])[0].shape == (1, 20, 8)
    with pytest.raises(ArtifactError, match=r"no fixed size \(1×\?×8\); give it one, such as --input-shape x:1,64,8"):
        with_shapes([length], [])


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("y:1,8", "its inputs are x"),
        ("x:1,9", "does not fit its input 'x', which is \\?×8"),
        ("x:1,8,1", "does not fit"),
        ("x:0,8", "is not a shape"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(asked: str, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        with_shapes([OwnInput(name="x", shape=(-1, 8), dtype="float32")], [asked])


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (1, 3, 8, 8), (1, 50, 2), (1, 5), (2, 6, 7, 5), ()])
def test_synthetic_reals_lie_in_minus_one_to_one_and_differ(shape: tuple[int, ...]) -> None:
    first, second = synthetic_examples([OwnInput(name="x", shape=shape, dtype="float32")], 2, seed=3)

    assert first["x"].shape == shape
    assert np.abs(first["x"]).max() <= 1
    assert not np.array_equal(first["x"], second["x"])


def test_synthetic_pictures_are_smooth_whichever_axis_holds_the_channels() -> None:
    (last,) = synthetic_examples([OwnInput(name="x", shape=(1, 64, 64, 3), dtype="float32")], 1, seed=0)
    (first,) = synthetic_examples([OwnInput(name="x", shape=(1, 3, 64, 64), dtype="float32")], 1, seed=0)

    assert np.array_equal(last["x"].transpose(0, 3, 1, 2), first["x"])
    assert np.abs(np.diff(last["x"], axis=1)).max() < 0.5


def test_synthetic_whole_numbers_are_rows_of_any_table() -> None:
    (example,) = synthetic_examples([TOKENS], 1, seed=0)

    assert set(example["tokens"].ravel().tolist()) <= {0, 1}
    assert example["tokens"].dtype == np.int32


def test_the_same_seed_gives_the_same_examples() -> None:
    one, other = (synthetic_examples(BOTH, 1, seed=7)[0] for _ in range(2))

    assert all(np.array_equal(one[name], other[name]) for name in one)
