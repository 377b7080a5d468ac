"""Reads a `.tflite` file, whoever wrote it, into plain values; it never changes one and never runs one.

A flatbuffer is offsets all the way down, so a flipped bit may point anywhere. Python's accessors read only inside the
given bytes, so nothing can crash; what they raise is mapped to `ArtifactError` here, at the door, and every length is
checked against the size of the file before anything is built from it.
"""

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from ai_edge_litert import schema_py_generated as schema

from mbench.artifacts.graph import (
    Operator,
    OperatorOptions,
    QuantizationParameters,
    Shape,
    Signature,
    Subgraph,
    Tensor,
    TfliteModel,
)
from mbench.artifacts.model_metadata import METADATA_NAME
from mbench.core.errors import ArtifactError

IDENTIFIER: Final = b"TFL3"
SCHEMA_VERSION: Final = 3
"""The only version that the runtime takes (tensorflow/lite/schema/schema.fbs: "file_identifier", "version")."""

MAX_TABLES: Final = 100_000
"""Tensors, operators, buffers of one file. Large language models have some 20 000; reading this many takes seconds."""

MAX_RANK: Final = 32

_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "a zip archive (a .keras model or a MediaPipe .task bundle?)"),
    (b"\x89HDF", "an HDF5 file (a Keras .h5 model?)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)

_Item = TypeVar("_Item")


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_DTYPES: Final = {value: name.lower() for value, name in _names(schema.TensorType).items()}
_OPERATORS: Final = _names(schema.BuiltinOperator)
_ACTIVATIONS: Final = {
    value: name.lower() for value, name in _names(schema.ActivationFunctionType).items() if name != "NONE"
}
_PADDINGS: Final = {value: name.lower() for value, name in _names(schema.Padding).items()}
_OPTIONS: Final = _names(schema.BuiltinOptions)


def read_model(data: bytes, *, source: str = "the file") -> TfliteModel:
    """Return what a `.tflite` file holds.

    Args:
        data: all bytes of the file.
        source: what messages call the file.

    Raises:
        ArtifactError: the bytes are no whole `.tflite` file.
    """
    _check_identifier(data, source)
    with _damage_is_artifact_error(source):
        return _Reader(data).model()


def _check_identifier(data: bytes, source: str) -> None:
    if not data:
        raise ArtifactError(f"{source} is empty; it should be a .tflite file. Build or download it again.")
    if data[4:8] == IDENTIFIER:
        return
    found = next((what for magic, what in _OTHER_FORMATS if data.startswith(magic)), None)
    if found is None:
        found = f"bytes 4 to 8 are {data[4:8]!r}, not {IDENTIFIER!r}"
    raise ArtifactError(f"{source} is no .tflite file: {found}. Name a file that a TFLite converter wrote.")


class _Damaged(Exception):
    """The bytes contradict themselves; the message says where."""


@contextmanager
def _damage_is_artifact_error(source: str) -> Iterator[None]:
    """Map what flatbuffers' accessors raise on offsets that lead nowhere."""
    try:
        yield
    except _Damaged as damage:
        reason = str(damage)
    except (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError):
        reason = "an offset leads outside the file"
    else:
        return
    raise ArtifactError(f"{source} is damaged or cut short: {reason}. Build or download it again.") from None


class _Reader:
    """Walks one file from the root table down, on a budget of tables and bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tables_left = MAX_TABLES
        # An honest file never holds more than its own size; strings may be shared, hence twice that.
        self._bytes_left = 2 * len(data) + 4096

    def model(self) -> TfliteModel:
        root = schema.Model.GetRootAs(self._data)
        if root.Version() != SCHEMA_VERSION:
            raise _Damaged(f"schema version is {root.Version()}, the runtime takes {SCHEMA_VERSION}")
        description = self._text(root.Description())
        entries = self._tables(root.MetadataLength(), lambda i: self._metadata_entry(root.Metadata(i)))
        codes = self._tables(root.OperatorCodesLength(), lambda i: self._operator_code(root.OperatorCodes(i)))
        buffers = self._tables(root.BuffersLength(), lambda i: self._buffer(root.Buffers(i)))
        subgraphs = self._tables(root.SubgraphsLength(), lambda i: self._subgraph(root.Subgraphs(i), codes, buffers))
        if not subgraphs:
            raise _Damaged("it holds no subgraph")
        signatures = self._tables(
            root.SignatureDefsLength(), lambda i: self._signature(root.SignatureDefs(i), subgraphs)
        )
        return TfliteModel(
            description=description,
            subgraphs=subgraphs,
            signatures=signatures,
            buffer_bytes=sum(len(buffer) for buffer in buffers if buffer is not None),
            metadata=self._tflite_metadata(entries, buffers),
        )

    def _metadata_entry(self, entry: Any) -> tuple[str, int]:
        return self._text(entry.Name()), entry.Buffer()

    def _tflite_metadata(
        self, entries: tuple[tuple[str, int], ...], buffers: tuple[memoryview | None, ...]
    ) -> bytes | None:
        place = next((buffer for name, buffer in entries if name == METADATA_NAME), None)
        if place is None or (data := buffers[_index(place, len(buffers), "buffer")]) is None:
            return None
        self._spend(len(data))
        return bytes(data)

    def _tables(self, length: int, item: Callable[[int], _Item]) -> tuple[_Item, ...]:
        self._tables_left -= length
        if self._tables_left < 0 or length * 4 > len(self._data):
            raise _Damaged(f"a list of {length} entries does not fit into {len(self._data)} bytes")
        return tuple(item(index) for index in range(length))

    def _spend(self, size_bytes: int) -> None:
        self._bytes_left -= size_bytes
        if self._bytes_left < 0:
            raise _Damaged("its entries overlap")

    def _text(self, raw: bytes | None) -> str:
        self._spend(len(raw or b""))
        return (raw or b"").decode(errors="replace")

    def _numbers(self, vector: Any) -> tuple[Any, ...]:
        """Return a vector of numbers; the accessors give the number 0 where there is none."""
        if isinstance(vector, int):
            return ()
        self._spend(vector.nbytes)
        return tuple(vector.tolist())

    def _operator_code(self, code: Any) -> tuple[str, str | None, int]:
        # The old field is one signed byte; codes above 127 stand in the new one (schema.fbs, OperatorCode).
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _OPERATORS.get(number, f"BUILTIN_{number}")
        return name, self._text(code.CustomCode()) if name == "CUSTOM" else None, code.Version()

    def _buffer(self, buffer: Any) -> memoryview | None:
        """Return a buffer's bytes; those of files above 2 GB stand behind the flatbuffer (schema.fbs, Buffer)."""
        start, size = buffer.Offset(), buffer.Size()
        if start > 1:
            if start + size > len(self._data):
                raise _Damaged(f"a constant of {size} bytes ends outside the file")
            return memoryview(self._data)[start : start + size]
        if buffer.DataIsNone() or buffer.DataLength() == 0:
            return None
        return memoryview(buffer.DataAsNumpy())

    def _subgraph(self, graph: Any, codes: tuple[Any, ...], buffers: tuple[memoryview | None, ...]) -> Subgraph:
        tensors = self._tables(graph.TensorsLength(), lambda i: self._tensor(i, graph.Tensors(i), buffers))
        count = len(tensors)
        return Subgraph(
            name=self._text(graph.Name()),
            tensors=tensors,
            operators=self._tables(
                graph.OperatorsLength(), lambda i: self._operator(i, graph.Operators(i), codes, count)
            ),
            inputs=_checked(self._numbers(graph.InputsAsNumpy()), count),
            outputs=_checked(self._numbers(graph.OutputsAsNumpy()), count),
        )

    def _tensor(self, index: int, tensor: Any, buffers: tuple[memoryview | None, ...]) -> Tensor:
        shape = self._numbers(tensor.ShapeAsNumpy())
        signature = self._numbers(tensor.ShapeSignatureAsNumpy())
        if max(len(shape), len(signature)) > MAX_RANK:
            raise _Damaged(f"tensor {index} has {max(len(shape), len(signature))} dimensions")
        number = tensor.Type()
        data = buffers[_index(tensor.Buffer(), len(buffers), "buffer")] if buffers else None
        value = Tensor(
            index=index,
            name=self._text(tensor.Name()),
            shape=shape,
            shape_signature=signature or None,
            dtype=_DTYPES.get(number, f"type{number}"),
            quantization=self._quantization(tensor.Quantization()),
            constant=data is not None or tensor.ExternalBuffer() != 0,
            variable=bool(tensor.IsVariable()),
            sparse=tensor.Sparsity() is not None,
            data=data,
        )
        _check_size(value)
        return value

    def _quantization(self, parameters: Any) -> QuantizationParameters | None:
        if parameters is None:
            return None
        scales = self._numbers(parameters.ScaleAsNumpy())
        if not scales:
            return None
        if not all(map(math.isfinite, scales)):
            raise _Damaged("a scale of a quantized tensor is no finite number")
        zero_points = self._numbers(parameters.ZeroPointAsNumpy())
        if not all(-(2**31) <= point < 2**31 for point in zero_points):
            raise _Damaged("a zero point of a quantized tensor has more than 32 bits")
        return QuantizationParameters(
            scales=scales,
            zero_points=zero_points,
            axis=parameters.QuantizedDimension(),
        )

    def _operator(self, index: int, operator: Any, codes: tuple[Any, ...], tensor_count: int) -> Operator:
        name, custom, version = codes[_index(operator.OpcodeIndex(), len(codes), "operator code")]
        return Operator(
            index=index,
            name=name,
            custom=custom,
            version=version,
            inputs=_checked(self._numbers(operator.InputsAsNumpy()), tensor_count, optional=True),
            outputs=_checked(self._numbers(operator.OutputsAsNumpy()), tensor_count, optional=True),
            options=_options(operator),
            custom_bytes=operator.CustomOptionsLength(),
        )

    def _signature(self, definition: Any, subgraphs: tuple[Subgraph, ...]) -> Signature:
        subgraph = _index(definition.SubgraphIndex(), len(subgraphs), "subgraph")
        count = len(subgraphs[subgraph].tensors)

        def entry(pair: Any) -> tuple[str, int]:
            return self._text(pair.Name()), _index(pair.TensorIndex(), count, "tensor")

        return Signature(
            key=self._text(definition.SignatureKey()),
            subgraph=subgraph,
            inputs=self._tables(definition.InputsLength(), lambda i: entry(definition.Inputs(i))),
            outputs=self._tables(definition.OutputsLength(), lambda i: entry(definition.Outputs(i))),
        )


def _index(value: int, count: int, what: str) -> int:
    if not 0 <= value < count:
        raise _Damaged(f"it names {what} {value} of {count}")
    return value


def _checked(indices: tuple[int, ...], count: int, *, optional: bool = False) -> tuple[int, ...]:
    for value in indices:
        if not (optional and value == -1):
            _index(value, count, "tensor")
    return indices


def _check_size(tensor: Tensor) -> None:
    """Refuse a constant whose bytes are not those of its shape, as the runtime does."""
    if tensor.data is None or tensor.sparse or tensor.size_bytes is None:
        return
    if len(tensor.data) != tensor.size_bytes:
        raise _Damaged(
            f"constant {tensor.index} has {len(tensor.data)} bytes where its shape and type need {tensor.size_bytes}"
        )


def _options(operator: Any) -> OperatorOptions:
    """Return the options that any kind of options table shares with the convolutions'."""
    kind = _OPTIONS.get(operator.BuiltinOptionsType(), "NONE")
    table = operator.BuiltinOptions()
    if table is None or kind == "NONE":
        return OperatorOptions()
    options = getattr(schema, kind)()
    options.Init(table.Bytes, table.Pos)

    def read(name: str) -> Any:
        return getattr(options, name, lambda: None)()

    def per_axis(pattern: str) -> Shape | None:
        sizes = (read(pattern.format(axis)) for axis in "DHW")
        return tuple(size for size in sizes if size is not None) or None

    return OperatorOptions(
        stride=per_axis("Stride{}"),
        dilation=per_axis("Dilation{}Factor"),
        padding=_PADDINGS.get(read("Padding")),
        depth_multiplier=read("DepthMultiplier"),
        activation=_ACTIVATIONS.get(read("FusedActivationFunction")),
        transposed_inputs=(bool(read("AdjX")), bool(read("AdjY"))),
    )
