"""Scalings by name: what real values levels of 0 to 255 become, apart from how a picture is cropped.

    levels              as they are, 0 to 255
    unit                0 to 1
    symmetric           -1 to 1
    imagenet            0 to 1, less the ImageNet mean, over its standard deviation
    MEAN/STD            (level - MEAN) / STD; each one number, or three with commas, in the order of RGB
    MEAN/STD/bgr        likewise for a network that takes blue first; the numbers are in its order

The last two are what TFLite metadata, ML Kit and most training code call mean and standard deviation.
"""

from typing import Final, Literal

import numpy as np

from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import LARGEST_LEVEL, LEAST_DEVIATION
from mbench.core.numbers.numerals import real

Channels = tuple[float, float, float]

SCALINGS: Final = {
    "levels": PixelScaling(divisor=1.0, mean=(0.0, 0.0, 0.0)),
    "unit": PixelScaling(divisor=255.0, mean=(0.0, 0.0, 0.0)),
    "symmetric": PixelScaling(divisor=127.5, mean=(1.0, 1.0, 1.0)),
    "imagenet": PixelScaling(divisor=255.0, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
}


def is_scaling(text: str) -> bool:
    """Whether a text can only be meant as a scaling."""
    return text in SCALINGS or "/" in text


def parse_scaling(text: str) -> PixelScaling:
    """Return the scaling that a text names.

    Raises:
        UsageError: it names none.
    """
    if text in SCALINGS:
        return SCALINGS[text]
    first, *rest = text.split("/")
    if not 1 <= len(rest) <= 2 or rest[1:] not in ([], ["bgr"]):
        raise _unknown(text)
    mean, std = _channels(first, text), _channels(rest[0], text)
    if min(std) < LEAST_DEVIATION:
        raise UsageError(
            f"scaling {text!r} divides by {min(std):g}; a standard deviation is at least {LEAST_DEVIATION:g}, such as "
            "127.5/127.5."
        )
    return scaling_of(mean, std, channels="bgr" if rest[1:] else "rgb")


def scaling_of(mean: Channels, std: Channels, *, channels: Literal["rgb", "bgr"] = "rgb") -> PixelScaling:
    """Return (level - mean) / std as a scaling; one that has a name is that one, to the last bit."""
    found = PixelScaling(divisor=1.0, mean=mean, deviation=std, channels=channels)
    levels = np.arange(256, dtype=np.uint8).reshape(-1, 1).repeat(3, axis=1)
    for named in SCALINGS.values():
        if channels == "rgb" and np.allclose(
            named.real_values(levels), found.real_values(levels), rtol=1e-6, atol=1e-6
        ):
            return named
    return found


def scaling_name(scaling: PixelScaling) -> str:
    """Return the text that `parse_scaling` takes for a scaling."""
    for name, named in SCALINGS.items():
        if named == scaling:
            return name
    mean, std = (tuple(scaling.divisor * value for value in numbers) for numbers in (scaling.mean, scaling.deviation))
    ends = ["/".join(map(_text, (mean, std)))] + (["bgr"] if scaling.channels == "bgr" else [])
    return "/".join(ends)


def _text(numbers: tuple[float, ...]) -> str:
    chosen = numbers[:1] if len(set(numbers)) == 1 else numbers
    return ",".join(f"{number:.9g}" for number in chosen)


def _channels(text: str, whole: str) -> Channels:
    numbers = [
        number for part in text.split(",") if (number := real(part)) is not None and abs(number) <= LARGEST_LEVEL
    ]
    if len(numbers) != text.count(",") + 1 or len(numbers) not in {1, 3}:
        raise _unknown(whole)
    first, second, third = numbers * (3 // len(numbers))
    return first, second, third


def _unknown(text: str) -> UsageError:
    return UsageError(
        f"unknown scaling {text!r}; give {', '.join(SCALINGS)} or MEAN/STD, such as 127.5/127.5 or "
        "123.675,116.28,103.53/58.395,57.12,57.375."
    )
