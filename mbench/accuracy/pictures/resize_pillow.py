"""Resizing as recipes do that go through Pillow: torchvision's, and Keras' `load_img`."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mbench.accuracy.pictures.decoding import MOST_PIXELS
from mbench.accuracy.pictures.resize_tensorflow import central_crop
from mbench.core.errors import UnreadableExample


def resize_and_crop_torchvision(picture: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    """Return the middle of a picture whose short side was made resolution × 256 / 224, with antialiasing.

    Source: pytorch/vision `torchvision/transforms/functional.py` (`_compute_resized_output_size`, `center_crop`) and
    `references/classification/presets.py`. At other resolutions than 224 the short side keeps that ratio, cut to a
    whole number, as huggingface/pytorch-image-models `timm/data/transforms_factory.py` does with `crop_pct`.

    Raises:
        UnreadableExample: so long and narrow that it would fill the memory.
    """
    height, width = picture.shape[:2]
    short = resolution * 256 // 224
    long = int(short * max(height, width) / min(height, width))
    if short * long > MOST_PIXELS:
        raise UnreadableExample(
            f"a picture of {width} x {height} pixels would become one of {short} x {long}; crop or remove it."
        )
    size = (short, long) if width <= height else (long, short)
    resized = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    left, top = (round((side - resolution) / 2) for side in size)
    return np.asarray(resized)[top : top + resolution, left : left + resolution]


def crop_and_resize_antialiased(picture: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    """Return the central 0.875 of each side, resized by a bilinear filter as wide as an output pixel."""
    cropped = np.ascontiguousarray(central_crop(picture))
    return np.asarray(Image.fromarray(cropped).resize((resolution, resolution), Image.Resampling.BILINEAR))


def resize_nearest(picture: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    """Return the whole picture, each output pixel the nearest one of the original.

    Source: keras-team/keras `keras/src/utils/image_utils.py`, `load_img`, whose `interpolation` is "nearest" where
    nobody names another.
    """
    return np.asarray(Image.fromarray(picture).resize((resolution, resolution), Image.Resampling.NEAREST))
