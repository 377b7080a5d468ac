"""What a file makes of its float inputs first: a QUANTIZE operator says which real values the network takes.

Float inputs and outputs around an int8 network are what converters give by default.
"""

import struct
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from mbench.accuracy.pictures.input_scaling import Quantized

_TYPES = {schema.TensorType.INT8: "int8", schema.TensorType.UINT8: "uint8"}


def quantized_inputs(path: Path) -> dict[int, Quantized]:
    """Return how inputs of subgraph 0 are stored by QUANTIZE operators, by tensor index, where nothing else reads them.

    Args:
        path: of a file that the runtime has taken, and so verified.
    """
    try:
        return _read(path.read_bytes())
    except (OSError, IndexError, ValueError, TypeError, AttributeError, struct.error):  # of what only the runtime reads
        return {}


def _read(data: bytes) -> dict[int, Quantized]:
    model = schema.Model.GetRootAs(data, 0)
    graph = model.Subgraphs(0)
    found: dict[int, list[Quantized | None]] = {graph.Inputs(place): [] for place in range(graph.InputsLength())}
    for place in range(graph.OperatorsLength()):
        operator = graph.Operators(place)
        code = model.OperatorCodes(operator.OpcodeIndex())
        quantizes = max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == schema.BuiltinOperator.QUANTIZE
        for entry in range(operator.InputsLength()):
            if (index := operator.Inputs(entry)) in found:
                found[index].append(_quantized(graph.Tensors(operator.Outputs(0))) if quantizes else None)
    return {
        index: stored[0]
        for index, stored in found.items()
        if stored and stored[0] is not None and stored.count(stored[0]) == len(stored)
    }


def _quantized(tensor: schema.Tensor) -> Quantized | None:
    dtype, parameters = _TYPES.get(tensor.Type()), tensor.Quantization()
    if dtype is None or parameters is None or parameters.ScaleLength() != 1:
        return None
    zero_point = int(parameters.ZeroPoint(0)) if parameters.ZeroPointLength() else 0
    return Quantized(dtype=dtype, scale=float(parameters.Scale(0)), zero_point=zero_point)
