"""The unit of work of one worker process: all quantizations of one network, made from one conversion.

Importing this module loads no tensorflow; `build_files` does, and is therefore for a process of its own, started by
"spawn" and replaced now and then, because tensorflow does not give back all the memory it takes.
"""

import gc
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Calibration, CalibrationKind, Weights, WeightsKind
from mbench.core.builds.variants import CALIBRATED, Head, Quantization, Size, Variant
from mbench.core.choices import Quantizer
from mbench.core.errors import ArtifactError, MbenchError
from mbench.core.processes.workers import errors_alone
from mbench.files.disk import NO_ROOM, disk_errors
from mbench.models.networks.architecture import Architecture, Shape
from mbench.models.networks.architectures import find_architecture, find_chain
from mbench.models.tflite.calibration import (
    PICTURE_CHANNELS,
    Examples,
    calibration_doubt,
    load_inputs,
    synthetic_inputs,
    unseen_examples,
)
from mbench.models.tflite.conversion import convert, float_converter, freeze, trace
from mbench.models.tflite.keras_counts import count_folded, count_mult_adds
from mbench.models.tflite.learned_ranges import LearnedRanges, TensorRanges, find_learned, tensor_ranges
from mbench.models.tflite.model_outputs import answers, output_names
from mbench.models.tflite.quantization import ACTIVATION_BITS, quantize, quantize_with_tensorflow, read_ranges
from mbench.models.tflite.quiet import quiet
from mbench.models.tflite.stand_ins import stand_ins_of
from mbench.models.weights.imagenet_weights import trained_resolution
from mbench.models.weights.keras_layers import SavedNetwork
from mbench.models.weights.own_network import check_network, rebuild
from mbench.models.weights.weights import load_into, load_weights, set_weights

BUILDS_PER_WORKER: Final = 32
"""After so many a worker process is best replaced. Fourteen families at α = 1 left its memory at 0.9 to 1.3 GB."""

KERAS_MODEL: Final = "Keras model"
OWN_MODEL: Final = "your Keras model"

PROBES: Final = 8
PROBED_MULT_ADDS: Final = 32e9
"""Fewer inputs where they would cost more than this together: int16x8 does 50 million a millisecond at best."""

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_OF_KERAS: Final = "Exception encountered when calling"

PROBE_SEED: Final = 1_000_000
"""Not a seed that a calibration is likely to have: a conversion is to be judged by inputs that it has not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
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
        unfinished: the same without what was put behind the network's own outputs, where something was: that can be
            compared with the model.
        probe: an `.npz` in the same folder, shared by the family: `inputs`, (n, r, r, 3) float32 in [-1, 1], and
            `outputs`, (n, classes) float32: what the Keras model makes of them, before anything was converted. Of a
            network with several outputs `outputs/NAME` of each.
        against: whose answers these are: `Keras model`, or `your Keras model` where the user's file describes one.
        parameters: weights and biases of the Keras model once batch normalization is folded.
        source: the float file that answers for itself, where the probe holds inputs alone.
        notes: what a person should know about this file.
        calibration_doubt: why its ranges may say little: see `calibration_doubt`; None: nothing speaks against them.
        seconds: what this file took by itself; what the family shares is in its first file's.
    """

    variant: Variant | OwnVariant
    path: Path
    probe: Path
    against: str
    parameters: int
    unfinished: Path | None = None
    source: Path | None = None
    notes: tuple[str, ...]
    calibration_doubt: str | None = None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A variant that could not be built, and why, in one line."""

    variant: Variant | OwnVariant
    message: str


@errors_alone()
def build_files(request: BuildRequest) -> list[BuiltFile | FailedFile]:
    """Build every quantization of one network, in the order asked; one that fails does not take the others along.

    Raises:
        MbenchError: what all of them need failed: weights, calibration examples, the float conversion.
    """
    clock = _Stopwatch()
    try:
        with quiet():
            load_tensorflow()
            source = _prepare(request)
            release_memory()  # of the model itself, which no quantization needs
            built = [_build(request, source, quantization, clock) for quantization in request.quantizations]
            del source
            release_memory()
    except MbenchError:
        raise
    except OSError as error:
        if error.errno in NO_ROOM:
            with disk_errors("build in", request.folder, otherwise="let TMPDIR name another folder"):
                raise
        raise ArtifactError(f"{request.variant(Quantization.FP32)}: {failure('conversion', error)}") from error
    except Exception as error:  # converters raise all kinds; by this door they leave as one
        raise ArtifactError(f"{request.variant(Quantization.FP32)}: {failure('conversion', error)}") from error
    return built


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What all quantizations of a family are made from.

    Attributes:
        frozen: the whole network as a frozen function, where TFLiteConverter quantizes.
    """

    frozen: Any | None
    float_file: bytes
    outputs: tuple[str, ...] | None
    parameters: int
    examples: Examples | None
    learned: LearnedRanges | None
    ranges: TensorRanges | None
    probe: Path
    against: str
    notes: tuple[str, ...]


