"""TensorFlow's bilinear resizing and slim's central crop, in numpy: the same float32 operations in the same order.

Source: tensorflow/tensorflow `tensorflow/core/kernels/image/resize_bilinear_op.cc` (`compute_interpolation_weights`,
`compute_lerp`) and `image_resizer_state.h` (`LegacyScaler`, `HalfPixelScaler`). Neither way averages over more than
four pixels: there is no antialiasing.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

CENTRAL_CROP: Final = 0.875
"""Share of each side that is kept (tensorflow/models `research/slim/preprocessing/inception_preprocessing.py`)."""


def crop_and_resize_slim(picture: NDArray[np.uint8], resolution: int, width: int | None = None) -> NDArray[np.uint8]:
    """Return the central 0.875 of each side, resized as TensorFlow 1 does: output pixel i is read at i × scale."""
    return to_levels(resize_bilinear(central_crop(picture), resolution, width, half_pixel_centers=False))


def resize_whole(picture: NDArray[np.uint8], resolution: int, width: int | None = None) -> NDArray[np.uint8]:
    """Return the whole picture, resized as `tf.image.resize` does: output pixel i is read at (i + ½) × scale − ½."""
    return to_levels(resize_bilinear(picture, resolution, width, half_pixel_centers=True))


def central_crop(picture: NDArray[np.uint8], fraction: float = CENTRAL_CROP) -> NDArray[np.uint8]:
    """Return the middle of a picture as `tf.image.central_crop` cuts it; never less than a pixel."""
    top, left = (int((side - side * fraction) / 2) for side in picture.shape[:2])
    return picture[top : picture.shape[0] - top, left : picture.shape[1] - left]


def to_levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return values of 0 to 255 as whole levels, halves upwards. Cutting instead costs 0.3 to 0.9 points of top-1."""
    return (values + np.float32(0.5)).astype(np.uint8)


def resize_bilinear(
    picture: NDArray[np.uint8], resolution: int, width: int | None = None, *, half_pixel_centers: bool
) -> NDArray[np.float32]:
    """Return (resolution, width, 3) float32 of 0 to 255; as wide as high where nobody says another width."""
    width = width or resolution
    own_height, own_width = picture.shape[:2]
    top, bottom, down = _neighbours(own_height, resolution, half_pixel_centers=half_pixel_centers)
    left, right, across = _neighbours(own_width, width, half_pixel_centers=half_pixel_centers)
    # Channels side by side in one axis: numpy gathers single bytes several times faster than groups of three.
    lines = picture.reshape(own_height, own_width * 3)
    if own_height > 2 * resolution:
        lines, top, bottom = lines.take(np.concatenate((top, bottom)), axis=0), *_halves(resolution)
    narrow = _blend(
        lines.take(_bytes_of(left), axis=1).astype(np.float32),
        lines.take(_bytes_of(right), axis=1).astype(np.float32),
        np.repeat(across, 3),
    )
    return _blend(narrow.take(top, axis=0), narrow.take(bottom, axis=0), down[:, np.newaxis]).reshape(
        resolution, width, 3
    )


def _neighbours(
    side: int, resolution: int, *, half_pixel_centers: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return for each output pixel its two neighbours and the share of the second."""
    scale = np.float32(side) / np.float32(resolution)
    outputs = np.arange(resolution, dtype=np.float32)
    half = np.float32(0.5)
    positions = (outputs + half) * scale - half if half_pixel_centers else outputs * scale
    before = np.floor(positions)
    first = np.maximum(before, 0).astype(np.intp)
    second = np.minimum(np.ceil(positions), side - 1).astype(np.intp)
    return np.minimum(first, side - 1), second, positions - before


def _halves(resolution: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.arange(resolution), np.arange(resolution, 2 * resolution)


def _bytes_of(pixels: NDArray[np.intp]) -> NDArray[np.intp]:
    return (pixels[:, np.newaxis] * 3 + np.arange(3)).ravel()


def _blend(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return first + (second − first) × share; `second`, a copy already, is written over."""
    second -= first
    second *= share
    second += first
    return second
