"""Invented latencies for scale tests: benchmark_model's lines and files, from a seeded law; nothing waits or is timed.

Only the engine is replaced: command line, echo and errors are hostbench's. It imports neither numpy nor the runtime, so
that fifty phones of it fit on two cores.
"""

import hashlib
import importlib
import math
import random
import sys
import types
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

_THREADS_EXPONENT = 0.7
_RUN_SHARE = 0.6
"""Part of the noise that all inferences of a run share."""
_NODES = 29
_KERNEL = "TfLiteXNNPackDelegate"
_TFLITE_IDENTIFIER = b"TFL3"


class Stage(Protocol):
    """Where an invented benchmark takes place."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def write_file(self, path: str, data: bytes) -> None:
        """Leave a file behind."""


def load_program() -> tuple[Any, Any, Any]:
    """Return hostbench's program, its streams and its statistics; by name, as wings do not import each other."""
    program, streams, statistics = (
        importlib.import_module(f"mbench.hostbench.{name}") for name in ("program", "streams", "running_stat")
    )
    return program, streams, statistics


def run_invented(argv: Sequence[str], plan: dict[str, Any], stage: Stage) -> int:
    """Run hostbench's program with the law of a plan in the place of its engine; return its status."""
    module = types.ModuleType("mbench.hostbench.benchmark")
    module.run_benchmark = lambda parameters: _run(parameters, plan, stage)  # type: ignore[attr-defined]
    real = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        status: int = load_program()[0].main(argv)
    finally:
        if real is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = real
    return status


@cache
def _hash_of(path: str, _size: int, _mtime_ns: int, _inode: int) -> tuple[bytes, str]:
    """Return a model's first bytes and its SHA-256; the other arguments tell one content of a path from another."""
    data = Path(path).read_bytes()
    return data[:8], hashlib.sha256(data).hexdigest()


class LatencyLaw:
    """Latencies of one run.

    `(base_us + us_per_mb * size) / threads ** 0.7 * slowdown`, times log-normal noise, a part of it the run's own.
    """

    def __init__(self, law: dict[str, float], *, size_bytes: int, threads: int, slowdown: float, seed: str) -> None:
        mean_us = (law["base_us"] + law["us_per_mb"] * size_bytes / 1e6) / max(1, threads) ** _THREADS_EXPONENT
        self._random = random.Random(seed)
        self._noise = law["noise"]
        self._mean_us: float = mean_us * slowdown * math.exp(self._random.gauss(0, self._noise * _RUN_SHARE))

    def draw_us(self) -> int:
        """Return the next inference's latency."""
        return max(1, round(self._mean_us * math.exp(self._random.gauss(0, self._noise))))


def _run(parameters: Any, plan: dict[str, Any], stage: Stage) -> None:
    _, streams, statistics = load_program()
    graph = Path(parameters.graph)
    try:
        found = graph.resolve().stat()
        head, sha256 = _hash_of(str(graph.resolve()), found.st_size, found.st_mtime_ns, found.st_ino)
    except OSError:
        streams.fail(
            f"Could not open '{graph}'.", "The model allocation is null/empty", f"Failed to load model {graph}"
        )
    if head[4:8] != _TFLITE_IDENTIFIER:
        streams.fail("The model is not a valid Flatbuffer buffer", f"Failed to load model {graph}")
    law = LatencyLaw(
        plan["law"],
        size_bytes=found.st_size,
        threads=parameters.num_threads,
        slowdown=plan.get("slowdown", 1.0),
        seed=f"{plan['seed']}:{sha256}",
    )
    streams.info(f"Loaded model {graph}")
    streams.runtime_info("Initialized TensorFlow Lite runtime.")
    streams.runtime_info("Latencies are invented: ro.mbench.emulated=synthetic.")
    xnnpack = parameters.use_xnnpack is not False
    if xnnpack:
        _say_delegation(streams, explicit=parameters.use_xnnpack is True)
    streams.info(f"The input model file size (MB): {found.st_size / 1e6:g}")
    init_us = 2000 + found.st_size // 500
    stage.wait(init_us / 1e6)
    streams.info(f"Initialized session in {init_us / 1e3:g}ms.")
    if parameters.export_model_runtime_info:
        stage.write_file(parameters.model_runtime_info_output_file, _runtime_info(delegated=xnnpack))
    phases = []
    for runs, seconds in (
        (parameters.warmup_runs, parameters.warmup_min_secs),
        (parameters.num_runs, parameters.min_secs),
    ):
        phases.append(_phase(stage, streams, statistics, law, runs, seconds, parameters.max_secs))
    warm_up, measured = phases
    streams.info(
        f"Inference timings in us: Init: {init_us}, First inference: {warm_up.first}, "
        f"Warmup (avg): {warm_up.avg:g}, Inference (avg): {measured.avg:g}"
    )
    streams.info("Memory footprint delta from the start of the tool (MB): init=4 overall=6")
    if parameters.report_peak_memory_footprint:
        streams.info("Overall peak memory footprint (MB) via periodic monitoring: 24")
    if parameters.output_filepath:
        stage.write_file(parameters.output_filepath, bytes.fromhex(sha256))


def _say_delegation(streams: Any, *, explicit: bool) -> None:
    if explicit:
        streams.info("XNNPACK delegate created.")
    streams.runtime_info("Created TensorFlow Lite XNNPACK delegate for CPU.")
    streams.runtime_verbose(
        f"Replacing {_NODES} out of {_NODES} node(s) with delegate ({_KERNEL}) node, yielding 1 partitions for "
        "subgraph 0."
    )
    if explicit:
        streams.info(
            "Explicitly applied XNNPACK delegate, and the model graph will be completely executed by the delegate."
        )


def _phase(
    stage: Stage, streams: Any, statistics: Any, law: LatencyLaw, min_runs: int, min_s: float, max_s: float
) -> Any:
    streams.info(
        f"Running benchmark for at least {min_runs} iterations and at least {min_s:g} seconds but "
        f"terminate if exceeding {max_s:g} seconds."
    )
    values: list[int] = []
    passed_us = 0
    while (len(values) < min_runs or passed_us < min_s * 1e6) and passed_us <= max_s * 1e6:
        values.append(law.draw_us())
        passed_us += values[-1]
    stage.wait(passed_us / 1e6)
    result = statistics.RunningStat(values)
    streams.info(f"{result.format_with_percentiles()}\n")
    return result


def _runtime_info(*, delegated: bool) -> bytes:
    """Return a `tflite.profiling.ModelRuntimeDetails` of one kernel that replaces every node, or of nodes alone.

    Written by hand in protocol buffers' wire format; the numbers of the fields are those of LiteRT's
    `tflite/profiling/proto/model_runtime_info.proto`.
    """
    nodes = b"".join(_field(3, _number(1, index)) for index in range(_NODES))
    plan = range(_NODES)
    if delegated:
        replaced = b"".join(_number(2, index) for index in range(_NODES))
        details = _field(1, _KERNEL.encode()) + replaced
        nodes += _field(3, _number(1, _NODES) + _field(2, _KERNEL.encode()) + _field(8, details))
        plan = range(_NODES, _NODES + 1)
    return _field(2, _number(1, 0) + nodes + b"".join(_number(4, node) for node in plan))


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3, value])  # one byte is enough for values below 128


def _field(field: int, data: bytes) -> bytes:
    length = len(data)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([field << 3 | 2]) + size + data
