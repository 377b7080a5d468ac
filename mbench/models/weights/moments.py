"""Mean and variance per channel, and what activation functions make of them, by operations that round one way."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

POINTS: Final = 64

QUANTILES: Final = ((np.arange(POINTS) + 0.5) * 2.0 / POINTS - 1.0) * math.sqrt(3.0)
"""Of a uniform distribution with variance 1: where an activation's moments are taken."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and variance per channel, (channels,) each."""

    mean: Array
    variance: Array


def uniform(mean: float, variance: float, channels: int) -> Moments:
    """Return the same moments for all channels."""
    return Moments(np.full(channels, mean), np.full(channels, variance))


def fitted(moments: Moments, channels: int | None) -> Moments:
    """Return moments for another number of channels: a flattened map repeats them; what fits no way is averaged."""
    have = moments.mean.shape[0]
    if channels is None or channels == have:
        return moments
    if channels % have == 0:
        return Moments(np.tile(moments.mean, channels // have), np.tile(moments.variance, channels // have))
    return uniform(math.fsum(moments.mean) / have, math.fsum(moments.variance) / have, channels)


def activated(activation: Any, before: Moments) -> Moments:
    """Return the moments behind a Keras activation function; of all but piecewise linear ones a rough likeness."""
    match getattr(activation, "__name__", "linear"):
        case "relu":
            return clipped(before, math.inf)
        case "relu6":
            return clipped(before, 6.0)
        case "hard_silu" | "hard_swish" | "silu":
            points = _points(before)
            return _moments_of(points * np.clip(points / 6.0 + 0.5, 0.0, 1.0))
        case "sigmoid" | "hard_sigmoid":
            return _moments_of(np.clip(_points(before) / 6.0 + 0.5, 0.0, 1.0))
        case _:
            return before


def clipped(before: Moments, highest: float) -> Moments:
    """Return the moments of values cut to [0, highest]."""
    return _moments_of(np.clip(_points(before), 0.0, highest))


def _points(before: Moments) -> Array:
    """Return quantiles of a uniform distribution of these moments, (64, channels)."""
    return before.mean + np.sqrt(before.variance) * QUANTILES[:, None]


def _moments_of(points: Array) -> Moments:
    mean = points.sum(axis=0) / POINTS
    spread = points - mean
    return Moments(mean, (spread * spread).sum(axis=0) / POINTS)
