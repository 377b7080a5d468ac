"""How long the published sweep takes to build: 16 variants × 5 quantizations, against converting each by itself.

    python -m benchmarks.build_sweep [--quick] [--processes 1]

The naive way, `TFLiteConverter.from_keras_model` once per file, is measured on two variants in the same run and
extrapolated to the number of variants built, which the result says.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.sweeps import PUBLISHED, Axis
from mbench.core.builds.variants import POST_TRAINING, Head, Quantization, Size
from mbench.core.choices import Quantizer
from mbench.core.processes.workers import spawning
from mbench.models.networks.mobilenet_v1 import build, layers
from mbench.models.tflite.build import BUILDS_PER_WORKER, BuildRequest, BuiltFile, build_files
from mbench.models.tflite.calibration import load_examples
from mbench.models.tflite.quiet import quiet
from mbench.models.weights.weights import load_weights, set_weights

NAIVE_SIZES = (Size(alpha=0.25, resolution=160), Size(alpha=0.75, resolution=192))
"""Neither the cheapest nor the dearest of the sweep."""


def run(quick: bool = False, processes: int = 2) -> dict[str, Any]:
    """Build the sweep and return seconds, megabytes and the ratio to the naive way.

    Args:
        quick: two variants only, α = 0.25 at 128 and 160 px; the naive way is then measured on one of them.
        processes: workers, each with its own tensorflow.
    """
    sizes = [Size(alpha=0.25, resolution=side) for side in (160, 128)] if quick else published_sizes()
    built_s, workers = _timed(processes, _build_one, sizes)
    naive_sizes = sizes[:1] if quick else NAIVE_SIZES
    _, naive = _timed(1, _build_naively, naive_sizes)
    per_variant_s = mean(seconds for seconds, _, _ in naive)
    extrapolated_s = per_variant_s * len(sizes)
    return {
        "variants": len(sizes),
        "quantizations": len(POST_TRAINING),
        "files": sum(files for _, _, files in workers),
        "processes": processes,
        "seconds": round(built_s, 2),
        "peak_rss_mib_of_one_worker": max(rss for _, rss, _ in workers),
        "naive_variants_measured": len(naive_sizes),
        "naive_seconds_per_variant": round(per_variant_s, 2),
        "naive_seconds_extrapolated": round(extrapolated_s, 2),
        "ratio": round(extrapolated_s / built_s, 2),
        "note": f"naive: {len(naive_sizes)} of {len(sizes)} variants measured in one process, without its start",
    }


def published_sizes() -> list[Size]:
    """Return the 16 sizes of the paper's Tables 6 and 7, the dearest first, so that workers end together."""
    return [
        Size(alpha=float(alpha), resolution=int(side))
        for alpha in PUBLISHED[Axis.ALPHA]
        for side in PUBLISHED[Axis.RESOLUTION]
    ]


Work = tuple[float, int, int]
"""Seconds, peak resident memory of the process so far in MiB, files written."""


def _timed(processes: int, work: Callable[[Size], Work], sizes: Sequence[Size]) -> tuple[float, list[Work]]:
    """Return the seconds from before the first process starts until the last result is in, and the results."""
    started = time.perf_counter()
    with ProcessPoolExecutor(processes, spawning(), max_tasks_per_child=BUILDS_PER_WORKER) as pool:
        done = list(pool.map(work, sizes))
    return time.perf_counter() - started, done


def _build_one(size: Size) -> Work:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        files = build_files(
            BuildRequest(
                architecture="mobilenet_v1",
                size=size,
                head=Head(),
                quantizations=POST_TRAINING,
                weights=Weights(),
                calibration=Calibration(),
                quantizer=Quantizer.LITERT,
                folder=Path(folder),
            )
        )
        built = sum(isinstance(file, BuiltFile) for file in files)
    return time.perf_counter() - started, _peak_rss_mib(), built


def _build_naively(size: Size) -> Work:
    """Convert one Keras model five times, each from the model, as TensorFlow's own tutorials do."""
    with quiet():
        import tensorflow as tf

        _warm_up()  # what is paid once per process is not counted here, though it is in the other figure
        started = time.perf_counter()
        model = build(size, Head())
        set_weights(model, load_weights(Weights(), layers(size.alpha, Head().classes)))
        examples = load_examples(Calibration(), size.resolution)
        for quantization in POST_TRAINING:
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
            if quantization is not Quantization.FP32:
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if quantization is Quantization.FP16:
                converter.target_spec.supported_types = [tf.float16]
            if quantization in {Quantization.INT8, Quantization.INT16X8}:
                converter.representative_dataset = lambda: ([example[None]] for example in examples)
            if quantization is Quantization.INT16X8:
                converter.target_spec.supported_ops = [
                    tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
                ]
            converter.convert()
        return time.perf_counter() - started, _peak_rss_mib(), len(POST_TRAINING)


@cache
def _warm_up() -> None:
    import keras
    import tensorflow as tf

    tiny = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3)])
    tf.lite.TFLiteConverter.from_keras_model(tiny).convert()


def _peak_rss_mib() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 if sys.platform == "linux" else 1 << 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the build of the published sweep.")
    parser.add_argument("--quick", action="store_true", help="two variants only")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default: 2)")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.quick, arguments.processes) | {"load_1m": os.getloadavg()[0]}, indent=2))
