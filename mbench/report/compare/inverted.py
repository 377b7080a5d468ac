"""A comparison read the other way: what was new is the baseline, and each ratio is old over new."""

from typing import Final, Literal

from mbench.report.compare.compared_accuracy import ComparedAccuracy
from mbench.report.compare.comparison import ComparedCell, Comparison, GeometricMean

Interval = tuple[float, float] | None

_Verdict = Literal["faster", "slower", "no difference shown", "incomparable"]
_TURNED: Final[dict[str, _Verdict]] = {"faster": "slower", "slower": "faster"}
_TURNED_ACCURACY: Final[dict[str, Literal["better", "worse"]]] = {"better": "worse", "worse": "better"}


def inverted(comparison: Comparison) -> Comparison:
    """Return the same evidence with the sides exchanged: `1 / ratio`, in an interval whose ends have changed places.

    Words are those of the same evidence: what is slower one way is faster the other. What becomes of single answers
    (`against`) stays as it was given.
    """
    mean = comparison.geometric_mean
    return comparison.model_copy(
        update={
            "old": comparison.new,
            "new": comparison.old,
            "differs": tuple(each.model_copy(update={"old": each.new, "new": each.old}) for each in comparison.differs),
            "cells": tuple(map(_cell, comparison.cells)),
            "geometric_mean": None
            if mean is None
            else GeometricMean(ratio=1 / mean.ratio, ratio_ci=_interval(mean.ratio_ci), cells=mean.cells),
            "only_old": comparison.only_new,
            "only_new": comparison.only_old,
        }
    )


def _cell(cell: ComparedCell) -> ComparedCell:
    return cell.model_copy(
        update={
            "ratio": None if cell.ratio is None else 1 / cell.ratio,
            "ratio_ci": _interval(cell.ratio_ci),
            "verdict": _TURNED.get(cell.verdict, cell.verdict),
            "old": cell.new,
            "new": cell.old,
            "accuracy": None if cell.accuracy is None else _accuracy(cell.accuracy),
        }
    )


def _accuracy(found: ComparedAccuracy) -> ComparedAccuracy:
    low, high = found.change_ci
    return found.model_copy(
        update={
            "old": found.new,
            "new": found.old,
            "change": -found.change,
            "change_ci": (-high, -low),
            "verdict": _TURNED_ACCURACY.get(found.verdict, found.verdict),
        }
    )


def _interval(ends: Interval) -> Interval:
    return None if ends is None else (1 / ends[1], 1 / ends[0])
