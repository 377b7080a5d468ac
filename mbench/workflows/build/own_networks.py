"""Users' own networks: from what was typed to networks and recipes, known by content; none of their code is run here.

What reads a network brings its libraries, and is imported where there is one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.core.errors import ArtifactError, UsageError
from mbench.core.own_recipes import (
    Argument,
    OwnCalibration,
    OwnCalibrationKind,
    OwnForm,
    OwnNetwork,
    OwnRecipe,
    PictureScaling,
)
from mbench.core.own_variants import OwnVariant, network_name
from mbench.core.recipes import Weights
from mbench.core.sweeps import Point
from mbench.core.variants import CALIBRATED, Quantization
from mbench.files.regular import GIB, MIB, read_regular
from mbench.models.tflite.toolchain import toolchain
from mbench.workflows.build.recipes import BuildInputs

PYTHON: Final = ".py:"
RECIPE: Final = "recipe"
ARRAYS: Final = ".npz"
PICTURE_RANK: Final = 4

BUILDERS_OWN: Final = "builder"
"""`--weights builder`: what a user's builder sets by itself is trained."""

LARGEST_FILE_BYTES: Final = 4 * GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSource:
    """A user's network as it was named.

    Attributes:
        said: what was typed: a path.
    """

    form: OwnForm
    said: str

    @property
    def network(self) -> str:
        """Its name in variants' names."""
        if self.form is OwnForm.BUILDER:
            return network_name(self.said.rpartition(":")[2])
        if self.form is OwnForm.SAVED_MODEL:
            folder, signature = _signed(self.said)
            return network_name(
                folder.absolute().name if signature is None else f"{folder.absolute().name}-{signature}"
            )
        return network_name(Path(self.said).stem)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuild:
    """One variant of a user's network, to be built."""

    source: OwnSource
    variant: OwnVariant
    arguments: tuple[Argument, ...] = ()


def by_recipe(variant: OwnVariant, recipe: Path | None) -> OwnVariant:
    """Return a variant with the name of the recipe that it is quantized by, if it is by one.

    Raises:
        UsageError: a quantization that a recipe does not say, or the network has a parameter of that name.
    """
    if recipe is None:
        return variant
    if variant.quantization is not Quantization.INT8:
        raise UsageError(f"--recipe says how a network is quantized, as int8; leave {variant.quantization} out.")
    if any(name == RECIPE for name, _ in variant.parameters):
        raise UsageError(f"{variant} has a parameter {RECIPE!r} already; rename it to use --recipe.")
    return replace(variant, parameters=(*variant.parameters, (RECIPE, network_name(recipe.stem))))


def builds_of(
    sources: Sequence[OwnSource], points: Sequence[Point], recipe: Path | None = None
) -> list[tuple[OwnBuild, Point]]:
    """Return every network at every point of the sweeps.

    Raises:
        UsageError: two networks have one name, or a quantization that only trained-for weights can have.
    """
    names: dict[str, OwnSource] = {}
    for source in sources:
        if (other := names.setdefault(source.network, source)) is not source:
            raise UsageError(f"{other.said} and {source.said} are both called {source.network}; rename one of them.")
    if any(point.quantization is Quantization.INT8W4 for point in points):
        raise UsageError("int8w4 takes weights that mbench trained for 4 bits; it is not for your own networks.")
    return [
        (OwnBuild(source=source, variant=by_recipe(_variant(source, point), recipe)), point)
        for source in sources
        for point in points
    ]


def _variant(source: OwnSource, point: Point) -> OwnVariant:
    return OwnVariant(network=source.network, quantization=point.quantization)


