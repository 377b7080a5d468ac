"""hostbench as a process: how it is started, what it answers, and lines that many tests look for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tiny_models import Graph, model_bytes

ROOT = Path(__file__).parents[2]
QUICK = ("--num_runs=3", "--min_secs=0", "--warmup_runs=1", "--warmup_min_secs=0")
PROFILE = ("--enable_op_profiling=true", "--num_runs=20", "--min_secs=0", "--warmup_runs=3", "--warmup_min_secs=0")
CREATED = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
INITIALIZED = "INFO: Initialized TensorFlow Lite runtime."


@dataclass(frozen=True)
class Outcome:
    """How a process ended: its status (negative: the signal) and its two streams."""

    status: int
    stdout: str
    stderr: str

    @property
    def errors(self) -> list[str]:
        """The text of the ERROR and FATAL lines."""
        return [line.split(": ", 1)[1] for line in self.stderr.splitlines() if line.startswith(("ERROR: ", "FATAL: "))]

    @property
    def counts(self) -> list[str]:
        """The statistics lines of the phases."""
        return [line.removeprefix("INFO: ") for line in self.stdout.splitlines() if line.startswith("INFO: count=")]


def command(*flags: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-m", "mbench.hostbench", *flags]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


Runner = Callable[..., Outcome]


def replacing(nodes: int, total: int, partitions: int) -> str:
    return (
        f"VERBOSE: Replacing {nodes} out of {total} node(s) with delegate (TfLiteXNNPackDelegate) node, "
        f"yielding {partitions} partitions for subgraph 0."
    )


def write(path: Path, *graphs: Graph, **options: int) -> Path:
    path.write_bytes(model_bytes(*graphs, **options))
    return path
