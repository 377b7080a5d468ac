"""Readers of model files and weights: `.tflite`, `.npz`, `.h5`, `.keras`."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from benchmarks.fuzz.folders import pack, unpack
from benchmarks.fuzz.reader import Form, Reader
from mbench.artifacts.inspection import inspect_file, runnable_reason
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.models.networks.layers import Layer, LayerKind, weight_shapes
from mbench.models.training.teachers import StoredTeacher, teacher_outputs, write_outputs
from mbench.models.weights.weights import read_weights

LAYERS: Final = (
    Layer(name="conv", kind=LayerKind.CONV, kernel=3, stride=2, inputs=3, filters=4),
    Layer(name="classes", kind=LayerKind.CLASSIFIER, kernel=1, stride=1, inputs=4, filters=2),
)

_ASKED: Final = DatasetFacts(name="digits", task=Task.CLASSIFICATION, split=Split.TRAIN, sha256="0" * 64, examples=3)


def small_models() -> Sequence[bytes]:
    """Return a file of one convolution and one addition."""
    return [_model(channels=1, kernel=3, filters=4, side=4)]


def classifier() -> bytes:
    """Return the same of one picture of 4 x 4 pixels and a score for each of ten classes."""
    return _model(channels=3, kernel=4, filters=10, side=1)


def _model(*, channels: int, kernel: int, filters: int, side: int) -> bytes:
    """Return a file made with the schema alone; its outputs have `side` pixels, 4 with padding or 1 without."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT()
    model.version, model.description = 3, "a small model"
    model.buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    model.buffers[1].data = np.ones(filters * kernel * kernel * channels, np.float32).view(np.uint8)
    model.buffers[2].data = np.zeros(filters, np.float32).view(np.uint8)
    codes = [schema.OperatorCodeT(), schema.OperatorCodeT()]
    for code, number in zip(codes, (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.ADD), strict=True):
        code.builtinCode = code.deprecatedBuiltinCode = number
        code.version = 1
    model.operatorCodes = codes
    weights, outputs = (filters, kernel, kernel, channels), (1, side, side, filters)
    shapes = {"x": (1, 4, 4, channels), "w": weights, "b": (filters,), "y": outputs, "z": outputs}
    graph = schema.SubGraphT()
    graph.name, graph.tensors = "main", []
    for place, (name, shape) in enumerate(shapes.items()):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, np.array(shape, np.int32), schema.TensorType.FLOAT32
        tensor.buffer = {1: 1, 2: 2}.get(place, 0)
        tensor.shapeSignature = np.array((-1, *shape[1:]), np.int32) if name == "x" else None
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = np.ones(1, np.float32), np.zeros(1, np.int64)
        graph.tensors.append(tensor)
    convolution, addition = schema.OperatorT(), schema.OperatorT()
    convolution.inputs, convolution.outputs = np.array([0, 1, 2], np.int32), np.array([3], np.int32)
    convolution.builtinOptionsType, convolution.builtinOptions = schema.BuiltinOptions.Conv2DOptions, _options(schema)
    convolution.builtinOptions.padding = schema.Padding.SAME if side == 4 else schema.Padding.VALID
    addition.opcodeIndex, addition.inputs = 1, np.array([3, 3], np.int32)
    addition.outputs = np.array([4], np.int32)
    addition.builtinOptionsType, addition.builtinOptions = schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
    graph.operators = [convolution, addition]
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([4], np.int32)
    model.subgraphs = [graph]
    signature, entry = schema.SignatureDefT(), schema.TensorMapT()
    entry.name, entry.tensorIndex = "x", 0
    signature.signatureKey, signature.inputs, signature.outputs = "serve", [entry], [entry]
    model.signatureDefs = [signature]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _options(schema: Any) -> Any:
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    return options


def _read_model(data: bytes, folder: Path) -> object:
    path = folder / "model.tflite"
    path.write_bytes(data)
    inspection = inspect_file(path)
    return inspection.model_dump_json(), inspection.facts(), runnable_reason(inspection)


def _values() -> dict[str, np.ndarray[Any, Any]]:
    return {
        f"{layer}/{weight}": np.ones(shape, np.float32)
        for layer, shapes in weight_shapes(LAYERS)
        for weight, shape in shapes.items()
    }


def _arrays() -> Sequence[bytes]:
    seeds = []
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, **cast(Any, _values()))
        seeds.append(stream.getvalue())
    return seeds


def keras_h5(*, old: bool) -> bytes:
    """Return weights by the older or the newer layout of Keras."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for layer, shapes in weight_shapes(LAYERS):
            names = [f"{layer}/{weight}" for weight in shapes]
            group = file.create_group(layer if old else f"layers/{_saved(layer)}/vars")
            for number, (name, shape) in enumerate(zip(names, shapes.values(), strict=True)):
                group.create_dataset(name if old else str(number), data=np.ones(shape, np.float32))
            group.attrs["weight_names"] = names
        file.attrs["layer_names"] = [layer for layer, _ in weight_shapes(LAYERS)]
    return stream.getvalue()


def _saved(layer: str) -> str:
    return {"conv": "conv2d", "classes": "conv2d_1"}.get(layer, "batch_normalization")


def keras_archive() -> bytes:
    """Return a `.keras` file of weights alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("config.json", b"{}")
        archive.writestr("model.weights.h5", keras_h5(old=False))
    return stream.getvalue()


def _teachers() -> Sequence[bytes]:
    """Return stored outputs for three pictures, with their sidecar."""
    with tempfile.TemporaryDirectory() as folder:
        write_outputs(np.ones((3, 2), np.float32), Path(folder) / "t.npy", _ASKED)
        return [pack({name: (Path(folder) / name).read_bytes() for name in ("t.npy", "t.npy.json")})]


def _npy() -> Sequence[bytes]:
    stream = io.BytesIO()
    np.save(stream, np.ones((3, 2), np.float32))
    return [stream.getvalue()]


def _read_npy(data: bytes, folder: Path) -> object:
    path = folder / "t.npy"
    write_outputs(np.ones((3, 2), np.float32), path, _ASKED)
    path.write_bytes(data)
    return teacher_outputs(StoredTeacher(path=path, dataset=_ASKED), np.zeros((3, 2, 2, 3), np.uint8))


def _read_teacher(data: bytes, folder: Path) -> object:
    teacher = StoredTeacher(path=unpack(data, folder) / "t.npy", dataset=_ASKED)
    return teacher_outputs(teacher, np.zeros((3, 2, 2, 3), np.uint8))


def _weights(name: str) -> Any:
    return lambda data, _: read_weights(name, data, LAYERS)


READERS: Final = (
    Reader(name="tflite", form=Form.BINARY, seeds=small_models, read=_read_model),
    Reader(name="teacher-outputs", form=Form.FOLDER, seeds=_teachers, read=_read_teacher),
    Reader(name="teacher-npy", form=Form.BINARY, seeds=_npy, read=_read_npy),
    Reader(name="weights-npz", form=Form.ARCHIVE, seeds=_arrays, read=_weights("w.npz")),
)
