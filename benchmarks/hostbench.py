"""Is hostbench fast to start, cheap per inference, and right about latency?

    python -m benchmarks.hostbench [model.tflite]

Runs hostbench and LiteRT's own `ai_edge_litert.tools.benchmark_litert_model` in turn, each in a fresh process on the
same single CPU, with one thread and the same numbers of inferences, and compares the medians of their medians. Without
a model, a generated one (a chain of convolutions) is used, so that no test data is needed. The peer times a compiled
model's run, hostbench the interpreter's Invoke(), and the peer prints whole multiples of 10 us: take a model of 0.2 ms
or more.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REPETITIONS = 7
_WARM_UP_RUNS = 50


def run(model: Path | None = None, *, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Measures and returns the figures; times in microseconds unless the name says otherwise.

    `ratio` is hostbench's median over the peer's: the median over interleaved pairs of processes.
    """
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny.tflite"
        tiny.write_bytes(_convolutions(channels=4, size=2, layers=1))
        if model is None:
            model = Path(folder) / "convolutions.tflite"
            model.write_bytes(_convolutions(channels=32, size=32, layers=12))
        cpu = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        runs = _inferences_for(_hostbench(model, runs=20, cpu=cpu))
        pairs = [_pair(model, runs, cpu, folder, swap=i % 2 == 1) for i in range(repetitions)]
        start_to_exit_s = [_seconds(lambda: _hostbench(model, runs=1, cpu=cpu)) for _ in range(repetitions)]
        return {
            "model": model.name,
            "repetitions": repetitions,
            "inferences": runs,
            "hostbench_median_us": statistics.median(own for own, _ in pairs),
            "peer_median_us": statistics.median(peer for _, peer in pairs),
            "ratio": round(statistics.median(own / peer for own, peer in pairs), 4),
            "ratios": sorted(round(own / peer, 4) for own, peer in pairs),
            "start_to_exit_s": round(statistics.median(start_to_exit_s), 3),
            "tiny_model_mean_us": _mean_us(tiny, cpu),
        }


def _pair(model: Path, runs: int, cpu: int | None, folder: str, *, swap: bool) -> tuple[float, float]:
    """Runs both programs, now the one first and now the other, and returns their medians."""
    if swap:
        peer = _peer(model, runs, cpu, folder)
        return _hostbench(model, runs=runs, cpu=cpu), peer
    own = _hostbench(model, runs=runs, cpu=cpu)
    return own, _peer(model, runs, cpu, folder)


def _inferences_for(median_us: float) -> int:
    """Returns how many inferences take about a second."""
    return max(20, min(5000, int(1e6 / max(1.0, median_us))))


def _hostbench(model: Path, *, runs: int, cpu: int | None) -> float:
    stdout = _process(
        [sys.executable, "-m", "mbench.hostbench", f"--graph={model}", "--num_threads=1", *_phases(runs)], cpu
    )
    return float(re.findall(r"median=(\d+)", stdout)[-1])


def _mean_us(model: Path, cpu: int | None) -> float:
    """Returns the mean of many inferences of a model that costs nothing: the overhead per inference."""
    stdout = _process([sys.executable, "-m", "mbench.hostbench", f"--graph={model}", *_phases(20000)], cpu)
    return float(re.findall(r"Inference \(avg\): ([\d.e+-]+)", stdout)[0])


def _phases(runs: int) -> list[str]:
    warm_up = 1 if runs == 1 else _WARM_UP_RUNS
    return [f"--num_runs={runs}", "--min_secs=0", f"--warmup_runs={warm_up}", "--warmup_min_secs=0"]


def _peer(model: Path, runs: int, cpu: int | None, folder: str) -> float:
    result = Path(folder) / "peer.json"
    module = "ai_edge_litert.tools.benchmark_litert_model"
    flags = f"--num_runs={runs}", f"--warmup_runs={_WARM_UP_RUNS}", "--num_threads=1", f"--result_json={result}"
    _process([sys.executable, "-m", module, f"--model={model}", *flags], cpu)
    return float(json.loads(result.read_text(encoding="utf-8"))["latency"]["median_ms"]) * 1000


def _process(words: list[str], cpu: int | None) -> str:
    pinned = words if cpu is None else ["taskset", "-c", str(cpu), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(pinned, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _convolutions(*, channels: int, size: int, layers: int) -> bytes:
    """Returns a float model of 3x3 convolutions with random weights."""
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    generator = np.random.default_rng(0)
    model, graph, code = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 1
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    graph.tensors, graph.operators, graph.name = [], [], b"main"

    def add_tensor(name: str, shape: list[int], data: Any = None) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, schema.TensorType.FLOAT32, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.astype(np.float32).tobytes(), np.uint8)
            tensor.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    image = [1, size, size, channels]
    last = add_tensor("input", image)
    graph.inputs = [last]
    for layer in range(layers):
        weights = add_tensor(
            f"w{layer}", [channels, 3, 3, channels], generator.normal(size=channels * 9 * channels) / 9
        )
        bias = add_tensor(f"b{layer}", [channels], np.zeros(channels))
        output = add_tensor(f"out{layer}", image)
        options = schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = 0, [last, weights, bias], [output]
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
        graph.operators.append(operator)
        last = output
    graph.outputs = [last]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]) if len(sys.argv) > 1 else None), indent=2))
