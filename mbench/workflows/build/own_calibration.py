"""What users' own networks are calibrated on: as named, the data set's pictures, or else synthetic examples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import (
    OwnCalibration,
    OwnCalibrationKind,
    OwnForm,
    PictureScaling,
)
from mbench.workflows.build.own_networks import OwnBuild, OwnSource
from mbench.workflows.build.recipes import BuildInputs

PYTHON: Final = ".py:"
ARRAYS: Final = ".npz"
PICTURE_RANK: Final = 4


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


def calibration_for(
    calibration: OwnCalibration, one: OwnBuild, chosen: BuildInputs, *, trained: bool
) -> OwnCalibration:
    """Return what one network is calibrated on: what was named, else a data set's pictures where it takes such."""
    synthetic = calibration.kind is OwnCalibrationKind.SYNTHETIC
    side = picture_side(one, chosen.input_shapes) if synthetic and trained and chosen.examples else None
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


def picture_side(one: OwnBuild, asked: Sequence[str]) -> int | None:
    """Return the side of the only input where that is a square picture and can be known without tensorflow.

    Args:
        one: a variant.
        asked: shapes that were typed, `NAME:SIZES`.
    """
    if not one.source.form.built and asked:
        sizes = asked[0].rpartition(":")[2].split(",")
        return int(sizes[2]) if len(asked) == 1 and len(sizes) == PICTURE_RANK and sizes[2].isdecimal() else None
    match one.source.form:
        case OwnForm.BUILDER | OwnForm.TORCH:
            return one.variant.resolution
        case OwnForm.TFLITE:
            from mbench.artifacts.inspection import inspect_file

            shapes = [each.shape for each in inspect_file(Path(one.source.said)).inputs]
            return shapes[0][2] if len(shapes) == 1 and len(shapes[0]) == PICTURE_RANK else None
        case OwnForm.KERAS:
            from mbench.models.own.keras_model import input_side

            return input_side(Path(one.source.said))
        case OwnForm.SAVED_MODEL | OwnForm.TORCH_PROGRAM:
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
