"""Keras' published ImageNet weights: fetched on the user's machine when asked for, and verified ever after."""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.core.errors import ArtifactError, UsageError
from mbench.core.recipes import Weights, WeightsKind
from mbench.core.variants import Head, Size
from mbench.core.workloads import Document
from mbench.files.hashes import hash_file
from mbench.files.whole import place, write_whole

BASE_URL: Final = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
"""keras-team/keras `keras/src/applications/mobilenet.py`, `BASE_WEIGHT_PATH`."""

ALPHAS: Final = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}
RESOLUTIONS: Final = (224, 192, 160, 128)
FALLBACK_RESOLUTION: Final = 224
"""Whose weights Keras uses at all other resolutions."""

CLASSES: Final = 1000

TIMEOUT_S: Final = 30.0
"""Without a byte for so long, the server is taken for dead."""

CHUNK_BYTES: Final = 1 << 20


class Sighting(Document):
    """What a weights file was when it was first fetched; kept beside it."""

    url: str
    size_bytes: int
    sha256: str


def trained_resolution(resolution: int) -> int:
    """Return the resolution whose published weights serve at `resolution`: itself, or Keras' fallback."""
    return resolution if resolution in RESOLUTIONS else FALLBACK_RESOLUTION


def file_name(size: Size) -> str:
    """Return the published name, such as `mobilenet_5_0_160_tf.h5`.

    Raises:
        UsageError: nothing is published for this width.
    """
    if size.alpha not in ALPHAS:
        known = ", ".join(str(alpha) for alpha in ALPHAS)
        raise UsageError(f"no ImageNet weights are published for alpha {size.alpha}, only for {known}.")
    return f"mobilenet_{ALPHAS[size.alpha]}_{trained_resolution(size.resolution)}_tf.h5"


def fetch_imagenet(size: Size, head: Head, folder: Path, *, base_url: str = BASE_URL) -> Weights:
    """Return the identity of the published weights, their file being in `folder` from now on.

    Args:
        size: width and resolution; see `trained_resolution`.
        head: must have the 1000 classes of ImageNet.
        folder: where files and their sightings are kept; made if need be.
        base_url: with a slash at its end.

    Raises:
        UsageError: nothing is published for this network.
        ArtifactError: the file could not be fetched whole, or is no longer what it was when first fetched.
    """
    if head.classes != CLASSES:
        raise UsageError(f"ImageNet weights have {CLASSES} classes, not {head.classes}; give a weights file instead.")
    path = folder / file_name(size)
    url = base_url + path.name
    sighting = _read_sighting(path)
    if sighting is None or not path.exists():
        sighting = _fetch(url, path, expected=sighting)
    elif hash_file(path) != sighting.sha256:
        raise ArtifactError(f"{path} is no longer what was fetched from {sighting.url}. Delete it to fetch it again.")
    return Weights(kind=WeightsKind.IMAGENET, sha256=sighting.sha256, source=str(path))


def _fetch(url: str, path: Path, *, expected: Sighting | None) -> Sighting:
    """Fetch a file whole or not at all, then note what it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        size_bytes = _download(url, partial)
        sighting = Sighting(url=url, size_bytes=size_bytes, sha256=hash_file(partial))
        if expected is not None and sighting.sha256 != expected.sha256:
            raise ArtifactError(
                f"{url} is no longer what it was: SHA-256 {sighting.sha256[:12]}…, first {expected.sha256[:12]}…. "
                f"Delete {_sighting_path(path)} to accept it."
            )
        place(partial, path, fsync=False)
        write_whole(_sighting_path(path), f"{sighting.model_dump_json(indent=2)}\n".encode(), fsync=False)
    finally:
        partial.unlink(missing_ok=True)
    return sighting


def _download(url: str, target: Path) -> int:
    """Write what the server sends to `target`; return its size in bytes."""
    written = 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer, target.open("wb") as file:
            promised = answer.headers["Content-Length"]
            while chunk := answer.read(CHUNK_BYTES):
                written += file.write(chunk)
    except urllib.error.HTTPError as error:
        error.close()
        raise ArtifactError(f"{url} could not be fetched: the server answered {error.code} {error.reason}.") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ArtifactError(
            f"{url} could not be fetched: {reason}. Check the network, or give a weights file."
        ) from error
    if promised is not None and written != int(promised):
        raise ArtifactError(f"{url} was cut short: {written} of {promised} bytes came. Try again.")
    return written


def _read_sighting(path: Path) -> Sighting | None:
    noted = _sighting_path(path)
    try:
        return Sighting.model_validate_json(noted.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ArtifactError(f"{noted} cannot be read. Delete it and {path.name} to fetch them again.") from error


def _sighting_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
