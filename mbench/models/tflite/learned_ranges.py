"""Ranges that a training learned: how they travel with the weights, and which tensors of a file they are for.

They are further arrays of the weights' own `.npz`, so that one hash identifies both:

    conv1/kernel        (3, 3, 3, 8) float32     and all other weights
    ranges/input        (2,) float32             minimum and maximum of the input
    ranges/conv1        (2,)                     of each layer's output, behind its ReLU6
    ranges/pool         (2,)                     of the pooled features
    bits/conv_pw_1      (1,) float32: 4          of layers whose weights have fewer than 8 bits
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from mbench.core.errors import ArtifactError, UsageError
from mbench.files.archives import Archive
from mbench.files.regular import read_regular
from mbench.models.flatbuffers import operator_name, read_model
from mbench.models.networks.layers import Layer, LayerKind
from mbench.models.tflite.quantization import NARROW_BITS, PROBABILITIES, Ranges
from mbench.models.weights.weights import BESIDES, MOST_BYTES, WeightValues

INPUT, POOL, PROBABILITY = "input", "pool", "probability"
"""What has a range and is no layer with weights."""

RANGES_PREFIX, BITS_PREFIX = BESIDES

CONVOLUTION_CODES: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})

PROBABILITY_CODES: Final = frozenset({"SOFTMAX", "LOGISTIC"})
"""Operators whose range is known by definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRanges:
    """What a quantization-aware training says about the file that is to be built from its weights.

    Attributes:
        ranges: minimum and maximum by `input`, layer name and `pool`.
        weight_bits: by layer name, where weights have fewer bits than 8.
    """

    ranges: Mapping[str, tuple[float, float]]
    weight_bits: Mapping[str, int] = field(default_factory=dict)

    def entries(self) -> WeightValues:
        """Return what goes into the weights' `.npz` beside them."""
        ranges = {RANGES_PREFIX + name: np.array(ends, np.float32) for name, ends in self.ranges.items()}
        bits = {BITS_PREFIX + name: np.array([count], np.float32) for name, count in self.weight_bits.items()}
        return {**ranges, **bits}


def find_learned(values: WeightValues) -> LearnedRanges | None:
    """Return the ranges among the arrays of a weights file; None: nobody learned any.

    Raises:
        UsageError: one that is no range, or a number of bits that nobody trains for.
    """
    ranges, bits = {}, {}
    for key, ends in values.items():
        if key.startswith(BITS_PREFIX):
            if ends.size != 1 or ends.item() != NARROW_BITS:
                raise UsageError(f"weights are damaged: {key} is not {NARROW_BITS}.")
            bits[key.removeprefix(BITS_PREFIX)] = NARROW_BITS
        if not key.startswith(RANGES_PREFIX):
            continue
        if ends.shape != (2,) or not np.isfinite(ends).all() or not ends[0] <= 0.0 <= ends[1] or ends[0] == ends[1]:
            raise UsageError(f"weights are damaged: {key} is no range from a minimum to a maximum that holds zero.")
        ranges[key.removeprefix(RANGES_PREFIX)] = (float(ends[0]), float(ends[1]))
    return LearnedRanges(ranges=ranges, weight_bits=bits) if ranges else None


def holds_ranges(path: Path) -> bool:
    """Whether a weights file brings learned ranges, so that its int8 form needs no calibration examples."""
    try:
        names = Archive(read_regular(path, limit_bytes=MOST_BYTES)).names
    except (OSError, ValueError):  # an HDF5 file, or none: reading the weights will say so
        return False
    return any(name.startswith(RANGES_PREFIX) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRanges:
    """Learned ranges by the names that a converted float file has for its tensors.

    Attributes:
        ranges: of every tensor between operators.
        narrow: by the name of its output, the operators whose weights have 4 bits.
    """

    ranges: Ranges
    narrow: tuple[str, ...] = ()


def tensor_ranges(float_file: bytes, layers: Sequence[Layer], learned: LearnedRanges) -> TensorRanges:
    """Return the learned ranges by tensor, found by the order of operators: converters name tensors as they like.

    Args:
        float_file: as `convert` writes it, of the chain of `layers`.
        layers: in order of execution.
        learned: with a range for each of them.

    Raises:
        ArtifactError: the file's operators are not those of the chain, or one has no learned range.
    """
    ranges: dict[str, Any] = {}
    narrow = []
    for tensor, name in _origins(float_file, layers):
        if name == PROBABILITY:
            ranges[tensor] = PROBABILITIES
            continue
        if name not in learned.ranges:
            raise ArtifactError(f"the weights hold no learned range of {name}; train them again with --qat.")
        low, high = learned.ranges[name]
        ranges[tensor] = {"min": np.array([low], np.float32), "max": np.array([high], np.float32)}
        if name in learned.weight_bits:
            narrow.append(tensor)
    return TensorRanges(ranges=ranges, narrow=tuple(narrow))


def _origins(float_file: bytes, layers: Sequence[Layer]) -> Iterator[tuple[str, str]]:
    """Yield each tensor between operators and what its values are: `input`, `pool`, a layer by name, `probability`."""
    graph = read_model(float_file)
    (subgraph,) = graph.subgraphs
    (entry,) = subgraph.inputs
    origin = INPUT
    yield _tensor_name(subgraph, entry), origin
    left = list(layers)
    for operator in subgraph.operators:
        code = operator_name(graph, operator)
        if code in CONVOLUTION_CODES:
            origin = _next_layer(left, code, subgraph.tensors[operator.outputs[0]]).name
        elif code == "MEAN":
            origin = POOL
        elif code in PROBABILITY_CODES:
            origin = PROBABILITY
        elif code != "RESHAPE":
            raise ArtifactError(f"the converted file holds a {code}, for which no range is learned.")
        yield _tensor_name(subgraph, operator.outputs[0]), origin
    if left:
        raise ArtifactError(f"the converted file holds no operator for {left[0].name}, whose range was learned.")


def _next_layer(left: list[Layer], code: str, output: Any) -> Layer:
    """Take the first of the layers that are left, which the operator must be."""
    if not left:
        raise ArtifactError(f"the converted file holds more convolutions than the network: one more {code}.")
    layer = left.pop(0)
    expected = "DEPTHWISE_CONV_2D" if layer.kind is LayerKind.DEPTHWISE else "CONV_2D"
    if code != expected or output.shape[-1] != layer.filters:
        raise ArtifactError(
            f"the converted file holds a {code} with {output.shape[-1]} channels where {layer.name}, "
            f"a {expected} with {layer.filters}, was to be."
        )
    return layer


def _tensor_name(subgraph: Any, index: int) -> str:
    return str(subgraph.tensors[index].name.decode())
