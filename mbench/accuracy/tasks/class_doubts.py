"""What answers of a classifier show of themselves: that they are no better than guessing, or hardly answers."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.tasks.top_k import NO_CLASS
from mbench.core.proportions import mcnemar_p, wilson_interval

EXCHANGED: Final = 1e-6
"""McNemar's p-value from which on classes are said to stand in another order: no weak network's noise gets there."""

_SAID: Final = 4
"""Of such classes, so many are named."""

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
        yield f"{undecided} of {len(first)} answers score every class alike, or several infinitely; they count as wrong"
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


def exchanged(
    found: NDArray[np.integer], truth: NDArray[np.integer], names: Sequence[str], *, classes: int
) -> str | None:
    """Return a sentence where some classes are each taken for another of them: their outputs stand in another order.

    A network that was trained on `Daisy, dandelion, Aster` as they stood there gives its other classes rightly, so that
    its accuracy is far above chance.

    Args:
        found: (asked,) first answers, as classes; negative where there is none.
        truth: (asked,) the right classes.
        names: of the classes; empty where nobody knows them.
        classes: of the data set.
    """
    counts = np.zeros((classes, classes), np.int64)
    known = (found >= 0) & (found < classes)
    np.add.at(counts, (truth[known], found[known]), 1)
    taken_for = np.where(counts.any(axis=1), counts.argmax(axis=1), np.arange(classes))
    moved = _in_cycles(taken_for)
    right, other = int(counts[moved, moved].sum()), int(counts[moved, taken_for[moved]].sum())
    if other <= right or mcnemar_p(right, other) > EXCHANGED:
        return None
    more = f" and {len(moved) - _SAID} more" if len(moved) > _SAID else ""
    pairs = [f"{_called(each, names)} as {_called(int(taken_for[each]), names)}" for each in moved[:_SAID].tolist()]
    return (
        f"some classes are mostly answered as each other ({', '.join(pairs)}{more}), as where outputs stand in another "
        f"order: of these {other} answers would be right instead of {right}; --labels FILE names the order"
    )


def _in_cycles(leads_to: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the indices that lead back to themselves by way of others."""
    reached = np.arange(len(leads_to))
    while len(fewer := np.unique(leads_to[reached])) < len(reached):
        reached = fewer
    moved: NDArray[np.integer] = reached[leads_to[reached] != reached]
    return moved


def _called(index: int, names: Sequence[str]) -> str:
    return names[index] if index < len(names) else str(index)
