"""Reads from a .tflite file what the runtime does not tell; needed for the runtime info and for profiles alone."""

import mmap
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from mbench.hostbench.file_facts import FileOperator, FileSubgraph, FileTensor


def read_model_file(path: str) -> tuple[FileSubgraph, ...]:
    """Reads the subgraphs of a .tflite file that the runtime has accepted."""
    # Mapped and not read, because the constants would count in the memory that the tool reports.
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        model = schema.Model.GetRootAs(content, 0)
        return tuple(_subgraph(model, model.Subgraphs(index)) for index in range(model.SubgraphsLength()))


def _names_of(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if not name.startswith("_")}


_TYPE_NAMES = _names_of(schema.TensorType)
_OPERATOR_NAMES = _names_of(schema.BuiltinOperator)


def _subgraph(model: Any, subgraph: Any) -> FileSubgraph:
    return FileSubgraph(
        name=_text(subgraph.Name()),
        tensors=tuple(_tensor(model, subgraph.Tensors(index)) for index in range(subgraph.TensorsLength())),
        operators=tuple(_operator(model, subgraph.Operators(index)) for index in range(subgraph.OperatorsLength())),
    )


def _tensor(model: Any, tensor: Any) -> FileTensor:
    buffer = model.Buffers(tensor.Buffer())
    return FileTensor(
        name=_text(tensor.Name()),
        type_name=_TYPE_NAMES.get(tensor.Type(), ""),
        # Files above 2 GB keep their constants behind the flatbuffer, at Offset() and of Size().
        constant_bytes=buffer.DataLength() or (buffer.Size() if buffer.Offset() > 1 else 0),
        is_variable=bool(tensor.IsVariable()),
    )


def _operator(model: Any, operator: Any) -> FileOperator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Codes above 126 do not fit the old byte; files carry the larger of both (TFLite schema_utils.cc).
    builtin_code = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    is_custom = builtin_code == schema.BuiltinOperator.CUSTOM
    return FileOperator(
        code=builtin_code,
        name=_text(code.CustomCode()) if is_custom else _OPERATOR_NAMES.get(builtin_code, str(builtin_code)),
        outputs=tuple(operator.Outputs(index) for index in range(operator.OutputsLength())),
        is_custom=is_custom,
    )


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
