"""The unit of work of one worker process: all quantizations of a user's network, made from one float file.

Importing this module loads no tensorflow, and nothing of a user's; `build_own_files` does both, and is therefore for a
process of its own.
"""

import hashlib
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.builds.own_recipes import KeepFloat, OwnCalibrationKind, OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.variants import CALIBRATED, Quantization
from mbench.core.errors import ArtifactError, MbenchError
from mbench.core.processes.workers import errors_alone
from mbench.files.printed import printed_log
from mbench.files.regular import GIB, read_regular
from mbench.models.own.builder import build_network
from mbench.models.own.examples import PROBE_SEED, read_examples
from mbench.models.own.float_file import count_graphs, float_answers, open_float_file
from mbench.models.own.input_arrays import Example, OwnInput, synthetic_examples, with_shapes
from mbench.models.own.kept_float import FloatFound, FloatSearch, Search, named_operators, scope_of
from mbench.models.own.keras_model import open_keras
from mbench.models.own.saved_model import open_saved_model
from mbench.models.own.torch_module import AGAINST, convert_torch, open_torch
from mbench.models.own.traced import Converted, OwnModel, convert_model
from mbench.models.tflite.build import BuiltFile, FailedFile, failure, load_tensorflow, release_memory
from mbench.models.tflite.model_outputs import OUTPUTS
from mbench.models.tflite.quantization import OwnEnds, Ranges, quantize, quantize_by_recipe, read_named_ranges
from mbench.models.tflite.quiet import set_tensorflow_up

PROBES: Final = 8
"""Inputs that files are compared with their source on, where there are so many."""

LARGEST_FILE_BYTES: Final = 4 * GIB

INPUTS: Final = "inputs/"
"""In a probe's `.npz`: what stands before the name of each input's tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuildRequest:
    """One network of a user's in several quantizations.

    Attributes:
        recipes: that differ in the quantization and what it needs alone; the calibration of all that need one is alike.
        folder: where the files go; it exists, and belongs to this request alone.
        log: file for what is printed meanwhile.
        timeout_s: for each call of the user's code.
    """

    recipes: tuple[OwnRecipe, ...]
    folder: Path
    log: Path
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What all quantizations are made from.

    Attributes:
        unchanged: the float file as it was given, where it was; None: `data` is as good.
        answers: of the model that it was converted from, to the probes; None: the float file answers itself.
    """

    data: bytes
    inputs: tuple[OwnInput, ...]
    names: Mapping[str, str]
    against: str
    unchanged: bytes | None = None
    answers: Mapping[str, npt.NDArray[Any]] | None = None
    notes: tuple[str, ...] = ()


@errors_alone()
def build_own_files(request: OwnBuildRequest, *, search: Search | None = None) -> list[BuiltFile | FailedFile]:
    """Build every quantization of a user's network; one that fails does not take the others along.

    Args:
        request: the network, and what is built of it.
        search: finds which operators are left in float, of recipes that do not name them.

    Raises:
        MbenchError: what all of them need failed: the network, its conversion, examples to calibrate on.
    """
    try:
        with printed_log(request.log):
            set_tensorflow_up()
            load_tensorflow()
            return _traced(request, search)
    except MbenchError:
        raise
    except Exception as error:  # converters raise all kinds; by this door they leave as one
        raise ArtifactError(failure("conversion", error)) from error


def _traced(request: OwnBuildRequest, search: Search | None) -> list[BuiltFile | FailedFile]:
    """Return what is built; the whole of an error that is not mbench's goes to the build log."""
    try:
        return list(_built(request, search))
    except MbenchError:
        raise
    except Exception:
        traceback.print_exc()
        raise


