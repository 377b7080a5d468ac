"""The C interface of the LiteRT runtime in the ai_edge_litert wheel, as far as profiling a model needs it.

The Python interpreter exposes no timings of single operators; the compiled model of `libLiteRt.so` does. Signatures and
layouts are those of google-ai-edge/LiteRT
`litert/c/litert_{environment,model,options,opaque_options,compiled_model,tensor_buffer,profiler}.h`,
`litert_environment_options.h`, `litert_model_types.h`, `litert_layout.h` and `litert_profiler_event.h` at release 2.3.
They carry no version that could be asked for, and a wrong guess crashes, so other releases are refused.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ai_edge_litert

from mbench.hostbench import streams

SUPPORTED_RELEASE = "2.3."
_CREATED_LINE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."

_HARDWARE_CPU = 1
_ENV_OPTION_AUTO_REGISTER_ACCELERATORS = 24
_ENV_OPTION_MIN_LOGGER_SEVERITY = 25
_ANY_TYPE_INT = 2
_SEVERITY_ERROR = 3
_LOCK_READ = 0
_LOCK_WRITE = 1

EVENT_DEFAULT = 1
EVENT_OPERATOR_INVOKE = 1 << 1
EVENT_DELEGATE_PROFILED_OPERATOR_INVOKE = 1 << 3


class LiteRtError(Exception):
    """A call of the C interface failed, or the library is not the one this module knows."""


class _EnvironmentOption(ctypes.Structure):
    _fields_ = (
        ("tag", ctypes.c_int),
        ("value_type", ctypes.c_int64),  # an int and its padding
        ("value", ctypes.c_int64),
    )


class _Layout(ctypes.Structure):
    _fields_ = (
        ("rank", ctypes.c_uint32, 7),
        ("has_strides", ctypes.c_uint32, 1),
        ("dimensions", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
    )


class _RankedTensorType(ctypes.Structure):
    _fields_ = (("element_type", ctypes.c_int), ("layout", _Layout))


class _ProfilerEvent(ctypes.Structure):
    _fields_ = (
        ("tag", ctypes.c_char_p),
        ("event_type", ctypes.c_int),
        ("start_us", ctypes.c_uint64),
        ("elapsed_us", ctypes.c_uint64),
        ("begin_memory", ctypes.c_int64 * 3),
        ("end_memory", ctypes.c_int64 * 3),
        ("metadata", ctypes.c_uint64),
        ("extra_metadata", ctypes.c_uint64),
        ("source", ctypes.c_int),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilerEvent:
    """One event. Of operators, `node` is the index of the node, or its place within its delegate's kernel."""

    tag: str
    event_type: int
    elapsed_us: int
    node: int
    subgraph: int


