"""The graph as it is executed, in the proto that `--export_model_runtime_info=true` writes.

`tflite.profiling.ModelRuntimeDetails` as TFLite's `tflite/profiling/model_runtime_info.cc` fills it, with these limits
of the Python runtime: temporary tensors are missing, allocation types are those that the file implies, and of subgraphs
that the main graph does not call only the tensors are listed.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import model_runtime_info_pb2 as proto

from mbench.hostbench import streams
from mbench.hostbench.delegation import DELEGATE_NAME, Delegation
from mbench.hostbench.file_facts import FileSubgraph, FileTensor
from mbench.hostbench.model_file import read_model_file

_BITS = {"INT2": 2, "INT4": 4, "UINT4": 4, "STRING": 0, "RESOURCE": 0, "VARIANT": 0, "BFLOAT16": 16, "BOOL": 8}


def export_runtime_info(
    interpreter: Any, delegations: Mapping[int, Delegation], model_path: str, output_path: str
) -> None:
    """Writes the proto, or prints it as text where the file cannot be opened: no failure for the tool."""
    details = describe_runtime(interpreter, delegations, read_model_file(model_path))
    try:
        Path(output_path).write_bytes(details.SerializeToString())
    except OSError:
        streams.error(f"Failed to open file: {output_path}")
        streams.info(str(details))


def describe_runtime(
    interpreter: Any, delegations: Mapping[int, Delegation], subgraphs: tuple[FileSubgraph, ...]
) -> Any:
    """Returns the ModelRuntimeDetails of an allocated interpreter, with its delegations by subgraph."""
    details = proto.ModelRuntimeDetails()
    for index, subgraph in enumerate(subgraphs):
        runtime_subgraph = details.subgraphs.add(
            subgraph_id=index, subgraph_type=proto.RuntimeSubgraph.TFLITE_SUBGRAPH, name=subgraph.name
        )
        for tensor_index, tensor in enumerate(subgraph.tensors):
            shape = interpreter._interpreter.TensorSize(tensor_index, index)
            _add_edge(runtime_subgraph, tensor_index, tensor, tuple(int(size) for size in shape))
        if (delegation := delegations.get(index)) is not None:
            _add_nodes(runtime_subgraph, delegation, subgraph)
            runtime_subgraph.execution_plan.extend(delegation.plan)
    return details


def _add_edge(runtime_subgraph: Any, index: int, tensor: FileTensor, shape: tuple[int, ...]) -> None:
    known = proto.Edge.DataType.keys()
    if tensor.constant_bytes:
        allocation = "kTfLiteMmapRo"
    elif tensor.is_variable:
        allocation = "kTfLiteArenaRwPersistent"
    else:
        allocation = "kTfLiteArenaRw"
    runtime_subgraph.edges.add(
        id=index,
        name=tensor.name,
        data_type=proto.Edge.DataType.Value(tensor.type_name if tensor.type_name in known else "UNKNOWN_TYPE"),
        shape=shape,
        allocation_type=allocation,
        layout_type=proto.Edge.LayoutType.Value("UNKNOWN"),
        size=tensor.constant_bytes or size_bytes(tensor.type_name, shape),
    )


def size_bytes(type_name: str, shape: tuple[int, ...]) -> int:
    """Returns the bytes of a tensor; 0 for types whose values have no fixed size."""
    bits = _BITS.get(type_name)
    if bits is None:
        try:
            bits = np.dtype(type_name.lower()).itemsize * 8
        except TypeError:
            bits = 8
    return math.ceil(math.prod(shape) * bits / 8)


def _add_nodes(runtime_subgraph: Any, delegation: Delegation, subgraph: FileSubgraph) -> None:
    replaced_by = {index: kernel.node.index for kernel in delegation.kernels for index in kernel.replaced}
    for node, operator in zip(delegation.nodes, subgraph.operators, strict=True):
        kernel = replaced_by.get(node.index)
        custom_type = f"Delegate/{operator.name}" if kernel is not None else operator.name
        message = runtime_subgraph.nodes.add(
            id=node.index,
            name=operator.name,
            type=custom_type if operator.is_custom else str(operator.code),
            inputs=node.inputs,
            outputs=node.outputs,
        )
        if kernel is not None:
            message.delegated_to_node_id = kernel
    for delegated in delegation.kernels:
        message = runtime_subgraph.nodes.add(
            id=delegated.node.index,
            name=DELEGATE_NAME,
            type=DELEGATE_NAME,
            inputs=delegated.node.inputs,
            outputs=delegated.node.outputs,
        )
        message.delegate_node_details.delegate_name = DELEGATE_NAME
        message.delegate_node_details.tflite_node_ids_replaced.extend(delegated.replaced)
