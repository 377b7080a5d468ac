"""Writes TFLite files of a few operators, so that tests need neither TensorFlow nor downloads.

`Graph` describes one subgraph; `model_bytes` turns one or several into a flatbuffer with `ai_edge_litert`'s own schema.
The functions below it are the models that the tests name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES: dict[str, int] = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "bool": schema.TensorType.BOOL,
    "string": schema.TensorType.STRING,
    "resource": schema.TensorType.RESOURCE,
}


@dataclass
class Tensor:
    """One tensor: its data makes it a constant, its scale makes it quantized."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    data: np.ndarray[Any, Any] | None = None
    scale: float | None = None
    signature: tuple[int, ...] | None = None


@dataclass
class Op:
    """One operator; `code` names a schema.BuiltinOperator, or is its number, or `custom:` and a name."""

    code: str | int
    inputs: list[int]
    outputs: list[int]
    options: Any = None
    version: int = 1


@dataclass
class Graph:
    """One subgraph."""

    tensors: list[Tensor]
    ops: list[Op]
    inputs: list[int]
    outputs: list[int]
    name: str = "main"
    signature: str | None = field(default=None)


def model_bytes(*graphs: Graph, schema_version: int = 3, kept: int | None = None) -> bytes:
    """Returns the flatbuffer of a model with these subgraphs, the first one being subgraph 0.

    Signatures of all are in it, even where only the first `kept` subgraphs are.
    """
    model = schema.ModelT()
    model.version = schema_version
    model.description = "mbench tiny model"
    model.buffers = [schema.BufferT()]
    model.operatorCodes = []
    model.subgraphs = []
    model.signatureDefs = []
    for index, graph in enumerate(graphs):
        model.subgraphs.append(_subgraph(model, graph))
        if graph.signature is not None:
            model.signatureDefs.append(_signature(graph, index))
    model.subgraphs = model.subgraphs[:kept]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _subgraph(model: Any, graph: Graph) -> Any:
    subgraph = schema.SubGraphT()
    subgraph.name = graph.name.encode()
    subgraph.inputs = np.array(graph.inputs, np.int32)
    subgraph.outputs = np.array(graph.outputs, np.int32)
    subgraph.tensors = [_tensor(model, tensor) for tensor in graph.tensors]
    subgraph.operators = [_operator(model, op) for op in graph.ops]
    return subgraph


def _tensor(model: Any, tensor: Tensor) -> Any:
    out = schema.TensorT()
    out.name = tensor.name.encode()
    out.shape = np.array(tensor.shape, np.int32)
    out.type = TYPES[tensor.dtype]
    out.buffer = 0
    if tensor.signature is not None:
        out.shapeSignature = np.array(tensor.signature, np.int32)
    if tensor.scale is not None:
        out.quantization = schema.QuantizationParametersT()
        out.quantization.scale = np.array([tensor.scale], np.float32)
        out.quantization.zeroPoint = np.array([0], np.int64)
    if tensor.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(tensor.data.tobytes(), np.uint8)
        out.buffer = len(model.buffers)
        model.buffers.append(buffer)
    return out


def _operator(model: Any, op: Op) -> Any:
    code = schema.OperatorCodeT()
    code.version = op.version
    if isinstance(op.code, str) and op.code.startswith("custom:"):
        number = schema.BuiltinOperator.CUSTOM
        code.customCode = op.code.removeprefix("custom:").encode()
    else:
        number = op.code if isinstance(op.code, int) else getattr(schema.BuiltinOperator, op.code)
    code.builtinCode = number
    code.deprecatedBuiltinCode = min(number, 127)
    model.operatorCodes.append(code)
    out = schema.OperatorT()
    out.opcodeIndex = len(model.operatorCodes) - 1
    out.inputs = np.array(op.inputs, np.int32)
    out.outputs = np.array(op.outputs, np.int32)
    if op.options is not None:
        name = type(op.options).__name__.removesuffix("T")
        out.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        out.builtinOptions = op.options
    return out


def _signature(graph: Graph, index: int) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey = (graph.signature or "").encode()
    signature.subgraphIndex = index
    signature.inputs = [_tensor_map(graph, tensor) for tensor in graph.inputs]
    signature.outputs = [_tensor_map(graph, tensor) for tensor in graph.outputs]
    return signature


def _tensor_map(graph: Graph, tensor: int) -> Any:
    entry = schema.TensorMapT()
    entry.name = graph.tensors[tensor].name.encode()
    entry.tensorIndex = tensor
    return entry


