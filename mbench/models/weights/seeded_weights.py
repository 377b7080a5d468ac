"""Seeded weights: a network that nobody trained, yet alive in every layer, the same to the bit on every machine.

Timing needs weights that no converter can simplify, and checking a conversion needs outputs that differ between
inputs. Both want batch normalization that fits its layer, so its statistics follow from the weights by formula. Only
operations that IEEE 754 rounds one way are used (+ − × ÷ √, sums over the first axis), on draws of PCG64, so no
platform's libm or BLAS has a say.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mbench.models.networks.layers import Layer, LayerKind

Array = npt.NDArray[np.float64]

INPUT_MEAN, INPUT_VARIANCE = 0.0, 0.25
"""Of pixels in [-1, 1]; what natural and synthetic pictures have, roughly."""

LOGIT_GAIN = 3.5
"""Standard deviation of logits if pooled features varied like unpooled ones. Pooling takes most of it away."""


def seeded_weights(layers: Sequence[Layer], seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return weights by name, such as `conv1/kernel` or `conv1_bn/moving_variance`, as Keras shapes them.

    Args:
        layers: the chain in order of execution; each but the classifier has batch normalization and ReLU6 behind it.
        seed: of all draws.
    """
    source = np.random.Generator(np.random.PCG64(seed))
    return {name: values.astype(np.float32) for name, values in _draw(layers, source)}


def _draw(layers: Sequence[Layer], source: np.random.Generator) -> Iterator[tuple[str, Array]]:
    mean = np.full(layers[0].inputs, INPUT_MEAN)
    variance = np.full(layers[0].inputs, INPUT_VARIANCE)
    for layer in layers:
        kernel = _kernel(layer, source)
        yield f"{layer.name}/kernel", kernel
        mean, variance = _propagate(layer, kernel, mean, variance)
        if layer.kind is LayerKind.CLASSIFIER:
            yield f"{layer.name}/bias", source.uniform(-1.0, 1.0, layer.filters) - mean
            continue
        norm = _batch_norm(layer, source, mean, variance)
        for name, values in norm.items():
            yield f"{layer.name}_bn/{name}", values
        mean, variance = relu6_moments(norm["beta"], norm["gamma"])


def _kernel(layer: Layer, source: np.random.Generator) -> Array:
    """Draw a kernel that keeps the variance of its input, roughly."""
    if layer.kind is LayerKind.DEPTHWISE:
        return _depthwise_kernel(layer, source)
    fan_in = layer.kernel * layer.kernel * layer.inputs
    gain = LOGIT_GAIN if layer.kind is LayerKind.CLASSIFIER else 1.0
    return source.uniform(-1.0, 1.0, layer.kernel_shape) * (gain * math.sqrt(3.0 / fan_in))


def _depthwise_kernel(layer: Layer, source: np.random.Generator) -> Array:
    """Draw a strong centre in a weak surround that sums to zero.

    So the mean of a channel does not depend on how much of the kernel hangs over the border, which at 32 px, where
    the last maps are one pixel, is most of it.
    """
    kernel = source.uniform(-0.3, 0.3, layer.kernel_shape)
    middle = layer.kernel // 2
    kernel[middle, middle] = 0.0
    surround = layer.kernel * layer.kernel - 1
    kernel -= kernel.reshape(-1, layer.inputs, 1).sum(axis=0) / surround
    kernel[middle, middle] = source.uniform(0.8, 1.2, (layer.inputs, 1))
    return kernel


def _propagate(layer: Layer, kernel: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    """Return mean and variance per output channel for independent inputs of the given mean and variance."""
    if layer.kind is LayerKind.DEPTHWISE:
        taps = kernel.reshape(-1, layer.inputs)
        return taps.sum(axis=0) * mean, (taps * taps).sum(axis=0) * variance
    taps = kernel.reshape(-1, layer.inputs, layer.filters).sum(axis=0)
    squares = (kernel * kernel).reshape(-1, layer.inputs, layer.filters).sum(axis=0)
    return (taps * mean[:, None]).sum(axis=0), (squares * variance[:, None]).sum(axis=0)


def _batch_norm(layer: Layer, source: np.random.Generator, mean: Array, variance: Array) -> Mapping[str, Array]:
    """Draw statistics that fit the layer, each a little off, so that no folded bias vanishes."""
    filters = layer.filters
    deviation = np.sqrt(variance)
    return {
        "gamma": source.uniform(1.0, 2.0, filters),
        "beta": source.uniform(0.0, 4.0, filters),
        "moving_mean": mean + deviation * source.uniform(-0.1, 0.1, filters),
        "moving_variance": variance * source.uniform(0.8, 1.25, filters),
    }


def relu6_moments(mean: Array, deviation: Array) -> tuple[Array, Array]:
    """Return mean and variance of ReLU6 of a uniform variable with the given mean and standard deviation.

    A uniform one, because its moments need no exponential: over [low, high] the integral of min(max(x, 0), 6) and of
    its square are polynomials in the clipped ends.
    """
    half_width = np.sqrt(3.0) * deviation
    low, high = mean - half_width, mean + half_width
    clipped_low, clipped_high = np.clip(low, 0.0, 6.0), np.clip(high, 0.0, 6.0)
    above = np.maximum(high, 6.0) - np.maximum(low, 6.0)
    squares = clipped_high * clipped_high - clipped_low * clipped_low
    cubes = clipped_high * clipped_high * clipped_high - clipped_low * clipped_low * clipped_low
    width = 2.0 * half_width
    first = (squares / 2.0 + 6.0 * above) / width
    second = (cubes / 3.0 + 36.0 * above) / width
    return first, second - first * first
