"""`.tflite` files as objects that can be changed: reading, writing, and the names that people and tools see."""

from typing import Any, Final

import numpy as np

INPUT_NAME: Final = "input"
OUTPUT_NAME: Final = "output"
"""Without a colon, which `benchmark_model --input_layer_value_files` takes for its own delimiter."""

SIGNATURE_KEY: Final = "serving_default"

ALIGNMENT: Final = 16
"""Bytes; the schema's `force_align` of weights (google-ai-edge/LiteRT `tflite/converter/schema/schema.fbs`)."""


def schema() -> Any:
    """Return the generated module of the `.tflite` schema."""
    from tensorflow.lite.python import schema_py_generated

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
    builder = _aligned_builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def rename_ends(model: Any) -> None:
    """Give the only input and output plain names, as tensors and in the signature."""
    subgraph = model.subgraphs[0]
    signature = model.signatureDefs[0]
    signature.signatureKey = SIGNATURE_KEY
    for indices, arguments, name in (
        (subgraph.inputs, signature.inputs, INPUT_NAME),
        (subgraph.outputs, signature.outputs, OUTPUT_NAME),
    ):
        (index,), (argument,) = indices, arguments
        _free_name(subgraph, name)
        subgraph.tensors[index].name = name
        argument.name = name


def _free_name(subgraph: Any, name: str) -> None:
    """Rename the tensor within the graph that bears the name: quantizers leave it to what they put an end behind."""
    for tensor in subgraph.tensors:
        if tensor.name == name.encode():
            tensor.name = f"{name}_float"


def drop_conversion_metadata(model: Any) -> None:
    """Take out the converter's record of the conversion: its hash differs from one conversion to the next."""
    model.metadata = [entry for entry in model.metadata if entry.name != b"CONVERSION_METADATA"]


def _aligned_builder() -> Any:
    """Return a builder that aligns weights, which flatbuffers' Python code leaves to chance."""
    import flatbuffers

    class AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc]  # flatbuffers has no types
        def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803  # its names
            return super().StartVector(elemSize, numElems, ALIGNMENT if elemSize == 1 else alignment)

    return AlignedBuilder(1 << 20)
