"""Scalings by name, and which of them a quantized input can hold."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.accuracy.pictures.input_range import LEAST_OVERLAP, Range, given_range, held_range, misfit
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.recipes import RECIPES, find_recipe, upright
from mbench.accuracy.pictures.scalings import SCALINGS, parse_scaling, scaling_name, scaling_of
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import LARGEST_LEVEL, LEAST_DEVIATION

NUMBERS = st.floats(-LARGEST_LEVEL, LARGEST_LEVEL).map(lambda number: float(f"{number:.6g}"))
DEVIATIONS = st.floats(1e-3, 1e3).map(lambda number: float(f"{number:.6g}"))


@dataclass(frozen=True)
class Stored:
    dtype: str
    scale: float | None
    zero_point: int | None
    quantized_as: None = None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("levels", "plain:levels"),
        ("unit", "plain:unit"),
        ("symmetric", "plain"),
        ("0/255", "plain:unit"),
        ("inception:127.5/127.5", "inception"),
        ("torchvision:imagenet", "torchvision"),
        ("keras:123.675,116.28,103.53/58.395,57.12,57.375", "keras:imagenet"),
        ("caffe:0/255/bgr", "caffe:0/255/bgr"),
        ("10,20,30/2", "plain:10,20,30/2"),
    ],
)
def test_a_recipe_takes_a_scaling_behind_it_or_is_the_data_sets_own(text: str, name: str) -> None:
    recipe = find_recipe(text, default="plain")
    assert recipe.name == name
    assert find_recipe(recipe.name) == recipe


@pytest.mark.parametrize(
    "text",
    ["", "1/0", "1/-1", "1/nan", "inf/1", "1,2/3", "a/b", "1/2/rgb", "1/2/bgr/3", "1e9/1", "inception:", "x:unit"],
)
def test_what_is_no_scaling_is_refused_in_one_line(text: str) -> None:
    if text == "inception:":
        assert find_recipe(text).name == "inception"
        return
    with pytest.raises(UsageError) as refused:
        find_recipe(text)
    assert "\n" not in str(refused.value)


@given(mean=st.tuples(NUMBERS, NUMBERS, NUMBERS), std=st.tuples(DEVIATIONS, DEVIATIONS, DEVIATIONS))
def test_a_name_is_read_as_what_it_was_made_of(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> None:
    scaling = scaling_of(mean, std)
    assert parse_scaling(scaling_name(scaling)) == scaling


@pytest.mark.parametrize("std", ["0", "0.0", "1e-400", "1e-46", "1e-40", "9.9e-7", "1,1e-45,1"])
def test_a_deviation_whose_quotients_are_no_numbers_is_refused(std: str) -> None:
    with pytest.raises(UsageError, match=r"a standard deviation is at least 1e-06"):
        parse_scaling(f"127.5/{std}")


@pytest.mark.parametrize("mean", [-LARGEST_LEVEL, 0.0, 127.5, LARGEST_LEVEL])
def test_the_least_deviation_gives_finite_inputs(mean: float) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(-1, 1).repeat(3, axis=1)
    values = parse_scaling(f"{mean}/{LEAST_DEVIATION}").real_values(levels)
    assert np.isfinite(values).all()
    assert len(np.unique(values)) > 1


@pytest.mark.parametrize("text", ["1e400/1", "-inf/1", "nan/1", "1/1e400", "1/inf", "1/nan", "1000001/1", "1/1000001"])
def test_numbers_that_no_level_has_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="unknown scaling"):
        parse_scaling(text)


def test_mean_and_deviation_are_taken_off_levels() -> None:
    values = parse_scaling("10,20,30/2").real_values(np.array([[[10, 22, 26]]], np.uint8))
    assert values.tolist() == [[[0.0, 1.0, -2.0]]]


def test_every_recipes_own_scaling_has_a_name_that_is_read_again() -> None:
    for recipe in RECIPES:
        assert parse_scaling(scaling_name(recipe.scaling)) == recipe.scaling


@pytest.mark.parametrize(
    ("tensor", "held"),
    [
        (Stored("uint8", 1.0, 0), Range(0.0, 255.0)),
        (Stored("int8", 0.5, -128), Range(0.0, 127.5)),
        (Stored("int8", 1 / 128, 0), Range(-1.0, 127 / 128)),
        (Stored("int16", 1 / 32767, 0), None),
        (Stored("float32", None, None), None),
    ],
)
def test_a_tensor_of_8_bits_says_what_it_can_hold(tensor: Stored, held: Range | None) -> None:
    assert held_range(tensor) == held


@pytest.mark.parametrize(("high", "fits"), [(LEAST_OVERLAP * 255 + 0.01, True), (LEAST_OVERLAP * 255 - 0.01, False)])
def test_a_range_fits_down_to_two_thirds(high: float, *, fits: bool) -> None:
    assert (misfit(find_recipe("plain:levels"), Stored("uint8", high / 255, 0)) is None) == fits


@pytest.mark.parametrize(("high", "fits"), [(255 / LEAST_OVERLAP - 0.01, True), (255 / LEAST_OVERLAP + 0.01, False)])
def test_a_range_fits_up_to_three_halves(high: float, *, fits: bool) -> None:
    assert (misfit(find_recipe("plain:levels"), Stored("uint8", high / 255, 0)) is None) == fits


def test_a_misfit_names_both_ranges_and_what_fits() -> None:
    said = misfit(find_recipe("torchvision"), Stored("uint8", 1.0, 0))
    ranges = "gives -2.118 to 2.64, and its uint8 input holds 0 to 255"
    assert said == f"{ranges}: --preprocessing torchvision:levels fits"
    unknown = misfit(find_recipe("plain:unit"), Stored("int8", 1.0, 0))
    ranges = "gives 0 to 1, and its int8 input holds -128 to 127"
    assert unknown == f"{ranges}: --preprocessing plain:128/1 fills that"


@pytest.mark.parametrize(
    "name", [*(recipe.name for recipe in RECIPES), "keras:unit", "plain:0/255/bgr", "caffe:levels"]
)
@pytest.mark.parametrize("exif", [False, True])
@pytest.mark.parametrize(
    "tensor",
    [
        Stored("uint8", 1.0, 0),
        Stored("uint8", 1 / 255, 0),
        Stored("int8", 1 / 127.5, 0),
        Stored("int8", 1.0, 0),
        Stored("uint8", 0.0187, 114),
        Stored("int8", 4.0, 12),
    ],
    ids=str,
)
def test_a_misfits_advice_is_taken_when_it_is_pasted_and_keeps_crop_and_channels(
    name: str, tensor: Stored, *, exif: bool
) -> None:
    recipe = upright(find_recipe(name)) if exif else find_recipe(name)
    said = misfit(recipe, tensor)
    if said is None:
        return
    option, pasted, *_ = said.rpartition(": ")[2].split()
    advised = find_recipe(pasted, default="antialiased")
    assert option == "--preprocessing"
    assert advised.crop_and_resize is recipe.crop_and_resize
    assert advised.scaling.channels == recipe.scaling.channels
    assert misfit(advised, tensor) is None


@pytest.mark.parametrize("scale", [1e-7, 1e9])
def test_a_range_that_no_scaling_gives_is_said_to_be_one(scale: float) -> None:
    said = misfit(find_recipe("plain"), Stored("uint8", scale, 0))
    assert said is not None
    assert said.endswith("no MEAN/STD gives that; convert the file again")


def test_no_two_named_scalings_fit_one_tensor() -> None:
    ranges = [given_range(scaling) for scaling in SCALINGS.values()]
    overlaps = [one.overlap(other) for one in ranges for other in ranges if one != other]
    assert max(overlaps) < LEAST_OVERLAP


def test_ranges_that_do_not_meet_overlap_by_nothing() -> None:
    assert Range(0, 1).overlap(Range(2, 3)) == 0.0
    assert given_range(PixelScaling(divisor=1.0, mean=(0.0, 0.0, 0.0))) == Range(0.0, 255.0)
