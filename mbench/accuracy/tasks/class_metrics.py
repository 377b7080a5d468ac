"""Figures of merit of a classification: how often the right answer is the first, or among the first five."""

import numpy as np
import numpy.typing as npt

from mbench.core.proportions import wilson_interval
from mbench.core.scores import Metric

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
