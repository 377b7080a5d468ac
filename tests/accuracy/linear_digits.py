"""A linear classifier of the digits as other people's files come.

By any scaling; float or quantized, at its ends or throughout; channels last or first, three or one; of any height and
width; logits or probabilities; with a background, reversed, or with a second output.
"""

from functools import cache

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.resize_tensorflow import resize_whole
from mbench.core.examples import Split

SIDE, CLASSES = 8, 10
Quantization = tuple[float, int]
"""Scale and zero point."""

TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int32": schema.TensorType.INT32,
}
VERSIONS = {"DEQUANTIZE": 2, "FULLY_CONNECTED": 4}
BACKGROUND = -9.0
"""Its score, below all others."""
HIGHEST = 1.6
"""Of scores in int8; what is further from 0 is cut."""


@cache
def _pictures(split: Split, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares of white, (examples, height * width * 3), and the classes."""
    digits = open_dataset("digits", cache=None).split(split)
    pictures = np.stack([resize_whole(digits.picture(index), height, width) for index in range(len(digits))])
    return pictures.reshape(len(digits), -1) / 255.0, np.array([digits.truth(index) for index in range(len(digits))])


@cache
def _fitted(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (10, height * width * 3) and biases (10,), by ridge regression on the train split."""
    pictures, truth = _pictures(Split.TRAIN, height, width)
    inputs = np.hstack([pictures, np.ones((len(pictures), 1))])
    solved = np.linalg.solve(inputs.T @ inputs + 3.0 * np.eye(inputs.shape[1]), inputs.T @ np.eye(CLASSES)[truth])
    return solved[:-1].T, solved[-1]


def right_answers(height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return which of the test split the classifier answers rightly, computed here and by no file: (360,) bool."""
    weights, bias = _fitted(height, width)
    pictures, truth = _pictures(Split.TEST, height, width)
    return (pictures @ weights.T + bias).argmax(axis=1) == truth


def linear_digits(
    scaling: PixelScaling,
    *,
    dtype: str = "float32",
    quantization: Quantization | None = None,
    metadata: bytes | None = None,
    reverse: bool = False,
    offset: int = 0,
    nchw: bool = False,
    gray: bool = False,
    flat: bool = False,
    size: tuple[int, int] = (SIDE, SIDE),
    int8_body: bool = False,
    softmax: bool = False,
    second: bool = False,
    open_size: bool = False,
) -> bytes:
    """Return a `.tflite` file that was trained on a scaling: (1, 8, 8, 3) to ten scores.

    Args:
        scaling: by which it was trained; a gray one alike in all channels.
        dtype: of its input.
        quantization: scale and zero point of an integer input.
        metadata: TFLite metadata to carry.
        reverse: whether its classes stand in the opposite order.
        offset: scores of -9 in front of the classes.
        nchw: whether its channels stand first.
        gray: whether it takes one channel.
        flat: whether a gray one has no axis for it: (1, height, width).
        size: height and width.
        int8_body: whether it computes in int8; a float input is quantized and the scores are dequantized by operators.
        softmax: whether it gives probabilities.
        second: whether it has a second output, `reversed`, with the scores the other way round; a signature calls the
            outputs `digit` and `mirror`.
        open_size: whether its height and width are open; converters store sizes of 1 then.
    """
    height, width = size
    weights, bias = _fitted(height, width)
    weights = weights.reshape(CLASSES, height, width, 3)
    low, high = (line.astype(float) for line in _ends(scaling))  # of each channel
    # level / 255 = (real - low) / (high - low)
    bias = bias - (weights * low / (high - low)).sum(axis=(1, 2, 3))
    weights = weights / (high - low)
    if gray:
        weights = weights.sum(axis=3, keepdims=True)
    if nchw:
        weights = weights.transpose(0, 3, 1, 2)
    shape = (1, *weights.shape[1:3]) if flat else (1, *weights.shape[1:])
    weights = weights.reshape(CLASSES, -1)
    if reverse:
        weights, bias = weights[::-1], bias[::-1]
    weights = np.vstack([np.zeros((offset, weights.shape[1])), weights])
    bias = np.concatenate([np.full(offset, BACKGROUND), bias])
    file = _File()
    entry = source = file.tensor("picture", shape, dtype, quantization=quantization)
    if open_size:
        file.graph.tensors[entry].shapeSignature = [-1, -1, -1, shape[-1]]
    if int8_body and dtype != "int8":
        reach = (float(low.min()), float(high.max()))
        step = (reach[1] - reach[0]) / 255
        quantization = (step, -128 - round(reach[0] / step))
        source = file.operator("QUANTIZE", [entry], "stored", shape, "int8", quantization)
    elif dtype != "float32" and not int8_body:
        source = file.operator("DEQUANTIZE", [entry], "real", shape)
    scores = file.dense(source, weights, bias, quantization if int8_body else None, name="scores")
    if int8_body and (softmax or dtype != "int8"):
        scores = file.operator("DEQUANTIZE", [scores], "real scores", (1, len(bias)))
    if softmax:
        file.options = (schema.BuiltinOptions.SoftmaxOptions, schema.SoftmaxOptionsT())
        file.options[1].beta = 20.0
        scores = file.operator("SOFTMAX", [scores], "probabilities", (1, len(bias)))
    outputs = [scores]
    if second:
        outputs.append(file.dense(source, weights[::-1], bias[::-1], None, name="reversed"))
    return file.packed(entry, outputs, metadata, signed=second)


def _ends(scaling: PixelScaling) -> np.ndarray:
    """Return the real values of black and of white, (2, channels)."""
    return scaling.real_values(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))[0]


class _File:
    def __init__(self) -> None:
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.subgraphs, self.model.buffers = 3, [self.graph], [schema.BufferT()]
        self.model.operatorCodes, self.graph.tensors, self.graph.operators = [], [], []
        self.options: tuple[int, object] | None = None

    def buffer(self, data: bytes) -> int:
        made = schema.BufferT()
        made.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(made)
        return len(self.model.buffers) - 1

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        kind: str = "float32",
        *,
        data: np.ndarray | None = None,
        quantization: Quantization | None = None,
    ) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), TYPES[kind], 0
        if data is not None:
            made.buffer = self.buffer(data.tobytes())
        if quantization is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [quantization[0]], [quantization[1]]
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def operator(
        self,
        code: str,
        inputs: list[int],
        name: str,
        shape: tuple[int, ...],
        kind: str = "float32",
        quantization: Quantization | None = None,
    ) -> int:
        """Add an operator with one output, whose tensor's index is returned."""
        opcode, made = schema.OperatorCodeT(), schema.OperatorT()
        opcode.builtinCode = opcode.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, code)
        opcode.version = VERSIONS.get(code, 1)
        self.model.operatorCodes.append(opcode)
        output = self.tensor(name, shape, kind, quantization=quantization)
        made.opcodeIndex, made.inputs, made.outputs = len(self.model.operatorCodes) - 1, inputs, [output]
        if self.options is not None:
            made.builtinOptionsType, made.builtinOptions = self.options
            self.options = None
        self.graph.operators.append(made)
        return output

    def dense(
        self, source: int, weights: np.ndarray, bias: np.ndarray, quantization: Quantization | None, *, name: str
    ) -> int:
        """Add a fully connected layer; in int8 where its input's quantization is given."""
        shape, kind, stored = (1, len(bias)), "float32", None
        if quantization is None:
            ends = [
                self.tensor(f"{name} w", weights.shape, data=weights.astype(np.float32)),
                self.tensor(f"{name} b", bias.shape, data=bias.astype(np.float32)),
            ]
        else:
            step = float(np.abs(weights).max()) / 127
            levels, bias_step = np.round(weights / step).astype(np.int8), step * quantization[0]
            whole = np.round(bias / bias_step).astype(np.int32)
            kind, stored = "int8", (HIGHEST / 127, 0)
            ends = [
                self.tensor(f"{name} w", weights.shape, "int8", data=levels, quantization=(step, 0)),
                self.tensor(f"{name} b", bias.shape, "int32", data=whole, quantization=(bias_step, 0)),
            ]
        self.options = (schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT())
        return self.operator("FULLY_CONNECTED", [source, *ends], name, shape, kind, stored)

    def packed(self, entry: int, outputs: list[int], metadata: bytes | None, *, signed: bool) -> bytes:
        self.graph.inputs, self.graph.outputs = [entry], outputs
        if signed:
            signature = schema.SignatureDefT()
            signature.signatureKey, signature.subgraphIndex = "serving_default", 0
            signature.inputs = [_mapped("picture", entry)]
            signature.outputs = [_mapped(*pair) for pair in zip(("digit", "mirror"), outputs, strict=True)]
            self.model.signatureDefs = [signature]
        if metadata is not None:
            named = schema.MetadataT()
            named.name, named.buffer = "TFLITE_METADATA", self.buffer(metadata)
            self.model.metadata = [named]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def _mapped(name: str, tensor: int) -> schema.TensorMapT:
    made = schema.TensorMapT()
    made.name, made.tensorIndex = name, tensor
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
