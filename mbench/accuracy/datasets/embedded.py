"""The two data sets that come with mbench, small enough to train on in a minute: `digits` and `fashion`.

Where they come from, their licences and how they were made: `data/README.md`.
"""

from collections.abc import Mapping
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.pictures.decoding import UPRIGHT
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split, Task

DATA: Final = Path(__file__).parent / "data"

DIGITS: Final = tuple("0123456789")
GARMENTS: Final = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""By label (zalandoresearch/fashion-mnist `README.md`, "Labels")."""

_RESOLUTION: Final = 32
"""The least that MobileNet V1 takes: its five halvings leave one pixel."""


def open_digits(opening: Opening) -> Dataset:
    """Return the handwritten digits: 1437 to train on, 360 to test, 8 x 8 pixels, 10 classes."""
    return _open(
        opening,
        class_names=DIGITS,
        licence="CC BY 4.0 (E. Alpaydin, C. Kaynak, 1998, UCI, doi:10.24432/C50P49)",
        provenance=(
            "the 1797 digits of scikit-learn's load_digits (UCI's test set): 36 of each class drawn for test, "
            "the others for training; both splits are by the same 13 writers"
        ),
    )


def open_fashion(opening: Opening) -> Dataset:
    """Return the garments: 6000 to train on, 2000 to test, 28 x 28 pixels, 10 classes."""
    return _open(
        opening,
        class_names=GARMENTS,
        licence="MIT (Zalando SE, 2017)",
        provenance=(
            "a subset of Fashion-MNIST: 600 of each class drawn from its 60000 training pictures, 200 of each from its "
            "10000 test pictures; scores are not those of the whole set"
        ),
    )


def _open(opening: Opening, *, class_names: tuple[str, ...], licence: str, provenance: str) -> Dataset:
    if opening.place or ":" in opening.reference:
        raise DatasetError(f"{opening.name} comes with mbench and takes no path: say {opening.name} alone.")
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=_RESOLUTION,
        default_preprocessing="plain",  # they are small and fill their frame: a crop would cut strokes off
        head=Head(name=opening.name, classes=len(class_names)),
        licence=licence,
        provenance=provenance,
        readers={split: partial(_read, opening.name, split, class_names) for split in SPLITS},
    )


def _read(name: str, split: Split, class_names: tuple[str, ...]) -> LabelledExamples:
    return LabelledExamples(
        name=name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=EmbeddedPictures(name, split),
        truths=[int(label) for label in _arrays(name)[f"{split}_labels"]],
        class_names=class_names,
        classes=len(class_names),
    )


class EmbeddedPictures:
    """Grey pictures of one split; a pickled copy brings names along and reads the file itself."""

    def __init__(self, name: str, split: Split) -> None:
        self._name, self._split = name, split

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._levels)

    def name(self, index: int) -> str:
        """Return `digits test #17`, counted from 0."""
        return f"{self._name} {self._split} #{index}"

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (8, 8, 3) or (28, 28, 3): the same level in all three channels."""
        return np.repeat(self._levels[index][:, :, np.newaxis], 3, axis=2)

    def orientation(self, index: int) -> int:
        """Return 1: they have no EXIF."""
        return UPRIGHT

    def digests(self) -> tuple[bytes, ...]:
        """Return the SHA-256 of each picture's levels, row by row."""
        return tuple(sha256(levels.tobytes()).digest() for levels in self._levels)

    @property
    def _levels(self) -> NDArray[np.uint8]:
        return _arrays(self._name)[f"{self._split}_pictures"]


@cache
def _arrays(name: str) -> Mapping[str, NDArray[np.uint8]]:
    """Return a file's arrays, read once a process: `train_` and `test_`, `pictures` (n, h, w) and `labels` (n,)."""
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}