def own_recipes(builds: Sequence[OwnBuild], chosen: BuildInputs) -> dict[OwnVariant, OwnRecipe]:
    """Return each variant's recipe.

    Raises:
        UsageError: a network or examples that are not there, or a file that is quantized already.
    """
    networks = {source: _network(source, chosen) for source in dict.fromkeys(one.source for one in builds)}
    trained = {
        source: source.form is not OwnForm.BUILDER or chosen.weights not in (None, "none") for source in networks
    }
    calibrated = any(one.variant.quantization in CALIBRATED for one in builds)
    calibration = own_calibration(chosen) if calibrated else OwnCalibration()
    calibrations = {
        one.variant: _calibration(calibration, one, chosen, trained=trained[one.source])
        for one in builds
        if one.variant.quantization in CALIBRATED
    }
    tools = toolchain()
    recipe = None if chosen.quantizer_recipe is None else _quantizer_recipe(chosen.quantizer_recipe)
    return {
        one.variant: OwnRecipe(
            variant=one.variant,
            network=replace(networks[one.source], arguments=one.arguments),
            trained=trained[one.source],
            calibration=calibrations.get(one.variant, OwnCalibration()),
            ends=chosen.ends,
            quantizer_recipe=recipe,
            toolchain=tools,
        )
        for one in builds
    }


def _calibration(calibration: OwnCalibration, one: OwnBuild, chosen: BuildInputs, *, trained: bool) -> OwnCalibration:
    """Return what one network is calibrated on: what was named, else a data set's pictures where it takes such."""
    synthetic = calibration.kind is OwnCalibrationKind.SYNTHETIC
    side = picture_side(one) if synthetic and trained and chosen.examples else None
    pictures = None if side is None else chosen.examples.get(side)
    if pictures is not None:
        calibration = replace(
            calibration,
            kind=OwnCalibrationKind.PREPARED,
            examples=pictures.examples,
            seed=0,
            sha256=pictures.sha256,
            source=pictures.source,
        )
    return _scaled(calibration, one.source, chosen)


def picture_side(one: OwnBuild) -> int | None:
    """Return the side of the only input where that is a square picture and can be known without tensorflow."""
    match one.source.form:
        case OwnForm.BUILDER:
            return one.variant.resolution
        case OwnForm.TFLITE:
            from mbench.artifacts.inspection import inspect_file

            shapes = [each.shape for each in inspect_file(Path(one.source.said)).inputs]
            return shapes[0][2] if len(shapes) == 1 and len(shapes[0]) == PICTURE_RANK else None
        case OwnForm.KERAS:
            from mbench.models.own.keras_model import input_side

            return input_side(Path(one.source.said))
        case OwnForm.SAVED_MODEL:
            return None


def _scaled(calibration: OwnCalibration, source: OwnSource, chosen: BuildInputs) -> OwnCalibration:
    """Return a calibration on pictures with their scaling: as said, as a file's author wrote into it, or the usual."""
    if calibration.kind not in (OwnCalibrationKind.FOLDER, OwnCalibrationKind.PREPARED):
        return calibration
    if chosen.scaling is not None or source.form is not OwnForm.TFLITE:
        return replace(calibration, scaling=chosen.scaling or chosen.usual_scaling)
    from mbench.artifacts.inspection import inspect_file

    written = inspect_file(Path(source.said)).normalization
    found = chosen.usual_scaling if written is None else PictureScaling(mean=written.mean, std=written.std)
    return replace(calibration, scaling=found)


def _quantizer_recipe(path: Path) -> str:
    """Return a recipe of litert-quantizer's own as JSON, written alike however its file is.

    Raises:
        UsageError: it is not one.
    """
    try:
        entries = json.loads(read_regular(path, limit_bytes=MIB))
    except OSError as error:
        raise UsageError(f"--recipe {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--recipe {path} is not JSON: {error}.") from error
    wanted = {"regex", "operation", "algorithm_key"}
    if not isinstance(entries, list) or not all(isinstance(each, dict) and wanted <= each.keys() for each in entries):
        raise UsageError(f"--recipe {path} is not a recipe of litert-quantizer: a list of {', '.join(sorted(wanted))}.")
    return json.dumps(entries, sort_keys=True)


