"""Variants: an architecture with its parameters and quantization fixed, and the name that says all of it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean


class Quantization(StrEnum):
    """How weights and activations are stored in the file."""

    FP32 = "fp32"
    FP16 = "fp16"
    DRQ = "drq"
    INT8 = "int8"
    INT16X8 = "int16x8"
    INT8W4 = "int8w4"


POST_TRAINING = tuple(quantization for quantization in Quantization if quantization is not Quantization.INT8W4)
"""Quantizations that any weights can be built in.

`int8w4`, int8 with 4-bit weights in the 1×1 convolutions, takes weights that were trained for it.
"""

CALIBRATED = frozenset({Quantization.INT8, Quantization.INT16X8})
"""Quantizations whose activation ranges are read off example inputs."""

INT4_REFUSAL = (
    "int4 is not offered: post-training 4-bit weights leave MobileNet V1 at 1 to 3 % top-1 (float: 46 to 67 %) and "
    "run slower on XNNPACK. Choose int8, or drq; int8w4 takes weights that were trained for 4 bits"
)

MIN_RESOLUTION = 32
"""Five halvings must leave at least one pixel (paper, Table 1: 224 to 7)."""

_NAME = re.compile(
    r"(?P<architecture>[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*)_(?P<alpha>[0-9]+\.[0-9]{2,30})_(?P<resolution>[0-9]{1,9})"
    r"(?:_(?P<head>[a-z]+)(?P<classes>[0-9]{1,9}))?_(?P<quantization>[a-z][a-z0-9]*)"
)


def parse_quantization(text: str) -> Quantization:
    """Return the quantization that a user typed.

    Raises:
        UsageError: unknown, or `int4`, with the reason.
    """
    if text in set(Quantization):
        return Quantization(text)
    if text.startswith("int4") or text in {"w4", "w4a8"}:
        raise UsageError(f"{INT4_REFUSAL}.")
    raise UsageError(f"unknown quantization {text!r}.{did_you_mean(text, list(Quantization))}")


class HeadKind(StrEnum):
    """What a network's end gives: all but `classifier` and `none` are also the names of such heads."""

    CLASSIFIER = "classifier"
    ATTRIBUTES = "attributes"
    EMBEDDING = "embedding"
    DETECTION = "detection"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on the body: a short name without digits and the number of its outputs.

    `attributes` (a sigmoid each), `embedding` (L2-normalised) and `detection` are reserved names; any other is a
    softmax classifier.
    """

    name: str = "classes"
    classes: int = 1000

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]+", self.name):
            raise UsageError(f"a head's name is lower-case letters only, not {self.name!r}.")
        if self.classes < 1:
            raise UsageError(f"a head needs at least one class, not {self.classes}.")

    @property
    def kind(self) -> HeadKind:
        """What its name says it gives."""
        reserved = (HeadKind.ATTRIBUTES, HeadKind.EMBEDDING, HeadKind.DETECTION)
        return HeadKind(self.name) if self.name in reserved else HeadKind.CLASSIFIER


IMAGENET_HEAD = Head()
"""1000 ImageNet classes: the paper's head, which a name leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Size:
    """Width multiplier α (paper, section 3.3) and input resolution in pixels (section 3.4: ρ = resolution / 224)."""

    alpha: float = 1.0
    resolution: int = 224

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 10:
            raise UsageError(f"alpha must lie in (0, 10), not {self.alpha}.")
        if self.resolution < MIN_RESOLUTION:
            raise UsageError(f"resolution must be at least {MIN_RESOLUTION} px, not {self.resolution}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An architecture with its parameters and quantization fixed.

    `str(variant)` is its name, such as `mobilenet_v1_0.50_160_int8`; `parse_variant` is the inverse.
    """

    architecture: str = "mobilenet_v1"
    size: Size = Size()
    head: Head = IMAGENET_HEAD
    quantization: Quantization = Quantization.INT8

    def __str__(self) -> str:
        head = "" if self.head == IMAGENET_HEAD else f"_{self.head.name}{self.head.classes}"
        return f"{self.architecture}_{format_alpha(self.size.alpha)}_{self.size.resolution}{head}_{self.quantization}"


def format_alpha(alpha: float) -> str:
    """Return α with at least two decimals and as many more as it needs: `0.50`, `0.125`."""
    text = f"{alpha:.10f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2}"


def parse_variant(name: str) -> Variant:
    """Return the variant that a name says.

    Raises:
        UsageError: the name is not one, with an example.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise UsageError(f"{name!r} is no variant name; one looks like mobilenet_v1_0.50_160_int8.")
    head = Head(name=match["head"], classes=int(match["classes"])) if match["head"] else IMAGENET_HEAD
    return Variant(
        architecture=match["architecture"],
        size=Size(alpha=float(match["alpha"]), resolution=int(match["resolution"])),
        head=head,
        quantization=parse_quantization(match["quantization"]),
    )