ONES = np.ones((1, 4), np.float32)


def add(dtype: str = "float32", *, scale: float | None = None, shape: tuple[int, ...] = (1, 4)) -> Graph:
    """Returns y = x + x, which XNNPACK takes for float32 and int8 and leaves for int16 and int32."""
    return Graph(
        tensors=[Tensor("x", shape, dtype, scale=scale), Tensor("y", shape, dtype, scale=scale)],
        ops=[Op("ADD", [0, 0], [1], schema.AddOptionsT())],
        inputs=[0],
        outputs=[1],
    )


def sandwich() -> Graph:
    """Returns ADD, CUMSUM, ADD: the middle one stays on the CPU, so three partitions, two of them delegated."""
    return Graph(
        tensors=[
            Tensor("x", (1, 4)),
            Tensor("one", (1, 4), data=ONES),
            Tensor("a", (1, 4)),
            Tensor("axis", (), "int32", data=np.array(1, np.int32)),
            Tensor("b", (1, 4)),
            Tensor("y", (1, 4)),
        ],
        ops=[
            Op("ADD", [0, 1], [2], schema.AddOptionsT()),
            Op("CUMSUM", [2, 3], [4], schema.CumsumOptionsT()),
            Op("ADD", [4, 1], [5], schema.AddOptionsT()),
        ],
        inputs=[0],
        outputs=[5],
    )


def variable(*, of_output: bool = False, apart: bool = False) -> tuple[Graph, Graph]:
    """Returns y = x + v with a variable that is written afterwards, and the subgraph that first writes it.

    ASSIGN_VARIABLE has no outputs. It writes 2y (one kernel takes the graph whole), `of_output` y itself, or `apart`
    CUMSUM(y) + x, which is a kernel without outputs behind a node of the CPU.
    """
    handle = schema.VarHandleOptionsT()
    handle.container, handle.sharedName = b"", b"v"
    once = schema.CallOnceOptionsT()
    once.initSubgraphIndex = 1
    tensors = [
        Tensor("x", (1, 4)),
        Tensor("handle", (), "resource"),
        Tensor("v", (1, 4)),
        Tensor("y", (1, 4)),
        Tensor("written", (1, 4)),
        Tensor("axis", (), "int32", data=np.array(1, np.int32)),
        Tensor("sum", (1, 4)),
    ]
    ops = [
        Op("CALL_ONCE", [], [], once),
        Op("VAR_HANDLE", [], [1], handle),
        Op("READ_VARIABLE", [1], [2]),
        Op("ADD", [0, 2], [3], schema.AddOptionsT()),
    ]
    if of_output:
        ops.append(Op("ASSIGN_VARIABLE", [1, 3], []))
    elif apart:
        ops.append(Op("CUMSUM", [3, 5], [6], schema.CumsumOptionsT()))
        ops.append(Op("ADD", [6, 0], [4], schema.AddOptionsT()))
        ops.append(Op("ASSIGN_VARIABLE", [1, 4], []))
    else:
        ops.append(Op("ADD", [3, 3], [4], schema.AddOptionsT()))
        ops.append(Op("ASSIGN_VARIABLE", [1, 4], []))
    first = Graph(
        [Tensor("handle", (), "resource"), Tensor("ones", (1, 4), data=ONES)],
        [Op("VAR_HANDLE", [], [0], handle), Op("ASSIGN_VARIABLE", [0, 1], [])],
        [],
        [],
        name="first",
    )
    return Graph(tensors, ops, [0], [3]), first


def counting_loop() -> tuple[Graph, Graph, Graph]:
    """Returns a WHILE that counts a number up to 5, and the subgraphs of its condition and body."""
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, 2
    main = Graph([Tensor("i", (1,), "int32"), Tensor("end", (1,), "int32")], [Op("WHILE", [0], [1], options)], [0], [1])
    condition = Graph(
        [
            Tensor("i", (1,), "int32"),
            Tensor("limit", (1,), "int32", data=np.array([5], np.int32)),
            Tensor("go", (1,), "bool"),
        ],
        [Op("LESS", [0, 1], [2])],
        [0],
        [2],
        name="condition",
    )
    body = Graph(
        [
            Tensor("i", (1,), "int32"),
            Tensor("one", (1,), "int32", data=np.array([1], np.int32)),
            Tensor("next", (1,), "int32"),
        ],
        [Op("ADD", [0, 1], [2], schema.AddOptionsT())],
        [0],
        [2],
        name="body",
    )
    return main, condition, body