def _prepare(request: BuildRequest) -> _Source:
    architecture = find_architecture(request.architecture)
    architecture.check(request.size, request.head)
    shape = architecture.input_shape(request.size)
    model = architecture.build(request.size, request.head)
    theirs = check_network(request.weights, model, architecture=architecture.name)
    learned = _set_weights(request, architecture, model)
    examples = _calibration_examples(request, shape, learned)
    outputs = output_names(model)
    own = None if theirs is None or outputs is not None else rebuild(theirs, request.weights, shape[1:])
    reference = model if own is None else own
    probe = _write_probe(request, trace(reference, shape), _probes(request, shape, count_mult_adds(model)))
    stand_ins = stand_ins_of(model) if request.quantizer is Quantizer.LITERT else ()
    frozen = freeze(trace(model, shape, stand_ins))
    float_file = convert(float_converter(frozen), outputs, stand_ins)
    return _Source(
        frozen=frozen if request.quantizer is Quantizer.TF else None,
        float_file=float_file,
        outputs=outputs,
        parameters=count_folded(model),
        examples=examples,
        learned=learned,
        ranges=_ranges(request, float_file, examples, learned),
        probe=probe,
        against=KERAS_MODEL if own is None else OWN_MODEL,
        notes=tuple(_weights_notes(request, theirs)),
    )


def _weights_notes(request: BuildRequest, theirs: SavedNetwork | None) -> Iterator[str]:
    """Yield what has been taken for granted of a user's file, and what is not as in it."""
    if request.weights.kind is not WeightsKind.FILE:
        return
    if theirs is None:
        yield (
            f"the weights file describes no network: that it is {request.architecture} as it is built here (inputs in "
            "[-1, 1], activations, epsilons, padding) is taken for granted"
        )
    elif (made_for := theirs.side) not in (None, request.size.resolution):
        yield f"the weights are of a network for {made_for} px, run at {request.size.resolution} px"


def _set_weights(request: BuildRequest, architecture: Architecture, model: Any) -> LearnedRanges | None:
    """Give the model its weights; return the activation ranges that came with them, if any did."""
    if architecture.layers is None:
        load_into(model, request.weights)
        return None
    values = load_weights(request.weights, architecture.layers(request.size.alpha, request.head.classes))
    set_weights(model, values)
    return find_learned(values)


def _calibration_examples(request: BuildRequest, shape: Shape, learned: LearnedRanges | None) -> Examples | None:
    if CALIBRATED.isdisjoint(request.quantizations):
        return None
    if learned is not None and request.quantizer is Quantizer.LITERT:
        return None
    return load_inputs(request.calibration, shape)


def _ranges(
    request: BuildRequest, float_file: bytes, examples: Examples | None, learned: LearnedRanges | None
) -> TensorRanges | None:
    """Return the ranges that came with the weights, or those read off examples."""
    if request.quantizer is not Quantizer.LITERT or ACTIVATION_BITS.keys().isdisjoint(request.quantizations):
        return None
    if learned is not None:
        chain = find_chain(request.architecture, request.size.alpha, request.head.classes)
        return tensor_ranges(float_file, chain, learned)
    if examples is None:
        return None
    return TensorRanges(ranges=read_ranges(float_file, examples, request.calibration.method))