class CompiledModel:
    """A model with the profiler switched on, run on the CPU by the C interface."""

    def __init__(self, path: bytes, *, num_threads: int, use_xnnpack: bool) -> None:
        self._library = _load_library()
        self._environment = self._create_environment()
        self._model = ctypes.c_void_p()
        self._call("LiteRtCreateModelFromFile", self._environment, path, ctypes.byref(self._model))
        options = self._create_options(num_threads=num_threads, use_xnnpack=use_xnnpack)
        self._compiled = ctypes.c_void_p()
        with streams.without_runtime_line(_CREATED_LINE):  # the interpreter has announced it already
            self._call(
                "LiteRtCreateCompiledModel", self._environment, self._model, options, ctypes.byref(self._compiled)
            )
        self._profiler = ctypes.c_void_p()
        self._call("LiteRtCompiledModelGetProfiler", self._compiled, ctypes.byref(self._profiler))
        if not self._profiler:
            raise LiteRtError("the compiled model has no profiler")
        self._signature_index, self._signature = self._find_signature_of_first_subgraph()
        self._inputs: list[tuple[int, ctypes.c_void_p]] = []
        self._outputs: list[tuple[int, ctypes.c_void_p]] = []

    def prepare(self, input_shapes: dict[int, Sequence[int]], output_shapes: dict[int, Sequence[int]]) -> None:
        """Resizes the inputs and makes the buffers; shapes by tensor index."""
        for position, tensor in enumerate(self._tensors("Input")):
            shape = input_shapes[self._tensor_index(tensor)]
            if list(self._tensor_type(tensor, None).layout.dimensions)[: len(shape)] != list(shape):
                self._call(
                    "LiteRtCompiledModelResizeInputTensorNonStrict",
                    self._compiled,
                    ctypes.c_size_t(self._signature_index),
                    ctypes.c_size_t(position),
                    (ctypes.c_int * len(shape))(*shape),
                    ctypes.c_size_t(len(shape)),
                )
        # The outputs of a resized model get their sizes with the allocation that asking for their layouts brings about.
        layouts = (_Layout * len(output_shapes))()
        self._call(
            "LiteRtGetCompiledModelOutputTensorLayouts",
            self._compiled,
            ctypes.c_size_t(self._signature_index),
            ctypes.c_size_t(len(layouts)),
            layouts,
            ctypes.c_bool(True),
        )
        self._inputs = self._create_buffers("Input", input_shapes)
        self._outputs = self._create_buffers("Output", output_shapes)

    def write_input(self, tensor_index: int, content: bytes) -> None:
        """Copies the bytes of one input into its buffer."""
        for index, buffer in self._inputs:
            if index == tensor_index:
                size_bytes = self._packed_size_bytes(buffer)
                if size_bytes != len(content):
                    raise LiteRtError(f"input tensor {index} has {size_bytes} bytes instead of {len(content)}")
                ctypes.memmove(self._lock(buffer, _LOCK_WRITE), content, size_bytes)
                self._call("LiteRtUnlockTensorBuffer", buffer)

    def read_output(self, tensor_index: int) -> bytes:
        """Returns the bytes of one output after the last inference."""
        buffer = next(buffer for index, buffer in self._outputs if index == tensor_index)
        content = ctypes.string_at(self._lock(buffer, _LOCK_READ), self._packed_size_bytes(buffer))
        self._call("LiteRtUnlockTensorBuffer", buffer)
        return content

    def run(self) -> list[ProfilerEvent]:
        """Runs one inference and returns its events in the order in which they began.

        Raises:
          LiteRtError: The inference failed.
        """
        self._call("LiteRtResetProfiler", self._profiler)
        self._call("LiteRtStartProfiler", self._profiler)
        inputs = (ctypes.c_void_p * len(self._inputs))(*(buffer for _, buffer in self._inputs))
        outputs = (ctypes.c_void_p * len(self._outputs))(*(buffer for _, buffer in self._outputs))
        self._call(
            "LiteRtRunCompiledModel",
            self._compiled,
            ctypes.c_size_t(self._signature_index),
            ctypes.c_size_t(len(inputs)),
            inputs,
            ctypes.c_size_t(len(outputs)),
            outputs,
        )
        self._call("LiteRtStopProfiler", self._profiler)
        return self._read_events()

    def _read_events(self) -> list[ProfilerEvent]:
        count = ctypes.c_int()
        self._call("LiteRtGetNumProfilerEvents", self._profiler, ctypes.byref(count))
        # Room for structures of twice the known size, so that a larger one cannot overrun before it is noticed.
        events = (_ProfilerEvent * max(1, 2 * count.value))()
        self._call("LiteRtGetProfilerEvents", self._profiler, count, events)
        return [
            ProfilerEvent(
                tag=(event.tag or b"").decode("utf-8", "replace"),
                event_type=event.event_type,
                elapsed_us=event.elapsed_us,
                node=event.metadata,
                subgraph=event.extra_metadata,
            )
            for event in events[: count.value]
        ]

    def _packed_size_bytes(self, buffer: ctypes.c_void_p) -> int:
        size = ctypes.c_size_t()
        self._call("LiteRtGetTensorBufferPackedSize", buffer, ctypes.byref(size))
        return size.value

    def _lock(self, buffer: ctypes.c_void_p, mode: int) -> ctypes.c_void_p:
        address = ctypes.c_void_p()
        self._call("LiteRtLockTensorBuffer", buffer, ctypes.byref(address), ctypes.c_int(mode))
        return address

    def _call(self, function: str, *arguments: Any) -> None:
        try:
            status = getattr(self._library, function)(*arguments)
        except AttributeError as exc:
            raise LiteRtError(f"libLiteRt.so has no {function}") from exc
        if status != 0:
            raise LiteRtError(f"{function} returned status {status}")

    def _create_environment(self) -> ctypes.c_void_p:
        options = (_EnvironmentOption * 2)(
            _EnvironmentOption(_ENV_OPTION_AUTO_REGISTER_ACCELERATORS, _ANY_TYPE_INT, _HARDWARE_CPU),
            _EnvironmentOption(_ENV_OPTION_MIN_LOGGER_SEVERITY, _ANY_TYPE_INT, _SEVERITY_ERROR),
        )
        environment = ctypes.c_void_p()
        self._call("LiteRtCreateEnvironment", len(options), options, ctypes.byref(environment))
        return environment

    def _create_options(self, *, num_threads: int, use_xnnpack: bool) -> ctypes.c_void_p:
        options = ctypes.c_void_p()
        self._call("LiteRtCreateOptions", ctypes.byref(options))
        self._call("LiteRtSetOptionsHardwareAccelerators", options, _HARDWARE_CPU)
        kernel_mode = "xnnpack" if use_xnnpack else "builtin"
        self._add_toml(options, b"runtime_options_string", "enable_profiling = true\n")
        self._add_toml(options, b"xnnpack", f'kernel_mode = "{kernel_mode}"\nnum_threads = {num_threads}\n')
        return options

    def _add_toml(self, options: ctypes.c_void_p, identifier: bytes, text: str) -> None:
        """Adds options as the runtime reads them: TOML text in C memory that the runtime frees."""
        libc = ctypes.CDLL(None)
        libc.strdup.restype = ctypes.c_void_p
        payload = ctypes.c_void_p(libc.strdup(text.encode()))
        opaque = ctypes.c_void_p()
        self._call("LiteRtCreateOpaqueOptions", identifier, payload, libc.free, ctypes.byref(opaque))
        self._call("LiteRtAddOpaqueOptions", options, opaque)

    def _find_signature_of_first_subgraph(self) -> tuple[int, ctypes.c_void_p]:
        wanted = ctypes.c_void_p()
        self._call("LiteRtGetModelSubgraph", self._model, ctypes.c_size_t(0), ctypes.byref(wanted))
        count = ctypes.c_size_t()
        self._call("LiteRtGetNumModelSignatures", self._model, ctypes.byref(count))
        for index in range(count.value):
            signature, subgraph = ctypes.c_void_p(), ctypes.c_void_p()
            self._call("LiteRtGetModelSignature", self._model, ctypes.c_size_t(index), ctypes.byref(signature))
            self._call("LiteRtGetSignatureSubgraph", signature, ctypes.byref(subgraph))
            if subgraph.value == wanted.value:
                return index, signature
        raise LiteRtError("no signature runs the first subgraph")

    def _tensors(self, side: str) -> list[ctypes.c_void_p]:
        count = ctypes.c_size_t()
        self._call(f"LiteRtGetNumSignature{side}s", self._signature, ctypes.byref(count))
        tensors = [ctypes.c_void_p() for _ in range(count.value)]
        for index, tensor in enumerate(tensors):
            self._call(
                f"LiteRtGetSignature{side}TensorByIndex", self._signature, ctypes.c_size_t(index), ctypes.byref(tensor)
            )
        return tensors

    def _tensor_index(self, tensor: ctypes.c_void_p) -> int:
        index = ctypes.c_uint32()
        self._call("LiteRtGetTensorIndex", tensor, ctypes.byref(index))
        return index.value

    def _tensor_type(self, tensor: ctypes.c_void_p, shape: Sequence[int] | None) -> _RankedTensorType:
        tensor_type = _RankedTensorType()
        self._call("LiteRtGetRankedTensorType", tensor, ctypes.byref(tensor_type))
        if shape is not None:
            tensor_type.layout.dimensions[: len(shape)] = list(shape)
        return tensor_type

    def _create_buffers(self, side: str, shapes: dict[int, Sequence[int]]) -> list[tuple[int, ctypes.c_void_p]]:
        buffers: list[tuple[int, ctypes.c_void_p]] = []
        for position, tensor in enumerate(self._tensors(side)):
            index = self._tensor_index(tensor)
            requirements, buffer = ctypes.c_void_p(), ctypes.c_void_p()
            self._call(
                f"LiteRtGetCompiledModel{side}BufferRequirements",
                self._compiled,
                ctypes.c_size_t(self._signature_index),
                ctypes.c_size_t(position),
                ctypes.byref(requirements),
            )
            tensor_type = self._tensor_type(tensor, shapes[index])
            self._call(
                "LiteRtCreateManagedTensorBufferFromRequirements",
                self._environment,
                ctypes.byref(tensor_type),
                requirements,
                ctypes.byref(buffer),
            )
            buffers.append((index, buffer))
        return buffers


def _load_library() -> ctypes.CDLL:
    release = ai_edge_litert.__version__  # `importlib.metadata` takes a tenth of a run's start
    if not release.startswith(SUPPORTED_RELEASE):
        raise LiteRtError(
            f"ai-edge-litert {release} is installed, and its profiler is known for {SUPPORTED_RELEASE}* only"
        )
    return ctypes.CDLL(str(Path(ai_edge_litert.__file__).with_name("libLiteRt.so")))
