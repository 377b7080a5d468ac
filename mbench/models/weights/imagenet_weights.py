"""Keras' published ImageNet weights: fetched on the user's machine when asked for, and verified ever after."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.builds.variants import Head, Size
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.ports import Progress, SilentProgress
from mbench.core.workloads import Document
from mbench.files.disk import disk_errors
from mbench.files.downloads import Download, download, drop_part
from mbench.files.hashes import hash_file
from mbench.files.locks import locked
from mbench.files.whole import place, write_whole

BASE_URL: Final = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
"""keras-team/keras `keras/src/applications/mobilenet.py`, `BASE_WEIGHT_PATH`."""

ALPHAS: Final = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}
RESOLUTIONS: Final = (224, 192, 160, 128)
FALLBACK_RESOLUTION: Final = 224
"""Whose weights Keras uses at all other resolutions."""

CLASSES: Final = 1000

BUSY_S: Final = 1800.0
"""Longest wait for another process that fetches the same file."""


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


def fetch_imagenet(
    size: Size, head: Head, folder: Path, *, progress: Progress | None = None, base_url: str = BASE_URL
) -> Weights:
    """Return the identity of the published weights, their file being in `folder` from now on.

    Args:
        size: width and resolution; see `trained_resolution`.
        head: must have the 1000 classes of ImageNet.
        folder: where files and their sightings are kept; made if need be.
        progress: reports KiB where the file must be fetched.
        base_url: with a slash at its end.

    Raises:
        UsageError: nothing is published for this network.
        ArtifactError: the file could not be fetched whole, or is no longer what it was when first fetched.
        DiskError: the disk refused.
        LockHeld: another process has been fetching it for too long.
    """
    if head.classes != CLASSES:
        raise UsageError(f"ImageNet weights have {CLASSES} classes, not {head.classes}; give a weights file instead.")
    path = folder / file_name(size)
    sighting = _seen(path)
    if sighting is None:
        shown = progress or SilentProgress()
        with (
            disk_errors("keep weights in", folder),
            locked(
                folder / "downloads" / f"{path.name}.lock",
                wait_s=BUSY_S,
                waiting=lambda: shown.note(f"waiting for another process to fetch {path.name}"),
            ),
        ):
            sighting = _seen(path) or _fetch(base_url + path.name, path, shown)
    return Weights(kind=WeightsKind.IMAGENET, sha256=sighting.sha256, source=str(path))


def _seen(path: Path) -> Sighting | None:
    """Return what a file was when it was fetched, and still is; None where there is none."""
    sighting = _read_sighting(path)
    if sighting is None or not path.exists():
        return None
    if hash_file(path, limit_bytes=None) != sighting.sha256:
        raise ArtifactError(f"{path} is no longer what was fetched from {sighting.url}. Delete it to fetch it again.")
    return sighting


def _fetch(url: str, path: Path, progress: Progress) -> Sighting:
    """Fetch a file whole or not at all, then note what it is; a note that is there already is its pin."""
    pin = _read_sighting(path)
    part = path.parent / "downloads" / f"{path.name}.part"
    job = Download(
        url=url,
        part=part,
        what="a weights file",
        published=f"Keras publishes MobileNet of alpha {', '.join(map(str, ALPHAS))}",
        by_hand="Give a weights file instead: --weights FILE.",
        pin=None if pin is None else pin.sha256,
        accept=f"delete {_sighting_path(path)} to accept it.",
        progress=progress,
    )
    arrived = download(job)
    assert arrived is not None  # nothing was said to be known
    sighting = Sighting(url=url, size_bytes=arrived.size_bytes, sha256=arrived.sha256)
    place(part, path, fsync=False)  # whoever reads it checks its hash
    write_whole(_sighting_path(path), f"{sighting.model_dump_json(indent=2)}\n".encode(), fsync=False)
    drop_part(part)
    return sighting


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
