"""Data sets and files for tests of scores: pictures in memory, and the smallest classifiers."""

from dataclasses import dataclass
from hashlib import sha256

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mbench.core.errors import UnreadableExample
from mbench.core.examples import DatasetFacts, Split, Task


@dataclass(frozen=True)
class PlainColours:
    """Pictures of one colour whose class is the channel that is brightest; some cannot be decoded."""

    count: int = 40
    damaged: frozenset[int] = frozenset()
    truth_shift: int = 0
    classes: int = 3

    @property
    def facts(self) -> DatasetFacts:
        digest = sha256(repr(self).encode()).hexdigest()
        return DatasetFacts(
            name="colours",
            task=Task.CLASSIFICATION,
            split=Split.TEST,
            sha256=digest,
            examples=self.count,
            classes=self.classes,
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        return ("red", "green", "blue")

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return f"colour #{index}"

    def picture(self, index: int) -> np.ndarray:
        if index in self.damaged:
            raise UnreadableExample(f"colour #{index}: is torn.")
        picture = np.full((5 + index % 3, 9, 3), index % 50, np.uint8)
        picture[..., index % 3] = 200
        return picture

    def orientation(self, index: int) -> int:
        return 1

    def truth(self, index: int) -> int:
        return index % 3 + self.truth_shift


def mean_colour_file(
    *,
    resolution: int = 32,
    background: bool = False,
    behind: int = 0,
    dtype: str = "float32",
    inputs: int = 1,
    outputs: int = 1,
    channels: int = 3,
    scale: float | None = 1 / 127.5,
    zero_point: int | None = None,
    root: bool = False,
) -> bytes:
    """Return a `.tflite` file that answers with the mean of each channel, or its square root, behind a background of 0.

    `behind` so many classes follow that it never sees.

    Its operators are AVERAGE_POOL_2D over the whole picture, RESHAPE, SQRT, and PAD.
    """
    types = {
        "float32": schema.TensorType.FLOAT32,
        "int8": schema.TensorType.INT8,
        "uint8": schema.TensorType.UINT8,
        "int16": schema.TensorType.INT16,
    }
    zero_points = {"float32": None, "int8": 0, "uint8": 128, "int16": 0}
    versions = {"int8": 2, "int16": 3}
    zero = zero_points[dtype] if zero_point is None else zero_point
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, graph.name = [], [], b"main"
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], []

    def tensor(name, shape, kind=types[dtype], data=None):
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name.encode(), list(shape), kind, 0
        if kind in {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT16} and scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [zero]
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            made.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def operator(builtin, sources, targets, kind=schema.BuiltinOptions.NONE, options=None):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = versions.get(dtype, 1) if builtin != schema.BuiltinOperator.RESHAPE else 1
        model.operatorCodes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(model.operatorCodes) - 1, sources, targets
        made.builtinOptionsType, made.builtinOptions = kind, options
        graph.operators.append(made)

    graph.inputs = [tensor(f"picture{index}", (1, resolution, resolution, channels)) for index in range(inputs)]
    pooled = tensor("pooled", (1, 1, 1, channels))
    pooling = schema.Pool2DOptionsT()
    pooling.padding, pooling.strideW, pooling.strideH = schema.Padding.VALID, 1, 1
    pooling.filterWidth = pooling.filterHeight = resolution
    operator(
        schema.BuiltinOperator.AVERAGE_POOL_2D,
        [graph.inputs[0]],
        [pooled],
        schema.BuiltinOptions.Pool2DOptions,
        pooling,
    )
    scores = tensor("scores", (1, channels))
    shape = tensor("shape", (2,), schema.TensorType.INT32, np.array([1, channels], np.int32))
    operator(schema.BuiltinOperator.RESHAPE, [pooled, shape], [scores])
    if root:
        rooted = tensor("rooted", (1, channels))
        operator(schema.BuiltinOperator.SQRT, [scores], [rooted])
        scores = rooted
    if background or behind:
        padded = tensor("padded", (1, channels + background + behind))
        front = tensor(
            "front", (2, 2), schema.TensorType.INT32, np.array([[0, 0], [int(background), behind]], np.int32)
        )
        operator(schema.BuiltinOperator.PAD, [scores, front], [padded])
        scores = padded
    graph.outputs = [scores] * outputs
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def quantize_file(*, scale: float, zero_point: int, values: int) -> bytes:
    """Return a `.tflite` file of one QUANTIZE, from float32 (1, values) to int8."""
    graph, model, code = schema.SubGraphT(), schema.ModelT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
    code.version = 1
    source, target = schema.TensorT(), schema.TensorT()
    for tensor, name, kind in (
        (source, b"real", schema.TensorType.FLOAT32),
        (target, b"stored", schema.TensorType.INT8),
    ):
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, [1, values], kind, 0
    target.quantization = schema.QuantizationParametersT()
    target.quantization.scale, target.quantization.zeroPoint = [scale], [zero_point]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
    graph.tensors, graph.operators, graph.inputs, graph.outputs, graph.name = (
        [source, target],
        [operator],
        [0],
        [1],
        b"m",
    )
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], [code]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
