"""Examples that a user's network is calibrated on, and others that its files are compared with their source on."""

import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.builds.own_recipes import OwnCalibration, OwnCalibrationKind, PictureScaling
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.processes.user_code import call_python, load_python
from mbench.files.plain_arrays import read_plain_arrays
from mbench.files.python_source import refuse_changed
from mbench.files.regular import GIB, read_regular
from mbench.models.own.input_arrays import (
    CHANNELS,
    PICTURE_RANK,
    Example,
    OwnInput,
    checked_examples,
    synthetic_examples,
)
from mbench.models.tflite.calibration import describe_folder, folder_examples

PROBE_SEED: Final = 1_000_000
"""Not a seed that a calibration is likely to have: files are judged by inputs that they have not seen."""

MOST_ARRAYS_BYTES: Final = 8 * GIB


def describe_arrays(path: Path) -> str:
    """Return the SHA-256 of a `.npz` file of examples.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return hashlib.sha256(read_regular(path, limit_bytes=MOST_ARRAYS_BYTES)).hexdigest()
    except OSError as error:
        raise UsageError(f"--calibration {path} cannot be read: {error.strerror}.") from error


def read_examples(
    calibration: OwnCalibration, inputs: Sequence[OwnInput], *, probes: int, timeout_s: float
) -> tuple[list[Example], list[Example]]:
    """Return the examples to calibrate on, and others, as far as there are any, that files can be judged by.

    Args:
        calibration: what was named; of kind `none` there are none.
        inputs: of the network.
        probes: how many others are wanted.
        timeout_s: for a user's own generator.

    Raises:
        MbenchError: they cannot be read, changed since they were described, or do not fit the inputs.
    """
    count = calibration.examples
    match calibration.kind:
        case OwnCalibrationKind.NONE:
            return [], []
        case OwnCalibrationKind.SYNTHETIC:
            return synthetic_examples(inputs, count, seed=calibration.seed), []
        case OwnCalibrationKind.FOLDER:
            return _pictures(calibration, inputs), []
        case OwnCalibrationKind.PREPARED:
            found = _prepared(calibration, inputs)
        case OwnCalibrationKind.ARRAYS:
            source = Path(calibration.source or "")
            found = list(checked_examples(_rows(calibration, source), inputs, source=f"--calibration {source.name}"))
        case OwnCalibrationKind.CODE:
            found = _generated(calibration, inputs, count + probes, timeout_s)
    if not found:
        raise ArtifactError(f"--calibration {calibration.source or calibration.code} holds no example.")
    return found[:count], found[count : count + probes]


def _rows(calibration: OwnCalibration, path: Path) -> Iterator[dict[str, Any]]:
    """Yield each example of a `.npz`, whose arrays have one row an example."""
    data = io.BytesIO(_unchanged(calibration, path))
    arrays = read_plain_arrays(data, source=f"--calibration {path.name}")
    for place in range(min(map(len, arrays.values()), default=0)):
        yield {name: array[place] for name, array in arrays.items()}


def _unchanged(calibration: OwnCalibration, path: Path) -> bytes:
    try:
        data = read_regular(path, limit_bytes=MOST_ARRAYS_BYTES)
    except OSError as error:
        raise ArtifactError(f"--calibration {path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != calibration.sha256:
        raise ArtifactError(f"--calibration {path} changed since the build was planned; start it again.")
    return data


def _generated(calibration: OwnCalibration, inputs: Sequence[OwnInput], count: int, timeout_s: float) -> list[Example]:
    """Return the first examples that a user's generator, or function that gives them, yields."""
    if calibration.code is None:
        return []
    named = calibration.code
    refuse_changed(named)
    source = load_python(named, timeout_s=timeout_s)

    def take() -> list[Any]:
        given = source() if callable(source) else source
        if not isinstance(given, Iterable):
            raise ArtifactError(f"--calibration {named} gives {type(given).__name__}, not examples one after another.")
        return list(itertools.islice(given, count))

    taken = call_python(take, what=f"--calibration {named}", timeout_s=timeout_s)
    return list(checked_examples(taken, inputs, source=f"--calibration {Path(named.source).name}:{named.name}"))


def _pictures(calibration: OwnCalibration, inputs: Sequence[OwnInput]) -> list[Example]:
    """Return pictures of a folder, scaled as was asked for, and laid out as the only input is."""
    if len(inputs) != 1 or (sides := _sides(inputs[0])) is None:
        raise ArtifactError(
            "--calibration of a folder of pictures is for networks of one input that is a square picture; its inputs "
            f"are {', '.join(map(str, inputs))}: name a .npz or a FILE.py:NAME."
        )
    side, *_ = sides
    folder = Path(calibration.source or "")
    if describe_folder(folder, examples=calibration.examples).sha256 != calibration.sha256:
        raise ArtifactError(f"the pictures in {folder} changed since the build was planned; start it again.")
    levels = (folder_examples(folder, calibration.examples, side) + np.float32(1)) * np.float32(127.5)
    return _scaled(levels, calibration.scaling, inputs[0], sides)


def _prepared(calibration: OwnCalibration, inputs: Sequence[OwnInput]) -> list[Example]:
    """Return the pictures of a data set's array, (n, side, side, 3) uint8, as the only input takes them."""
    data = _unchanged(calibration, Path(calibration.source or ""))
    levels = np.load(io.BytesIO(data), allow_pickle=False)
    sides = _sides(inputs[0]) if len(inputs) == 1 else None
    if sides is None or levels.shape[1:] != (sides[0], sides[0], 3):
        raise ArtifactError(
            f"the data set's pictures are {levels.shape[1:]} and its inputs {', '.join(map(str, inputs))}: calibrate "
            "it by --calibration FILE.npz or FILE.py:NAME."
        )
    return _scaled(levels.astype(np.float32), calibration.scaling, inputs[0], sides)


def _scaled(
    levels: npt.NDArray[np.float32], scaling: PictureScaling, one: OwnInput, sides: tuple[int, int, bool]
) -> list[Example]:
    """Return pictures, (n, side, side, 3) levels of 0 to 255, as an input takes them."""
    _, channels, first = sides
    ordered = levels[..., ::-1] if scaling.bgr else levels
    values = (ordered - np.array(scaling.mean, np.float32)) / np.array(scaling.std, np.float32)
    if channels == 1:
        values = values.mean(axis=-1, keepdims=True)
    if first:
        values = values.transpose(0, 3, 1, 2)
    return [{one.name: np.ascontiguousarray(each[None], one.dtype)} for each in values]


def _sides(one: OwnInput) -> tuple[int, int, bool] | None:
    """Return side and channels of a picture, and whether the channels come first; None: it is not one."""
    if len(one.shape) != PICTURE_RANK or one.shape[0] != 1 or np.dtype(one.dtype).kind != "f":
        return None
    _, first, second, third = one.shape
    able = CHANNELS - {4}
    if first == second and third in able:
        return first, third, False
    return (second, first, True) if second == third and first in able else None