def _built(request: OwnBuildRequest, search: Search | None) -> Iterator[BuiltFile | FailedFile]:
    clock = time.perf_counter()
    network, calibrated = request.recipes[0].network, _calibrated(request.recipes)
    source, model = _opened(network, request)
    examples, unseen = (
        ([], [])
        if calibrated is None
        else read_examples(calibrated.calibration, source.inputs, probes=PROBES, timeout_s=request.timeout_s)
    )
    probes = unseen or synthetic_examples(source.inputs, PROBES, seed=PROBE_SEED)
    real = calibrated is not None and calibrated.calibration.kind is not OwnCalibrationKind.SYNTHETIC
    if real and not unseen:
        probes = examples[:PROBES]
    given = "examples of yours" if real else "synthetic examples"
    if model is None:
        _finite(float_answers(source.data, source.names, probes), source.against, given)
    else:
        source = replace(source, answers=_finite(model.answers(probes), source.against, given))
    made = _made(source, examples, calibrated, search)
    probe = _write_probe(request.folder, source, probes)
    reference = request.folder / "source.tflite"
    reference.write_bytes(source.data)
    del model
    release_memory()
    for recipe in request.recipes:
        yield _quantized(recipe, source, made, request, probe, reference, clock)
        clock = time.perf_counter()


def _calibrated(recipes: Sequence[OwnRecipe]) -> OwnRecipe | None:
    return next((each for each in recipes if each.variant.quantization in CALIBRATED), None)


def _opened(network: OwnNetwork, request: OwnBuildRequest) -> tuple[_Source, Converted | None]:
    """Return the float file of a network, and the model that it was converted from; a float file answers itself."""
    if network.form is OwnForm.TFLITE:
        data = read_own_file(network)
        opened = open_float_file(data, network.input_shapes)
        return _Source(
            data=opened.data,
            inputs=opened.inputs,
            names=opened.names,
            against="float file",
            unchanged=None if opened.reshaped else data,
        ), None
    if network.form in (OwnForm.TORCH, OwnForm.TORCH_PROGRAM):
        return _opened_torch(network, request)
    model, notes = _model(network, request)
    inputs = with_shapes(model.inputs, network.input_shapes)
    converted = convert_model(model, inputs)
    return _Source(
        data=converted.data, inputs=inputs, names=converted.names, against=model.against, notes=notes
    ), converted


def _opened_torch(network: OwnNetwork, request: OwnBuildRequest) -> tuple[_Source, Converted | None]:
    data = read_own_file(network) if network.form is OwnForm.TORCH_PROGRAM else None
    opened, notes = open_torch(network, data, timeout_s=request.timeout_s)
    inputs = with_shapes(opened.inputs, network.input_shapes)
    converted = convert_torch(opened, request.folder, timeout_s=request.timeout_s)
    source = _Source(data=converted.data, inputs=inputs, names=converted.names, against=AGAINST, notes=notes)
    return source, converted


def _model(network: OwnNetwork, request: OwnBuildRequest) -> tuple[OwnModel, tuple[str, ...]]:
    """Return a model, and what should be known of it."""
    match network.form:
        case OwnForm.KERAS:
            return open_keras(network, read_own_file(network), request.folder, timeout_s=request.timeout_s), ()
        case OwnForm.SAVED_MODEL:
            return open_saved_model(network, timeout_s=request.timeout_s), ()
        case OwnForm.BUILDER:
            return build_network(network, timeout_s=request.timeout_s)
    raise ArtifactError(f"{network.form} is not a model that tensorflow runs.")


def read_own_file(network: OwnNetwork) -> bytes:
    """Return the bytes of a network's file.

    Raises:
        ArtifactError: it cannot be read, or is not the one that the build was planned with.
    """
    path = Path(network.source)
    try:
        data = read_regular(path, limit_bytes=LARGEST_FILE_BYTES)
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != network.sha256:
        raise ArtifactError(f"{path} changed since the build was planned; start it again.")
    return data


def _finite(answers: Mapping[str, npt.NDArray[Any]], against: str, given: str) -> Mapping[str, npt.NDArray[Any]]:
    """Return a model's answers, of which those that are no numbers would be blamed on converter and quantizer."""
    for name, values in answers.items():
        if not np.isfinite(values).all():
            output = name.removeprefix(f"{OUTPUTS}/")
            wrong = int((~np.isfinite(values).reshape(len(values), -1).all(axis=1)).sum())
            raise ArtifactError(
                f"the {against} itself answers NaN or infinity, in its output {output!r}. Look at its weights and at "
                f"its inputs' range: it does so to {wrong} of {len(values)} {given}."
            )
    return answers


def _write_probe(folder: Path, source: _Source, probes: Sequence[Example]) -> Path:
    path = folder / "probe.npz"
    inputs = {
        f"{INPUTS}{source.names[each.name]}": np.stack([probe[each.name] for probe in probes]) for each in source.inputs
    }
    arrays: dict[str, Any] = {**inputs, **dict(source.answers or {})}
    np.savez(path, **arrays)
    return path


