"""`.tflite` files as objects that can be changed: reading, writing, and the names that people and tools see."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from mbench.core.errors import ArtifactError

INPUT_NAME: Final = "input"
OUTPUT_NAME: Final = "output"
"""Without a colon, which `benchmark_model --input_layer_value_files` takes for its own delimiter."""

SIGNATURE_KEY: Final = "serving_default"

ALIGNMENT: Final = 16
"""Bytes; the schema's `force_align` of weights (google-ai-edge/LiteRT `tflite/converter/schema/schema.fbs`)."""


def schema() -> Any:
    """Return the generated module of the `.tflite` schema."""
    from ai_edge_litert import schema_py_generated  # the same without tensorflow, whose import takes seconds

    return schema_py_generated


def read_model(data: bytes) -> Any:
    """Return the `ModelT` of a file's bytes, all weights inside it.

    litert-quantizer writes weights behind the flatbuffer, by offset; older runtimes know them only inside.
    """
    model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
    for buffer in model.buffers:
        if buffer.offset:
            buffer.data = np.frombuffer(data, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write_model(model: Any) -> bytes:
    """Return the bytes of a `ModelT`."""
    builder = _aligned_builder(sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(memoryview(builder.Bytes)[builder.Head() :])  # `Output` would copy it once more


def rename_ends(model: Any, outputs: Sequence[str] | None = None) -> None:
    """Give inputs and outputs plain names, as tensors and in the signature.

    Args:
        model: a `ModelT` with one input and one signature.
        outputs: what several are called, in the order of their names, which converters number them in; None: the only
            one is `output`, and several keep the names that they have in the signature.
    """
    subgraph = model.subgraphs[0]
    signature = model.signatureDefs[0]
    signature.signatureKey = SIGNATURE_KEY
    (argument,) = signature.inputs
    _rename_end(subgraph, argument, INPUT_NAME)
    ends = sorted(signature.outputs, key=lambda argument: text_of(argument.name))
    kept = [text_of(argument.name) for argument in ends] if len(ends) > 1 else [OUTPUT_NAME]
    for argument, name in zip(ends, sorted(outputs) if outputs else kept, strict=True):
        _rename_end(subgraph, argument, name)
    subgraph.outputs = np.array([argument.tensorIndex for argument in ends], np.int32)


def name_ends(model: Any, names: Mapping[str, str]) -> None:
    """Give the tensors of inputs and outputs the names that they shall have, by what the signature calls them.

    Args:
        model: a `ModelT` with one signature.
        names: of tensors by the signature's names; an input may be an output, too.
    """
    subgraph, signature = model.subgraphs[0], model.signatureDefs[0]
    signature.signatureKey = SIGNATURE_KEY
    for argument in (*signature.inputs, *signature.outputs):
        tensor = subgraph.tensors[argument.tensorIndex]
        if text_of(tensor.name) != (wanted := names[text_of(argument.name)]):
            _free_name(subgraph, wanted)
            tensor.name = wanted


def refuse_passed_through(model: Any) -> None:
    """Refuse an input that is an output as it is: one tensor can have but one name, and one type in int8.

    Args:
        model: a `ModelT` with one signature.

    Raises:
        ArtifactError: it names both.
    """
    signature = model.signatureDefs[0]
    inputs = {argument.tensorIndex: text_of(argument.name) for argument in signature.inputs}
    for argument in signature.outputs:
        if argument.tensorIndex in inputs:
            raise ArtifactError(
                f"its output {text_of(argument.name)!r} is its input {inputs[argument.tensorIndex]!r} as it is, of "
                "which no file can be built; leave it out of the outputs, since who feeds it has it."
            )


def signature_of(graph: Any, outputs: Sequence[str] | None = None) -> Any:
    """Return a new signature for a graph, which calls inputs and outputs as their tensors are called.

    Args:
        graph: subgraph 0.
        outputs: what outputs are called instead, in the graph's order.
    """
    made = schema().SignatureDefT()
    made.signatureKey, made.subgraphIndex = SIGNATURE_KEY, 0
    made.inputs = [_argument(index, text_of(graph.tensors[index].name)) for index in graph.inputs]
    names = outputs or [text_of(graph.tensors[index].name) for index in graph.outputs]
    made.outputs = [_argument(index, name) for index, name in zip(graph.outputs, names, strict=True)]
    return made


def _argument(index: int, name: str) -> Any:
    argument = schema().TensorMapT()
    argument.name, argument.tensorIndex = name, int(index)
    return argument


def _rename_end(subgraph: Any, argument: Any, name: str) -> None:
    _free_name(subgraph, name)
    subgraph.tensors[argument.tensorIndex].name = name
    argument.name = name


def text_of(name: bytes | str) -> str:
    """Return a name in a `ModelT` as text: it is read as bytes, and may be set as either."""
    return name.decode() if isinstance(name, bytes) else name


def _free_name(subgraph: Any, name: str) -> None:
    """Rename the tensor within the graph that bears the name: quantizers leave it to what they put an end behind."""
    for tensor in subgraph.tensors:
        if text_of(tensor.name) == name:
            tensor.name = f"{name}_float"


def drop_conversion_metadata(model: Any) -> None:
    """Take out the converter's record of the conversion: its hash differs from one conversion to the next."""
    model.metadata = [entry for entry in model.metadata if entry.name != b"CONVERSION_METADATA"]


def operator_name(model: Any, operator: Any) -> str:
    """Return the name of an operator of a `ModelT`, such as `CONV_2D`."""
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)  # which of the two is filled depends on the writer
    return next(str(name) for name, value in vars(schema().BuiltinOperator).items() if value == number)


def _aligned_builder(data_bytes: int) -> Any:
    """Return a builder that aligns weights, which flatbuffers' Python code leaves to chance.

    Args:
        data_bytes: of all weights; a builder that need not grow copies them once instead of a dozen times.
    """
    import flatbuffers

    class AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]  # flatbuffers has no types
        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803  # its names
            return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)

    return AlignedBuilder(data_bytes + (1 << 20))
