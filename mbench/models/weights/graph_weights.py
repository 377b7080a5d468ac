"""Seeded weights of any Keras network: nobody trained it, yet it is alive in every layer, the same to the bit anywhere.

Timing needs weights that no converter can simplify; checking a conversion needs outputs that differ between inputs.
The network is walked from its input on, with mean and variance per channel estimated beside it; kernels are scaled, and
biases and batch-norm statistics drawn, so that every layer's output keeps a standard deviation of about one whatever
came in. Only operations that IEEE 754 rounds one way are used (+ − × ÷ √, sums over the first axis), on draws of PCG64,
so no platform's libm or BLAS has a say.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.models.weights.moments import Array, Moments, activated, clipped, fitted, uniform

Weights = npt.NDArray[np.float32]

INPUT_MEAN, INPUT_VARIANCE = 0.0, 0.25
"""Of pixels in [-1, 1]; what natural and synthetic pictures have, roughly."""

LOGIT_GAIN: Final = 3.5
"""Standard deviation of the last layer's outputs, if features varied like unpooled ones: they must differ by input."""

LIVELY: Final = ((0.8, 1.2), (-0.5, 1.5))
CALM: Final = ((0.4, 0.6), (0.0, 2.0))
"""From where gamma and beta are drawn. Calmly where activations are curved and have no upper end, as hard swish: there
strong channels would grow from block to block, until one scale of int8 for all of them drowned the others."""

CURVED: Final = frozenset({"hard_silu", "hard_swish", "silu"})

LEAST_VARIANCE: Final = 1e-12

BLOCK: Final = 1 << 16
"""Weights that are summed at once, their float64 copies in a core's cache. Fixed, as sums depend on it."""


def graph_weights(model: Any, seed: int) -> Iterator[tuple[str, Weights]]:
    """Yield weights by name, such as `conv1/kernel` or `conv1_bn/moving_variance`, as Keras shapes them.

    One after the other, because those of a large network take half a gigabyte.

    Args:
        model: a functional Keras model; its own weights do not matter.
        seed: of all draws.
    """
    yield from _Walk(model.operations, np.random.Generator(np.random.PCG64(seed))).weights()


class _Walk:
    """One pass over a network's operations in order of execution."""

    def __init__(self, operations: Sequence[Any], source: np.random.Generator) -> None:
        self._operations, self._source = operations, source
        self._known: dict[int, Moments] = {}
        self._last = [each.name for each in operations if _has_kernel(each)][-1:]
        curved = any(getattr(getattr(each, "activation", None), "__name__", "") in CURVED for each in operations)
        self._gamma, self._beta = CALM if curved else LIVELY

    def weights(self) -> Iterator[tuple[str, Weights]]:
        for each in self._operations:
            drawn, after = self._visit(each)
            yield from ((f"{each.name}/{name}", values) for name, values in drawn.items())
            for tensor in _listed(each.output):
                self._known[id(tensor)] = fitted(after, tensor.shape[-1])

    def _visit(self, operation: Any) -> tuple[dict[str, Weights], Moments]:
        """Return an operation's weights, and the moments behind it."""
        if type(operation).__name__ == "InputLayer":
            return {}, uniform(INPUT_MEAN, INPUT_VARIANCE, _listed(operation.output)[0].shape[-1])
        before = [self._known[id(tensor)] for tensor in _listed(operation.input) if id(tensor) in self._known]
        if _has_kernel(operation):
            return self._kernel_layer(operation, before[0])
        if type(operation).__name__ == "BatchNormalization":
            return self._batch_norm(operation, before[0])
        return {}, _passed(operation, before)

    def _kernel_layer(self, layer: Any, before: Moments) -> tuple[dict[str, Weights], Moments]:
        """Draw a kernel, and a bias where there is one, for inputs of these moments."""
        shape = tuple(layer.kernel.shape)
        if type(layer).__name__ == "DepthwiseConv2D":
            kernel = self._depthwise_kernel(shape)
            sums = _depthwise_sums(kernel, fitted(before, shape[-2]))
        else:
            kernel = self._uniform(shape)
            groups = getattr(layer, "groups", 1)
            sums = _sums(kernel, fitted(before, shape[-2] * groups), groups)
        gain = LOGIT_GAIN if layer.name in self._last else 1.0
        scale = gain / math.sqrt(max(math.fsum(sums.variance) / len(sums.variance), LEAST_VARIANCE))
        kernel *= np.float32(scale)
        mean, variance = sums.mean * scale, sums.variance * (scale * scale)
        drawn = {"kernel": kernel}
        if layer.use_bias:
            bias = self._source.uniform(-0.5, 1.5, mean.shape) - mean
            drawn["bias"] = bias.astype(np.float32)
            mean = mean + bias
        return drawn, activated(getattr(layer, "activation", None), Moments(mean, variance))

    def _uniform(self, shape: tuple[int, ...]) -> Weights:
        """Draw from [-1, 1)."""
        kernel = self._source.random(shape, dtype=np.float32)
        kernel *= np.float32(2.0)
        kernel -= np.float32(1.0)
        return kernel

    def _depthwise_kernel(self, shape: tuple[int, ...]) -> Weights:
        """Draw a strong centre in a weak surround that sums to zero: so means are the same at the border."""
        kernel = self._source.uniform(-0.3, 0.3, shape)
        middle = shape[0] // 2
        kernel[middle, middle] = 0.0
        kernel -= kernel.reshape(-1, *shape[2:]).sum(axis=0) / max(shape[0] * shape[1] - 1, 1)
        kernel[middle, middle] = self._source.uniform(0.8, 1.2, shape[2:])
        return kernel.astype(np.float32)

    def _batch_norm(self, layer: Any, before: Moments) -> tuple[dict[str, Weights], Moments]:
        """Draw statistics that fit what comes in, each a little off, so that no folded bias vanishes."""
        channels = len(before.mean)
        drawn: dict[str, Array] = {
            "gamma": self._source.uniform(*self._gamma, channels),
            "beta": self._source.uniform(*self._beta, channels),
            "moving_mean": before.mean + np.sqrt(before.variance) * self._source.uniform(-0.1, 0.1, channels),
            "moving_variance": before.variance * self._source.uniform(0.8, 1.25, channels),
        }
        if not layer.center:
            drawn["beta"] = np.zeros(channels)
        if not layer.scale:
            drawn["gamma"] = np.ones(channels)
        after = Moments(drawn["beta"], drawn["gamma"] * drawn["gamma"])
        wanted = [str(weight.name) for weight in layer.weights]
        return {name: drawn[name].astype(np.float32) for name in wanted}, after


