"""Example inputs: what activation ranges are read off, and what a conversion is probed with.

Examples are float32 arrays of shape (n, resolution, resolution, 3) in [-1, 1], RGB. Nothing here needs tensorflow.
"""

import hashlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from mbench.core.builds.recipes import Calibration, CalibrationKind
from mbench.core.errors import UsageError
from mbench.files.regular import GIB, MIB, read_regular

Examples = npt.NDArray[np.float32]
Positions = npt.NDArray[np.float64]

PICTURE_CHANNELS: Final = 3

CENTRAL_CROP: Final = 0.875
"""Share of each side that is kept (tensorflow/models `research/slim/preprocessing/inception_preprocessing.py`)."""

IMAGE_SUFFIXES: Final = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})

FORMATS: Final = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What pictures may be, whatever they are called; Pillow starts another program for some others."""

MOST_PIXELS: Final = 1 << 26
"""Of a picture: 67 million, 0.2 GB decoded."""

MOST_BYTES: Final = 512 * MIB
"""Of a picture's file."""

MOST_ARRAY_BYTES: Final = 64 * GIB
"""Of a data set's pictures, which mbench prepared itself."""

_PLAIN_SPAN: Final = 0.05
"""Of real values from -1 to 1: six levels of 255, which JPEG may add to a plain picture."""

OCTAVES: Final = ((3, 1.0), (6, 0.5), (12, 0.25))
"""Cells a side and weight of each layer of noise: coarse shapes strong, fine ones weak, as in photographs."""


def describe_folder(folder: Path, *, examples: int = 32) -> Calibration:
    """Return the identity of the pictures that `folder_examples` would read: a digest over their bytes, in order.

    Raises:
        UsageError: no such folder, no picture in it, or one cannot be read.
    """
    digest = hashlib.sha256()
    files = choose_images(folder, examples)
    for file in files:
        digest.update(hashlib.sha256(_read_bytes(file)).digest())
    return Calibration(
        kind=CalibrationKind.FOLDER, examples=len(files), sha256=digest.hexdigest(), source=str(folder.resolve())
    )


def load_examples(calibration: Calibration, resolution: int) -> Examples:
    """Return the examples that a calibration stands for.

    Raises:
        UsageError: the folder or its pictures cannot be read, or are no longer those that were described.
    """
    if calibration.kind is CalibrationKind.SYNTHETIC:
        return synthetic_examples(calibration.examples, resolution, seed=calibration.seed)
    if calibration.kind is CalibrationKind.FOLDER and calibration.source is not None:
        folder = Path(calibration.source)
        if describe_folder(folder, examples=calibration.examples).sha256 != calibration.sha256:
            raise UsageError(f"the pictures in {folder} changed since the build was planned; start it again.")
        return folder_examples(folder, calibration.examples, resolution)
    if calibration.kind is CalibrationKind.EXAMPLES and calibration.source is not None:
        return _kept_pictures(calibration, resolution)[: calibration.examples]
    raise UsageError("this quantization needs calibration examples: give a folder of pictures, or choose synthetic.")


def load_inputs(calibration: Calibration, shape: tuple[int, int, int, int]) -> Examples:
    """Return the inputs of as many inferences as a calibration has examples, or can be made of them.

    Args:
        calibration: of pictures, if the network takes pictures.
        shape: of one inference's input: (batch, side, side, channels).

    Returns:
        (n, side, side, channels), or (n, batch, side, side, channels) where an inference takes several.

    Raises:
        UsageError: as `load_examples`, or pictures for a network that takes none.
    """
    batch, side, _, channels = shape
    if (batch, channels) == (1, PICTURE_CHANNELS):
        return load_examples(calibration, side)
    if calibration.kind is not CalibrationKind.SYNTHETIC:
        inputs = "×".join(map(str, shape))
        raise UsageError(f"a network with inputs of {inputs} takes no pictures; leave their folder or data set out.")
    return synthetic_inputs(calibration.examples, shape, seed=calibration.seed)


