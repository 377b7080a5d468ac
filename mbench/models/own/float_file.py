"""A user's float `.tflite` file as a source: its ends, and the signature that calibration needs.

A graph is not touched: what converters call the tensors stays, and so does the order of inputs and outputs.
"""

from dataclasses import dataclass
from typing import Any, Final

from mbench.core.errors import ArtifactError
from mbench.models.flatbuffers import SIGNATURE_KEY, read_model, schema, signature_of, text_of, write_model
from mbench.models.own.input_arrays import OwnInput

_NOT_NUMPY: Final = frozenset({"string", "resource", "variant", "int4", "uint4", "int2", "bfloat16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFile:
    """A float file that can be calibrated and quantized.

    Attributes:
        data: with one signature.
        inputs: by the signature's names.
        names: of all ends' tensors, by the signature's names.
    """

    data: bytes
    inputs: tuple[OwnInput, ...]
    names: dict[str, str]


def open_float_file(data: bytes) -> FloatFile:
    """Return a float `.tflite` file of any converter as a source.

    Raises:
        ArtifactError: it has several entry points, or an input that is not numbers.
    """
    model = read_model(data)
    graph = model.subgraphs[0]
    signatures = model.signatureDefs or []
    if len(signatures) > 1 or any(each.subgraphIndex for each in signatures):
        raise ArtifactError("it has several entry points; quantizing takes a file of one. Convert each by itself.")
    if not signatures:
        model.signatureDefs = [signature_of(graph)]
    signature = model.signatureDefs[0]
    signature.signatureKey = SIGNATURE_KEY
    types = {value: name.lower() for name, value in vars(schema().TensorType).items() if isinstance(value, int)}
    return FloatFile(
        data=write_model(model),
        inputs=tuple(_input(argument, graph, types) for argument in signature.inputs),
        names={
            text_of(argument.name): text_of(graph.tensors[argument.tensorIndex].name)
            for argument in (*signature.inputs, *signature.outputs)
        },
    )


def count_graphs(data: bytes) -> int:
    """Return how many graphs a file has: more than one where it loops or branches."""
    return len(read_model(data).subgraphs)


def _input(argument: Any, graph: Any, types: dict[int, str]) -> OwnInput:
    tensor = graph.tensors[argument.tensorIndex]
    name, dtype = text_of(argument.name), types.get(tensor.type, f"type{tensor.type}")
    if dtype in _NOT_NUMPY or dtype.startswith("type"):
        raise ArtifactError(f"its input {name!r} takes {dtype} values; quantizing needs numbers.")
    signature = [] if tensor.shapeSignature is None else list(tensor.shapeSignature)
    if any(size < 0 for size in signature[1:]) or any(size < 1 for size in tensor.shape):
        raise ArtifactError(f"its input {name!r} has no fixed size ({signature}); convert it with one.")
    return OwnInput(name=name, shape=tuple(map(int, tensor.shape)), dtype=dtype)
