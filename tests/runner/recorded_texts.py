"""The recorded outputs of benchmark_model and what each of them says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "benchmark_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    name: str
    stdout: str
    stderr: str
    exit_code: int
    expected: dict[str, Any]


def _read(name: str, entry: dict[str, Any]) -> Recording:
    merged = FOLDER / f"{name}.merged.txt"
    first = merged if merged.exists() else FOLDER / f"{name}.stdout.txt"
    second = None if merged.exists() else FOLDER / f"{name}.stderr.txt"
    return Recording(
        name=name,
        stdout=first.read_text(encoding="utf-8"),
        stderr=second.read_text(encoding="utf-8") if second else "",
        exit_code=entry["exit_code"],
        expected=entry["expected"],
    )


_INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
ARTIFACTS = _INDEX["_artifacts"]
RECORDINGS = {name: _read(name, entry) for name, entry in _INDEX.items() if not name.startswith("_")}
COMPLETE = {name: one for name, one in RECORDINGS.items() if one.expected["status"] == "ok"}

LITERT_STDOUT = """\
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Num threads: [4]
INFO: The input model file size (MB): 16.9001
INFO: Initialized session in 101.507ms.
INFO: Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
INFO: count=30 first=17441 curr=16820 min=16511 max=17441 avg=16901.3 std=201 p5=16600 median=16890 p95=17300

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
INFO: count=62 first=16020 curr=16100 min=15903 max=16588 avg=16091.2 std=120 p5=15950 median=16082 p95=16401

"""

LITERT_STDERR = """\
INFO: [benchmark_litert_model.cc:151] Loading model from: /data/local/tmp/m.tflite
VERBOSE: Replacing 31 out of 31 node(s) with delegate (LITERT_CL) node, yielding 1 partitions for subgraph 0 (main).
INFO: [benchmark_litert_model.h:91]\x20
========== BENCHMARK RESULTS ==========
INFO: [benchmark_litert_model.h:94] Model initialization: 101.51 ms
INFO: [benchmark_litert_model.h:96] Warmup (first):       17.44 ms
INFO: [benchmark_litert_model.h:98] Warmup (avg):         16.90 ms (30 runs)
INFO: [benchmark_litert_model.h:100] Inference (avg):      16.09 ms (62 runs)
INFO: [benchmark_litert_model.h:104] Inference (min):      15.90 ms
INFO: [benchmark_litert_model.h:106] Inference (max):      16.59 ms
INFO: [benchmark_litert_model.h:108] Inference (std):      0.12
INFO: [benchmark_litert_model.h:115] Throughput:           9.36 MB/s
INFO: [benchmark_litert_model.h:124]\x20
Memory Usage:
INFO: [benchmark_litert_model.h:126] Init footprint:       26.50 MB
INFO: [benchmark_litert_model.h:128] Overall footprint:    27.25 MB
INFO: [benchmark_litert_model.h:135] Peak memory usage not available. (peak_mem_mb <= 0)
INFO: [benchmark_litert_model.h:139] ======================================
"""
"""LiteRT's own tool, written after `litert/tools/benchmark_litert_model.h`; the numbers are invented."""
