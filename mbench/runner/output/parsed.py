"""What a text of benchmark_model says, as a document. Nothing in here is computed, guessed or filled in."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from mbench.core.results import DelegateCoverage, MeasurementWarning, Memory, Phase, Status, StoredErrorClass
from mbench.core.workloads import Document


class Coverage(StrEnum):
    """How much of the graph an explicitly applied delegate executes, in the tool's own words."""

    COMPLETELY = "completely"
    PARTIALLY = "partially"
    NOT = "not"


class AppliedDelegate(Document):
    """One `Explicitly applied X delegate, …` line; `kernels` is only said of a partial one.

    Before TensorFlow 2.2 the line is `Applied X delegate.` and does not say how much: `coverage` is None.
    """

    name: str
    coverage: Coverage | None
    kernels: int | None = None


class ParsedText(Document):
    """Everything that was read; what the text does not say is None or empty.

    A failed text keeps what could be read before it failed, so `measured` alone never means success: `status` does.

    Attributes:
        tool: flavour: `tflite` (over the Interpreter) or `litert` (over CompiledModel); `litert-python` is LiteRT's
            benchmark in Python, another tool; None where the text ends before it shows.
        init_us: from the timings line; a LiteRT text says milliseconds.
        first_us: first warm-up inference; None where there was no warm-up, for which the tool prints a 0.
        parameters: the tool's echo of its settings, by the name it prints (`Num threads`, `Graph`, …).
        unconsumed: command line arguments that the tool did not understand.
        started: whether the beginning was seen: the line `STARTING!`, or in logcat's form the echo of the settings,
            since the Android app prints no such line.
        failed_line: whether the line `Benchmarking failed.` was seen.
        target_runs: N of each `Running benchmark for at least N iterations`, in order.
        created: delegates that were created, which does not yet mean applied.
        applied: delegates that were applied explicitly.
        gpu_split: operations on the GPU, operations left on the CPU.
        model_mb: size of the model file in units of 10⁶ bytes, with six digits.
        memory_kind: `delta` or `peak`: what the tool calls its two memory numbers, which mean the same.
        errors: texts of all lines marked ERROR or FATAL, in order; some of them are no failures.
        notices: texts of the tool's own lines marked WARN or WARNING, in order.
    """

    status: Status
    error_class: StoredErrorClass | None = None
    message: str | None = None
    tool: Literal["tflite", "litert", "litert-python"] | None = None
    warmup: Phase | None = None
    measured: Phase | None = None
    init_us: int | None = None
    first_us: int | None = None
    memory: Memory | None = None
    delegates: tuple[DelegateCoverage, ...] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    unconsumed: tuple[str, ...] = ()
    warnings: tuple[MeasurementWarning, ...] = ()
    started: bool = False
    failed_line: bool = False
    target_runs: tuple[int, ...] = ()
    created: tuple[str, ...] = ()
    applied: tuple[AppliedDelegate, ...] = ()
    gpu_api: str | None = None
    gpu_kernels: int | None = None
    gpu_split: tuple[int, int] | None = None
    model_mb: float | None = None
    memory_kind: Literal["delta", "peak"] | None = None
    errors: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
