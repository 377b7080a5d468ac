"""Opens labelled data sets by reference: `digits`, `imagenet:/data/val`; the one entry to all formats."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mbench.accuracy.datasets.celeba import open_celeba
from mbench.accuracy.datasets.coco import open_coco
from mbench.accuracy.datasets.dogs import open_dogs
from mbench.accuracy.datasets.embedded import open_digits, open_fashion
from mbench.accuracy.datasets.faces import open_faces
from mbench.accuracy.datasets.folder import open_folder
from mbench.accuracy.datasets.geo import open_geo
from mbench.accuracy.datasets.imagenet import open_imagenet
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.datasets.tfds import open_tfds
from mbench.accuracy.datasets.tfrecord import open_tfrecord
from mbench.core.errors import DatasetError
from mbench.core.suggestions import did_you_mean
from mbench.files.places import expanded

__all__ = ["Dataset", "dataset_names", "open_dataset"]

_EMBEDDED: Final[Mapping[str, Callable[[Opening], Dataset]]] = {
    "digits": open_digits,
    "fashion": open_fashion,
}

_ELSEWHERE: Final[Mapping[str, tuple[str, Callable[[Opening], Dataset]]]] = {
    "folder": ("PATH", open_folder),
    "imagenet": ("PATH", open_imagenet),
    "dogs": ("PATH", open_dogs),
    "celeba": ("PATH", open_celeba),
    "coco": ("PATH", open_coco),
    "geo": ("PATH", open_geo),
    "faces": ("PATH", open_faces),
    "tfrecord": ("GLOB", open_tfrecord),
    "tfds": ("NAME", open_tfds),
}
"""What follows the colon, and who opens it."""


def dataset_names() -> tuple[str, ...]:
    """Return how references are written: `digits`, …, `folder:PATH`, …."""
    return (*_EMBEDDED, *(f"{name}:{place}" for name, (place, _) in _ELSEWHERE.items()))


def open_dataset(reference: str, *, cache: Path | None = None, skip_unreadable: bool = False) -> Dataset:
    """Return a data set's outline; pictures are read later, one at a time.

    Args:
        reference: one of `dataset_names`, with a real place after the colon.
        cache: folder for notes on files that were hashed or indexed, such as a part of MBENCH_HOME. A split's identity
            is a hash over all its bytes: tens of seconds for ImageNet's 50000 validation pictures, one or two when the
            files are still those that were noted (by path, size and time of change). None: nothing is noted.
        skip_unreadable: whether files of a folder that are damaged or not pictures are left out.

    Raises:
        DatasetError: no such name, no place, or nothing of that format there.
    """
    name, _, place = reference.partition(":")
    opening = Opening(reference=reference, place=place, cache=cache, skip_unreadable=skip_unreadable)
    if skip_unreadable and name != "folder":
        raise DatasetError(f"--skip-unreadable is for folder:PATH, whose files are listed here, not for {reference}.")
    if name in _EMBEDDED:
        return _EMBEDDED[name](opening)
    if name not in _ELSEWHERE:
        raise DatasetError(_unknown(reference, name))
    form, opener = _ELSEWHERE[name]
    if not place:
        raise DatasetError(f"{name} needs a place: {name}:{form}.")
    return opener(opening)


def _unknown(reference: str, name: str) -> str:
    if expanded(reference).is_dir():
        return f"{reference} is a folder; say what it holds: {', '.join(dataset_names())}."
    return f"unknown data set {reference!r}.{did_you_mean(name, [*_EMBEDDED, *_ELSEWHERE])}"
