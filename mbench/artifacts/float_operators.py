"""Operators that compute in float although the file's others compute in integers: the quantizer had no form for them.

Each costs a conversion before and behind it, and an accelerator of integers leaves it to the CPU.
"""

from typing import Final

from mbench.artifacts.graph import Operator, Subgraph, Tensor

_INTEGERS: Final = frozenset({"int8", "uint8", "int16"})
_FLOATS: Final = frozenset({"float32", "float16"})


def float_operators(graph: Subgraph) -> tuple[str, ...]:
    """Return the names of such operators in order of execution, each as often as it occurs.

    A file none of whose operators takes and gives quantized activations has none: there float is meant. QUANTIZE and
    DEQUANTIZE lie between the two and are neither.
    """
    ends = [_ends(operator, graph) for operator in graph.operators]
    if not any(_all_quantized(each) for each in ends):
        return ()
    return tuple(
        operator.label
        for operator, each in zip(graph.operators, ends, strict=True)
        if each and all(tensor.dtype in _FLOATS for tensor in each)
    )


def _ends(operator: Operator, graph: Subgraph) -> tuple[Tensor, ...]:
    """Return an operator's first input that is no constant and its first output; nothing where one is missing."""
    inputs = [graph.tensors[index] for index in operator.inputs if index >= 0 and not graph.tensors[index].constant]
    outputs = [graph.tensors[index] for index in operator.outputs if index >= 0]
    return (inputs[0], outputs[0]) if inputs and outputs else ()


def _all_quantized(ends: tuple[Tensor, ...]) -> bool:
    return bool(ends) and all(tensor.dtype in _INTEGERS and tensor.quantization is not None for tensor in ends)
