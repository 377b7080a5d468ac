"""The form in which a network takes its picture: where the channels stand, one or three of them, height and width.

    (1, h, w, 3)    nhwc            (1, h, w, 1), (1, h, w)    nhwc, gray
    (1, 3, h, w)    nchw            (1, 1, h, w)               nchw, gray

A shape that can be read both ways, of a picture one or three pixels high or wide, is read as the user says, and not
guessed. Imported by worker processes: numpy alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.pictures.input_scaling import PixelScaling, StoredTensor, input_encoder
from mbench.core.choices import Layout
from mbench.core.errors import UnsupportedModel

_CHANNELS: Final = (1, 3)

_LUMA: Final = (19595, 38470, 7471)
"""0.299, 0.587 and 0.114 (ITU-R BT.601) in parts of 65536, as python-pillow/Pillow `src/libImaging/Convert.c`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureForm:
    """How one input takes a picture.

    Attributes:
        gray: one channel, the luma; else three.
    """

    height: int
    width: int
    layout: Layout = Layout.NHWC
    gray: bool = False

    def arranged(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Return pictures (n, height, width, channels) with their channels where the input has them, contiguous."""
        return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2) if self.layout is Layout.NCHW else pictures)


def picture_form(name: str, shape: tuple[int, ...], layout: Layout | None) -> PictureForm:
    """Return the form of an input by its shape.

    Args:
        name: of the input, for messages.
        shape: with its batch of one.
        layout: what the user said; None: nothing.

    Raises:
        UnsupportedModel: it is no picture, or one that can be read both ways and nobody said which it is.
    """
    possible = {form.layout: form for form in _forms(shape)}
    if layout is not None and layout in possible:
        return possible[layout]
    if not possible or layout is not None:
        wanted = "(1, h, w, 3), (1, 3, h, w), (1, h, w, 1), (1, 1, h, w) or (1, h, w)"
        also = f" in the layout {layout}" if layout is not None and possible else ""
        raise UnsupportedModel(f"its input {name!r} has the shape {shape}, not {wanted} of one picture{also}.")
    if len(possible) > 1:
        raise UnsupportedModel(
            f"its input {name!r} has the shape {shape}, whose channels may stand last or first; say which by "
            "--layout nhwc or --layout nchw."
        )
    return next(iter(possible.values()))


def _forms(shape: tuple[int, ...]) -> Iterator[PictureForm]:
    if not shape or shape[0] != 1 or min(shape) < 1:
        return
    match shape[1:]:
        case (height, width):
            yield PictureForm(height=height, width=width, gray=True)
        case (first, second, third):
            if third in _CHANNELS:
                yield PictureForm(height=first, width=second, gray=third == 1)
            if first in _CHANNELS:
                yield PictureForm(height=second, width=third, layout=Layout.NCHW, gray=first == 1)


def luma(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of (…, 3) RGB levels, (…, 1), rounded as Pillow's `convert("L")` does.

    TensorFlow's `rgb_to_grayscale` gives the same but for one level now and then; a gray picture keeps its levels.
    """
    red, green, blue = (pictures[..., channel].astype(np.uint32) for channel in range(3))
    weighted = red * _LUMA[0] + green * _LUMA[1] + blue * _LUMA[2] + (1 << 15)
    return (weighted >> 16).astype(np.uint8)[..., np.newaxis]


def unfit_scaling(scaling: PixelScaling, form: PictureForm) -> str | None:
    """Return why a scaling says nothing about a form, with what would; None where it does."""
    if not form.gray or scaling.alike:
        return None
    return "scales each channel by itself, and its input is gray: give RECIPE:SCALING with one MEAN/STD"


def picture_encoder(
    form: PictureForm, scaling: PixelScaling, tensor: StoredTensor
) -> Callable[[NDArray[np.uint8]], NDArray[Any]]:
    """Return what makes an input's stored values of pictures (n, height, width, 3) RGB, channels where it has them.

    Of a gray input the luma is taken of the finished picture, behind crop and resize.

    Args:
        form: of the input.
        scaling: of the recipe that the pictures were prepared by; of a gray input alike in all channels.
        tensor: what the input stores.
    """
    encode = input_encoder(scaling, tensor)
    if form.gray:
        return lambda pictures: form.arranged(encode(np.repeat(luma(pictures), 3, axis=-1))[..., :1])
    if form.layout is Layout.NCHW:
        return lambda pictures: form.arranged(encode(pictures))
    return encode
