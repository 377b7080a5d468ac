"""A linear classifier of the digits as other people's files come: by any scaling, float or quantized at its input."""

from functools import cache

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.core.examples import Split

SIDE, CLASSES = 8, 10
TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
}


@cache
def _fitted() -> tuple[np.ndarray, np.ndarray]:
    """Return weights (10, 192) and biases (10,) over levels / 255, by ridge regression on the train split."""
    digits = open_dataset("digits", cache=None).split(Split.TRAIN)
    pictures = np.stack([digits.picture(index) for index in range(len(digits))]).reshape(len(digits), -1) / 255.0
    truth = np.eye(CLASSES)[[digits.truth(index) for index in range(len(digits))]]
    inputs = np.hstack([pictures, np.ones((len(pictures), 1))])
    solved = np.linalg.solve(inputs.T @ inputs + 3.0 * np.eye(inputs.shape[1]), inputs.T @ truth)
    return solved[:-1].T, solved[-1]


def linear_digits(
    scaling: PixelScaling,
    *,
    dtype: str = "float32",
    quantization: tuple[float, int] | None = None,
    metadata: bytes | None = None,
    reverse: bool = False,
    offset: int = 0,
) -> bytes:
    """Return a `.tflite` file that was trained on a scaling: (1, 8, 8, 3) to ten scores.

    Args:
        scaling: alike in all channels.
        dtype: of its input.
        quantization: scale and zero point of an integer input.
        metadata: TFLite metadata to carry.
        reverse: whether its classes stand in the opposite order.
        offset: scores of 0 in front of the classes.
    """
    weights, bias = _fitted()
    low, high = scaling.real_values(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))[0, :, 0].astype(float)
    # level / 255 = (real - low) / (high - low)
    weights, bias = weights / (high - low), bias - weights.sum(axis=1) * low / (high - low)
    if reverse:
        weights, bias = weights[::-1], bias[::-1]
    weights = np.vstack([np.zeros((offset, weights.shape[1])), weights])
    bias = np.concatenate([np.full(offset, -9.0), bias])
    return _file(weights.astype(np.float32), bias.astype(np.float32), dtype, quantization, metadata)


def _file(
    weights: np.ndarray, bias: np.ndarray, dtype: str, quantization: tuple[float, int] | None, metadata: bytes | None
) -> bytes:
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    graph.tensors, graph.operators = [], []

    def tensor(name: str, shape: tuple[int, ...], kind: str = "float32", data: bytes = b"") -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), TYPES[kind], 0
        if data:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            made.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    entry = tensor("picture", (1, SIDE, SIDE, 3), dtype)
    ends = [tensor("w", weights.shape, data=weights.tobytes()), tensor("b", bias.shape, data=bias.tobytes())]
    scores = tensor("scores", (1, len(bias)))
    graph.inputs, graph.outputs = [entry], [scores]
    codes = [schema.BuiltinOperator.FULLY_CONNECTED]
    real = entry
    if quantization is not None:
        parameters = schema.QuantizationParametersT()
        parameters.scale, parameters.zeroPoint = [quantization[0]], [quantization[1]]
        graph.tensors[entry].quantization = parameters
        real = tensor("real", (1, SIDE, SIDE, 3))
        codes.append(schema.BuiltinOperator.DEQUANTIZE)
        graph.operators.append(_operator(1, [entry], [real]))
    dense = _operator(0, [real, *ends], [scores])
    dense.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    dense.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators.append(dense)
    model.operatorCodes = []
    for code in codes:
        made = schema.OperatorCodeT()
        made.builtinCode = made.deprecatedBuiltinCode = code
        made.version = 2 if code == schema.BuiltinOperator.DEQUANTIZE else 1
        model.operatorCodes.append(made)
    if metadata is not None:
        buffer, named = schema.BufferT(), schema.MetadataT()
        buffer.data = np.frombuffer(metadata, np.uint8)
        named.name, named.buffer = "TFLITE_METADATA", len(model.buffers)
        model.buffers.append(buffer)
        model.metadata = [named]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _operator(code: int, inputs: list[int], outputs: list[int]) -> schema.OperatorT:
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = code, inputs, outputs
    return made


def normalization_metadata(mean: list[float], std: list[float]) -> bytes:
    """Return TFLite metadata whose only input is normalized so (metadata_schema.fbs)."""
    builder = flatbuffers.Builder(1024)

    def numbers(values: list[float]) -> int:
        builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            builder.PrependFloat32(value)
        return int(builder.EndVector())

    def table(fields: dict[int, int], *, count: int, kind: int | None = None) -> int:
        builder.StartObject(count)
        for slot, offset in fields.items():
            builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
        if kind is not None:
            builder.PrependUint8Slot(0, kind, 0)
        return int(builder.EndObject())

    def vector(offset: int) -> int:
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    means, stds = numbers(mean), numbers(std)
    options = table({0: means, 1: stds}, count=2)
    unit = table({1: options}, count=2, kind=1)
    entry = table({4: vector(unit)}, count=7)
    subgraph = table({2: vector(entry)}, count=7)
    root = table({3: vector(subgraph)}, count=8)
    builder.Finish(root, file_identifier=b"M001")
    return bytes(builder.Output())
