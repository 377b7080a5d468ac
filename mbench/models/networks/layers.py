"""Layers as plain values: a network's shape, its seeded weights and its counts all follow from one list of these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

BATCH_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
"""Weights of a batch normalization in Keras' order."""


class LayerKind(StrEnum):
    """What a layer computes."""

    CONV = "conv"
    DEPTHWISE = "depthwise"
    CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer with weights.

    Convolutions are "same"-padded, without bias, and followed by batch normalization and ReLU6. The classifier is a
    1×1 convolution with bias over the average-pooled features: a fully connected layer under another name.

    Attributes:
        kernel: side of the square kernel in pixels.
        inputs: channels coming in.
        filters: channels going out.
    """

    name: str
    kind: LayerKind
    kernel: int
    stride: int
    inputs: int
    filters: int

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        """Shape of the weights as Keras holds them: (height, width, inputs, filters), or (height, width, inputs, 1)."""
        filters = 1 if self.kind is LayerKind.DEPTHWISE else self.filters
        return (self.kernel, self.kernel, self.inputs, filters)

    @property
    def weight_count(self) -> int:
        """Weights without bias and batch normalization, as the paper counts them (Table 2)."""
        return prod(self.kernel_shape)


def weight_shapes(layers: Sequence[Layer]) -> Iterator[tuple[str, Mapping[str, tuple[int, ...]]]]:
    """Yield each Keras layer that has weights, in order: its name, and the shape of each weight in Keras' own order."""
    for layer in layers:
        if layer.kind is LayerKind.CLASSIFIER:
            yield layer.name, {"kernel": layer.kernel_shape, "bias": (layer.filters,)}
        else:
            yield layer.name, {"kernel": layer.kernel_shape}
            yield f"{layer.name}_bn", dict.fromkeys(BATCH_NORM, (layer.filters,))


def count_weights(layers: Sequence[Layer]) -> int:
    """Return the weights of all layers without biases and batch normalization (paper, Table 2)."""
    return sum(layer.weight_count for layer in layers)


def count_mult_adds(layers: Sequence[Layer], resolution: int) -> int:
    """Return the multiply-adds of one inference at `resolution` pixels: output pixels × weights, over all layers.

    Source: paper, section 3.1. The classifier works on one pooled pixel.
    """
    total, side = 0, resolution
    for layer in layers:
        side = 1 if layer.kind is LayerKind.CLASSIFIER else -(-side // layer.stride)
        total += side * side * layer.weight_count
    return total
