"""Asks a file some of the pictures again in other scalings: its input hardly says what it was trained on.

A network that takes 0 to 255 still answers when it is given -1 to 1, only wrongly, and nothing else shows it.
"""

from collections.abc import Sequence
from typing import Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile, answer_some
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import Prepared
from mbench.accuracy.pictures.input_form import unfit_scaling
from mbench.accuracy.pictures.input_range import fits, held_range, scaling_onto
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.recipes import RECIPES, PreprocessingRecipe, option_with, turned
from mbench.accuracy.pictures.scalings import SCALINGS, scaling_of
from mbench.core.errors import UnsupportedModel
from mbench.core.proportions import mcnemar_p

FEW, MANY = 64, 400
"""Pictures that are asked again: in every scaling, and in those that answered most of the few rightly."""

CLOSEST: Final = 2
"""So many scalings are asked about the many pictures."""

LEVEL: Final = 1e-3
"""Of McNemar's test: so seldom is a scaling called better that is not."""

DOUBT: Final = 0.2
"""Likewise, of a scaling that may be better, which is said in other words; 0.1 to each side."""

_NAMED: Final = tuple(dict.fromkeys([*(recipe.scaling for recipe in RECIPES), *SCALINGS.values()]))

_OF_SMALL_PICTURES: Final = (
    scaling_of((33.3285,) * 3, (78.5655,) * 3),
    scaling_of((125.307, 122.961, 113.8575), (62.985, 62.0925, 66.7080)),
)
"""255 times the means and deviations that networks for MNIST (0.1307, 0.3081) and CIFAR-10 are mostly trained with
(pytorch/examples `mnist/main.py`; 0.4914, 0.4822, 0.4465 and 0.2470, 0.2435, 0.2616)."""

Hits = NDArray[np.bool_]


def better_scaling(
    opened: OpenedFile,
    prepared: Prepared,
    recipe: PreprocessingRecipe,
    evaluator: Evaluator,
    right: Sequence[bool] | None,
    *,
    pool: HostPool,
) -> str | None:
    """Return half a sentence where another scaling fits a file better than its recipe's, or may; None where none does.

    One whose answers might be guesses fits no better, whatever it hits: classes may stand in another order.

    What is no scaling of a name, but a MEAN/STD of the user's, is doubted where another one does better at all.

    Args:
        opened: a file that was scored on the pictures.
        prepared: the pictures.
        recipe: that it was scored by.
        evaluator: of its answers.
        right: (asked,) which of its first answers were right; None, of tasks without such a thing: nothing is asked.
        pool: the processes to ask it in.

    Raises:
        ArtifactError: an inference failed.
    """
    if right is None or not prepared.record.asked:
        return None

    def hits(scaling: PixelScaling, rows: NDArray[np.intp]) -> Hits | None:
        answered = answer_some(opened, prepared, rows, scaling, keep=evaluator.keep, output=evaluator.output, pool=pool)
        try:
            worth = evaluator.weigh(answered.outputs, answered.answered, prepared.indices[rows])
        except UnsupportedModel:  # of a label offset, which is said where the whole is weighed
            return None
        guesses = worth.guessing and len(rows) > FEW  # fewer hardly show more
        return None if worth.hits is None or guesses else np.array(worth.hits, np.bool_)

    own = np.array(right, np.bool_)
    few, many = (_spread(prepared.record.asked, count) for count in (FEW, MANY))
    tried = [
        (int(found.sum()), one)
        for one in _candidates(recipe.scaling, opened)
        if _may_fit(found := hits(one, few), own[few])
    ]
    closest = [one for _, one in sorted(tried, key=lambda each: each[0], reverse=True)[:CLOSEST]]
    asked = [(found, one) for one in closest if (found := hits(one, many)) is not None]
    best = max(asked, key=lambda each: int(each[0].sum()), default=None)
    if best is None:
        return None
    other, scaling = best
    said = (
        f"of {len(many)} examples {int(other.sum())} are right with {option_with(recipe, scaling)}, "
        f"{int(own[many].sum())} with {recipe.name}"
    )
    if _better(other, own[many], LEVEL):
        return said
    if _better(other, own[many], DOUBT if recipe.scaling in _NAMED else 1.0):
        return f"{said}, too few to show which one it was trained on"
    return None


def _may_fit(other: Hits | None, own: Hits) -> TypeGuard[Hits]:
    """Whether a scaling is not shown to be worse."""
    return other is not None and not _better(own, other, DOUBT)


def _better(other: Hits, own: Hits, level: float) -> bool:
    gained, lost = int((other & ~own).sum()), int((own & ~other).sum())
    return gained > lost and mcnemar_p(gained, lost) <= level


def _spread(asked: int, count: int) -> NDArray[np.intp]:
    """Return at most `count` rows, evenly over all: data sets are often sorted by class."""
    return np.unique(np.linspace(0, asked - 1, min(count, asked)).astype(np.intp))


def _candidates(own: PixelScaling, opened: OpenedFile) -> list[PixelScaling]:
    """Return what a file may have been trained on, as far as it fits the input, without its recipe's own.

    These are the usual ones, the own one with the channels the other way round, and the range that an input states.
    """
    form, entry = opened.picture_form(), opened.picture_input()
    held = held_range(entry)
    stated = None if held is None else scaling_onto(held)
    usual = [*_NAMED, *_OF_SMALL_PICTURES, turned(own), *([] if stated is None else [stated])]
    return [one for one in dict.fromkeys(usual) if one != own and unfit_scaling(one, form) is None and fits(one, entry)]