def _network(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    match source.form:
        case OwnForm.TFLITE:
            return _float_file(source)
        case OwnForm.KERAS:
            return replace(_keras_file(source, chosen), input_shapes=chosen.input_shapes)
        case OwnForm.BUILDER:
            return replace(_builder(source, chosen), input_shapes=chosen.input_shapes)
        case OwnForm.SAVED_MODEL:
            from mbench.models.own.saved_model import saved_model_digest

            folder, signature = _signed(source.said)
            return OwnNetwork(
                form=source.form,
                sha256=saved_model_digest(folder),
                source=str(folder.absolute()),
                signature=signature,
                input_shapes=chosen.input_shapes,
            )


def _builder(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    from mbench.files.python_source import find_python

    named = find_python(source.said, option="--arch")
    return OwnNetwork(
        form=source.form,
        sha256=named.sha256,
        source=named.source,
        builder=named,
        seed=chosen.seed,
        weights=_own_weights(chosen.weights),
    )


def _own_weights(said: str | None) -> Weights | None:
    """Return the weights of a file for what a user's builder gives; None: it keeps its own.

    Raises:
        UsageError: weights that mbench has for its own networks alone.
    """
    if said in (None, "none", BUILDERS_OWN):
        return None
    if said in ("imagenet", "trained"):
        raise UsageError(
            f"--weights {said} is for mbench's networks; name a file, or {BUILDERS_OWN}, where yours sets weights."
        )
    from mbench.models.weights.weights import describe_file

    return describe_file(Path(str(said)))


def _signed(said: str) -> tuple[Path, str | None]:
    """Return the folder and the signature of `FOLDER[:SIGNATURE]`."""
    folder, colon, signature = said.rpartition(":")
    return (Path(folder), signature) if colon and not Path(said).exists() else (Path(said), None)


def _keras_file(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    path = Path(source.said)
    try:
        data = read_regular(path, limit_bytes=LARGEST_FILE_BYTES)
    except OSError as error:
        raise UsageError(f"--keras {path} cannot be read: {error.strerror}.") from error
    custom = None
    if chosen.custom_objects is not None:
        from mbench.files.python_source import find_python

        custom = find_python(chosen.custom_objects, option="--custom-objects")
    return OwnNetwork(
        form=source.form,
        sha256=hashlib.sha256(data).hexdigest(),
        source=str(path.absolute()),
        custom_objects=custom,
        allow_lambda=chosen.allow_lambda,
    )


def _float_file(source: OwnSource) -> OwnNetwork:
    from mbench.artifacts.flatbuffer import read_model
    from mbench.artifacts.inspection import read_bytes
    from mbench.artifacts.quantized import quantized_parts

    path = Path(source.said)
    data = read_bytes(path)
    try:
        parts = quantized_parts(read_model(data, source=source.said))
    except ArtifactError as error:
        raise UsageError(str(error)) from error
    if parts is not None:
        raise UsageError(
            f"{path} is quantized already ({parts}): only a float file can be quantized. Leave the quantization out to "
            "measure it as it is."
        )
    return OwnNetwork(form=source.form, sha256=hashlib.sha256(data).hexdigest(), source=str(path.absolute()))


def own_calibration(chosen: BuildInputs) -> OwnCalibration:
    """Return what users' networks are calibrated on: pictures, arrays, a generator, or else synthetic examples.

    Raises:
        UsageError: they are not there.
    """
    said, count, method = chosen.calibration, chosen.calibration_examples, chosen.calibration_method
    if said is None:
        return OwnCalibration(kind=OwnCalibrationKind.SYNTHETIC, examples=count, seed=chosen.seed, method=method)
    if PYTHON in str(said):
        from mbench.files.python_source import find_python

        code = find_python(str(said), option="--calibration")
        return OwnCalibration(kind=OwnCalibrationKind.CODE, examples=count, code=code, method=method)
    if said.suffix == ARRAYS:
        from mbench.models.own.examples import describe_arrays

        return OwnCalibration(
            kind=OwnCalibrationKind.ARRAYS,
            examples=count,
            sha256=describe_arrays(said),
            source=str(said.absolute()),
            method=method,
        )
    from mbench.models.tflite.calibration import describe_folder

    pictures = describe_folder(said, examples=count)
    return OwnCalibration(
        kind=OwnCalibrationKind.FOLDER,
        examples=count,
        sha256=pictures.sha256,
        source=pictures.source,
        method=method,
    )


def own_latency_only(recipe: OwnRecipe) -> str | None:
    """Return why the outputs of what is built mean nothing, or None where an accuracy can mean something."""
    reasons = [] if recipe.trained else [f"untrained weights (seed {recipe.network.seed})"]
    if recipe.calibration.kind is OwnCalibrationKind.SYNTHETIC:
        reasons.append("calibrated on synthetic examples")
    return " and ".join(reasons) or None
