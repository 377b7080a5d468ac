"""What answers of a classifier show of themselves: that they are no better than guessing, or hardly answers."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.tasks.top_k import NO_CLASS
from mbench.core.proportions import wilson_interval

ADVICE = "check --preprocessing, the order of its classes (--labels FILE names it), and the file"


def class_doubts(first: NDArray[np.integer], truth: NDArray[np.integer], *, hits: int, classes: int) -> tuple[str, ...]:
    """Return why a classifier's accuracy may not be what the network can do.

    Args:
        first: (answered,) first answers, as output indices; `NO_CLASS` where all scores are equal.
        truth: (asked,) the right classes.
        hits: examples of all asked whose first answer was right.
        classes: of the data set.
    """
    return tuple(_doubts(first, truth, hits, classes)) if len(truth) else ()


def guessing(truth: NDArray[np.integer], *, hits: int, classes: int) -> bool:
    """Whether hits are not shown to be better than chance, and than one answer to all where there are several classes.

    Args:
        truth: (asked,) the right classes.
        hits: examples whose first answer was right.
        classes: of the data set.
    """
    if not len(truth):
        return True
    low = wilson_interval(hits, len(truth)).low
    commonest = float(np.bincount(truth).max()) / len(truth)
    return low <= 1 / classes or (len(np.unique(truth)) > 1 and low <= commonest)


def _doubts(first: NDArray[np.integer], truth: NDArray[np.integer], hits: int, classes: int) -> Iterator[str]:
    undecided = int((first == NO_CLASS).sum())
    if undecided:
        yield f"{undecided} of {len(first)} answers score every class alike; they count as wrong"
    several = len(np.unique(truth)) > 1  # examples of one class alone are rightly all answered by it
    if several and undecided < len(first) and len(np.unique(first)) == 1 and len(first) > 1:
        yield f"all {len(first)} answers are output {int(first[0])}: a collapsed network, or an all-white input"
    low = wilson_interval(hits, len(truth)).low
    chance, commonest = 1 / classes, float(np.bincount(truth).max()) / len(truth)
    examples = "1 example does" if len(truth) == 1 else f"{len(truth)} examples do"
    if low <= chance:
        yield f"{examples} not show that top-1 is better than chance, 1 of {classes}; {ADVICE}"
    elif several and low <= commonest:
        yield (
            f"{examples} not show that top-1 is better than one answer to all, the commonest class, "
            f"{commonest:.1%}; {ADVICE}"
        )
