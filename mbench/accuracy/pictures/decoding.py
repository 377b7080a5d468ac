"""Decodes pictures into RGB bytes, the same bytes on every machine; it knows neither data sets nor resolutions.

Pillow decodes, and JPEG comes out bit-identical to libjpeg-turbo's accurate integer transform (OpenCV, simplejpeg, and
TensorFlow with `INTEGER_ACCURATE`). What a file may say besides its pixels is treated as TensorFlow's `decode_jpeg` and
`decode_png` do with `channels=3`, because networks were trained and are judged on what those give:

    EXIF orientation    ignored: the pixels as they are stored; of TIFF, Pillow turns them (`orientation_of` counts)
    colour profile      ignored
    alpha               dropped, not blended
    grayscale           repeated in three channels
    16 bits             the upper eight
    animation           the first frame
    CMYK                converted without a profile
"""

import warnings
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mbench.core.errors import UnreadableExample
from mbench.files.regular import MIB, open_regular

FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What is tried; Pillow knows more, and starts other programs for some (Ghostscript for EPS)."""

MOST_PIXELS: Final = 1 << 26
"""67 million, 0.2 GB decoded: more is no photograph, but a small file that fills the memory of every worker."""

MOST_BYTES: Final = 512 * MIB
"""Of a picture's file: without any compression, 67 million pixels of four times 16 bits."""

MOST_SCANS: Final = 500
"""Of a JPEG: each goes over the whole picture, so that a megabyte of empty ones takes hours. Encoders write ten."""

_JPEG: Final = b"\xff\xd8"
_START_OF_SCAN: Final = b"\xff\xda"
"""ITU-T T.81, table B.1; compressed pixels have a zero behind each 0xff."""

UPRIGHT: Final = 1
_ORIENTATION_TAG: Final = 0x0112
_TURNS: Final[Mapping[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    1: lambda picture: picture,
    2: lambda picture: picture[:, ::-1],
    3: lambda picture: picture[::-1, ::-1],
    4: lambda picture: picture[::-1],
    5: lambda picture: picture.transpose(1, 0, 2),
    6: lambda picture: np.rot90(picture, -1),
    7: lambda picture: picture[::-1, ::-1].transpose(1, 0, 2),
    8: lambda picture: np.rot90(picture),
}
"""By orientation: what turns the stored pixels upright."""

_SIXTEEN_BITS: Final = {"I;16", "I;16L", "I;16B", "I;16N"}
_WITHOUT_SCALE: Final = {"I", "F"}


def decode(data: bytes, *, source: str) -> NDArray[np.uint8]:
    """Return a picture as (height, width, 3) RGB; the array may be read-only.

    Args:
        data: a whole file of one of `FORMATS`.
        source: what messages call it, such as its path.

    Raises:
        UnreadableExample: empty, damaged, cut short, of another format or without a scale, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata that is not used, and of sizes that are checked here
            with Image.open(BytesIO(data), formats=FORMATS) as picture:
                _check_size(picture, source)
                _check_scans(data, source)
                return _rgb(picture, source)
    except UnreadableExample:
        raise
    except UnidentifiedImageError:
        what = "it is empty" if not data else f"its {len(data)} bytes begin with {data[:4].hex(' ')}"
        raise UnreadableExample(
            f"{source}: is no picture of a known format ({', '.join(FORMATS)}); {what}. Replace or remove it."
        ) from None
    except Exception as error:  # Pillow's parsers let through whatever a damaged file makes them stumble on
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableExample(f"{source}: could not decode the picture: {reason}. Replace or remove it.") from error


def read_size(path: Path) -> tuple[int, int]:
    """Return the width and height that a picture decodes to; nothing but the beginning of its file is read.

    Raises:
        UnreadableExample: the file cannot be read, or is no picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_regular(path, limit_bytes=MOST_BYTES) as stream, Image.open(stream, formats=FORMATS) as picture:
                return picture.size
    except Exception as error:  # as above
        reason = getattr(error, "strerror", None) or error
        raise UnreadableExample(f"{path}: could not read its size: {reason}. Replace or remove it.") from error


def orientation_of(source: BinaryIO) -> int:
    """Return how a picture's EXIF says that it is to be turned: 1 (as stored) to 8; 1 where nothing says it.

    Args:
        source: its file, of which the beginning is read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(source, formats=FORMATS) as picture:
                behind_pixels = picture.format == "PNG" and "exif" not in picture.info  # Pillow would decode them all
                if picture.format == "TIFF" or behind_pixels:
                    return UPRIGHT
                said = picture.getexif().get(_ORIENTATION_TAG, UPRIGHT)
    except Exception:  # as above; whoever decodes it says what is wrong with it
        return UPRIGHT
    return said if said in _TURNS else UPRIGHT


def turned(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return a picture upright, (height, width, 3), of which EXIF says an orientation, 1 to 8.

    Source: CIPA DC-008 (Exif 2.32), tag 0x0112.
    """
    return _TURNS[orientation](picture)


def _check_size(picture: Image.Image, source: str) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnreadableExample(
            f"{source}: claims {width} x {height} pixels, more than the {MOST_PIXELS} that are decoded. "
            "Replace or remove it."
        )


def _check_scans(data: bytes, source: str) -> None:
    if data.startswith(_JPEG) and (scans := data.count(_START_OF_SCAN)) > MOST_SCANS:
        raise UnreadableExample(f"{source}: has {scans} scans, more than {MOST_SCANS}. Replace or remove it.")


def _rgb(picture: Image.Image, source: str) -> NDArray[np.uint8]:
    if picture.mode in _SIXTEEN_BITS:
        upper = (np.asarray(picture).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(upper[:, :, np.newaxis], 3, axis=2)
    if picture.mode in _WITHOUT_SCALE:
        raise UnreadableExample(
            f"{source}: pixels of type {picture.mode} have no known range; store it with 8 or 16 bits a channel."
        )
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
