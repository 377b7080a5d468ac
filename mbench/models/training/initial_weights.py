"""Weights to begin with: drawn from a seed, the same on every machine, or another training's."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mbench.models.training.examples import INITIAL, generator
from mbench.models.weights.weights import WeightValues

_CONSTANT: Mapping[str, float] = {"gamma": 1.0, "moving_variance": 1.0}


def draw(model: Any, seed: int) -> WeightValues:
    """Return weights by `layer/weight`: kernels uniform with Glorot's variance, γ and σ² 1, everything else 0.

    Source: Glorot and Bengio 2010, equation 16, as `keras.initializers.GlorotUniform` reads it for convolutions: fans
    are kernel area × channels; a depthwise kernel (h, w, c, 1) counts c channels in and one out.
    """
    source = generator(seed, INITIAL)
    return {
        f"{layer.name}/{variable.name}": _draw_one(variable.name, tuple(variable.shape), source)
        for layer in model.layers
        for variable in layer.weights
    }


def _draw_one(name: str, shape: tuple[int, ...], source: np.random.Generator) -> npt.NDArray[np.float32]:
    if name != "kernel":
        return np.full(shape, _CONSTANT.get(name, 0.0), np.float32)
    area = math.prod(shape[:-2])
    limit = math.sqrt(6.0 / (area * (shape[-2] + shape[-1])))
    return source.uniform(-limit, limit, shape).astype(np.float32)
