"""Loads a model into the LiteRT interpreter and applies the delegate, with benchmark_model's lines on the way.

The Python runtime raises what the C++ runtime would have written to stderr. Here it becomes ERROR lines again.
"""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from mbench.hostbench import memory, streams
from mbench.hostbench.delegation import (
    DELEGATE_NAME,
    Delegation,
    DelegationUnclear,
    Node,
    find_delegation,
)
from mbench.hostbench.input_layers import InputLayer
from mbench.hostbench.parameters import Parameters

CALLED_UNCLEAR = "Cannot tell what the delegate executes of other subgraphs"
# Messages that the runtime reports by themselves; the Python runtime glues them to the message before.
_NEXT_MESSAGE = re.compile(r"(?=Node number \d+ \(|The model allocation is null/empty|Registration failed\.)")
# Messages of a file that could not even be read as a model (TFLite `tflite/allocation.cc`, `core/model_builder.cc`).
_NO_MODEL = re.compile(r"Could not open |[Mm]map of |The model allocation is null|The model is not a valid Flatbuffer")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model that is ready to run: what was measured while loading and what the delegate took.

    Attributes:
      called: Likewise of the subgraphs that the main graph calls, by their index; stdout says where it is not known.
    """

    interpreter: Any  # ai_edge_litert publishes no types
    delegation: Delegation
    called: Mapping[int, Delegation]
    init_us: int
    init_peak_rss_kib: int


def load_model(parameters: Parameters) -> LoadedModel:
    """Loads `--graph`, resizes its inputs, allocates its tensors. The time is that of the tool's Init().

    Raises:
      BenchmarkFailed: The reason is on stderr.
    """
    start_ns = time.perf_counter_ns()
    interpreter = _create_interpreter(parameters)
    _resize_inputs(interpreter, parameters.input_layers)
    if parameters.require_full_delegation and not parameters.use_xnnpack:
        streams.fail("Disallowed CPU fallback detected.")
    if parameters.use_xnnpack:
        streams.info("XNNPACK delegate created.")
    failure = None
    try:
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as exc:
        failure = str(exc)
    end_ns = time.perf_counter_ns()
    peak_rss_kib = memory.read_peak_rss_kib()
    delegation = _report_delegation(interpreter)
    if failure is not None:
        report_runtime_errors(failure)
        streams.fail("Failed to allocate tensors!")
    called = _report_called(interpreter, delegation, parameters)
    if parameters.use_xnnpack:
        _report_explicit_delegation(delegation, require_full=parameters.require_full_delegation)
    return LoadedModel(
        interpreter=interpreter,
        delegation=delegation,
        called=called,
        init_us=end_ns // 1000 - start_ns // 1000,
        init_peak_rss_kib=peak_rss_kib,
    )


def report_runtime_errors(text: str) -> None:
    """Writes the text of an exception as the ERROR lines that the runtime made it from."""
    for message in _NEXT_MESSAGE.split(text):
        if message:
            streams.error(message)


def _resolver(parameters: Parameters) -> OpResolverType:
    if parameters.use_xnnpack is False:
        return OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return OpResolverType.AUTO


def _create_interpreter(parameters: Parameters) -> Any:
    try:
        # As bytes, because a file name need not be Unicode. -1 and 0 threads are one, as in the runtime.
        interpreter = Interpreter(
            os.fsencode(parameters.graph),
            num_threads=max(1, parameters.num_threads),
            experimental_op_resolver_type=_resolver(parameters),
        )
    except (RuntimeError, ValueError) as exc:
        text = str(exc)
        if _NO_MODEL.match(text):
            report_runtime_errors(text)
            streams.fail(f"Failed to load model {parameters.graph}")
        streams.info(f"Loaded model {parameters.graph}")
        report_runtime_errors(text)
        streams.fail("Failed to initialize the interpreter")
    streams.info(f"Loaded model {parameters.graph}")
    if parameters.num_threads < -1:
        streams.fail(
            "num_threads should be >=0 or just -1 to let TFLite runtime set the value.", "Failed to set thread number"
        )
    streams.runtime_info("Initialized TensorFlow Lite runtime.")
    return interpreter


def _resize_inputs(interpreter: Any, layers: tuple[InputLayer, ...]) -> None:
    if not layers:
        return
    inputs = interpreter.get_input_details()
    if len(layers) != len(inputs):
        streams.fatal(f"Inputs mismatch: Model inputs #:{len(layers)} expected: {len(inputs)}")
    for layer, tensor in zip(layers, inputs, strict=True):
        if layer.name != tensor["name"]:
            streams.warn(f"Tensor # {tensor['index']} is named {tensor['name']} but flags call it {layer.name}")
        if not _is_string(tensor) and len(layer.shape) != len(tensor["shape"]):
            streams.fail(f"Input tensor #{tensor['index']} should have {len(tensor['shape'])} dimensions!")
    for layer, tensor in zip(layers, inputs, strict=True):
        if not _is_string(tensor):
            try:
                interpreter.resize_tensor_input(tensor["index"], layer.shape)
            except (RuntimeError, ValueError) as exc:
                # The tool does not look at the status: the old shape may stay, and be timed under the new one's name.
                report_runtime_errors(str(exc))
                streams.fail(f"Failed to resize input tensor {tensor['name']} to {','.join(map(str, layer.shape))}")


def _is_string(tensor: Any) -> bool:
    return bool(tensor["dtype"].__name__ == "bytes_")


def _report_called(interpreter: Any, main: Delegation, parameters: Parameters) -> Mapping[int, Delegation]:
    """Tells what the delegate takes of other subgraphs; not where memory is measured, since the file is read for it."""
    if interpreter._interpreter.NumSubgraphs() < 2 or parameters.report_peak_memory_footprint:
        return {}
    from mbench.hostbench.called_subgraphs import UnreadableModel, called_delegations  # its schema takes 60 ms to load

    def delegation_of(content: bytes) -> Delegation:
        other = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=_resolver(parameters))
        other.allocate_tensors()
        return _find_delegation(other)

    try:
        called = called_delegations(parameters.graph, main, delegation_of)
    except (RuntimeError, ValueError, DelegationUnclear, UnreadableModel) as exc:
        streams.warn(f"{CALLED_UNCLEAR}: {streams.first_line(exc)}")
        return {}
    for index, delegation in called.items():
        _report_replaced(delegation, index)
    return called


def _report_delegation(interpreter: Any) -> Delegation:
    try:
        delegation = _find_delegation(interpreter)
    except DelegationUnclear as exc:
        streams.fail(f"Cannot tell what the delegate executes: {exc}.")
    _report_replaced(delegation, 0)
    return delegation


def _report_replaced(delegation: Delegation, subgraph: int) -> None:
    if delegation.kernels:
        streams.runtime_verbose(
            f"Replacing {delegation.replaced_count} out of {len(delegation.nodes)} node(s) with delegate "
            f"({DELEGATE_NAME}) node, yielding {delegation.partitions} partitions for subgraph {subgraph}."
        )


def _find_delegation(interpreter: Any) -> Delegation:
    """Raises DelegationUnclear where the nodes contradict each other."""
    wrapper = interpreter._interpreter
    nodes = [
        Node(
            index=index,
            name=wrapper.NodeName(index),
            inputs=tuple(map(int, wrapper.NodeInputs(index))),
            outputs=tuple(map(int, wrapper.NodeOutputs(index))),
        )
        for index in range(wrapper.NumNodes())
    ]

    def is_unallocated(tensor: int) -> bool:
        try:
            interpreter.get_tensor(tensor)
        except ValueError:
            return True
        return False

    return find_delegation(nodes, tuple(map(int, wrapper.OutputIndices())), is_unallocated)


def _report_explicit_delegation(delegation: Delegation, *, require_full: bool) -> None:
    if require_full and not delegation.is_complete:
        streams.fail("Disallowed CPU fallback detected.")
    applied = "Explicitly applied XNNPACK delegate, and the model graph will be"
    if delegation.is_complete:
        streams.info(f"{applied} completely executed by the delegate.")
    elif delegation.kernels:
        streams.info(f"{applied} partially executed by the delegate w/ {len(delegation.kernels)} delegate kernels.")
    else:
        streams.info(
            "Though XNNPACK delegate is explicitly applied, the model graph will not be executed by the delegate."
        )
