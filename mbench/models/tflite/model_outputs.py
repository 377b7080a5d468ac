"""Outputs of Keras models: the one that most have, or several by name."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mbench.models.tflite.calibration import Examples

OUTPUTS: Final = "outputs"
"""In a probe's `.npz`: the array of the only output, or what stands before the name of each of several."""


def output_names(model: Any) -> tuple[str, ...] | None:
    """Return the names of a model's outputs in the order that converters number them in; None: it has one."""
    return tuple(sorted(model.output)) if isinstance(model.output, dict) else None


def answers(traced: Any, inputs: Examples) -> dict[str, Examples]:
    """Return what a traced model makes of inputs, as a probe keeps it: `outputs`, or `outputs/NAME` of each of several.

    Args:
        traced: a concrete function of one inference.
        inputs: (n, *shape) where an inference takes one, (n, batch, *shape) where it takes several.

    Returns:
        Arrays of as many answers: (n, …), or (n, batch, …).
    """
    several = inputs.ndim == len(traced.inputs[0].shape) + 1
    found: dict[str, list[Examples]] = {}
    for example in inputs:
        outputs = traced(example if several else example[None])
        for key, values in _by_key(outputs).items():
            found.setdefault(key, []).append(values if several else values[0])
    return {key: np.stack(values) for key, values in found.items()}


def wanted_outputs(probe: Mapping[str, Examples]) -> Examples | dict[str, Examples]:
    """Return the answers that a probe holds: of the only output, or of each of several by its name."""
    if OUTPUTS in probe:
        return probe[OUTPUTS]
    return {key.removeprefix(f"{OUTPUTS}/"): probe[key] for key in probe if key.startswith(f"{OUTPUTS}/")}


def _by_key(outputs: Any) -> dict[str, Examples]:
    if isinstance(outputs, dict):
        return {f"{OUTPUTS}/{name}": values.numpy() for name, values in outputs.items()}
    return {OUTPUTS: outputs.numpy()}
