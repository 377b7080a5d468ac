"""Teachers of a distillation: a Keras model, weights of mbench in another size, or outputs that were stored before.

A teacher is asked once, for all training pictures as they are scored, undistorted; what it said is kept in memory and
indexed with the pictures. Stored outputs say which split they are of, so that no student follows answers to other
pictures. Importing this module loads no tensorflow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import Head, Size
from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts
from mbench.files.archives import Archive
from mbench.files.regular import GIB, MIB, format_limit, open_regular, read_regular
from mbench.models.networks.architectures import find_architecture, find_chain
from mbench.models.tflite.quiet import quiet
from mbench.models.training.distillation import Outputs
from mbench.models.weights.weight_arrays import ODD_HEADER
from mbench.models.weights.weight_groups import check_contained
from mbench.models.weights.weights import MOST_BYTES, first_line, load_weights, set_weights

Pictures = npt.NDArray[np.uint8]

BATCH: Final = 128

MOST_OUTPUT_BYTES: Final = 16 * GIB
"""Of stored outputs: of a million pictures and four thousand classes."""

SIDECAR: Final = ".json"
"""Added to the name of stored outputs: `faces.npy` has its data set's facts in `faces.npy.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasTeacher:
    """Any `.keras` model of one picture and one output.

    Attributes:
        low: what the model takes for level 0.
        high: what it takes for level 255.
    """

    path: Path
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsTeacher:
    """A network of ours with trained weights, such as α = 1 that teaches α = 0.25."""

    architecture: str
    size: Size
    head: Head
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTeacher:
    """Outputs in a `.npy`, (n, k) in the order of the split, with their sidecar.

    Attributes:
        path: of the `.npy`.
        dataset: the split that is trained on; the sidecar must name it.
    """

    path: Path
    dataset: DatasetFacts


_ADVICE: Final = "Name a Functional or Sequential .keras model of Keras' own layers, or its stored outputs (.npy)."

Teacher = KerasTeacher | WeightsTeacher | StoredTeacher


def teacher_outputs(teacher: Teacher, pictures: Pictures) -> Outputs:
    """Return what a teacher says of pictures: (n, k) float32.

    Args:
        teacher: asked, or read.
        pictures: (n, r, r, 3) uint8, RGB; r is the teacher's own resolution.

    Raises:
        UsageError: the teacher cannot be read, does not take these pictures, or its outputs are of others.
    """
    match teacher:
        case StoredTeacher():
            return _read_outputs(teacher, len(pictures))
        case KerasTeacher():
            return _ask(_load_keras(teacher), pictures, name=teacher.path.name, low=teacher.low, high=teacher.high)
        case WeightsTeacher():
            return _ask(_build(teacher), pictures, name=teacher.architecture, low=-1.0, high=1.0)


def write_outputs(outputs: Outputs, path: Path, dataset: DatasetFacts) -> None:
    """Write a teacher's outputs and their sidecar, for `StoredTeacher`."""
    np.save(path, outputs.astype(np.float32))
    _sidecar(path).write_text(dataset.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _read_outputs(teacher: StoredTeacher, examples: int) -> Outputs:
    stored = _read_facts(teacher.path)
    if stored != teacher.dataset:
        raise UsageError(
            f"stored outputs {teacher.path} are of {stored.name} {stored.split} ({stored.sha256[:12]}), training is on "
            f"{teacher.dataset.name} {teacher.dataset.split} ({teacher.dataset.sha256[:12]}). Ask the teacher again."
        )
    try:
        with open_regular(teacher.path, limit_bytes=MOST_OUTPUT_BYTES) as stream:
            outputs = np.load(stream, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"stored outputs {teacher.path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, EOFError, *ODD_HEADER) as error:
        raise UsageError(f"stored outputs {teacher.path} are no .npy array: {first_line(error)}.") from error
    if not isinstance(outputs, np.ndarray):
        raise UsageError(f"stored outputs {teacher.path} are an archive of arrays, and one array is wanted.")
    if outputs.ndim != 2 or len(outputs) != examples or outputs.dtype.kind != "f":
        raise UsageError(
            f"stored outputs {teacher.path} are {outputs.dtype} of shape {outputs.shape}; {examples} pictures want "
            "floats of one row each."
        )
    return np.asarray(outputs, np.float32)


def _read_facts(path: Path) -> DatasetFacts:
    sidecar = _sidecar(path)
    try:
        return DatasetFacts.model_validate_json(read_regular(sidecar, limit_bytes=MIB))
    except OSError as error:
        raise UsageError(
            f"stored outputs {path} need {sidecar.name} beside them, which says what data set they are of: "
            f"{error.strerror}."
        ) from error
    except ValidationError as error:
        raise UsageError(f"{sidecar} names no data set: {str(error).splitlines()[0]}.") from error


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR)


def _load_keras(teacher: KerasTeacher) -> Any:
    """Read a model without its training state; one that brings code of its own is refused by Keras' safe mode."""
    _check_keras(teacher.path)
    with quiet():
        import keras

        try:
            model = keras.models.load_model(teacher.path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises all kinds; by this door they leave as one
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise UsageError(
                f"teacher {teacher.path} cannot be read as a Keras model: {first.rstrip('.')}. {_ADVICE}"
            ) from error
    if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.input_shape) != 4:
        raise UsageError(f"teacher {teacher.path} is to take one picture and give one output; it does not. {_ADVICE}")
    return model


def _check_keras(path: Path) -> None:
    """Raise where a `.keras` file unpacks to more than is read, or its weights lead out of it: Keras follows."""
    try:
        archive = Archive(read_regular(path, limit_bytes=MOST_BYTES))
        if (size := sum(map(archive.size, archive.names))) > MOST_BYTES:
            raise ValueError(f"it unpacks to {size} bytes, and at most {format_limit(MOST_BYTES)} are read")
        for name in archive.names:
            if name.endswith(".h5"):
                check_contained(archive.read(name, limit_bytes=MOST_BYTES))
    except OSError as error:
        raise UsageError(
            f"teacher {path} is no .keras file, or not there: {error.strerror or error}. {_ADVICE}"
        ) from error
    except (ValueError, KeyError, RuntimeError, TypeError) as error:
        raise UsageError(f"teacher {path} is no .keras file: {first_line(error)}. {_ADVICE}") from error


def _build(teacher: WeightsTeacher) -> Any:
    layers = find_chain(teacher.architecture, teacher.size.alpha, teacher.head.classes)
    values = load_weights(teacher.weights, layers)
    with quiet():
        model = find_architecture(teacher.architecture).build(teacher.size, teacher.head)
        set_weights(model, values)
    return model


def _ask(model: Any, pictures: Pictures, *, name: str, low: float, high: float) -> Outputs:
    wanted = tuple(model.input_shape[1:])
    if any(side not in (None, given) for side, given in zip(wanted, pictures.shape[1:], strict=True)):
        raise UsageError(f"teacher {name} takes pictures of {wanted}, and got {pictures.shape[1:]}.")
    answers = [
        np.asarray(model(pictures[start : start + BATCH].astype(np.float32) * ((high - low) / 255.0) + low))
        for start in range(0, len(pictures), BATCH)
    ]
    return np.concatenate(answers).reshape(len(pictures), -1).astype(np.float32)