def _has_kernel(operation: Any) -> bool:
    return getattr(operation, "kernel", None) is not None and hasattr(operation, "use_bias")


def _depthwise_sums(kernel: Weights, before: Moments) -> Moments:
    """Return the moments of sums over (h, w, inputs, multiplier): output channel i × multiplier + j."""
    multiplier = kernel.shape[3]
    taps = kernel.reshape(-1, kernel.shape[2] * multiplier).astype(np.float64)
    mean, variance = np.repeat(before.mean, multiplier), np.repeat(before.variance, multiplier)
    return Moments(taps.sum(axis=0) * mean, (taps * taps).sum(axis=0) * variance)


def _sums(kernel: Weights, before: Moments, groups: int) -> Moments:
    """Return the moments of sums over all but the last axis of (…, inputs, outputs), inputs being independent."""
    inputs, outputs = kernel.shape[-2:]
    width = outputs // groups
    mean, variance = np.zeros(outputs), np.zeros(outputs)
    for group in range(groups):
        rows, columns = slice(group * inputs, (group + 1) * inputs), slice(group * width, (group + 1) * width)
        weights = np.stack((before.mean[rows], before.variance[rows]), axis=1)
        for tap in kernel.reshape(-1, inputs, outputs):
            _add_products(tap[:, columns], weights, mean[columns], variance[columns])
    return Moments(mean, variance)


def _add_products(tap: Weights, weights: Array, mean: Array, variance: Array) -> None:
    """Add Σ kernel × mean and Σ kernel² × variance over the rows of (inputs, outputs), block by block."""
    rows = max(BLOCK // tap.shape[1], 1)
    for start in range(0, len(tap), rows):
        block = tap[start : start + rows].astype(np.float64)
        factors = weights[start : start + rows]
        mean += (block * factors[:, :1]).sum(axis=0)
        block *= block
        block *= factors[:, 1:]
        variance += block.sum(axis=0)


def _passed(operation: Any, before: Sequence[Moments]) -> Moments:
    """Return the moments behind an operation without weights; of one that is not known, those before it."""
    match type(operation).__name__:
        case "Concatenate":
            return Moments(
                np.concatenate([each.mean for each in before]), np.concatenate([each.variance for each in before])
            )
        case "Add":
            mean, variance = before[0].mean + _scalar(operation, 0.0), before[0].variance
            for each in before[1:]:
                mean, variance = mean + each.mean, variance + each.variance
            return Moments(mean, variance)
        case "Multiply" if len(before) == 1:
            factor = _scalar(operation, 1.0)
            return Moments(before[0].mean * factor, before[0].variance * (factor * factor))
        case "Multiply":
            return _product(before[0], fitted(before[1], before[0].mean.shape[0]))
        case "ReLU":
            return clipped(before[0], math.inf if operation.max_value is None else float(operation.max_value))
        case "Activation":
            return activated(operation.activation, before[0])
        case _:
            return before[0]


def _product(first: Moments, second: Moments) -> Moments:
    squares = (first.variance + first.mean * first.mean) * (second.variance + second.mean * second.mean)
    mean = first.mean * second.mean
    return Moments(mean, squares - mean * mean)


def _scalar(operation: Any, default: float) -> float:
    """Return the number that a network adds or multiplies by, such as the 3 and 1/6 of a hard sigmoid."""
    arguments = operation._inbound_nodes[0].arguments.args
    return next((float(each) for each in arguments if isinstance(each, (int, float))), default)


def _listed(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
