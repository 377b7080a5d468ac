"""Writes `.tflite` files with numpy and the schema alone: MobileNet V1 of any size, and single operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
CHANNELS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
"""Strides and outputs of the 13 separable blocks (paper, Table 1, its last stride read as 1)."""

TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "int32": schema.TensorType.INT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "string": schema.TensorType.STRING,
}
RELU6 = schema.ActivationFunctionType.RELU6


@dataclass
class Emitter:
    """Collects tensors and operators of one subgraph; `finish()` gives the file."""

    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    codes: dict[tuple[int, str | None], int] = field(default_factory=dict)
    shared: dict[bytes, int] = field(default_factory=dict)
    share_equal_constants: bool = False

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "float32",
        *,
        data: np.ndarray | None = None,
        signature: Sequence[int] | None = None,
        scale: float | Sequence[float] | None = None,
        zero_point: int = 0,
        variable: bool = False,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = TYPES[dtype]
        tensor.isVariable = variable
        if signature is not None:
            tensor.shapeSignature = np.array(signature, np.int32)
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = np.full(len(scales), zero_point, np.int64)
        if data is not None:
            tensor.buffer = self._buffer(data)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, name: str, values: np.ndarray, **options: Any) -> int:
        """Add a constant; an equal one before it gives its own *tensor* where the converter would do so too."""
        key = values.tobytes() + str((values.dtype, values.shape)).encode()
        if self.share_equal_constants and key in self.shared:
            return self.shared[key]
        index = self.tensor(name, values.shape, str(values.dtype), data=values, **options)
        self.shared[key] = index
        return index

    def operator(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Any = None,
        *,
        custom: str | None = None,
    ) -> None:
        number = getattr(schema.BuiltinOperator, name)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.setdefault((number, custom), len(self.codes))
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array(outputs, np.int32)
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            operator.builtinOptions = options
        self.operators.append(operator)

    def finish(self, inputs: Sequence[int], outputs: Sequence[int], *, signature: str | None = None) -> bytes:
        return self.many([(inputs, outputs)], signature=signature)

    def many(self, ends: Sequence[tuple[Sequence[int], Sequence[int]]], *, signature: str | None = None) -> bytes:
        """Return a file with the same operators in as many subgraphs as there are pairs of inputs and outputs."""
        model = schema.ModelT()
        model.version = 3
        model.description = b"emitted by tests"
        model.operatorCodes = [_code(number, custom) for number, custom in self.codes]
        model.buffers = self.buffers
        model.subgraphs = [self._subgraph(inputs, outputs) for inputs, outputs in ends]
        if signature is not None:
            model.signatureDefs = [self._signature(signature, *ends[0])]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _buffer(self, data: np.ndarray) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def _subgraph(self, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        graph = schema.SubGraphT()
        graph.name = b"main"
        graph.tensors = self.tensors
        graph.operators = self.operators
        graph.inputs = np.array(inputs, np.int32)
        graph.outputs = np.array(outputs, np.int32)
        return graph

    def _signature(self, key: str, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
        definition = schema.SignatureDefT()
        definition.signatureKey = key.encode()
        definition.inputs = [self._entry(index) for index in inputs]
        definition.outputs = [self._entry(index) for index in outputs]
        return definition

    def _entry(self, index: int) -> Any:
        entry = schema.TensorMapT()
        entry.name = self.tensors[index].name
        entry.tensorIndex = index
        return entry


def _code(number: int, custom: str | None) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = number
    code.deprecatedBuiltinCode = min(number, 127)
    code.version = 1
    if custom is not None:
        code.customCode = custom.encode()
    return code


def options(kind: str, **fields: Any) -> Any:
    """Return an options table of the object API, such as `options("Conv2DOptions", strideH=2)`."""
    table = getattr(schema, kind + "T")()
    for name, value in fields.items():
        setattr(table, name, value)
    return table


def spatial(kind: str, stride: int = 1, **fields: Any) -> Any:
    return options(kind, padding=schema.Padding.SAME, strideH=stride, strideW=stride, **fields)


def emit_mobilenet(
    alpha: float = 1.0,
    resolution: int = 224,
    *,
    classes: int = 1000,
    head: str = "convolution",
    half: bool = False,
    seed: int | None = None,
    batch: int = 1,
    dynamic: Sequence[int] = (),
    share_equal_constants: bool = False,
    weights: Mapping[int, np.ndarray] | None = None,
) -> bytes:
    """Return MobileNet V1 with folded batch normalization, as converters write it.

    Args:
        head: `convolution` (1×1 on the pooled map, then RESHAPE) or `dense` (FULLY_CONNECTED).
        half: float16 constants, each unpacked by a DEQUANTIZE.
        seed: of He-normal weights; None gives zeros.
        dynamic: dimensions of the input that the signature leaves open.
        weights: layer number → replacement of that layer's weights.
    """
    maker = _MobileNet(alpha, half=half, seed=seed, share=share_equal_constants, weights=weights or {})
    emitter = maker.emitter
    shape = [batch, resolution, resolution, 3]
    signature = [-1 if axis in dynamic else size for axis, size in enumerate(shape)] if dynamic else None
    source = emitter.tensor("input", shape, signature=signature)
    maker.dynamic = tuple(dynamic)
    current, channels = maker.convolution(source, shape, int(32 * alpha), kernel=3, stride=2)
    for stride, outputs in zip(STRIDES, CHANNELS, strict=True):
        current, channels = maker.depthwise(current, channels, stride)
        current, channels = maker.convolution(current, channels, int(outputs * alpha), kernel=1, stride=1)
    pooled = emitter.tensor("pooled", [batch, 1, 1, channels[3]])
    axes = emitter.constant("axes", np.array([1, 2], np.int32))
    emitter.operator("MEAN", [current, axes], [pooled], options("ReducerOptions", keepDims=True))
    logits = maker.head(pooled, [batch, 1, 1, channels[3]], classes, head)
    output = emitter.tensor("output", [batch, classes])
    emitter.operator("SOFTMAX", [logits], [output], options("SoftmaxOptions", beta=1.0))
    return emitter.finish([source], [output], signature="serving_default")


class _MobileNet:
    def __init__(
        self, alpha: float, *, half: bool, seed: int | None, share: bool, weights: Mapping[int, np.ndarray]
    ) -> None:
        self.emitter = Emitter(share_equal_constants=share)
        self.half = half
        self.random = None if seed is None else np.random.default_rng(seed)
        self.replaced = weights
        self.layer = 0
        self.dynamic: tuple[int, ...] = ()

    def weights(self, shape: Sequence[int], fan_in: int) -> int:
        values = np.zeros(shape, np.float32)
        if self.random is not None:
            values = self.random.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        values = self.replaced.get(self.layer, values)
        self.layer += 1
        return self._stored(f"weights{self.layer}", values)

    def bias(self, count: int) -> int:
        values = np.zeros(count, np.float32)
        if self.random is not None:
            values = self.random.normal(0.1, 0.1, count).astype(np.float32)
        return self._stored(f"bias{self.layer}", values)

    def _stored(self, name: str, values: np.ndarray) -> int:
        if not self.half:
            return self.emitter.constant(name, values)
        stored = self.emitter.constant(name + "_f16", values.astype(np.float16))
        unpacked = self.emitter.tensor(name, values.shape)
        self.emitter.operator("DEQUANTIZE", [stored], [unpacked], options("DequantizeOptions"))
        return unpacked

    def activation(self, name: str, shape: Sequence[int]) -> int:
        signature = [-1 if axis in self.dynamic else size for axis, size in enumerate(shape)] if self.dynamic else None
        return self.emitter.tensor(name, shape, signature=signature)

    def convolution(
        self, source: int, shape: Sequence[int], outputs: int, *, kernel: int, stride: int, activation: int = RELU6
    ) -> tuple[int, list[int]]:
        batch, height, width, channels = shape
        filters = self.weights([outputs, kernel, kernel, channels], kernel * kernel * channels)
        inputs = [source, filters, self.bias(outputs)]
        out_shape = [batch, -(-height // stride), -(-width // stride), outputs]
        target = self.activation(f"conv{self.layer}", out_shape)
        table = spatial("Conv2DOptions", stride, fusedActivationFunction=activation)
        self.emitter.operator("CONV_2D", inputs, [target], table)
        return target, out_shape

    def depthwise(self, source: int, shape: Sequence[int], stride: int) -> tuple[int, list[int]]:
        batch, height, width, channels = shape
        inputs = [source, self.weights([1, 3, 3, channels], 9), self.bias(channels)]
        out_shape = [batch, -(-height // stride), -(-width // stride), channels]
        target = self.activation(f"depthwise{self.layer}", out_shape)
        table = spatial("DepthwiseConv2DOptions", stride, depthMultiplier=1, fusedActivationFunction=RELU6)
        self.emitter.operator("DEPTHWISE_CONV_2D", inputs, [target], table)
        return target, out_shape

    def head(self, source: int, shape: Sequence[int], classes: int, kind: str) -> int:
        flat = self.emitter.constant(
            "flat", np.array([shape[0], classes if kind == "convolution" else shape[3]], np.int32)
        )
        if kind == "convolution":
            scores, _ = self.convolution(source, shape, classes, kernel=1, stride=1, activation=0)
            logits = self.emitter.tensor("logits", [shape[0], classes])
            self.emitter.operator("RESHAPE", [scores, flat], [logits], options("ReshapeOptions"))
            return logits
        features = self.emitter.tensor("features", [shape[0], shape[3]])
        self.emitter.operator("RESHAPE", [source, flat], [features], options("ReshapeOptions"))
        inputs = [features, self.weights([classes, shape[3]], shape[3]), self.bias(classes)]
        logits = self.emitter.tensor("logits", [shape[0], classes])
        self.emitter.operator("FULLY_CONNECTED", inputs, [logits], options("FullyConnectedOptions"))
        return logits
