"""Recipes of users' own networks: what decides the bytes of a built file, as plain values with a digest."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, cast

from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Weights
from mbench.core.choices import CalibrationMethod, Ends

_FOR_PEOPLE: Final = frozenset({"source", "folder"})
"""Fields that say where a thing lies: no part of its identity."""


Argument = tuple[str, int | float | bool | str]
"""Name and value."""


class OwnForm(StrEnum):
    """What a user's network is given as."""

    TFLITE = "tflite"
    KERAS = "keras"
    SAVED_MODEL = "saved-model"
    BUILDER = "builder"
    TORCH = "torch"
    TORCH_PROGRAM = "torch-program"

    @property
    def built(self) -> bool:
        """Whether it is a function of the user's, whose parameters are axes."""
        return self in (OwnForm.BUILDER, OwnForm.TORCH)


class OwnCalibrationKind(StrEnum):
    """What activation ranges of a user's network are read off."""

    NONE = "none"
    SYNTHETIC = "synthetic"
    FOLDER = "folder"
    PREPARED = "prepared"
    ARRAYS = "arrays"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonName:
    """A function or value in a user's Python file.

    Attributes:
        name: of it.
        module: that it is imported as: `nets.small`, or a file's stem.
        sha256: of the file and of all that it imports from beside it.
        source: the file.
        folder: what is put on Python's path for it.
    """

    name: str
    module: str
    sha256: str
    source: str
    folder: str

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNetwork:
    """A user's network by content.

    Attributes:
        sha256: of its file, or of its folder's files.
        source: path of it.
        input_shapes: `NAME:SIZES` that were asked for.
        signature: of a SavedModel; None: its default.
        custom_objects: layers and functions that a Keras file names.
        allow_lambda: whether code in a Keras file may run.
        builder: a function that gives a Keras model; arguments: by name, what it was asked for.
        seed: of what a builder draws.
        weights: of a file, for what a builder gives; None: its own.
    """

    form: OwnForm
    sha256: str
    source: str
    input_shapes: tuple[str, ...] = ()
    signature: str | None = None
    custom_objects: PythonName | None = None
    allow_lambda: bool = False
    builder: PythonName | None = None
    arguments: tuple[Argument, ...] = ()
    seed: int = 0
    weights: Weights | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureScaling:
    """What the levels (0 to 255) of a picture become: (level − mean) / std of each channel, in the network's order.

    Attributes:
        bgr: whether the network takes blue first.
    """

    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (127.5, 127.5, 127.5)
    bgr: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCalibration:
    """What a user's network is calibrated on, by content.

    Attributes:
        examples: at most so many.
        sha256: of the pictures, of a data set's prepared array, of the `.npz`, or of the code.
        source: of the pictures or arrays.
        code: a generator of examples.
        scaling: of pictures.
    """

    kind: OwnCalibrationKind = OwnCalibrationKind.NONE
    examples: int = 0
    seed: int = 0
    sha256: str | None = None
    source: str | None = None
    code: PythonName | None = None
    scaling: PictureScaling = PictureScaling()
    method: CalibrationMethod = CalibrationMethod.MIN_MAX


KEEP_FLOAT_DB: Final = 30.0
"""What `auto` asks for unless it says another ratio: errors of 3 % of the outputs."""

KEEP_FLOAT_POINTS: Final = 1.0
"""What `auto:acc` lets be lost of right answers unless it says how much, in percentage points: near the 1 % of the
float network's accuracy that MLPerf's inference rules let a quantized one lose (mlcommons/inference_policies)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFloat:
    """Which operators of a network int8 leaves in float.

    Attributes:
        names: kinds of operators, or tensors that they give; none: they are to be found.
        least_db: signal-to-noise ratio of the outputs at which a search by that ends.
        accuracy: whether a search goes by how much files get right.
        most_lost: of that, at which such a search ends: percentage points of right answers, or of a metric of values
            its unit; None: `KEEP_FLOAT_POINTS` of right answers.
    """

    names: tuple[str, ...] = ()
    least_db: float = KEEP_FLOAT_DB
    accuracy: bool = False
    most_lost: float | None = None

    @property
    def text(self) -> str:
        """What stands for it in a variant's name: it lasts, and is short."""
        if self.accuracy:
            return "auto-acc" if self.most_lost is None else f"auto-acc{self.most_lost:g}"
        if not self.names:
            return "auto" if self.least_db == KEEP_FLOAT_DB else f"auto{self.least_db:g}"
        said = "+".join(re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") or "x" for name in self.names)
        if len(said) <= LONGEST_KEPT:
            return said
        return f"{len(self.names)}-{hashlib.sha256(';'.join(self.names).encode()).hexdigest()[:8]}"


LONGEST_KEPT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedOn:
    """What a search for operators asks files, by content.

    Attributes:
        dataset: name and split; sha256: over its examples and their truths.
        asked: examples; seed: of their draw.
        asks: sorted (name, value) of all else that decides what answers are worth.
    """

    dataset: str
    sha256: str
    asked: int
    seed: int
    asks: tuple[tuple[str, str], ...] = ()


_WITHOUT_ACCURACY: Final = ("accuracy", "most_lost")
"""Fields of `KeepFloat` that recipes of before have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecipe:
    """What is built of a user's network: with equal toolchains, equal recipes give equal bytes.

    Attributes:
        quantizer_recipe: JSON of litert-quantizer's own, which says what of int8 is done to which operators.
        keep_float: operators that int8 leaves in float; None: none but those that every file leaves.
        evaluated_on: what a search for them asks files; None: it goes by ratios, or there is none.
        trained: whether the network's weights mean something.
        toolchain: sorted (distribution, version) pairs of what converts and quantizes.
    """

    variant: OwnVariant
    network: OwnNetwork
    calibration: OwnCalibration = OwnCalibration()
    ends: Ends = Ends.INT8
    quantizer_recipe: str | None = None
    keep_float: KeepFloat | None = None
    evaluated_on: EvaluatedOn | None = None
    trained: bool = True
    toolchain: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values, for people."""
        fields = {**asdict(self), "variant": str(self.variant)}
        if self.keep_float is None:  # recipes of before are the same without it
            del fields["keep_float"]
        elif not self.keep_float.accuracy:
            fields["keep_float"] = {k: v for k, v in fields["keep_float"].items() if k not in _WITHOUT_ACCURACY}
        if self.evaluated_on is None:
            del fields["evaluated_on"]
        return cast(dict[str, Any], json.loads(json.dumps(fields)))

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the recipe, without what is only for people."""
        return hashlib.sha256(json.dumps(_identity(self.as_json()), sort_keys=True).encode()).hexdigest()


def _identity(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _identity(each) for key, each in value.items() if key not in _FOR_PEOPLE}
    return [_identity(each) for each in value] if isinstance(value, list) else value
