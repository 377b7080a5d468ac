"""Networks that are built as in use, and the counts of their layers."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mbench.artifacts.inspection import Inspection, inspect_file
from mbench.artifacts.running import run_outputs
from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.variants import Quantization, Size, Variant
from mbench.core.choices import Quantizer
from mbench.models.networks.architectures import find_architecture
from mbench.models.networks.layers import count_mult_adds, count_weights
from mbench.models.networks.mobilenet_v1_maps import body_layers
from mbench.models.tflite.build import BuildRequest, BuiltFile, FailedFile, build_files

FP32 = (Quantization.FP32,)


def build(
    worker: ProcessPoolExecutor,
    folder: Path,
    name: str,
    quantizations: tuple[Quantization, ...] = FP32,
    size: Size | None = None,
) -> dict[Quantization, BuiltFile]:
    """Build an architecture with its own head, at its own size unless another is named."""
    architecture = find_architecture(name)
    request = BuildRequest(
        architecture=name,
        size=size or architecture.default,
        head=architecture.head,
        quantizations=quantizations,
        weights=Weights(),
        calibration=Calibration(examples=4),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )
    files = worker.submit(build_files, request).result()
    assert [file for file in files if isinstance(file, FailedFile)] == []
    return {file.variant.quantization: file for file in files if isinstance(file, BuiltFile)}


def usual(name: str, size: Size | None = None) -> Variant:
    """Return the float variant of an architecture with its own head, at its own size unless another is named."""
    architecture = find_architecture(name)
    return Variant(
        architecture=name,
        size=size or architecture.default,
        head=architecture.head,
        quantization=Quantization.FP32,
    )


def counted(file: BuiltFile) -> Inspection:
    return inspect_file(file.path)


def run(path: Path, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return each output for one input, without the batch of one where the input came without."""
    return {name: each.values[0] for name, each in run_outputs(path.read_bytes(), inputs).items()}


def convolution(side: int, kernel: int, inputs: int, filters: int) -> tuple[int, int]:
    """Return multiply-adds, and weights with a bias each, of a convolution whose output has this side."""
    weights = kernel * kernel * inputs * filters
    return side * side * weights, weights + filters


def depthwise(side: int, kernel: int, channels: int) -> tuple[int, int]:
    return side * side * kernel * kernel * channels, kernel * kernel * channels + channels


def total(*parts: tuple[int, int]) -> tuple[int, int]:
    mult_adds, parameters = (sum(part) for part in zip(*parts, strict=True))
    return mult_adds, parameters


def body(resolution: int, **ends: str) -> tuple[int, int]:
    """Return the counts of MobileNet's layers, whose own test holds them to the paper."""
    chain = body_layers(1.0, **ends)
    return count_mult_adds(chain, resolution), count_weights(chain) + sum(layer.filters for layer in chain)
