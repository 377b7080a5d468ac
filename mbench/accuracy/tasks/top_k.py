"""The best answers of a file, by its scores; worker processes start with it, so that it needs nothing but numpy."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_BLOCK_ROWS: Final = 2048
"""Rows that are ranked at once: their copy stays in the processor's cache, and a million examples need no more."""


NO_CLASS: Final = -(1 << 31)
"""The index that stands where no score is higher than another; below every index of a class, whatever its offset."""


@dataclass(frozen=True, slots=True)
class BestAnswers:
    """Keeps of the only output so many best indices, the best first: (pictures, min(count, classes))."""

    count: int

    def __call__(self, outputs: tuple[npt.NDArray[Any], ...]) -> tuple[npt.NDArray[np.intp]]:
        """Return the indices; `NO_CLASS` where two scores or more are all equal, or several of them infinite."""
        (stored,) = outputs
        scores = stored.reshape(len(stored), -1)
        best = top_k(scores, self.count)
        if scores.shape[1] > 1:
            best[(scores == scores[:, :1]).all(axis=1)] = NO_CLASS
            if scores.dtype.kind == "f":
                best[(scores == np.inf).sum(axis=1) > 1] = NO_CLASS
        return (best,)


@dataclass(frozen=True, slots=True)
class BestScored:
    """Keeps what `BestAnswers` keeps, and the scores of these outputs as they are stored: (pictures, min(count, …))."""

    count: int

    def __call__(self, outputs: tuple[npt.NDArray[Any], ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
        """Return indices and scores; where `NO_CLASS` stands, the score is that of output 0."""
        (best,) = BestAnswers(self.count)(outputs)
        scores = outputs[0].reshape(len(best), -1)
        return best, np.take_along_axis(scores, np.maximum(best, 0), axis=1)


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
