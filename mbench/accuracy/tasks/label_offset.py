"""Which output means class 0: some classifiers put "background" in front of their classes, so theirs is output 1."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.core.errors import UnsupportedModel
from mbench.core.proportions import wilson_interval

CHANCE: Final = 1e-6
"""A shift is blamed where the answers would fit it so much better by chance in fewer cases than this."""

FACTOR: Final = 3
"""…and fit it so many times as often: classes next to each other are alike (ImageNet sorts dogs by breed)."""


def label_offset(outputs: int, classes: int, asked: int | None) -> int:
    """Return the output index of class 0.

    Args:
        outputs: scores that the file gives.
        classes: of the data set.
        asked: what the user said, 0 or 1; None: 1 where there is one output more than classes, else 0.

    Raises:
        UnsupportedModel: the outputs are neither as many as the classes nor one more, or do not reach with that offset.
    """
    if outputs not in {classes, classes + 1}:
        raise UnsupportedModel(
            f"it has {outputs} outputs, and the data set {classes} classes: neither as many nor one more, for "
            "background. Say what each output stands for by --labels FILE, or name a data set of its classes."
        )
    offset = outputs - classes if asked is None else asked
    if classes + offset > outputs:
        raise UnsupportedModel(
            f"it has {outputs} outputs for {classes} classes, so none is left for background; --label-offset must be 0."
        )
    return offset


def shifted_fit(top1: NDArray[np.integer], expected: NDArray[np.integer]) -> tuple[int, float] | None:
    """Return the shift, −1 or 1, that the first answers fit far better than the expected indices; its share of hits.

    An answer cannot be right under both, so the two counts are all that McNemar's test needs: under the hypothesis that
    no shift is better, the shifted hits are at most half of both, binomially. The rule: a chance below `CHANCE`,
    `FACTOR` times the hits, and hits in more than one class: a network that answers one class to all fits the shift
    that leads to the commonest; and more hits than chance gives. None: no shift fits so.

    Args:
        top1: (answered,) first answers, as output indices.
        expected: (answered,) output indices of the right classes.
    """
    right = int((top1 == expected).sum())
    for shift in (-1, 1):
        fits = top1 == expected + shift
        shifted = int(fits.sum())
        if len(np.unique(top1[fits])) < 2 or wilson_interval(shifted, len(top1)).low <= 1 / len(np.unique(expected)):
            continue
        if shifted >= FACTOR * max(right, 1) and _chance(shifted, shifted + right) < CHANCE:
            return shift, shifted / len(top1)
    return None


def _chance(successes: int, trials: int) -> float:
    """Return a bound on the chance of so many successes or more, at least half, in trials of a fair coin.

    Source: Hoeffding, Probability Inequalities for Sums of Bounded Random Variables (1963), theorem 1.
    """
    return math.exp(-2 * trials * (successes / trials - 0.5) ** 2)
