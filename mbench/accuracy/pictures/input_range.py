"""Which real values a quantized input can hold, and whether a recipe's are those: a tensor states its own range.

real = scale x (stored - zero point), so an int8 or uint8 tensor of a network that takes -1 to 1 ends there: whoever
gives it 0 to 255 gives it white. A float input states one only where the file quantizes it first.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from mbench.accuracy.pictures.input_scaling import LEVELS, QUANTIZED, PixelScaling, Quantized, StoredTensor
from mbench.accuracy.pictures.recipes import PreprocessingRecipe, in_order_of, option_with
from mbench.accuracy.pictures.scalings import SCALINGS, scaling_of
from mbench.core.numbers.limits import LARGEST_LEVEL, LEAST_DEVIATION

LEAST_OVERLAP: Final = 2 / 3
"""Of what a recipe gives and a tensor holds, over what either does. Calibration on pictures without black or white
leaves a tensor a little short of its recipe; any two of `SCALINGS` overlap by half at most."""


@dataclass(frozen=True, slots=True)
class Range:
    """Real values from `low` to `high`."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g}"

    def overlap(self, other: "Range") -> float:
        """Return how much of both is common to both, 0 to 1."""
        common = min(self.high, other.high) - max(self.low, other.low)
        whole = max(self.high, other.high) - min(self.low, other.low)
        return max(0.0, common) / whole if whole > 0 else 0.0


def given_range(scaling: PixelScaling) -> Range:
    """Return the real values of black and white, over all channels."""
    levels = np.array([[[0, 0, 0], [LEVELS - 1] * 3]], np.uint8)
    values = scaling.real_values(levels)
    return Range(float(values.min()), float(values.max()))


class InputTensor(StoredTensor, Protocol):
    """An input, and how a float one is stored by the file's own operators."""

    @property
    def quantized_as(self) -> Quantized | None:
        """None where it is taken as it is."""


def held_range(entry: InputTensor) -> Range | None:
    """Return the real values that an input of 8 bits can hold; None of any other, which says nothing of pictures.

    A float input that the file quantizes to 8 bits before anything else holds as much. The zero point of 16-bit
    integers is 0 by rule, so that their range is symmetric whatever they are given.
    """
    tensor = entry.quantized_as or entry
    if tensor.dtype not in QUANTIZED or tensor.dtype == "int16" or not tensor.scale:
        return None
    limits = np.iinfo(tensor.dtype)
    zero = tensor.zero_point or 0
    return Range(tensor.scale * (int(limits.min) - zero), tensor.scale * (int(limits.max) - zero))


def scaling_onto(held: Range) -> PixelScaling | None:
    """Return the scaling that gives black and white the ends of a range, its numbers rounded to five digits.

    None where that is none which is taken (`mbench.core.numbers.limits`).
    """
    std = (LEVELS - 1) / (held.high - held.low)
    mean = -held.low * std
    if not LEAST_DEVIATION <= std <= LARGEST_LEVEL or abs(mean) > LARGEST_LEVEL:
        return None
    mean, std = (float(f"{number:.5g}") for number in (mean, std))
    return scaling_of((mean,) * 3, (std,) * 3)


def fits(scaling: PixelScaling, tensor: InputTensor) -> bool:
    """Whether nothing speaks against a scaling for what a tensor holds."""
    held = held_range(tensor)
    return held is None or given_range(scaling).overlap(held) >= LEAST_OVERLAP


def misfit(recipe: PreprocessingRecipe, tensor: InputTensor) -> str | None:
    """Return why a recipe's scaling is not what a tensor was made for; None where nothing speaks against it.

    Returns:
        half a sentence with both ranges, and what to do: the recipe with a scaling that fits.
    """
    held = held_range(tensor)
    if held is None:
        return None
    given = given_range(recipe.scaling)
    if given.overlap(held) >= LEAST_OVERLAP:
        return None
    fitting = next((one for one in SCALINGS.values() if given_range(one).overlap(held) >= LEAST_OVERLAP), None)
    scaling = fitting or scaling_onto(held)
    advice = (
        "no MEAN/STD gives that; convert the file again"
        if scaling is None
        else f"{option_with(recipe, in_order_of(recipe, scaling))} {'fits' if fitting else 'fills that'}"
    )
    stored = "" if tensor.quantized_as is None else f", which it stores as {tensor.quantized_as.dtype},"
    return f"gives {given}, and its {tensor.dtype} input{stored} holds {held}: {advice}"
