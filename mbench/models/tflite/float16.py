"""The fp16 form: weights and biases stored as float16, widened by a DEQUANTIZE each when the file is loaded.

The same form as `TFLiteConverter` writes with `supported_types=[tf.float16]`, which XNNPACK takes whole on phones, at
a twentieth of its time. Storing only the weights so, as litert-quantizer does, gives a file that Android's runtime
refuses ("failed to delegate DEPTHWISE_CONV_2D").
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mbench.models.flatbuffers import read_model, schema, write_model

FLOAT16_MAX = float(np.finfo(np.float16).max)

NO_VALUES = 0
"""Buffer 0 of every `.tflite` file is empty, by convention."""


def to_float16(float_file: bytes) -> bytes:
    """Return the fp16 form of a float32 `.tflite` file."""
    model = read_model(float_file)
    dequantize = _add_operator_code(model)
    found = [_float_constants(model, subgraph) for subgraph in model.subgraphs]
    fixed = _buffers_of_others(model, found)
    constants = [
        [index for index in indices if subgraph.tensors[index].buffer not in fixed]
        for subgraph, indices in zip(model.subgraphs, found, strict=True)
    ]
    for buffer in _buffers(model, constants):  # equal constants share one
        model.buffers[buffer].data = _narrow_values(model.buffers[buffer].data)
    for subgraph, indices in zip(model.subgraphs, constants, strict=True):
        subgraph.operators = [_widen(subgraph, index, dequantize) for index in indices] + subgraph.operators
    return write_model(model)


def _buffers_of_others(model: Any, constants: Sequence[Sequence[int]]) -> set[int]:
    """Return the buffers that tensors besides the given ones have, such as what loops are handed: they stay float32."""
    return {
        tensor.buffer
        for subgraph, indices in zip(model.subgraphs, constants, strict=True)
        for index, tensor in enumerate(subgraph.tensors)
        if index not in indices and tensor.buffer != NO_VALUES
    }


def _buffers(model: Any, constants: Sequence[Sequence[int]]) -> set[int]:
    """Return the buffers of the given tensors of each subgraph."""
    pairs = zip(model.subgraphs, constants, strict=True)
    return {subgraph.tensors[index].buffer for subgraph, indices in pairs for index in indices}


def _float_constants(model: Any, subgraph: Any) -> list[int]:
    """Return the indices of float32 tensors with values in the file that operators read, in order of first use."""
    used = dict.fromkeys(int(index) for operator in subgraph.operators for index in operator.inputs if index >= 0)
    return [
        index
        for index in used
        if subgraph.tensors[index].type == schema().TensorType.FLOAT32
        and model.buffers[subgraph.tensors[index].buffer].data is not None
    ]


def _narrow_values(data: Any) -> Any:
    """Return a buffer of float32 values as one of float16; what float16 cannot hold becomes its largest number."""
    values = np.frombuffer(data.tobytes(), np.float32)
    narrow = np.clip(values, -FLOAT16_MAX, FLOAT16_MAX).astype(np.float16)
    return np.frombuffer(narrow.tobytes(), np.uint8)


def _widen(subgraph: Any, index: int, dequantize: int) -> Any:
    """Put a float16 tensor in front of a float32 one; return the operator that computes the latter from the former."""
    wide = subgraph.tensors[index]
    narrow = schema().TensorT()
    narrow.name = wide.name + b"_float16"
    narrow.shape = wide.shape
    narrow.type = schema().TensorType.FLOAT16
    narrow.buffer, wide.buffer = wide.buffer, NO_VALUES
    subgraph.tensors.append(narrow)
    operator = schema().OperatorT()
    operator.opcodeIndex = dequantize
    operator.inputs = np.array([len(subgraph.tensors) - 1], np.int32)
    operator.outputs = np.array([index], np.int32)
    operator.builtinOptionsType = schema().BuiltinOptions.DequantizeOptions
    operator.builtinOptions = schema().DequantizeOptionsT()
    return operator


def _add_operator_code(model: Any) -> int:
    """Return the index of a new operator code for DEQUANTIZE of float16 (version 3 of that operator)."""
    code = schema().OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema().BuiltinOperator.DEQUANTIZE
    code.version = 3
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
