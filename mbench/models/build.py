"""The unit of work of one worker process: all quantizations of one network, made from one conversion.

Importing this module loads no tensorflow; `build_family` does, and is therefore for a process of its own, started by
"spawn" and replaced now and then, because tensorflow does not give back all the memory it takes.
"""

import gc
import time
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from mbench.core.errors import ArtifactError, MbenchError
from mbench.core.recipes import Calibration, CalibrationKind, Quantizer, Weights, WeightsKind
from mbench.core.variants import CALIBRATED, Head, Quantization, Size, Variant
from mbench.models.architectures import find_architecture
from mbench.models.calibration import Examples, load_examples, synthetic_examples, unseen_examples
from mbench.models.conversion import convert, float_converter, freeze, trace
from mbench.models.imagenet_weights import trained_resolution
from mbench.models.quantization import Ranges, quantize, quantize_with_tensorflow, read_ranges
from mbench.models.quiet import quiet
from mbench.models.weights import load_weights, set_weights

FAMILIES_PER_WORKER: Final = 32
"""After so many a worker process is best replaced. Fourteen families at α = 1 left its memory at 0.9 to 1.3 GB."""

PROBES: Final = 8
PROBE_SEED: Final = 1_000_000
"""Not a seed that a calibration is likely to have: a conversion is to be judged by inputs that it has not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRequest:
    """One network in several quantizations.

    Attributes:
        weights: with `source` the path of the file, if they come from one.
        calibration: with `source` the folder or array, if it is one; read only if a quantization needs it, but a data
            set's array gives the inputs that files are compared with Keras on in any case.
        folder: where the files go; it exists, and belongs to this request alone.
    """

    architecture: str
    size: Size
    head: Head
    quantizations: tuple[Quantization, ...]
    weights: Weights
    calibration: Calibration
    quantizer: Quantizer
    folder: Path

    def variant(self, quantization: Quantization) -> Variant:
        """Return the variant of this network in one quantization."""
        return Variant(architecture=self.architecture, size=self.size, head=self.head, quantization=quantization)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFile:
    """One `.tflite` file, not verified yet.

    Attributes:
        path: `VARIANT.tflite` in the request's folder.
        probe: an `.npz` in the same folder, shared by the family: `inputs`, (n, r, r, 3) float32 in [-1, 1], and
            `outputs`, (n, classes) float32: what the Keras model makes of them, before anything was converted.
        notes: what a person should know about this file.
        seconds: what this file took by itself; what the family shares is in its first file's.
    """

    variant: Variant
    path: Path
    probe: Path
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A variant that could not be built, and why, in one line."""

    variant: Variant
    message: str


def build_family(request: FamilyRequest) -> list[BuiltFile | FailedFile]:
    """Build every quantization of one network, in the order asked; one that fails does not take the others along.

    Raises:
        MbenchError: what all of them need failed: weights, calibration examples, the float conversion.
    """
    clock = _Stopwatch()
    try:
        with quiet():
            _load_tensorflow()
            source = _prepare(request)
            built = [_build(request, source, quantization, clock) for quantization in request.quantizations]
            del source
            _release_memory()
    except MbenchError:
        raise
    except Exception as error:  # converters raise all kinds; by this door they leave as one
        raise ArtifactError(f"{request.variant(Quantization.FP32)}: {_failure('conversion', error)}") from error
    return built


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What all quantizations of a family are made from."""

    frozen: Any
    float_file: bytes
    examples: Examples | None
    ranges: Ranges | None
    probe: Path


def _prepare(request: FamilyRequest) -> _Source:
    architecture = find_architecture(request.architecture)
    layers = architecture.layers(request.size.alpha, request.head.classes)
    values = load_weights(request.weights, layers)
    examples = _calibration_examples(request)
    model = architecture.build(request.size, request.head)
    set_weights(model, values)
    traced = trace(model, request.size.resolution)
    frozen = freeze(traced)
    float_file = convert(float_converter(frozen))
    use_litert = request.quantizer is Quantizer.LITERT
    return _Source(
        frozen=frozen,
        float_file=float_file,
        examples=examples,
        ranges=read_ranges(float_file, examples) if examples is not None and use_litert else None,
        probe=_write_probe(request, traced),
    )


def _calibration_examples(request: FamilyRequest) -> Examples | None:
    if CALIBRATED.isdisjoint(request.quantizations):
        return None
    return load_examples(request.calibration, request.size.resolution)


def _write_probe(request: FamilyRequest, traced: Any) -> Path:
    """Write inputs and what the Keras model, its variables not yet frozen, makes of them."""
    inputs = _probes(request)
    outputs = np.concatenate([traced(example[None]).numpy() for example in inputs])
    path = request.folder / "probe.npz"
    np.savez(path, inputs=inputs, outputs=outputs)
    return path


def _probes(request: FamilyRequest) -> Examples:
    """Return inputs that no calibration has seen: real ones where there are some, else smooth blobs.

    Trained weights answer what they were trained on; of blobs their answers, and so such a ratio, say little.
    """
    unseen = unseen_examples(request.calibration, request.size.resolution)
    if unseen is not None and len(unseen):
        return unseen[:PROBES]
    return synthetic_examples(PROBES, request.size.resolution, seed=PROBE_SEED)


def _build(
    request: FamilyRequest, source: _Source, quantization: Quantization, clock: "_Stopwatch"
) -> BuiltFile | FailedFile:
    variant = request.variant(quantization)
    try:
        data = _quantized(request, source, quantization)
    except Exception as error:  # quantizers raise all kinds; the family's other files must not suffer
        return FailedFile(variant=variant, message=f"{variant}: {_failure('quantization', error)}")
    path = request.folder / f"{variant}.tflite"
    path.write_bytes(data)
    return BuiltFile(
        variant=variant, path=path, probe=source.probe, notes=_notes(request, quantization), seconds=clock.lap()
    )


def _quantized(request: FamilyRequest, source: _Source, quantization: Quantization) -> bytes:
    if request.quantizer is Quantizer.TF and quantization is not Quantization.FP32:
        return quantize_with_tensorflow(source.frozen, quantization, source.examples)
    return quantize(source.float_file, quantization, source.ranges)


def _notes(request: FamilyRequest, quantization: Quantization) -> tuple[str, ...]:
    notes = []
    resolution = request.size.resolution
    if request.weights.kind is WeightsKind.IMAGENET and trained_resolution(resolution) != resolution:
        notes.append(f"weights from {trained_resolution(resolution)} px, run at {resolution} px")
    synthetic = request.calibration.kind is CalibrationKind.SYNTHETIC
    if request.weights.trained and quantization in CALIBRATED and synthetic:
        notes.append("calibrated on synthetic examples: latency only")
    return tuple(notes)


@cache
def _load_tensorflow() -> None:
    """Import what is slow to import, and let the garbage collector pass over its objects for good: they never die."""
    import_module("keras")
    import_module("litert_quantizer.quantizer")
    gc.freeze()


def _release_memory() -> None:
    """Let go of graphs and variables, which refer to each other in circles."""
    import keras

    keras.backend.clear_session()  # collects garbage too


def _failure(stage: str, error: Exception) -> str:
    """Return one line for what an outside tool raised, whose messages may run over pages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{stage} failed: {lines[0] if lines else type(error).__name__}"


class _Stopwatch:
    """Tells the seconds since it was last asked."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return seconds
