"""Which other scaling is called better: bounds of the test, and which pictures are asked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.other_scalings import DOUBT, FEW, LEVEL, MANY, _better, _candidates, _may_fit, _spread
from mbench.accuracy.host.worker import ModelFile, Tensor, Tensors
from mbench.accuracy.pictures.input_scaling import Quantized
from mbench.accuracy.pictures.recipes import RECIPES, find_recipe
from mbench.accuracy.pictures.scalings import SCALINGS, scaling_name


def answers(gained: int, lost: int) -> tuple[np.ndarray, np.ndarray]:
    """Return hits of another scaling and of its own: so many that only one of them has, and ten of both."""
    other = np.array([True] * gained + [False] * lost + [True] * 10)
    own = np.array([False] * gained + [True] * lost + [True] * 10)
    return other, own


@pytest.mark.parametrize(
    ("gained", "lost", "better"),
    [(10, 0, False), (11, 0, True), (30, 9, False), (30, 8, True), (0, 11, False), (8, 30, False), (0, 0, False)],
)
def test_better_is_what_chance_gives_once_in_a_thousand(gained: int, lost: int, *, better: bool) -> None:
    """McNemar, exact and two-sided: 11 of 11 have p = 0.00098, 10 of 10 0.00195; 30 of 38 0.00048, 30 of 39 0.0011."""
    assert _better(*answers(gained, lost), LEVEL) == better


@pytest.mark.parametrize(
    ("gained", "lost", "doubted"),
    [(4, 0, True), (3, 0, False), (12, 6, False), (13, 6, True), (1, 0, False), (0, 4, False), (0, 0, False)],
)
def test_a_scaling_may_be_better_where_chance_gives_it_once_in_ten(gained: int, lost: int, *, doubted: bool) -> None:
    """Two-sided, of both directions: 4 of 4 have p = 0.125, 3 of 3 0.25; 13 of 19 0.167, 12 of 18 0.24."""
    other, own = answers(gained, lost)
    assert _better(other, own, DOUBT) == doubted
    assert _may_fit(own, other) != doubted
    assert not _may_fit(None, own)


@pytest.mark.parametrize("asked", [1, FEW - 1, FEW, FEW + 1, MANY, 50_000])
def test_pictures_are_spread_from_the_first_to_the_last(asked: int) -> None:
    rows = _spread(asked, FEW)
    assert len(rows) == min(asked, FEW)
    assert (rows[0], rows[-1]) == (0, asked - 1)
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("recipe", [recipe.name for recipe in RECIPES])
def test_the_candidates_are_the_usual_ones_and_the_own_one_turned_round(recipe: str) -> None:
    own = find_recipe(recipe).scaling
    found = _candidates(own, opened())
    assert own not in found
    assert {*SCALINGS.values()} <= {own, *found}
    other = "rgb" if own.channels == "bgr" else "bgr"
    turned = replace(own, channels=other, mean=own.mean[::-1], deviation=own.deviation[::-1])
    assert turned in found
    assert scaling_name(turned).endswith("/bgr") == (other == "bgr")


def opened(**entry: object) -> OpenedFile:
    tensor = Tensor(
        **{"name": "x", "shape": (1, 8, 8, 3), "dtype": "float32", "scale": None, "zero_point": None} | entry
    )
    file = ModelFile(path=Path("x.tflite"), builtin=False, stamp=(0, 0))
    return OpenedFile(file=file, tensors=Tensors(inputs=(tensor,), outputs=()))


def test_a_gray_input_is_tried_with_scalings_that_are_alike_in_all_channels() -> None:
    found = _candidates(SCALINGS["unit"], opened(shape=(1, 8, 8, 1)))
    assert {SCALINGS["levels"], SCALINGS["symmetric"]} <= {*found}
    assert all(one.alike for one in found)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "uint8", "scale": 0.005, "zero_point": 60},
        {"quantized_as": Quantized(dtype="uint8", scale=0.005, zero_point=60)},
    ],
)
def test_an_input_that_states_its_range_is_tried_with_that_and_with_nothing_that_does_not_fit(entry) -> None:
    found = _candidates(SCALINGS["unit"], opened(**entry))
    assert [scaling_name(one) for one in found if one.channels == "rgb"] == ["60/200"]
