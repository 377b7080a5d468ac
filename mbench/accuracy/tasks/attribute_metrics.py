"""Mean average precision over attributes: the figure of merit of arXiv 1704.04861, section 4.5 and Table 12.

The paper does not define it. Here an attribute's average precision is the area under its precision-recall steps, as in
scikit-learn's `average_precision_score`, and the mean is over the attributes that some example has.
"""

import numpy as np
import numpy.typing as npt

from mbench.accuracy.tasks.bootstrap import bootstrap_metric, quotient
from mbench.core.scores import Metric

NAME = "mean_average_precision"

RESAMPLES = 400
"""Each one weighs every attribute anew."""


def attribute_metrics(
    scores: npt.NDArray[np.floating],
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.bool_],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Metric, ...]:
    """Return the mean average precision, none where no example has any attribute.

    Args:
        scores: (asked, attributes), higher where the attribute is surer; anything in rows that were not answered.
        truth: (asked, attributes), 0 or 1.
        answered: (asked,); an example without an answer ranks behind all others.
        seed: of the bootstrap.
        resamples: how many are drawn.
    """
    ranked = np.where(answered[:, np.newaxis] & ~np.isnan(scores), scores, -np.inf)
    known = truth.any(axis=0)
    steps = [_Steps(ranked[:, index], truth[:, index]) for index in np.flatnonzero(known)]
    if not steps:
        return ()

    def mean_over_attributes(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        by_example = np.ascontiguousarray(weights.T, dtype=np.int32)
        each = np.stack([attribute.average_precision(by_example) for attribute in steps])
        present = ~np.isnan(each)
        return quotient(np.where(present, each, 0.0).sum(axis=0), present.sum(axis=0))

    metric = bootstrap_metric(NAME, mean_over_attributes, len(scores), seed=seed, resamples=resamples)
    return () if metric is None else (metric,)


class _Steps:
    """One attribute's examples in order of their scores: sorted once, weighed anew for each resample."""

    def __init__(self, scores: npt.NDArray[np.floating], truth: npt.NDArray[np.integer]) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
        self._positives = np.flatnonzero(truth[self._order])
        # equal scores share a threshold: precision is that behind the last of them
        self._claimed_until = ends[np.searchsorted(ends, self._positives)]
        self._found_until = np.searchsorted(self._positives, self._claimed_until, side="right") - 1

    def average_precision(self, weights: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        """Return the sum over thresholds of the gain in recall times the precision; NaN where nothing is to be found.

        Recall gains at positives alone, so that nothing else needs its precision.

        Args:
            weights: (examples, resamples), so that examples are put in order row by row.

        Returns:
            (resamples,).
        """
        drawn = weights[self._order]
        gained = drawn[self._positives]
        claimed = np.cumsum(drawn, axis=0, dtype=np.int32)[self._claimed_until]
        found = np.cumsum(gained, axis=0, dtype=np.int32)
        area = (gained * (found[self._found_until] / np.maximum(claimed, 1))).sum(axis=0)
        return quotient(area, found[-1])
