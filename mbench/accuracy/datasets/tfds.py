"""`tfds:NAME`: a data set that TensorFlow Datasets has prepared on this machine, read without tensorflow.

NAME is as there, with `/config` and `:version` where wanted. Nothing is downloaded. It must have been prepared in a
format of random access (`tfds build NAME --file_format=array_record`); tfrecord:GLOB reads what is there as TFRecord.
"""

import hashlib
import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from io import BytesIO
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.imagenet_labels import CLASSES, SYNSET
from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.pictures.decoding import decode, orientation_of
from mbench.core.builds.variants import IMAGENET_HEAD, Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

FORMAT: Final = "tfds:NAME is a classification that TensorFlow Datasets has prepared here, with splits train and test"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(/[A-Za-z0-9_.+-]+)?(:\d{1,5}(\.(\d{1,5}|\*)){0,2})?")
"""No namespace such as `huggingface:`, by which the package downloads and runs what others have published."""

_SPLITS: Final = {Split.TRAIN: ("train",), Split.TEST: ("test", "validation")}
"""Names there; the first that occurs counts."""


class TfdsPictures:
    """Pictures of one split; a pickled copy opens the data set itself.

    Args:
        name: of the data set, with config and version where they were typed.
        split: as it is called there.
        image_key: of the feature that holds the picture.
    """

    def __init__(self, name: str, split: str, image_key: str) -> None:
        self._name, self._split, self._image_key = name, split, image_key

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._source)

    def name(self, index: int) -> str:
        """Return `mnist test #17`, counted from 0."""
        return f"{self._name} {self._split} #{index}"

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (height, width, 3) RGB, decoded as all others are and not by that package.

        Raises:
            UnreadableExample: it cannot be decoded.
        """
        return decode(bytes(self._source[index][self._image_key]), source=self.name(index))

    def orientation(self, index: int) -> int:
        """Return how one's EXIF says that it is to be turned, 1 to 8."""
        return orientation_of(BytesIO(bytes(self._source[index][self._image_key])))

    def digests(self) -> tuple[bytes, ...]:
        """Return the SHA-256 of each encoded picture."""
        return tuple(hashlib.sha256(example[self._image_key]).digest() for example in self.examples())

    def examples(self) -> Iterator[Mapping[str, Any]]:
        """Yield each example's features, its picture still encoded."""
        return (self._source[index] for index in range(len(self)))

    @cached_property
    def _source(self) -> Any:
        package = _package()
        decoders = {self._image_key: package.decode.SkipDecoding()}
        return package.builder(self._name).as_data_source(split=self._split, decoders=decoders)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_source"}


def open_tfds(opening: Opening) -> Dataset:
    """Return a prepared data set.

    Raises:
        DatasetError: the name is one that the package would download or import code for, or the package is not
            installed, has prepared no such data set, or it is no classification.
    """
    if not _NAME.fullmatch(opening.place):
        raise DatasetError(f"{FORMAT}; {opening.place[:80]!r} is not NAME, NAME/CONFIG or NAME:VERSION of such a one.")
    package = _package()
    try:
        builder = package.builder(opening.place)
        info = builder.info
        found = {split: next((name for name in names if name in info.splits), None) for split, names in _SPLITS.items()}
    except (ValueError, ImportError, OSError, AssertionError) as error:
        raise DatasetError(f"{FORMAT}; {opening.reference} could not be opened: {_first_line(error)}.") from error
    splits = {split: name for split, name in found.items() if name is not None}
    if not splits:
        raise DatasetError(
            f"{FORMAT}; {opening.place} is not prepared in {builder.data_dir}. "
            f"Run: tfds build {opening.place} --file_format=array_record"
        )
    keys = info.supervised_keys
    names = tuple(getattr(info.features[keys[1]], "names", None) or ()) if keys else ()
    if not keys or not hasattr(info.features[keys[0]], "encoding_format") or not names:
        raise DatasetError(f"{FORMAT}; {opening.place} has no picture and class: {', '.join(info.features)}.")
    return Dataset(
        reference=opening.reference,
        name=opening.name,
        task=Task.CLASSIFICATION,
        default_resolution=224,
        default_preprocessing="inception",
        head=IMAGENET_HEAD if _are_synsets(names) else Head(name="tfds", classes=len(names)),
        licence=info.redistribution_info.license or None,
        provenance=f"{info.full_name} in {builder.data_dir}, test is its {splits.get(Split.TEST)}",
        readers={
            split: partial(_read, opening, TfdsPictures(opening.place, name, keys[0]), keys[1], names, split)
            for split, name in splits.items()
        },
    )


def _read(
    opening: Opening, pictures: TfdsPictures, label_key: str, names: tuple[str, ...], split: Split
) -> LabelledExamples:
    try:
        truths = [int(example[label_key]) for example in pictures.examples()]
    except NotImplementedError:
        raise DatasetError(
            f"{FORMAT}; {opening.place} is prepared in a format without random access. Read its files with "
            f"tfrecord:GLOB, or prepare it anew: tfds build {opening.place} --file_format=array_record"
        ) from None
    odd = next((index for index, label in enumerate(truths) if not 0 <= label < len(names)), None)
    if odd is not None:
        raise DatasetError(f"{FORMAT}; {pictures.name(odd)} has label {truths[odd]}, outside 0 to {len(names) - 1}.")
    return LabelledExamples(
        name=opening.name,
        task=Task.CLASSIFICATION,
        split=split,
        pictures=pictures,
        truths=truths,
        class_names=names,
        classes=len(names),
    )


def _are_synsets(names: tuple[str, ...]) -> bool:
    """Whether classes are ImageNet's in the usual order."""
    return len(names) == CLASSES and all(map(SYNSET.fullmatch, names)) and list(names) == sorted(names)


def _package() -> ModuleType:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise DatasetError(
            f"{FORMAT}; the package cannot be imported: {error}. Install it: pip install tensorflow-datasets"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
