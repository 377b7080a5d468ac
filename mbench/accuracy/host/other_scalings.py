"""Asks a file some of the pictures again in other scalings: a float input does not say what it was trained on.

A network that takes 0 to 255 still answers when it is given -1 to 1, only wrongly, and nothing else shows it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile, answer_some
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import Prepared
from mbench.accuracy.pictures.input_form import unfit_scaling
from mbench.accuracy.pictures.input_range import held_range
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.recipes import RECIPES, PreprocessingRecipe, option_with, turned
from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.errors import UnsupportedModel
from mbench.core.proportions import mcnemar_p

FEW, MANY = 64, 400
"""Pictures that are asked again: in every scaling, and in the one that answered most of the few rightly."""

LEVEL: Final = 1e-3
"""Of McNemar's test: so seldom is a scaling called better that is not."""

Hits = NDArray[np.bool_]


def better_scaling(
    opened: OpenedFile, prepared: Prepared, recipe: PreprocessingRecipe, evaluator: Evaluator, *, pool: HostPool
) -> str | None:
    """Return half a sentence where another scaling fits a file far better than its recipe's; None where none does.

    Args:
        opened: a file that was scored on the pictures.
        prepared: the pictures.
        recipe: that it was scored by.
        evaluator: of its answers; tasks without a right first answer are not asked.
        pool: the processes to ask it in.

    Raises:
        ArtifactError: an inference failed.
    """
    if held_range(opened.picture_input()) is not None or not prepared.record.asked:
        return None

    def hits(scaling: PixelScaling, rows: NDArray[np.intp]) -> Hits | None:
        answered = answer_some(opened, prepared, rows, scaling, keep=evaluator.keep, output=evaluator.output, pool=pool)
        try:
            found = evaluator.weigh(answered.outputs, answered.answered, prepared.indices[rows]).hits
        except UnsupportedModel:  # of a label offset, which is said where the whole is weighed
            return None
        return None if found is None else np.array(found, np.bool_)

    form = opened.picture_form()
    few, many = (_spread(prepared.record.asked, count) for count in (FEW, MANY))
    own = hits(recipe.scaling, few)
    if own is None:
        return None
    fitting = [one for one in _candidates(recipe.scaling) if unfit_scaling(one, form) is None]
    tried = [(found, one) for one in fitting if (found := hits(one, few)) is not None]
    best = max(tried, key=lambda each: int(each[0].sum()), default=None)
    if best is None or best[0].sum() <= own.sum():
        return None
    own, other = hits(recipe.scaling, many), hits(best[1], many)
    if own is None or other is None or not _better(other, own):
        return None
    return (
        f"of {len(many)} examples {int(other.sum())} are right with {option_with(recipe, best[1])}, "
        f"{int(own.sum())} with {recipe.name}"
    )


def _better(other: Hits, own: Hits) -> bool:
    gained, lost = int((other & ~own).sum()), int((own & ~other).sum())
    return gained > lost and mcnemar_p(gained, lost) < LEVEL


def _spread(asked: int, count: int) -> NDArray[np.intp]:
    """Return at most `count` rows, evenly over all: data sets are often sorted by class."""
    return np.unique(np.linspace(0, asked - 1, min(count, asked)).astype(np.intp))


def _candidates(own: PixelScaling) -> list[PixelScaling]:
    """Return what networks are usually trained on, and the recipe's own with the channels the other way round."""
    usual = [*(recipe.scaling for recipe in RECIPES), *SCALINGS.values()]
    return [one for one in dict.fromkeys([*usual, turned(own)]) if one != own]
