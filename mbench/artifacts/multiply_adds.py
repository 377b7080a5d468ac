"""Multiply-adds of one operator, by the paper's convention: convolutions and fully connected layers, nothing else.

One multiply-add is one multiplication whose product is added to a sum. Biases, batch normalization, activations,
pooling, softmax and elementwise arithmetic count 0: so the totals are the paper's (arXiv 1704.04861, sections 3.1 to
3.4 and Table 2: 568,740,352 for 1.0 MobileNet-224). All in integers, from the shapes alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mbench.artifacts.graph import Operator, Shape, Tensor, Uncountable

UNCOUNTED: Final = frozenset(
    {
        *("LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "SVDF"),
        *("CONCAT_EMBEDDINGS", "LSH_PROJECTION", "SKIP_GRAM", "RFFT2D"),
        *("CALL", "IF", "WHILE", "DELEGATE"),
        *("STABLEHLO_CONVOLUTION", "STABLEHLO_DOT_GENERAL", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_COMPOSITE"),
        *("STABLEHLO_WHILE", "STABLEHLO_CASE", "STABLEHLO_REDUCE", "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SCATTER"),
        *("STABLEHLO_SORT", "STABLEHLO_RNG_BIT_GENERATOR"),
    }
)
"""Builtin operators that multiply, or run another subgraph, and whose work does not follow from their shapes alone.

Of LSTM it is, where it has matrices of weights.
"""

FREE_CUSTOM: Final = frozenset({"TFLite_Detection_PostProcess", "NumericVerify"})
"""Custom operators of the runtime itself that multiply no weights; the paper's Table 13 leaves them out as well."""


def count_multiply_adds(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Return the multiply-adds of one execution of the operator at its stored shapes.

    Raises:
        Uncountable: the operator multiplies, but its shapes do not say how much.
    """
    formula = _FORMULAS.get(operator.name)
    if formula is not None:
        return formula(operator, tensors)
    if operator.custom is not None and operator.custom not in FREE_CUSTOM:
        raise Uncountable(f"custom operator {operator.custom!r} does not say what it computes")
    if operator.name in UNCOUNTED or operator.name.startswith("BUILTIN_"):
        raise Uncountable(f"operator {operator.name} does not tell its work by its shapes")
    return 0


def _shape(operator: Operator, tensors: Sequence[Tensor], indices: Sequence[int], position: int, rank: int) -> Shape:
    """Return a fixed shape of one input or output; `rank` 0 takes any rank from 2 up."""
    if position >= len(indices) or indices[position] < 0:
        raise Uncountable(f"{operator.label} lacks a tensor at position {position}")
    tensor = tensors[indices[position]]
    if not tensor.fixed_shape:
        raise Uncountable(f"{operator.label} has a tensor {tensor.name!r} of no fixed shape")
    if tensor.elements == 0 or (len(tensor.shape) != rank if rank else len(tensor.shape) < 2):
        raise Uncountable(f"{operator.label} has a tensor {tensor.name!r} of shape {tensor.shape}")
    return tensor.shape


def _inputs(operator: Operator, tensors: Sequence[Tensor], position: int, rank: int) -> Shape:
    return _shape(operator, tensors, operator.inputs, position, rank)


def _output(operator: Operator, tensors: Sequence[Tensor], rank: int) -> Shape:
    return _shape(operator, tensors, operator.outputs, 0, rank)


def _convolution(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Every output element sums one kernel: D_F · D_F · N times D_K · D_K · M (paper, section 3.1).

    Filters are (outputs, height, width, inputs / groups), so grouped convolutions are right as well.
    """
    return math.prod(_output(operator, tensors, 4)) * math.prod(_inputs(operator, tensors, 1, 4)[1:])


def _depthwise(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Every output element sums one channel's kernel: D_K · D_K (paper, section 3.1).

    Filters are (1, height, width, outputs).
    """
    return math.prod(_output(operator, tensors, 4)) * math.prod(_inputs(operator, tensors, 1, 4)[1:3])


def _fully_connected(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Every output element sums over the inputs; weights are (outputs, inputs)."""
    return math.prod(_output(operator, tensors, 0)) * _inputs(operator, tensors, 1, 2)[1]


def _transposed(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Every input element is spread by a whole kernel, the parts that padding then cuts off included.

    Inputs are (output shape, filters, input); filters are (outputs, height, width, inputs).
    """
    outputs, *kernel, _ = _inputs(operator, tensors, 1, 4)
    return math.prod(_inputs(operator, tensors, 2, 4)) * math.prod(kernel) * outputs


def _convolution_3d(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Filters are (depth, height, width, inputs, outputs)."""
    return math.prod(_output(operator, tensors, 5)) * math.prod(_inputs(operator, tensors, 1, 5)[:4])


def _transposed_3d(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Filters are (depth, height, width, outputs, inputs); inputs are (output shape, filters, input)."""
    return math.prod(_inputs(operator, tensors, 2, 5)) * math.prod(_inputs(operator, tensors, 1, 5)[:4])


def _batch_matmul(operator: Operator, tensors: Sequence[Tensor]) -> int:
    """Every output element sums over the dimension that both inputs share: the first one's last, if not transposed."""
    first = _inputs(operator, tensors, 0, 0)
    shared = first[-2] if operator.options.transposed_inputs[0] else first[-1]
    return math.prod(_output(operator, tensors, 0)) * shared


def _recurrent(operator: Operator, tensors: Sequence[Tensor], matrices: Sequence[int]) -> int:
    """Every step of every sequence multiplies its input, its state and its output by matrices, each entry once.

    The input is (batch, inputs), or (batch, time, inputs) of a sequence; peepholes are elementwise, and count 0.
    """
    steps = math.prod(_inputs(operator, tensors, 0, 0)[:-1])
    there = [place for place in matrices if place < len(operator.inputs) and operator.inputs[place] >= 0]
    if not there:
        raise Uncountable(f"operator {operator.name} does not tell its work by its shapes")
    return steps * sum(math.prod(_inputs(operator, tensors, place, 2)) for place in there)


_LSTM_MATRICES: Final = (*range(1, 9), 16)
"""Inputs to gates, state to gates, projection (tensorflow/lite/kernels/lstm_shared.h)."""

_BASIC_LSTM: Final = (2,)
"""Of the five inputs of the older kernel: one matrix for all gates, over input and state together."""

_RNN_MATRICES: Final = (1, 2)
"""Input and state (tensorflow/lite/kernels/basic_rnn.cc)."""


def _lstm(operator: Operator, tensors: Sequence[Tensor]) -> int:
    return _recurrent(operator, tensors, _BASIC_LSTM if len(operator.inputs) == 5 else _LSTM_MATRICES)


def _rnn(operator: Operator, tensors: Sequence[Tensor]) -> int:
    return _recurrent(operator, tensors, _RNN_MATRICES)


_FORMULAS: Final[Mapping[str, Callable[[Operator, Sequence[Tensor]], int]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transposed,
    "CONV_3D": _convolution_3d,
    "CONV_3D_TRANSPOSE": _transposed_3d,
    "BATCH_MATMUL": _batch_matmul,
    "LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "RNN": _rnn,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
}
