"""Which other scaling is called better: bounds of the test, and which pictures are asked."""

from dataclasses import replace

import numpy as np
import pytest

from mbench.accuracy.host.other_scalings import FEW, MANY, _better, _candidates, _spread
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
    assert _better(*answers(gained, lost)) == better


@pytest.mark.parametrize("asked", [1, FEW - 1, FEW, FEW + 1, MANY, 50_000])
def test_pictures_are_spread_from_the_first_to_the_last(asked: int) -> None:
    rows = _spread(asked, FEW)
    assert len(rows) == min(asked, FEW)
    assert (rows[0], rows[-1]) == (0, asked - 1)
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("recipe", [recipe.name for recipe in RECIPES])
def test_the_candidates_are_the_usual_ones_and_the_own_one_turned_round(recipe: str) -> None:
    own = find_recipe(recipe).scaling
    found = _candidates(own)
    assert own not in found
    assert {*SCALINGS.values()} <= {own, *found}
    other = "rgb" if own.channels == "bgr" else "bgr"
    turned = replace(own, channels=other, mean=own.mean[::-1], deviation=own.deviation[::-1])
    assert turned in found
    assert scaling_name(turned).endswith("/bgr") == (other == "bgr")
