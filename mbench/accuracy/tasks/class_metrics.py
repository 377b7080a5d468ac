"""Figures of merit of a classification: how often the right answer is the first, or among the first five."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mbench.core.proportions import wilson_interval
from mbench.core.scores import MOST_CLASSES_COUNTED, NO_ANSWER, Confusion, Metric

TOP5 = 5


def top1_hits(
    top: npt.NDArray[np.integer], truth: npt.NDArray[np.integer], answered: npt.NDArray[np.bool_]
) -> list[bool]:
    """Return for each asked example whether its first answer was right; one without an answer was not.

    Args:
        top: (asked, k) classes, best first; anything in rows that were not answered.
        truth: (asked,) classes.
        answered: (asked,).
    """
    hits: list[bool] = ((top[:, 0] == truth) & answered).tolist()
    return hits


def classification_metrics(
    top: npt.NDArray[np.integer],
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.bool_],
    *,
    classes: int | None = None,
) -> tuple[Metric, ...]:
    """Return `top1`, and `top5` where five answers are fewer than all; an example without an answer is wrong.

    Args:
        top: (asked, k) classes, best first; anything in rows that were not answered.
        truth: (asked,) classes.
        answered: (asked,).
        classes: how many there are; None: more than `top` is wide.

    Raises:
        ValueError: no examples.
    """
    right = (top == truth[:, np.newaxis]) & answered[:, np.newaxis]
    metrics = [share_metric("top1", int(right[:, 0].sum()), len(truth))]
    if top.shape[1] >= TOP5 and (classes is None or classes > TOP5):
        metrics.append(share_metric("top5", int(right[:, :TOP5].any(axis=1).sum()), len(truth)))
    return tuple(metrics)


def first_answers(
    first: npt.NDArray[np.integer], answered: npt.NDArray[np.bool_], *, classes: int
) -> npt.NDArray[np.integer]:
    """Return (asked,) the class of each first answer, `NO_ANSWER` where it is none of the classes or there is none.

    Args:
        first: (asked,) first answers, as classes; anything in rows that were not answered.
        answered: (asked,).
        classes: how many there are.
    """
    return np.where(answered & (first >= 0) & (first < classes), first, NO_ANSWER)


def confusion_of(
    first: npt.NDArray[np.integer], truth: npt.NDArray[np.integer], names: Sequence[str], *, classes: int
) -> Confusion | None:
    """Return what was answered to which class; None of more than `MOST_CLASSES_COUNTED` classes.

    Args:
        first: (asked,) as `first_answers` gives them.
        truth: (asked,) classes.
        names: of the classes; empty where nobody knows them.
        classes: how many there are.
    """
    if classes > MOST_CLASSES_COUNTED:
        return None
    counts = Counter(zip(truth.tolist(), first.tolist(), strict=True))
    return Confusion(
        names=tuple(names) if len(names) == classes else tuple(map(str, range(classes))),
        counts=tuple((truth, answer, counts[truth, answer]) for truth, answer in sorted(counts)),
    )


def share_metric(name: str, hits: int, examples: int) -> Metric:
    """Return a share of examples with Wilson's interval.

    Raises:
        ValueError: no examples.
    """
    interval = wilson_interval(hits, examples)
    return Metric(
        name=name,
        value=hits / examples,
        low=interval.low,
        high=interval.high,
        interval="wilson",
        examples=examples,
    )
