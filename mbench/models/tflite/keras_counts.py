"""What a Keras model multiplies and holds, counted from its layers: the other side of what is counted in a file.

By the paper's conventions (arXiv 1704.04861, section 3.1): convolutions and fully connected layers alone.
"""

import math
from collections.abc import Iterator
from typing import Any


def count_mult_adds(model: Any) -> int:
    """Return the multiply-adds of one inference at the sizes that the model was built with."""
    return sum(math.prod(layer.output.shape[1:]) * _per_output(layer) for layer in _kernel_layers(model))


def count_folded(model: Any) -> int:
    """Return weights and biases once batch normalization is folded: then each of these layers has a bias per output."""
    return sum(math.prod(layer.kernel.shape) + layer.output.shape[-1] for layer in _kernel_layers(model))


def _per_output(layer: Any) -> int:
    """Return the multiply-adds of one output element: the kernel over all its inputs, of which depthwise has one."""
    shape = layer.kernel.shape
    return math.prod(shape[:2] if type(layer).__name__ == "DepthwiseConv2D" else shape[:-1])


def _kernel_layers(model: Any) -> Iterator[Any]:
    return (each for each in model.operations if getattr(each, "kernel", None) is not None)
