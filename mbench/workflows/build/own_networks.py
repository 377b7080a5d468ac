"""Users' own networks: from what was typed to networks and recipes, known by content; none of their code is run here.

What reads a network brings its libraries, and is imported where there is one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.core.errors import ArtifactError, UsageError
from mbench.core.own_recipes import (
    OwnCalibration,
    OwnCalibrationKind,
    OwnForm,
    OwnNetwork,
    OwnRecipe,
    PictureScaling,
)
from mbench.core.own_variants import OwnVariant, network_name
from mbench.core.sweeps import Point
from mbench.core.variants import CALIBRATED, Quantization
from mbench.models.tflite.toolchain import toolchain
from mbench.workflows.build.recipes import BuildInputs

PYTHON: Final = ".py:"
ARRAYS: Final = ".npz"


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
        return network_name(Path(self.said).stem)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuild:
    """One variant of a user's network, to be built."""

    source: OwnSource
    variant: OwnVariant


def builds_of(sources: Sequence[OwnSource], points: Sequence[Point]) -> list[tuple[OwnBuild, Point]]:
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
    return [(OwnBuild(source=source, variant=_variant(source, point)), point) for source in sources for point in points]


def _variant(source: OwnSource, point: Point) -> OwnVariant:
    return OwnVariant(network=source.network, quantization=point.quantization)


def own_recipes(builds: Sequence[OwnBuild], chosen: BuildInputs) -> dict[OwnVariant, OwnRecipe]:
    """Return each variant's recipe.

    Raises:
        UsageError: a network or examples that are not there, or a file that is quantized already.
    """
    networks = {source: _network(source, chosen) for source in dict.fromkeys(one.source for one in builds)}
    calibrated = any(one.variant.quantization in CALIBRATED for one in builds)
    calibration = own_calibration(chosen) if calibrated else OwnCalibration()
    calibrations = {source: _scaled(calibration, source, chosen) for source in networks}
    tools = toolchain()
    return {
        one.variant: OwnRecipe(
            variant=one.variant,
            network=networks[one.source],
            calibration=calibrations[one.source] if one.variant.quantization in CALIBRATED else OwnCalibration(),
            ends=chosen.ends,
            toolchain=tools,
        )
        for one in builds
    }


def _scaled(calibration: OwnCalibration, source: OwnSource, chosen: BuildInputs) -> OwnCalibration:
    """Return a calibration on pictures with the scaling that the file's author wrote into it, where nobody said one."""
    if calibration.kind is not OwnCalibrationKind.FOLDER or source.form is not OwnForm.TFLITE or chosen.scaling:
        return calibration
    from mbench.artifacts.inspection import inspect_file

    written = inspect_file(Path(source.said)).normalization
    return (
        calibration
        if written is None
        else replace(calibration, scaling=PictureScaling(mean=written.mean, std=written.std))
    )


def _network(source: OwnSource, chosen: BuildInputs) -> OwnNetwork:
    match source.form:
        case OwnForm.TFLITE:
            return _float_file(source)


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
        scaling=chosen.scaling or PictureScaling(),
        method=method,
    )


def own_latency_only(recipe: OwnRecipe) -> str | None:
    """Return why the outputs of what is built mean nothing, or None where an accuracy can mean something."""
    reasons = [] if recipe.trained else ["untrained weights"]
    if recipe.calibration.kind is OwnCalibrationKind.SYNTHETIC:
        reasons.append("calibrated on synthetic examples")
    return " and ".join(reasons) or None
