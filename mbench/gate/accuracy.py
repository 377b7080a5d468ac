"""`accuracy`: fewer examples are answered rightly; counts do not say how many answers differ in both directions."""

import math
from typing import Final

import numpy as np

from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.course import follow
from mbench.gate.levels import Limits
from mbench.gate.tonight import Tonight, known_places

SHARE: Final = 0.005
"""Of the examples: half a percentage point, below which nobody acts."""

FLIPS: Final = 0.02
"""Share of answers that differ between two builds of one network that are equally good: what another calibration or
another converter moves. Two independent samples would differ far more, but these are the same examples."""

DEVIATIONS: Final = 3.0
"""Standard deviations, √(FLIPS × examples), that equally good builds lie apart once in a thousand nights."""


def least_lost(examples: int) -> float:
    """Return how many more examples must be answered wrongly."""
    return max(SHARE * examples, DEVIATIONS * math.sqrt(FLIPS * examples))


def judge_accuracy(tonight: Tonight) -> tuple[Finding, ...]:
    """Return that a cell answers fewer of the same examples rightly than it did, or more, and since when.

    Only nights with tonight's data set, recipe and number of examples count; in whatever epoch, since a program that
    makes another file wrong is a finding.
    """
    series = tonight.series
    examples, dataset = int(series.examples[-1]), int(series.dataset[-1])
    if examples <= 0:
        return ()
    places = known_places((series.correct >= 0) & (series.examples == examples) & (series.dataset == dataset))
    if places is None:
        return ()
    wrong = (examples - series.correct[places]).astype(float)
    limits = Limits(relative=0.0, absolute=least_lost(examples), noise=0.0, nights=1)
    worse = follow(wrong, np.zeros_like(places), limits, {}).worse
    if worse is None:
        return ()
    right, before = int(series.correct[-1]), examples - worse.before
    words = (
        f"{right} of {examples} right, {before:.0f} before: {before - right:.0f} fewer, "
        f"of which {limits.absolute:.0f} may be chance"
    )
    return (
        tonight.finding(
            FindingClass.ACCURACY,
            since=int(places[worse.since]),
            before=100 * before / examples,
            now=100 * right / examples,
            unit="%",
            because=words,
        ),
    )