def _failed(error: Exception, source: _Source, stage: str = "quantization") -> str:
    """Return one line for what the quantizer raised, and what of the network it cannot do."""
    said = failure(stage, error)
    if count_graphs(source.data) == 1:
        return said
    return (
        "it has loops, whose ranges the quantizer cannot read: unroll its recurrent layers (unroll=True). What came of "
        f"it: {said}"
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """What files are quantized with: ranges, the examples that they were read off, and what searches.

    Attributes:
        unfit: why there are no ranges; None: there are some, or nobody needs them.
    """

    ranges: Ranges | None
    examples: Sequence[Example]
    search: Search | None
    unfit: str | None = None


def _made(source: _Source, examples: Sequence[Example], calibrated: OwnRecipe | None, search: Search | None) -> _Made:
    """Return what files are quantized with; those that need no ranges are built where there are none, too."""
    if calibrated is None:
        return _Made(None, examples, search)
    try:
        ranges = read_named_ranges(source.data, examples, calibrated.calibration.method)
    except Exception as error:  # the calibrator raises all kinds
        traceback.print_exc()
        return _Made(None, examples, search, unfit=_failed(error, source, "calibration"))
    odd = next((name for name, each in ranges.items() if any(np.isnan(bound).any() for bound in each.values())), None)
    if odd is not None:
        return _Made(None, examples, search, unfit=f"its tensor {odd!r} holds NaN on the examples to calibrate on.")
    return _Made(ranges, examples, search)


def _with_float(asked: KeepFloat, source: _Source, made: _Made, ends: OwnEnds) -> FloatFound:
    """Return the int8 file that leaves operators in float: those that were named, or that a search finds."""

    def quantized(places: Sequence[int]) -> bytes:
        kept = scope_of(source.data, places)
        try:
            return quantize(source.data, Quantization.INT8, made.ranges, own=replace(ends, kept=tuple(kept)))
        except ArtifactError:
            raise
        except Exception as error:  # quantizers raise all kinds; a search goes on without this candidate
            traceback.print_exc()
            raise ArtifactError(_failed(error, source)) from error

    if asked.names:
        places = named_operators(source.data, asked)
        said = ", ".join(f"{kind} {scope.partition(';')[0]}" for kind, scope in scope_of(source.data, places))
        return FloatFound(data=quantized(places), notes=(f"keep-float: left in float as named: {said}",))
    assert made.search is not None  # who asks for a search brings one
    return made.search(
        FloatSearch(
            source=source.data,
            names=source.names,
            examples=made.examples,
            quantized=quantized,
            asked=asked,
        )
    )


def _quantized(
    recipe: OwnRecipe,
    source: _Source,
    made: "_Made",
    request: OwnBuildRequest,
    probe: Path,
    reference: Path,
    began: float,
) -> BuiltFile | FailedFile:
    variant, notes = recipe.variant, source.notes
    if made.unfit is not None and variant.quantization in CALIBRATED:
        return FailedFile(variant=variant, message=f"{variant}: {made.unfit}")
    try:
        ends = OwnEnds(names=source.names, ends=recipe.ends)
        if recipe.quantizer_recipe is not None:
            data = quantize_by_recipe(source.data, recipe.quantizer_recipe, made.ranges, ends)
        elif recipe.keep_float is not None:
            found = _with_float(recipe.keep_float, source, made, ends)
            data, notes = found.data, (*notes, *found.notes)
        else:
            data = quantize(source.data, variant.quantization, made.ranges, own=ends)
    except ArtifactError as error:
        return FailedFile(variant=variant, message=f"{variant}: {error}")
    except Exception as error:  # quantizers raise all kinds; the network's other files must not suffer
        traceback.print_exc()
        return FailedFile(variant=variant, message=f"{variant}: {_failed(error, source)}")
    if data == source.data and source.unchanged is not None:
        data = source.unchanged
    path = request.folder / f"{variant}.tflite"
    path.write_bytes(data)
    return BuiltFile(
        variant=variant,
        path=path,
        probe=probe,
        against=source.against,
        parameters=0,
        source=reference if source.answers is None else None,
        notes=notes,
        seconds=time.perf_counter() - began,
    )