def synthetic_inputs(count: int, shape: tuple[int, int, int, int], *, seed: int) -> Examples:
    """Return synthetic inputs of at least `count` maps, shaped as `load_inputs` says."""
    batch, side, _, channels = shape
    if batch == 1:
        return synthetic_examples(count, side, seed=seed, channels=channels)
    inferences = -(-count // batch)
    return synthetic_examples(inferences * batch, side, seed=seed, channels=channels).reshape(inferences, *shape)


def calibration_doubt(examples: Examples) -> str | None:
    """Return why ranges that are read off examples say little about others, half a sentence; None: nothing does.

    Args:
        examples: (n, …) real values, of a picture (side, side, channels) each.
    """
    flat = int((np.ptp(examples, axis=(-3, -2)) <= _PLAIN_SPAN).reshape(len(examples), -1).all(axis=1).sum())
    if len(examples) == 1:
        return "calibrated on one picture" + (", which is of one colour" if flat else "")
    if flat == len(examples):
        return f"all {flat} calibration pictures are of one colour"
    if (examples == examples[0]).all():
        return f"all {len(examples)} calibration pictures are the same"
    if flat:
        return f"{flat} of {len(examples)} calibration pictures are of one colour"
    return None


def unseen_examples(calibration: Calibration, resolution: int) -> Examples | None:
    """Return real examples that the calibration itself does not use, None where it has none.

    They are the rows of a data set's array behind the first `calibration.examples`.

    Raises:
        UsageError: the array cannot be read, or is no longer the one that was described.
    """
    if calibration.kind is not CalibrationKind.EXAMPLES:
        return None
    return _kept_pictures(calibration, resolution)[calibration.examples :]


def describe_examples(file: Path, *, examples: int) -> Calibration:
    """Return the identity of the first `examples` pictures of a `.npy`, (n, r, r, 3) uint8.

    Raises:
        UsageError: it cannot be read.
    """
    sha256 = hashlib.sha256(_read_bytes(file, limit_bytes=MOST_ARRAY_BYTES)).hexdigest()
    return Calibration(kind=CalibrationKind.EXAMPLES, examples=examples, sha256=sha256, source=str(file.resolve()))


def _kept_pictures(calibration: Calibration, resolution: int) -> Examples:
    """Return all pictures of a data set's array, in [-1, 1]."""
    file = Path(calibration.source or "")
    data = _read_bytes(file, limit_bytes=MOST_ARRAY_BYTES)
    if hashlib.sha256(data).hexdigest() != calibration.sha256:
        raise UsageError(f"calibration examples {file} changed since the build was planned; start it again.")
    pictures = np.load(io.BytesIO(data), allow_pickle=False)
    if pictures.ndim != 4 or pictures.shape[1:] != (resolution, resolution, 3) or pictures.dtype != np.uint8:
        raise UsageError(
            f"calibration examples {file} are {pictures.dtype} of shape {pictures.shape}, not uint8 of "
            f"(n, {resolution}, {resolution}, 3)."
        )
    return np.asarray(pictures / np.float32(127.5) - np.float32(1.0))


def synthetic_examples(count: int, resolution: int, *, seed: int, channels: int = PICTURE_CHANNELS) -> Examples:
    """Return smooth random blobs, the same to the bit on every machine.

    Of the sets that need no pictures they hurt int8 least: white noise costs MobileNet V1 5 to 18 points of top-1 more.
    """
    source = np.random.Generator(np.random.PCG64(seed))
    pictures = np.zeros((count, resolution, resolution, channels), np.float32)
    for cells, weight in OCTAVES:
        grids = source.uniform(-weight, weight, (count, cells + 1, cells + 1, channels))
        pictures += _enlarge(grids.astype(np.float32), resolution)
    pictures /= np.abs(pictures).max(axis=(1, 2, 3), keepdims=True)
    return pictures


def _enlarge(grids: Examples, resolution: int) -> Examples:
    """Return (n, k, k, c) grids enlarged bilinearly to (n, resolution, resolution, c), corners on corners."""
    positions = np.arange(resolution) * ((grids.shape[1] - 1) / (resolution - 1))
    return _interpolate(grids, positions, positions)


def _interpolate(pictures: Examples, rows: Positions, columns: Positions) -> Examples:
    """Return (n, h, w, 3) pictures read bilinearly at the given rows and columns, which lie within them."""
    top, left = rows.astype(int), columns.astype(int)
    bottom, right = np.minimum(top + 1, pictures.shape[1] - 1), np.minimum(left + 1, pictures.shape[2] - 1)
    down, across = (rows - top).astype(np.float32), (columns - left).astype(np.float32)
    lines = _blend(pictures[:, top], pictures[:, bottom], down[:, None, None])
    return _blend(lines[:, :, left], lines[:, :, right], across[:, None])


def _blend(first: Examples, second: Examples, share: Examples) -> Examples:
    """Return `first` + (`second` − `first`) × `share`; `second`, a copy already, is written over."""
    second -= first
    second *= share
    second += first
    return second


def folder_examples(folder: Path, count: int, resolution: int) -> Examples:
    """Return at most `count` pictures of a folder, cropped, resized and scaled to [-1, 1].

    Raises:
        UsageError: no such folder, no picture in it, or one cannot be read.
    """
    return np.stack([read_image(file, resolution) for file in choose_images(folder, count)])


def choose_images(folder: Path, count: int) -> Sequence[Path]:
    """Return at most `count` pictures, spread evenly over all below `folder` in order of their paths.

    Evenly, because the first ones of a sorted dataset are all of one class.

    Raises:
        UsageError: no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise UsageError(f"calibration folder {folder} does not exist or is no folder.")
    named = (path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    found = sorted(path for path in named if path.exists() and not path.is_dir())  # a pipe is named when it is read
    if not found:
        raise UsageError(f"calibration folder {folder} holds no picture ({', '.join(sorted(IMAGE_SUFFIXES))}).")
    chosen = min(count, len(found))
    return [found[index * len(found) // chosen] for index in range(chosen)]


def read_image(path: Path, resolution: int) -> Examples:
    """Return one picture as (resolution, resolution, 3) in [-1, 1]: central crop, then bilinear without antialiasing.

    Source: tensorflow/models `research/slim/preprocessing/inception_preprocessing.py`, `preprocess_for_eval`, whose
    resizing reads output pixel i at i × side / resolution.

    Raises:
        UsageError: it cannot be decoded.
    """
    levels = _decoded(path).astype(np.float32)
    top, left = (int((side - side * CENTRAL_CROP) / 2) for side in levels.shape[:2])
    cropped = levels[None, top : levels.shape[0] - top, left : levels.shape[1] - left]
    rows, columns = (np.arange(resolution) * (side / resolution) for side in cropped.shape[1:3])
    (resized,) = _interpolate(cropped, rows, columns)
    return np.asarray(resized / np.float32(127.5) - np.float32(1.0))


def _decoded(path: Path) -> npt.NDArray[np.uint8]:
    """Return a picture as (height, width, 3) RGB."""
    data = _read_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata that is not used, and of sizes that are checked here
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height <= MOST_PIXELS:
                    return np.asarray(picture.convert("RGB"))
                reason = f"it claims {width} x {height} pixels, more than the {MOST_PIXELS} that are decoded"
    except Exception as error:  # Pillow's parsers let through whatever a damaged file makes them stumble on
        reason = _first_line(error)
    raise UsageError(f"{path} cannot be read as a picture: {reason}. Remove it or mend it.")


def _read_bytes(path: Path, *, limit_bytes: int = MOST_BYTES) -> bytes:
    try:
        return read_regular(path, limit_bytes=limit_bytes)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Remove it or mend it.") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
