"""Figures of merit of a classification: the first k answers of a file, and how often the right one is among them."""

import numpy as np
import numpy.typing as npt

from mbench.core.proportions import wilson_interval
from mbench.core.scores import Metric

_BLOCK_ROWS = 2048
"""Rows that are ranked at once: their copy stays in the processor's cache, and a million examples need no more."""

TOP5 = 5


def top_k(scores: npt.NDArray[np.generic], k: int) -> npt.NDArray[np.intp]:
    """Return the indices of the `k` highest scores of each row, the best first; of equal scores the lowest index first.

    Ties are common in quantized outputs, and counting every tie for a hit would add up to two points of top-1.

    Args:
        scores: (examples, classes), of any real type. What is no number ranks last.
        k: how many; of fewer classes all are returned.

    Returns:
        (examples, min(k, classes)).
    """
    wanted = min(k, scores.shape[1])
    best = np.empty((len(scores), wanted), dtype=np.intp)
    for start in range(0, len(scores), _BLOCK_ROWS):
        best[start : start + _BLOCK_ROWS] = _top_of_block(scores[start : start + _BLOCK_ROWS], wanted)
    return best


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


def _top_of_block(scores: npt.NDArray[np.generic], k: int) -> npt.NDArray[np.intp]:
    """Take the highest k times: argmax takes the first of equals, and k rounds of it are cheaper than a sort."""
    if scores.dtype.kind == "f" and not np.isfinite(scores).all():
        return np.argsort(-scores.astype(np.float64), axis=1, kind="stable")[:, :k]
    left = scores.astype(np.result_type(scores.dtype, np.float32) if scores.dtype.kind == "f" else np.int64)
    taken = -np.inf if left.dtype.kind == "f" else np.iinfo(np.int64).min
    rows = np.arange(len(left))
    best = np.empty((len(left), k), dtype=np.intp)
    for place in range(k):
        best[:, place] = left.argmax(axis=1)
        left[rows, best[:, place]] = taken
    return best
