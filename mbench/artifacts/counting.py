"""Counts a model: multiply-adds, parameters and activation memory, layer by layer and by layer type.

The counts are the paper's (arXiv 1704.04861, sections 3.1 to 3.4; Table 2). What cannot be counted is None, never 0,
and a note says why. Everything is of subgraph 0, which is what an interpreter runs, at the stored shapes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mbench.artifacts.graph import Operator, Shape, Subgraph, Tensor, TfliteModel, Uncountable
from mbench.artifacts.layer_types import kernel_of, layer_type, pooled_tensors
from mbench.artifacts.liveness import peak_activation_bytes
from mbench.artifacts.multiply_adds import count_multiply_adds
from mbench.artifacts.parameters import Parameters, count_parameters, trace_constants
from mbench.core.workloads import Document

_Counted = TypeVar("_Counted")


class Layer(Document):
    """One operator of the model, in execution order.

    Attributes:
        type: the paper's word for it (Table 2), or the operator's name.
        op: builtin or custom operator name.
        input_shape: of its first input that is no constant.
        kernel: (height, width) of a convolution, with the depth in front in 3-D.
        parameters: weights and biases.
        weights: parameters without the biases.
        weight_bytes: bytes that its parameters take in the file.
    """

    index: int
    type: str
    op: str
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    kernel: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    mult_adds: int | None
    parameters: int | None
    weights: int | None
    weight_bytes: int | None


class Share(Document):
    """One row of the paper's Table 2: what the layers of one type take of the whole.

    Attributes:
        layers: how many there are.
        mult_adds_share: fraction of all multiply-adds.
        parameter_share: fraction of all weights. Biases are left out, as in the paper's table.
    """

    type: str
    layers: int
    mult_adds: int | None
    parameters: int | None
    weights: int | None
    mult_adds_share: float | None
    parameter_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """All that is counted of a model; `notes` says why something is None, or how it is to be read."""

    mult_adds: int | None
    parameters: int | None
    activation_bytes: int | None
    layers: tuple[Layer, ...]
    shares: tuple[Share, ...]
    notes: tuple[str, ...]


def count_model(model: TfliteModel) -> Counts:
    """Return the counts of the subgraph that an interpreter runs."""
    graph = model.main
    reasons: dict[str, list[str]] = {}
    sources = trace_constants(graph)
    pooled = pooled_tensors(graph)

    def counted(what: str, count: Callable[[], _Counted]) -> _Counted | None:
        try:
            return count()
        except Uncountable as reason:
            reasons.setdefault(what, []).append(str(reason))
            return None

    def layer(operator: Operator) -> Layer:
        mult_adds = counted("multiply-adds", lambda: count_multiply_adds(operator, graph.tensors))
        parameters = counted("parameters", lambda: count_parameters(operator, sources))
        return _layer(operator, graph.tensors, layer_type(operator, graph.tensors, pooled), mult_adds, parameters)

    layers = tuple(layer(operator) for operator in graph.operators)
    activation_bytes = counted("activation memory", lambda: peak_activation_bytes(graph, sources.keys()))
    return Counts(
        mult_adds=_total(layer.mult_adds for layer in layers),
        parameters=_total(layer.parameters for layer in layers),
        activation_bytes=activation_bytes,
        layers=layers,
        shares=_shares(layers),
        notes=(*_unknowns(reasons), *_reading_notes(model)),
    )


def _layer(
    operator: Operator, tensors: Sequence[Tensor], kind: str, mult_adds: int | None, parameters: Parameters | None
) -> Layer:
    return Layer(
        index=operator.index,
        type=kind,
        op=operator.label,
        input_shape=_first_shape(tensors, [index for index in operator.inputs if not _constant(tensors, index)]),
        output_shape=_first_shape(tensors, operator.outputs),
        kernel=kernel_of(operator, tensors),
        stride=operator.options.stride,
        mult_adds=mult_adds,
        parameters=None if parameters is None else parameters.weights + parameters.biases,
        weights=None if parameters is None else parameters.weights,
        weight_bytes=None if parameters is None else parameters.size_bytes,
    )


def _constant(tensors: Sequence[Tensor], index: int) -> bool:
    return index < 0 or tensors[index].constant


def _first_shape(tensors: Sequence[Tensor], indices: Sequence[int]) -> Shape | None:
    return tensors[indices[0]].shape if indices and indices[0] >= 0 else None


def _total(counts: Iterable[int | None]) -> int | None:
    """Return the sum, None where one of the numbers is."""
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def least(counts: Iterable[int | None]) -> int | None:
    """Return the sum of what is known where something is not; None where all is, and where nothing counts."""
    known = list(counts)
    return sum(count for count in known if count is not None) or None if None in known else None


def _shares(layers: Sequence[Layer]) -> tuple[Share, ...]:
    """Return the types that multiply or hold weights, the one with most multiply-adds first."""
    all_mult_adds = _total(layer.mult_adds for layer in layers)
    all_weights = _total(layer.weights for layer in layers)
    kinds = dict.fromkeys(layer.type for layer in layers if layer.mult_adds != 0 or layer.parameters != 0)
    shares = []
    for kind in kinds:
        members = [layer for layer in layers if layer.type == kind]
        mult_adds = _total(layer.mult_adds for layer in members)
        weights = _total(layer.weights for layer in members)
        shares.append(
            Share(
                type=kind,
                layers=len(members),
                mult_adds=mult_adds,
                parameters=_total(layer.parameters for layer in members),
                weights=weights,
                mult_adds_share=_fraction(mult_adds, all_mult_adds),
                parameter_share=_fraction(weights, all_weights),
            )
        )
    return tuple(sorted(shares, key=lambda share: -(share.mult_adds or 0)))


def _fraction(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


def _unknowns(reasons: Mapping[str, Sequence[str]]) -> Iterable[str]:
    for what, found in reasons.items():
        first, *others = dict.fromkeys(found)
        yield f"{what} unknown: {first}{f' (and {len(others)} more such reasons)' if others else ''}."


def _reading_notes(model: TfliteModel) -> Iterable[str]:
    graph: Subgraph = model.main
    if len(model.subgraphs) > 1:
        yield f"counts are of subgraph 0 of {len(model.subgraphs)}."
    for index in graph.inputs:
        tensor = graph.tensors[index]
        if tensor.dynamic_batch and tensor.fixed_shape:
            yield f"input {tensor.name!r} takes any batch; counts are of batch {tensor.shape[0]}, as stored."
