"""Recipes: everything that decides the bytes of an artifact, as plain values with a digest."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, cast

from mbench.core.builds.variants import Variant
from mbench.core.choices import CalibrationMethod, Quantizer


class WeightsKind(StrEnum):
    """Where a network's weights come from."""

    SEEDED = "seeded"
    IMAGENET = "imagenet"
    FILE = "file"
    TRAINED = "trained"


class CalibrationKind(StrEnum):
    """What activation ranges are read off."""

    NONE = "none"
    SYNTHETIC = "synthetic"
    FOLDER = "folder"
    EXAMPLES = "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights by content: a seed, or the SHA-256 of a file. `source` is for people and no part of the identity.

    Those that mbench trained are an `.npz` of `layer/weight` arrays.
    """

    kind: WeightsKind = WeightsKind.SEEDED
    seed: int = 0
    sha256: str | None = None
    source: str | None = None

    @property
    def trained(self) -> bool:
        """Whether an accuracy of this network can mean something."""
        return self.kind is not WeightsKind.SEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Calibration examples by content. `source` is for people and no part of the identity.

    Those of a data set are a `.npy`, (n, r, r, 3) uint8, cropped and resized already: r is the network's resolution.
    A synthetic set gives a file that times like the real one but whose accuracy means nothing: on real weights it
    costs MobileNet V1 up to 60 points of top-1, so such a variant is marked "latency only".
    """

    kind: CalibrationKind = CalibrationKind.SYNTHETIC
    examples: int = 32
    seed: int = 0
    sha256: str | None = None
    source: str | None = None
    method: CalibrationMethod = CalibrationMethod.MIN_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is built: with equal toolchains, equal recipes give equal bytes.

    Attributes:
        toolchain: sorted (distribution, version) pairs of what converts and quantizes.
    """

    variant: Variant
    weights: Weights = Weights()
    calibration: Calibration = Calibration()
    quantizer: Quantizer = Quantizer.LITERT
    toolchain: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values, for people."""
        fields = {**asdict(self), "variant": str(self.variant)}
        return cast(dict[str, Any], json.loads(json.dumps(fields)))

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the recipe, without what is only for people."""
        fields = self.as_json()
        for part in ("weights", "calibration"):
            del fields[part]["source"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
