"""Parameters of one operator: the constants that training sets, counted at every operator that takes them.

Converters store equal constants once (the all-zero biases of an untrained network, say), so unique tensors would count
4,212,104 for a float 1.0 MobileNet-224 whose folded layers hold 4,221,032; by operator input the count is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mbench.artifacts.graph import Operator, Subgraph, Tensor, Uncountable
from mbench.artifacts.multiply_adds import FREE_CUSTOM

CARRIERS: Final = frozenset(
    {"DEQUANTIZE", "DENSIFY", "QUANTIZE", "CAST", "RESHAPE", "TRANSPOSE", "EXPAND_DIMS", "SQUEEZE", "BITCAST"}
)
"""Operators whose output carries their first input's values: a float16 file has a DEQUANTIZE before each weight."""

_WEIGHTS_AND_BIAS: Final = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "FULLY_CONNECTED": (1, 2),
    "CONV_3D": (1, 2),
    "TRANSPOSE_CONV": (1, 3),
    "CONV_3D_TRANSPOSE": (1, 3),
}
"""Positions of the two inputs (tensorflow/lite/core/c/builtin_op_data.h and the kernels' own constants)."""

_TABLES: Final = {"EMBEDDING_LOOKUP": 1, "GATHER": 0}
"""Operators that look rows up in a table of weights, and its position."""

_ELEMENTWISE: Final = frozenset({"ADD", "SUB", "MUL", "DIV", "PRELU", "BATCH_MATMUL"})
"""Any constant input with more than one element counts; a single number is arithmetic, not training."""

_RECURRENT: Final = frozenset(
    {
        *("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "SVDF"),
        *("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN"),
    }
)
"""Every constant input is a weight matrix or a bias vector."""

_HIDDEN: Final = frozenset(
    {"CALL", "IF", "WHILE", "DELEGATE", "READ_VARIABLE", "STABLEHLO_COMPOSITE", "STABLEHLO_WHILE"}
)
"""Operators whose weights lie in another subgraph or in variables that the file does not hold as constants."""

_COMPILED: Final = frozenset({"edgetpu-custom-op", "DISPATCH_OP"})
"""Custom operators that are a compiled part of the graph: of the Edge TPU's compiler, of LiteRT's for NPUs."""

LEAST_HIDDEN_BYTES: Final = 1024
"""Options of a custom operator that may be weights; what only sets it up has a few dozens."""

_TRAINED_TYPES: Final = frozenset(
    {"float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"}
    | {"int16", "int8", "uint8", "int4", "uint4", "int2"}
)
"""Element types that weights have; int32 and int64 constants are shapes and indices, except as biases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Numbers of weights and biases at one operator, and the bytes that they take in the file."""

    weights: int = 0
    biases: int = 0
    size_bytes: int = 0


def trace_constants(subgraph: Subgraph) -> Mapping[int, Tensor]:
    """Return, by tensor index, the stored constant whose values a tensor carries, through any `CARRIERS`."""
    sources = {tensor.index: tensor for tensor in subgraph.tensors if tensor.constant}
    for operator in subgraph.operators:
        source = sources.get(operator.inputs[0]) if operator.inputs else None
        if operator.name in CARRIERS and source is not None:
            sources |= dict.fromkeys((index for index in operator.outputs if index >= 0), source)
    return sources


def count_parameters(operator: Operator, sources: Mapping[int, Tensor]) -> Parameters:
    """Return the parameters of one operator.

    Args:
        operator: any operator of the subgraph.
        sources: what `trace_constants` returns for the subgraph.

    Raises:
        Uncountable: it has parameters that the file does not show.
    """
    _check_visible(operator, sources)
    if operator.name in _WEIGHTS_AND_BIAS:
        weights, bias = _WEIGHTS_AND_BIAS[operator.name]
        return _sum(_at(operator, sources, weights), _at(operator, sources, bias))
    if operator.name in _TABLES:
        return _sum(_trained(_at(operator, sources, _TABLES[operator.name])), [])
    if operator.name in _ELEMENTWISE:
        constants = [source for position in (0, 1) for source in _at(operator, sources, position)]
        return _sum([source for source in _trained(constants) if source.elements > 1], [])
    if operator.name in _RECURRENT:
        constants = [source for index in operator.inputs if (source := sources.get(index)) is not None]
        return _sum(
            [source for source in constants if len(source.shape) > 1],
            [source for source in constants if len(source.shape) == 1],
        )
    return Parameters()


def _check_visible(operator: Operator, sources: Mapping[int, Tensor]) -> None:
    if operator.name in _HIDDEN:
        raise Uncountable(f"operator {operator.name} keeps its weights in variables or in another subgraph")
    opaque = operator.name.startswith(("BUILTIN_", "STABLEHLO_"))
    if operator.custom is not None and operator.custom not in FREE_CUSTOM:
        opaque = True
    if operator.custom in _COMPILED or (opaque and operator.custom_bytes >= LEAST_HIDDEN_BYTES):
        raise Uncountable(f"custom operator {operator.custom!r} holds its weights in a form of its own")
    if opaque and any(index in sources for index in operator.inputs):
        raise Uncountable(f"operator {operator.label} has constants that may be weights or not")


def _at(operator: Operator, sources: Mapping[int, Tensor], position: int) -> list[Tensor]:
    source = sources.get(operator.inputs[position]) if position < len(operator.inputs) else None
    return [] if source is None else [source]


def _trained(constants: list[Tensor]) -> list[Tensor]:
    return [source for source in constants if source.dtype in _TRAINED_TYPES]


def _sum(weights: list[Tensor], biases: list[Tensor]) -> Parameters:
    return Parameters(
        weights=sum(source.elements for source in weights),
        biases=sum(source.elements for source in biases),
        size_bytes=sum(_stored_bytes(source) for source in (*weights, *biases)),
    )


def _stored_bytes(source: Tensor) -> int:
    return len(source.data) if source.data is not None else source.size_bytes or 0
