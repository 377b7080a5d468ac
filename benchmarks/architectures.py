"""How long the networks of the paper's Tables 8 to 10 take to build, in every quantization, and how much memory.

    python -m benchmarks.architectures [--quick] [--processes 2]

The whole way of `mbench build` into an empty cache: seeded weights, conversion, quantization, every file run against
the Keras model, and counted. Memory is the sum over this process and its workers, sampled.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.variants import POST_TRAINING, Variant, parse_variant
from mbench.core.ports import SilentProgress
from mbench.workflows.build.obtain_artifacts import Artifact, obtain
from mbench.workflows.build.recipes import BuildInputs, recipes_of

NETWORKS = (
    "mobilenet_v1_1.00_224",  # Table 8
    "googlenet_1.00_224",
    "vgg16_1.00_224",
    "mobilenet_v1_0.50_160",  # Table 9
    "squeezenet_1.00_227",
    "alexnet_1.00_227",
    "inception_v3_1.00_299_dogs120",  # Table 10
    "mobilenet_v1_1.00_224_dogs120",
    "mobilenet_v1_0.75_224_dogs120",
    "mobilenet_v1_1.00_192_dogs120",
    "mobilenet_v1_0.75_192_dogs120",
)

QUICK = ("mobilenet_v1_0.50_160", "squeezenet_1.00_227")

SAMPLED_EVERY_S = 0.1


def run(quick: bool = False, processes: int = 2) -> dict[str, Any]:
    """Build all files and return seconds, megabytes and what did not get built.

    Args:
        quick: two small networks only.
        processes: workers, each with its own tensorflow.
    """
    networks = QUICK if quick else NETWORKS
    variants = [parse_variant(f"{network}_{each}") for network in networks for each in POST_TRAINING]
    with tempfile.TemporaryDirectory() as folder, _PeakMemory() as memory:
        started = time.perf_counter()
        outcomes = _build(variants, Path(folder), processes)
        seconds = time.perf_counter() - started
    failed = [str(variant) for variant, outcome in outcomes.items() if not isinstance(outcome, Artifact)]
    ratios = [
        outcome.facts.snr_db
        for outcome in outcomes.values()
        if isinstance(outcome, Artifact) and outcome.facts.snr_db is not None
    ]
    return {
        "networks": len(networks),
        "files": len(outcomes) - len(failed),
        "failed": failed,
        "processes": processes,
        "seconds": round(seconds, 1),
        "peak_rss_mib_of_all_processes": memory.peak_bytes >> 20,
        "least_snr_db": round(min(ratios), 1),
    }


def _build(variants: list[Variant], folder: Path, processes: int) -> dict[Variant, Any]:
    recipes = recipes_of(variants, BuildInputs(), weights_folder=folder / "weights")
    return obtain(recipes, cache=ArtifactCache(folder / "cache"), workers=processes, progress=SilentProgress())


class _PeakMemory:
    """Largest sum of resident memory of this process and its children, while entered."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._ended.wait(SAMPLED_EVERY_S):
            total = 0
            for process in (this, *this.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak_bytes = max(self.peak_bytes, total)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the build of the networks of Tables 8 to 10.")
    parser.add_argument("--quick", action="store_true", help="two networks only")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default: 2)")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.quick, arguments.processes) | {"load_1m": os.getloadavg()[0]}, indent=2))
