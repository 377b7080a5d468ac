"""Resizing as recipes do that go through Pillow: torchvision's, and Keras' `load_img`."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mbench.accuracy.pictures.decoding import MOST_PIXELS
from mbench.accuracy.pictures.resize_tensorflow import central_crop
from mbench.core.errors import UnreadableExample


def resize_and_crop_torchvision(
    picture: NDArray[np.uint8], resolution: int, width: int | None = None
) -> NDArray[np.uint8]:
    """Return the middle of a picture whose short side was made resolution × 256 / 224, with antialiasing.

    Where height and width differ, the picture keeps its shape and is made just so large that it covers both × 256 / 224
    (huggingface/pytorch-image-models `timm/data/transforms.py`, `ResizeKeepRatio`).

    Args:
        picture: (h, w, 3).
        resolution: height of what is wanted.
        width: of what is wanted; None: as wide as high.

    Source: pytorch/vision `torchvision/transforms/functional.py` (`_compute_resized_output_size`, `center_crop`) and
    `references/classification/presets.py`. At other resolutions than 224 the short side keeps that ratio, cut to a
    whole number, as huggingface/pytorch-image-models `timm/data/transforms_factory.py` does with `crop_pct`.

    Raises:
        UnreadableExample: so long and narrow that it would fill the memory.
    """
    width = width or resolution
    across, down = _covering(picture, resolution, width)
    if across * down > MOST_PIXELS:
        sides = f"{picture.shape[1]} x {picture.shape[0]}"
        raise UnreadableExample(
            f"a picture of {sides} pixels would become one of {across} x {down}; crop or remove it."
        )
    resized = Image.fromarray(picture).resize((across, down), Image.Resampling.BILINEAR)
    left, top = round((across - width) / 2), round((down - resolution) / 2)
    return np.asarray(resized)[top : top + resolution, left : left + width]


def _covering(picture: NDArray[np.uint8], height: int, width: int) -> tuple[int, int]:
    """Return the width and height that a picture gets before its middle is cut out."""
    own_height, own_width = picture.shape[:2]
    wanted_height, wanted_width = height * 256 // 224, width * 256 // 224
    if height != width:
        ratio = min(own_height / wanted_height, own_width / wanted_width)
        return max(width, round(own_width / ratio)), max(height, round(own_height / ratio))
    long = int(wanted_height * max(own_height, own_width) / min(own_height, own_width))
    return (wanted_height, long) if own_width <= own_height else (long, wanted_height)


def crop_and_resize_antialiased(
    picture: NDArray[np.uint8], resolution: int, width: int | None = None
) -> NDArray[np.uint8]:
    """Return the central 0.875 of each side, resized by a bilinear filter as wide as an output pixel."""
    cropped = np.ascontiguousarray(central_crop(picture))
    return np.asarray(Image.fromarray(cropped).resize((width or resolution, resolution), Image.Resampling.BILINEAR))


def resize_nearest(picture: NDArray[np.uint8], resolution: int, width: int | None = None) -> NDArray[np.uint8]:
    """Return the whole picture, each output pixel the nearest one of the original.

    Source: keras-team/keras `keras/src/utils/image_utils.py`, `load_img`, whose `interpolation` is "nearest" where
    nobody names another.
    """
    return np.asarray(Image.fromarray(picture).resize((width or resolution, resolution), Image.Resampling.NEAREST))
