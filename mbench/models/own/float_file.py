"""A user's float `.tflite` file as a source: its ends, its shapes, and the signature that calibration needs.

A graph is not touched: what converters call the tensors stays, and so does the order of inputs and outputs. Sizes that
a file leaves open are fixed throughout the graph, as its own runtime does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import ArtifactError
from mbench.models.flatbuffers import SIGNATURE_KEY, read_model, schema, signature_of, text_of, write_model
from mbench.models.own.input_arrays import Example, OwnInput, with_shapes

_NOT_NUMPY: Final = frozenset({"string", "resource", "variant", "int4", "uint4", "int2", "bfloat16"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFile:
    """A float file that can be calibrated and quantized.

    Attributes:
        data: with one signature.
        inputs: by the signature's names.
        names: of all ends' tensors, by the signature's names.
        reshaped: whether its shapes are other ones than the file's.
    """

    data: bytes
    inputs: tuple[OwnInput, ...]
    names: dict[str, str]
    reshaped: bool = False


def open_float_file(data: bytes, asked: Sequence[str] = ()) -> FloatFile:
    """Return a float `.tflite` file of any converter as a source.

    Args:
        data: the file.
        asked: shapes, `NAME:SIZES`, for inputs that leave sizes open; an open batch is 1 else.

    Raises:
        ArtifactError: it has several entry points, an input that is not numbers or has an open size, or it cannot take
            the shapes.
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
    given = [_input(argument, graph, types) for argument in signature.inputs]
    inputs = with_shapes(given, asked)
    stored = [tuple(map(int, graph.tensors[each.tensorIndex].shape)) for each in signature.inputs]
    reshaped = [each.shape for each in inputs] != stored or any(-1 in each.shape[1:] for each in given)
    if reshaped:
        shapes = {each.tensorIndex: one.shape for each, one in zip(signature.inputs, inputs, strict=True)}
        _reshape(model, data, shapes)
    return FloatFile(
        data=write_model(model),
        inputs=inputs,
        names={
            text_of(argument.name): text_of(graph.tensors[argument.tensorIndex].name)
            for argument in (*signature.inputs, *signature.outputs)
        },
        reshaped=reshaped,
    )


def _reshape(model: Any, data: bytes, shapes: Mapping[int, tuple[int, ...]]) -> None:
    """Give every tensor of a graph the shape that it has where inputs have these.

    Args:
        model: to be changed.
        data: the file that it was read from.
        shapes: by the inputs' tensors.

    Raises:
        ArtifactError: the graph cannot take them.
    """
    from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

    # XNNPACK takes tensors away, which are read of the second; plain kernels take shapes that do not fit their weights
    resolvers = (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    try:
        for resolver in resolvers:
            interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver, num_threads=1)
            for index, shape in shapes.items():
                interpreter.resize_tensor_input(index, list(shape))
            interpreter.allocate_tensors()
            interpreter.invoke()  # some shapes are known by then alone
    except (RuntimeError, ValueError) as error:
        asked = ", ".join("×".join(map(str, shape)) for shape in shapes.values())
        raise ArtifactError(f"its graph cannot take inputs of {asked}: {str(error).splitlines()[0]}") from error
    known = {each["index"]: each["shape"] for each in interpreter.get_tensor_details()}
    for index, tensor in enumerate(model.subgraphs[0].tensors):
        if tensor.shape is not None and index in known and not (model.buffers[tensor.buffer].data is not None):
            tensor.shape = np.array(known[index], np.int32)
        tensor.shapeSignature = None


def float_answers(
    data: bytes, names: Mapping[str, str], examples: Sequence[Example]
) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Return what a float file answers to examples, by the tensors of its outputs; of real numbers alone.

    Args:
        data: the file.
        names: of the ends' tensors, by what `examples` call them.
        examples: an array of an inference by each input's name.

    Returns:
        (examples, *shape) each; nothing where the runtime does not run the file, which verification has words for.
    """
    from tensorflow.lite.python.interpreter import Interpreter

    found: dict[str, list[npt.NDArray[Any]]] = {}
    try:
        interpreter = Interpreter(model_content=data, num_threads=1)
        interpreter.allocate_tensors()
        inputs = {str(each["name"]): int(each["index"]) for each in interpreter.get_input_details()}
        for example in examples:
            for name, values in example.items():
                interpreter.set_tensor(inputs[names[name]], values)
            interpreter.invoke()
            for each in interpreter.get_output_details():
                found.setdefault(str(each["name"]), []).append(interpreter.get_tensor(each["index"]))
    except (RuntimeError, ValueError, KeyError):
        return {}
    return {name: np.stack(values) for name, values in found.items() if values[0].dtype.kind == "f"}


def count_graphs(data: bytes) -> int:
    """Return how many graphs a file has: more than one where it loops or branches."""
    return len(read_model(data).subgraphs)


def _input(argument: Any, graph: Any, types: dict[int, str]) -> OwnInput:
    tensor = graph.tensors[argument.tensorIndex]
    name, dtype = text_of(argument.name), types.get(tensor.type, f"type{tensor.type}")
    if dtype in _NOT_NUMPY or dtype.startswith("type"):
        raise ArtifactError(f"its input {name!r} takes {dtype} values; quantizing needs numbers.")
    shape = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    return OwnInput(name=name, shape=tuple(int(size) if size > 0 else -1 for size in shape), dtype=dtype)