def _write_probe(request: BuildRequest, traced: Any, inputs: Examples) -> Path:
    """Write inputs and what a Keras model, its variables not yet frozen, makes of them."""
    path = request.folder / "probe.npz"
    outputs: dict[str, Any] = answers(traced, inputs)
    np.savez(path, inputs=inputs, **outputs)
    return path


def _probes(request: BuildRequest, shape: Shape, mult_adds: int) -> Examples:
    """Return inputs that no calibration has seen: real ones where there are some, else smooth blobs.

    Trained weights answer what they were trained on; of blobs their answers, and so such a ratio, say little.
    """
    batch, side, _, channels = shape
    count = int(min(max(PROBED_MULT_ADDS // (mult_adds * batch), 1), PROBES))
    if (batch, channels) == (1, PICTURE_CHANNELS):
        unseen = unseen_examples(request.calibration, side)
        if unseen is not None and len(unseen):
            return unseen[:count]
    return synthetic_inputs(count, shape, seed=PROBE_SEED)


def _build(
    request: BuildRequest, source: _Source, quantization: Quantization, clock: "_Stopwatch"
) -> BuiltFile | FailedFile:
    variant = request.variant(quantization)
    try:
        data = _quantized(request, source, quantization)
    except Exception as error:  # quantizers raise all kinds; the family's other files must not suffer
        return FailedFile(variant=variant, message=f"{variant}: {failure('quantization', error)}")
    path = request.folder / f"{variant}.tflite"
    path.write_bytes(data)
    unfinished = None
    if (finish := find_architecture(request.architecture).finish) is not None:
        unfinished = path.rename(request.folder / f"{variant}.unfinished.tflite")
        path.write_bytes(finish(data))
    return BuiltFile(
        variant=variant,
        path=path,
        unfinished=unfinished,
        probe=source.probe,
        against=source.against,
        parameters=source.parameters,
        notes=(*source.notes, *_notes(request, quantization, source.learned)),
        calibration_doubt=_calibration_doubt(request, quantization, source.examples),
        seconds=clock.lap(),
    )


def _quantized(request: BuildRequest, source: _Source, quantization: Quantization) -> bytes:
    if request.quantizer is Quantizer.TF and quantization is not Quantization.FP32:
        return quantize_with_tensorflow(source.frozen, quantization, source.examples, outputs=source.outputs)
    if source.ranges is None:
        return quantize(source.float_file, quantization, None)
    return quantize(source.float_file, quantization, source.ranges.ranges, narrow=source.ranges.narrow)


def _calibration_doubt(request: BuildRequest, quantization: Quantization, examples: Examples | None) -> str | None:
    synthetic = request.calibration.kind is CalibrationKind.SYNTHETIC
    return None if examples is None or synthetic or quantization not in CALIBRATED else calibration_doubt(examples)


def _notes(request: BuildRequest, quantization: Quantization, learned: LearnedRanges | None) -> tuple[str, ...]:
    notes = []
    resolution = request.size.resolution
    if request.weights.kind is WeightsKind.IMAGENET and trained_resolution(resolution) != resolution:
        notes.append(f"weights from {trained_resolution(resolution)} px, run at {resolution} px")
    if learned is not None and request.quantizer is Quantizer.LITERT and quantization in ACTIVATION_BITS:
        notes.append("activation ranges learned in training, not calibrated")
    return tuple(notes)


@cache
def load_tensorflow() -> None:
    """Import what is slow to import, and let the garbage collector pass over its objects for good: they never die."""
    import_module("keras")
    import_module("litert_quantizer.quantizer")
    gc.freeze()


def release_memory() -> None:
    """Let go of graphs and variables, which refer to each other in circles."""
    import keras

    keras.backend.clear_session()  # collects garbage too


def failure(stage: str, error: Exception) -> str:
    """Return one line for what an outside tool raised, whose messages may run over pages."""
    lines = [line.strip() for line in _COLOURS.sub("", str(error)).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith(_OF_KERAS):  # the reason stands below
        lines[0] = f"{lines[0].rstrip('.')}: {lines[1]}"
    return f"{stage} failed: {lines[0] if lines else type(error).__name__}"


class _Stopwatch:
    """Tells the seconds since it was last asked."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return seconds
